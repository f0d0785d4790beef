//! How we look to the servers that we talk to.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

use axum::{
    Router,
    http::{HeaderMap, Method},
};
use futures::{TryStreamExt, future::join_all};
use serde_json::json;
use tokio::time;

use super::{PUBLIC, Server, public, quick, url};
use crate::net::{HttpClient, NetConfig, NetError, StaticNames};

/// Answers with what it got: method, body and headers.
async fn echo() -> Server {
    let router = Router::new().fallback(|method: Method, headers: HeaderMap, body: String| async move {
        format!("{method} {body} {headers:?}")
    });
    Server::start(router).await
}

#[tokio::test]
async fn the_user_agent_names_the_operator() {
    let server = echo().await;
    let names = StaticNames::default();
    names.insert(PUBLIC, server.address);
    let client = HttpClient::builder(NetConfig { allow_plain_http: true, ..quick() })
        .static_names(names)
        .operated_by(&url("https://video.example/"), Some("admin@video.example"))
        .build()
        .expect("a client");
    let seen = client.get(&public("/")).send().await.expect("an answer").body;
    let expected = concat!("Shoal/", env!("CARGO_PKG_VERSION"), " (+https://video.example/; admin@video.example)");
    assert!(String::from_utf8_lossy(&seen).contains(expected), "{seen:?}");
}

#[tokio::test]
async fn a_contact_with_a_line_break_is_refused_at_start() {
    let builder = HttpClient::builder(quick()).operated_by(&url("https://video.example/"), Some("a\r\nx-b: 1"));
    assert!(matches!(builder.build(), Err(NetError::InvalidRequest(_))));
}

#[tokio::test]
async fn json_goes_out_with_its_content_type_unless_another_is_set() {
    let server = echo().await;
    let client = server.guarded_client();
    let plain = client.post(&public("/")).json(&json!({"a": 1})).send().await.expect("an answer").body;
    assert!(plain.starts_with(b"POST {\"a\":1} "), "{plain:?}");
    assert!(String::from_utf8_lossy(&plain).contains("\"application/json\""));
    let request = client.post(&public("/")).json(&json!({})).header("content-type", "application/activity+json");
    let activity = request.send().await.expect("an answer").body;
    assert!(String::from_utf8_lossy(&activity).contains("application/activity+json"));
}

#[tokio::test]
async fn a_large_file_is_asked_for_uncompressed_and_arrives_in_pieces() {
    let server = echo().await;
    let request = server.guarded_client().get(&public("/file")).header("range", "bytes=0-9");
    let pieces: Vec<_> = request.stream().await.expect("an answer").body.try_collect().await.expect("a body");
    let seen = String::from_utf8_lossy(&pieces.concat()).into_owned();
    assert!(seen.contains("\"accept-encoding\": \"identity\"") && seen.contains("bytes=0-9"), "{seen}");
}

#[tokio::test]
async fn no_more_requests_at_once_than_agreed() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (running_now, most_seen) = (Arc::clone(&running), Arc::clone(&most));
    let router = Router::new().fallback(move || {
        let (running, most) = (Arc::clone(&running_now), Arc::clone(&most_seen));
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            time::sleep(Duration::from_millis(20)).await;
            running.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let server = Server::start(router).await;
    let client = server.client(NetConfig { allow_plain_http: true, concurrent_requests_per_host: 3, ..quick() });
    let target = public("/");
    let outcomes = join_all((0..12).map(|_| client.get(&target).send())).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn an_error_status_is_an_answer_until_the_caller_says_otherwise() {
    let router = Router::new().fallback(|| async { (axum::http::StatusCode::GONE, "gone") });
    let server = Server::start(router).await;
    let response = server.guarded_client().get(&public("/")).send().await.expect("an answer");
    assert_eq!(response.body, "gone");
    assert!(response.error_for_status().expect_err("an error").is_permanent());
}
