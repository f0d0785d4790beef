//! Ways to hold us: bodies without end, bombs, drips and silence.

use std::{convert::Infallible, time::Duration};

use axum::{Router, body::Body, http::header::CONTENT_LENGTH, response::IntoResponse, routing::get};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{self, Instant},
};
use tower_http::compression::CompressionLayer;

use super::{Server, listen, open_client, public, quick, url};
use crate::{
    config::HumanDuration,
    net::{HttpClient, NetConfig, NetError},
    tasks::Tasks,
};

const LIMIT: u64 = 100_000;

async fn server() -> Server {
    let router = Router::new()
        .route("/endless", get(|| async { Body::from_stream(endless()) }))
        .route("/bomb", get(|| async { Body::from(vec![0_u8; 20 * LIMIT as usize]) }).layer(CompressionLayer::new()))
        .route(
            "/liar",
            get(|| async { ([(CONTENT_LENGTH, 10 * LIMIT)], Body::from_stream(endless())).into_response() }),
        )
        .route("/drip", get(|| async { Body::from_stream(drip(Duration::from_millis(50))) }))
        .route("/stall", get(|| async { Body::from_stream(drip(Duration::from_mins(1))) }))
        .route("/silent", get(|| async { time::sleep(Duration::from_mins(1)).await }))
        .route("/small", get(|| async { "small" }));
    Server::start(router).await
}

fn endless() -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::repeat_with(|| Ok(Bytes::from_static(&[0; 8_192])))
}

/// One byte at once, then one each interval.
fn drip(interval: Duration) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::iter(0_u64..).then(move |count| async move {
        time::sleep(if count == 0 { Duration::ZERO } else { interval }).await;
        Ok(Bytes::from_static(b"."))
    })
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let server = server().await;
    let outcome = server.guarded_client().get(&public("/endless")).max_body(LIMIT).send().await;
    assert!(matches!(outcome, Err(NetError::TooLarge { limit: LIMIT })), "{outcome:?}");
}

