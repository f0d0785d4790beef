use platform::db::DbError;
use url::Host;

use super::{Follow, FollowState, federate, jobs::FollowServer, store};
use crate::{App, actors, videos};

/// Why a follow cannot be made or ended.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The text is no host.
    #[error("{0:?} is no host: write it as in tube.example or tube.example:8443")]
    BadHost(String),
    /// A server cannot follow itself.
    #[error("this server cannot follow itself")]
    Myself,
    /// There is no such follow.
    #[error("this server does not follow {0}")]
    NotFound(String),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Asks for everything that a server publishes. Finding its actor takes a request to it, so that happens in a job.
///
/// # Errors
/// [`FollowError`] if the host cannot be a host.
pub async fn follow_server(app: &App, host: &str) -> Result<(), FollowError> {
    let host = normalise_host(host)?;
    if host == app.platform.public_url.host() {
        return Err(FollowError::Myself);
    }
    let mut tx = app.platform.db.begin().await?;
    platform::jobs::enqueue(&mut tx, app.platform.clock.now(), &FollowServer { host }).await?;
    tx.commit().await?;
    Ok(())
}

/// Host names in lower case, with the port where one is written; a scheme and a path are taken off.
fn normalise_host(text: &str) -> Result<String, FollowError> {
    let bad = || FollowError::BadHost(text.chars().take(100).collect());
    let trimmed = text.trim();
    let without_scheme = trimmed.split_once("://").map_or(trimmed, |(_, rest)| rest);
    let authority = without_scheme.split('/').next().unwrap_or_default().to_lowercase();
    let (name, port) = authority.rsplit_once(':').map_or((authority.as_str(), None), |(name, port)| (name, Some(port)));
    let port_is_fine = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    if name.is_empty() || name.contains('@') || !port_is_fine || Host::parse(name).is_err() {
        return Err(bad());
    }
    Ok(authority)
}

/// Ends a follow of this server's own actor and tells the followed.
///
/// # Errors
/// [`FollowError::NotFound`] if there is none.
pub async fn unfollow(app: &App, host: &str) -> Result<(), FollowError> {
    let mut tx = app.platform.db.begin().await?;
    let me = actors::store::find_by_url(&mut tx, app.ids.instance_actor().as_str()).await?;
    let me = me.ok_or_else(|| FollowError::NotFound(host.to_owned()))?;
    let follows = store::following(&mut tx, me.id, 10_000, 0).await?;
    let follow: Follow = follows
        .into_iter()
        .find(|follow| follow.target_host == host)
        .ok_or_else(|| FollowError::NotFound(host.to_owned()))?;
    if follow.state() != FollowState::Rejected {
        federate::send_undo(app, &mut tx, &follow).await?;
    }
    store::delete(&mut tx, follow.id).await?;
    videos::intake::relist(&mut tx, follow.target_id).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_however_people_write_them() {
        for (written, host) in [
            ("tube.example", "tube.example"),
            (" https://Tube.Example/videos ", "tube.example"),
            ("127.0.0.1:9001", "127.0.0.1:9001"),
            ("http://127.0.0.1:9001/", "127.0.0.1:9001"),
        ] {
            assert_eq!(normalise_host(written).unwrap(), host);
        }
        for written in ["", "a b", "user@tube.example", "tube.example:0", "tube.example:99999", "https://"] {
            assert!(normalise_host(written).is_err(), "{written:?}");
        }
    }
}
