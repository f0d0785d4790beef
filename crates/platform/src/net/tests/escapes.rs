//! Ways to reach what the guard keeps away from.

use std::collections::HashMap;

use axum::{
    Router,
    extract::RawQuery,
    http::{HeaderMap as AxumHeaders, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http::{HeaderMap, HeaderValue, Method, header::HOST};

use super::{Server, open_client, public, quick, url};
use crate::net::{HttpClient, NetConfig, NetError, RequestSigner, resolver::FixedLookup};

/// `/to?http://…` redirects there, `/loop` to itself, everything else answers with the headers that it got.
async fn server() -> Server {
    let router = Router::new()
        .route("/to", any(async |RawQuery(target): RawQuery| redirect(StatusCode::FOUND, target)))
        .route("/to-308", any(async |RawQuery(target): RawQuery| redirect(StatusCode::PERMANENT_REDIRECT, target)))
        .route("/loop", get(async || redirect(StatusCode::FOUND, Some("/loop".to_owned()))))
        .fallback(|headers: AxumHeaders| async move { format!("{headers:?}") });
    Server::start(router).await
}

fn redirect(status: StatusCode, target: Option<String>) -> Response {
    (status, [("location", target.unwrap_or_default())]).into_response()
}

fn spellings_of_loopback(port: u16) -> Vec<String> {
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
    ];
    hosts.iter().map(|host| format!("http://{host}:{port}/")).collect()
}

#[tokio::test]
async fn no_spelling_of_loopback_reaches_it() {
    let server = server().await;
    for target in spellings_of_loopback(server.address.port()) {
        let outcome = server.guarded_client().get(&url(&target)).send().await;
        assert!(matches!(outcome, Err(NetError::Forbidden(_))), "{target}: {outcome:?}");
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn every_spelling_of_loopback_reaches_it_when_private_addresses_are_allowed() {
    let server = server().await;
    let targets = spellings_of_loopback(server.address.port());
    for target in &targets {
        assert!(open_client().get(&url(target)).send().await.is_ok(), "{target}");
    }
    assert_eq!(server.requests(), targets.len());
}

#[tokio::test]
async fn a_redirect_does_not_lead_to_loopback() {
    let server = server().await;
    let client = server.guarded_client();
    for target in spellings_of_loopback(server.address.port()) {
        let before = server.requests();
        let outcome = client.get(&public(&format!("/to?{target}"))).send().await;
        assert!(matches!(outcome, Err(NetError::Forbidden(_))), "{target}: {outcome:?}");
        assert_eq!(server.requests() - before, 1, "only the redirect itself was asked for");
    }
}

#[tokio::test]
async fn a_redirect_is_followed_when_its_target_is_acceptable() {
    let server = server().await;
    let response = server.guarded_client().get(&public("/to?http://other.test/end")).send().await.expect("an answer");
    assert_eq!(response.url.as_str(), "http://other.test/end");
    let loopback = format!("http://127.0.0.1:{}/to?/end", server.address.port());
    assert!(open_client().get(&url(&loopback)).send().await.is_ok());
}

#[tokio::test]
async fn a_redirect_cannot_leave_http_or_reach_inner_services() {
    let server = server().await;
    let client = server.guarded_client();
    for target in ["file:///etc/passwd", "ftp://other.test/", "http://other.test:6379/", "http://user:pass@other.test/"]
    {
        let outcome = client.get(&public(&format!("/to?{target}"))).send().await;
        assert!(matches!(outcome, Err(NetError::Forbidden(_) | NetError::InvalidUrl(_))), "{target}: {outcome:?}");
    }
}

#[tokio::test]
async fn redirects_in_a_circle_come_to_an_end() {
    let server = server().await;
    let outcome = server.guarded_client().get(&public("/loop")).send().await;
    assert!(matches!(outcome, Err(NetError::BadRedirect(_))), "{outcome:?}");
    assert_eq!(server.requests(), 6);
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_is_refused() {
    let server = server().await;
    let lookup = FixedLookup(HashMap::from([("inner.example".to_owned(), vec![server.address.ip()])]));
    let config = NetConfig { allow_plain_http: true, ..quick() };
    let client = HttpClient::builder(config).lookup(lookup).build().expect("a client");
    for host in ["inner.example", "INNER.example", "inner.example."] {
        let outcome = client.get(&url(&format!("http://{host}:{}/", server.address.port()))).send().await;
        assert!(matches!(outcome, Err(NetError::Forbidden(_))), "{host}: {outcome:?}");
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn the_systems_own_name_for_loopback_is_refused() {
    let server = server().await;
    let client = HttpClient::builder(NetConfig { allow_plain_http: true, ..quick() }).build().expect("a client");
    let target = url(&format!("http://localhost:{}/", server.address.port()));
    let outcome = client.get(&target).send().await;
    assert!(matches!(outcome, Err(NetError::Forbidden(_))), "{outcome:?}");
    assert!(open_client().get(&target).send().await.is_ok());
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_trusted_name_with_a_trailing_dot_is_another_name() {
    let server = server().await;
    let outcome = server.guarded_client().get(&url("http://public.test./")).send().await;
    assert!(matches!(outcome, Err(NetError::Unresolvable(_))), "{outcome:?}");
}

#[tokio::test]
async fn plain_http_is_refused_by_default() {
    let server = server().await;
    let outcome = server.client(quick()).get(&public("/")).send().await;
    assert!(matches!(outcome, Err(NetError::Forbidden(_))), "{outcome:?}");
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_header_cannot_smuggle_in_another_one() {
    let server = server().await;
    let client = server.guarded_client();
    for (name, value) in [
        ("x-a", "1\r\nx-b: 2"),
        ("x-a\r\nx-b", "1"),
        ("host", "127.0.0.1"),
        ("content-length", "0"),
        ("transfer-encoding", "chunked"),
    ] {
        let outcome = client.get(&public("/")).header(name, value).send().await;
        assert!(matches!(outcome, Err(NetError::InvalidRequest(_))), "{name:?}: {outcome:?}");
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn secrets_do_not_follow_a_redirect_to_another_origin() {
    let server = server().await;
    let client = server.guarded_client();
    for (target, kept) in [("/end", true), ("http://other.test/end", false)] {
        let request =
            client.get(&public(&format!("/to?{target}"))).header("authorization", "Bearer hush").header("x-kept", "1");
        let seen = String::from_utf8_lossy(&request.send().await.expect("an answer").body).into_owned();
        assert_eq!(seen.contains("hush"), kept, "{target}");
        assert!(seen.contains("x-kept"));
    }
}

#[tokio::test]
async fn a_post_is_repeated_only_where_its_origin_asks_for_the_same_post() {
    let server = server().await;
    let client = server.guarded_client();
    for (path, status, requests) in
        [("/to?/end", 302, 1), ("/to-308?http://other.test/end", 308, 1), ("/to-308?/end", 200, 2)]
    {
        let before = server.requests();
        let response = client.post(&public(path)).body("activity", "text/plain").send().await.expect("an answer");
        assert_eq!((response.status.as_u16(), server.requests() - before), (status, requests), "{path}");
    }
}

/// Signs with the path, or lies about the host.
struct PathSigner {
    host: &'static str,
}

impl RequestSigner for PathSigner {
    fn sign(&self, method: &Method, url: &url::Url, body: &[u8], headers: &mut HeaderMap) -> Result<(), String> {
        let signature = format!("{method} {} {}", url.path(), body.len());
        headers.insert("signature", HeaderValue::try_from(signature).map_err(|error| error.to_string())?);
        headers.insert(HOST, HeaderValue::from_static(self.host));
        Ok(())
    }
}

#[tokio::test]
async fn every_hop_is_signed_anew() {
    let server = server().await;
    let signer = PathSigner { host: "public.test" };
    let request = server.guarded_client().get(&public("/to?/end")).signer(&signer);
    let seen = String::from_utf8_lossy(&request.send().await.expect("an answer").body).into_owned();
    assert!(seen.contains("GET /end 0"), "{seen}");
}

#[tokio::test]
async fn a_signer_cannot_speak_for_another_host() {
    let server = server().await;
    let signer = PathSigner { host: "inner.example" };
    let outcome = server.guarded_client().get(&public("/")).signer(&signer).send().await;
    assert!(matches!(outcome, Err(NetError::Signing(_))), "{outcome:?}");
    assert_eq!(server.requests(), 0);
}