#[tokio::test]
async fn a_stream_without_end_is_cut_off_at_its_limit() {
    let server = server().await;
    let response = server.guarded_client().get(&public("/endless")).max_body(LIMIT).stream().await.expect("an answer");
    let (mut received, mut body) = (0, response.body);
    let error = loop {
        match body.next().await.expect("an error before the end") {
            Ok(piece) => received += piece.len() as u64,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, NetError::TooLarge { .. }), "{error}");
    assert!(received <= LIMIT);
    assert!(body.next().await.is_none(), "a stream ends after its error");
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_not_even_begun() {
    let server = server().await;
    let outcome = server.guarded_client().get(&public("/liar")).max_body(LIMIT).stream().await;
    assert!(matches!(outcome, Err(NetError::TooLarge { limit: LIMIT })), "{outcome:?}");
}

#[tokio::test]
async fn a_compression_bomb_counts_as_large_as_it_unfolds() {
    let server = server().await;
    let client = server.guarded_client();
    let outcome = client.get(&public("/bomb")).max_body(LIMIT).send().await;
    assert!(matches!(outcome, Err(NetError::TooLarge { .. })), "{outcome:?}");
    let whole = client.get(&public("/bomb")).max_body(20 * LIMIT).send().await.expect("an answer");
    assert_eq!(whole.body.len() as u64, 20 * LIMIT);
    assert!(!whole.headers.contains_key(CONTENT_LENGTH), "it did arrive compressed");
}

#[tokio::test]
async fn the_default_limit_is_five_megabytes() {
    let server = server().await;
    let outcome = server.guarded_client().get(&public("/endless")).send().await;
    assert!(matches!(outcome, Err(NetError::TooLarge { limit: 5_000_000 })), "{outcome:?}");
}

#[tokio::test]
async fn a_slow_drip_does_not_outlast_the_deadline() {
    let server = server().await;
    let started = Instant::now();
    let outcome = server.guarded_client().get(&public("/drip")).timeout(Duration::from_millis(300)).send().await;
    assert!(matches!(outcome, Err(NetError::Timeout(_))), "{outcome:?}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_given_up() {
    let server = server().await;
    let impatient = NetConfig { allow_plain_http: true, idle_timeout: HumanDuration::from_secs(1), ..quick() };
    let response = server.client(impatient).get(&public("/stall")).stream().await.expect("an answer");
    let outcome = response.body.try_collect::<Vec<_>>().await;
    assert!(matches!(outcome, Err(NetError::Timeout(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_stream_has_a_deadline_of_its_own() {
    let server = server().await;
    let request = server.guarded_client().get(&public("/drip")).timeout(Duration::from_millis(300));
    let outcome = request.stream().await.expect("an answer").body.try_collect::<Vec<_>>().await;
    assert!(matches!(outcome, Err(NetError::Timeout(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let server = server().await;
    let outcome = server.guarded_client().get(&public("/silent")).timeout(Duration::from_millis(200)).send().await;
    assert!(matches!(outcome, Err(NetError::Timeout(_))), "{outcome:?}");
}

#[tokio::test]
async fn nobody_listening_is_a_passing_error() {
    let (listener, address) = listen().await;
    drop(listener);
    let error = open_client().get(&url(&format!("http://{address}/"))).send().await.expect_err("an error");
    assert!(matches!(error, NetError::Connect { .. }) && !error.is_permanent(), "{error}");
}

/// Answers each connection with the next script, whatever is asked.
async fn scripted(scripts: Vec<&'static [&'static str]>) -> String {
    let (listener, address) = listen().await;
    Tasks::default().spawn("scripted server", async move {
        for script in scripts {
            let (mut connection, _) = listener.accept().await.expect("a connection");
            for answer in script {
                let mut request = [0; 4_096];
                let read = connection.read(&mut request).await.expect("a request");
                assert!(read > 0);
                connection.write_all(answer.as_bytes()).await.expect("an answer");
            }
        }
    });
    format!("http://{address}/")
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn a_get_survives_a_connection_that_died_in_the_pool() {
    // The first connection answers once, takes the second request and closes.
    let target = scripted(vec![&[OK, ""], &[OK]]).await;
    let client = open_client();
    for _ in 0..2 {
        assert_eq!(client.get(&url(&target)).send().await.expect("an answer").body, "ok");
    }
}

#[tokio::test]
async fn a_post_is_never_sent_twice() {
    let target = scripted(vec![&[OK, ""], &[OK]]).await;
    let client = open_client();
    assert!(client.post(&url(&target)).body("x", "text/plain").send().await.is_ok());
    let outcome = client.post(&url(&target)).body("x", "text/plain").send().await;
    assert!(matches!(outcome, Err(NetError::Interrupted { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_taken_for_whole() {
    let target = scripted(vec![&["HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this"]]).await;
    let outcome = open_client().get(&url(&target)).send().await;
    assert!(matches!(outcome, Err(NetError::Interrupted { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_body_that_is_no_gzip_is_unreadable() {
    let target =
        scripted(vec![&["HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9\r\n\r\nnot gzip!"]]).await;
    let error = open_client().get(&url(&target)).send().await.expect_err("an error");
    assert!(matches!(error, NetError::Undecodable { .. }), "{error:?}");
}

#[tokio::test]
async fn endless_headers_are_cut_off() {
    let (listener, address) = listen().await;
    Tasks::default().spawn("endless headers", async move {
        loop {
            let (mut connection, _) = listener.accept().await.expect("a connection");
            connection.write_all(b"HTTP/1.1 200 OK\r\n").await.expect("a status line");
            while connection.write_all(b"x-more: and more and more and more\r\n").await.is_ok() {}
        }
    });
    let error = open_client().get(&url(&format!("http://{address}/"))).send().await.expect_err("an error");
    assert!(matches!(error, NetError::Interrupted { .. }), "{error:?}");
}

#[tokio::test]
async fn a_dropped_stream_frees_its_seat() {
    let server = server().await;
    let client: HttpClient =
        server.client(NetConfig { allow_plain_http: true, concurrent_requests_per_host: 1, ..quick() });
    let held = client.get(&public("/stall")).stream().await.expect("an answer");
    let waiting = time::timeout(Duration::from_millis(100), client.get(&public("/small")).stream()).await;
    assert!(waiting.is_err(), "the only seat is taken");
    drop(held);
    assert!(client.get(&public("/small")).stream().await.is_ok());
}
