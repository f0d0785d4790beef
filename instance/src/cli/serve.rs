//! `shoal serve`: from the configuration to a running server.

use std::{fs, io::Read, net::SocketAddr, path::Path, thread};

use platform::{
    DataDir, PublicUrl,
    config::variable,
    lifecycle::{self, ServerConfig},
    telemetry,
    web::{RequestPolicy, assets_router, wrap},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use url::Url;

use super::{CliError, ServeOptions};
use crate::{
    App, Config,
    compose::{Composition, Surroundings, compose, open_platform},
};

/// Sets the password of the first administrator when the server starts for the first time.
const ROOT_PASSWORD: &str = "SHOAL_ROOT_PASSWORD";
/// Holds the address under which the server was last run, for commands beside it.
const PUBLIC_URL_NOTE: &str = "public-url";

pub(super) async fn run(options: &ServeOptions) -> Result<(), CliError> {
    let config = options.load()?;
    telemetry::start_log(&config.log)?;
    let listener = lifecycle::bind(&config.server.listen).await?;
    let metrics = match &config.metrics.listen {
        Some(address) => Some((lifecycle::bind(address).await?, telemetry::start_metrics()?)),
        None => None,
    };
    let data = DataDir::open(&config.server.data)?;
    let public_url = public_url(&config.server, &listener)?;
    note_public_url(&data, &public_url)?;
    let platform = open_platform(&config, data, public_url, Surroundings::default()).await?;
    if options.stop_with_stdin {
        stop_with_stdin(platform.stop.clone());
    }
    let Composition { server, search_site, app, .. } = compose(platform.clone(), &config).await?;
    if let Some(app) = &app {
        ensure_root(app).await?;
    }
    if let (Some(router), Some(address)) = (search_site, &config.search_place.listen) {
        let policy =
            RequestPolicy { random: platform.random.clone(), allow_plain_http: platform.http.allows_plain_http() };
        let router = wrap(router.merge(assets_router()), policy);
        let (listener, stop) = (lifecycle::bind(address).await?, platform.stop.clone());
        let limit = config.server.max_connections;
        platform.tasks.spawn("search listener", lifecycle::serve(listener, router, stop, limit));
    }
    Ok(server.run(listener, metrics, &config.server).await?)
}

/// The configured address, or the one that is listened on.
fn public_url(config: &ServerConfig, listener: &TcpListener) -> Result<PublicUrl, CliError> {
    if let Some(text) = &config.public_url {
        return parse_public_url(text);
    }
    let mut address = listener.local_addr().map_err(|error| format!("the listener has no address: {error}"))?;
    if address.ip().is_unspecified() {
        warn!("server.public_url is not set: links lead to this machine only, and no other server can reach it");
        address = SocketAddr::new([127, 0, 0, 1].into(), address.port());
    }
    parse_public_url(&format!("http://{address}"))
}

pub(super) fn parse_public_url(text: &str) -> Result<PublicUrl, CliError> {
    let url = Url::parse(text)
        .map_err(|_| format!("server.public_url = {text:?} is no address: write one like \"https://tube.example\""))?;
    Ok(PublicUrl::new(url)?)
}

fn note_public_url(data: &DataDir, public_url: &PublicUrl) -> Result<(), CliError> {
    if let Some(before) = noted_public_url(data.root())
        && before != public_url.as_str()
    {
        warn!("this server was known as {before} and is now {public_url}: others still know it by its old address");
    }
    let note = data.root().join(PUBLIC_URL_NOTE);
    let unusable = |error| format!("the data folder {} cannot be used: {error}", data.root().display());
    Ok(fs::write(note, public_url.as_str()).map_err(unusable)?)
}

/// The address under which the server of a data folder was last run.
pub(super) fn noted_public_url(data: &Path) -> Option<String> {
    fs::read_to_string(data.join(PUBLIC_URL_NOTE)).ok()
}

async fn ensure_root(app: &App) -> Result<(), CliError> {
    if let Some(password) = app.ensure_root(variable(ROOT_PASSWORD)).await? {
        eprintln!(
            "\n  The first administrator was made. This is shown once:\n\n    user name  root\n    password   {password}\n"
        );
    }
    Ok(())
}

/// Stops the server when standard input ends, which it does when whoever holds the other end dies, however that happens.
fn stop_with_stdin(stop: CancellationToken) {
    // A thread and not a task: a blocking read cannot be cancelled, and would hold up the end of the runtime.
    thread::spawn(move || {
        let mut buffer = [0; 256];
        while matches!(std::io::stdin().lock().read(&mut buffer), Ok(count) if count > 0) {}
        stop.cancel();
    });
}

/// The server's address, for commands beside it: the noted one takes the place of one that is not set.
pub(super) fn public_url_beside(config: &Config) -> Result<PublicUrl, CliError> {
    let noted = || noted_public_url(&config.server.data);
    let text = config.server.public_url.clone().or_else(noted);
    parse_public_url(&text.unwrap_or_else(|| format!("http://{}", config.server.listen)))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn listening_on(address: &str) -> TcpListener {
        lifecycle::bind(address).await.unwrap()
    }

    #[tokio::test]
    async fn without_a_public_address_it_is_the_one_that_is_listened_on() {
        let listener = listening_on("127.0.0.1:0").await;
        let port = listener.local_addr().unwrap().port();
        let url = public_url(&ServerConfig::default(), &listener).unwrap();
        assert_eq!(url.as_str(), format!("http://127.0.0.1:{port}"));
        let listener = listening_on("0.0.0.0:0").await;
        let port = listener.local_addr().unwrap().port();
        let url = public_url(&ServerConfig::default(), &listener).unwrap();
        assert_eq!(url.as_str(), format!("http://127.0.0.1:{port}"), "nobody can connect to 0.0.0.0");
    }

    #[tokio::test]
    async fn a_public_address_that_is_none_is_said_plainly() {
        let listener = listening_on("127.0.0.1:0").await;
        for (text, says) in [("tube.example", "is no address"), ("https://tube.example/videos", "nothing more")] {
            let config = ServerConfig { public_url: Some(text.to_owned()), ..ServerConfig::default() };
            let error = public_url(&config, &listener).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn commands_beside_a_server_know_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        note_public_url(&data, &parse_public_url("https://tube.example").unwrap()).unwrap();
        let mut config = Config::default();
        config.server.data = folder.path().to_owned();
        assert_eq!(public_url_beside(&config).unwrap().as_str(), "https://tube.example");
        config.server.public_url = Some("https://set.example".to_owned());
        assert_eq!(public_url_beside(&config).unwrap().as_str(), "https://set.example");
    }
}
