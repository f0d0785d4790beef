//! What operators and the programs that watch over a server rely on: logs, metrics, probes, and an orderly end.

#![cfg(test)]

use std::{io::ErrorKind, os::unix::net::UnixDatagram, time::Duration};

use http::{Method, StatusCode};
use serde_json::Value;
use shoal_tests::{
    Process,
    process::{Variables, free_port},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn root() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Lines of a log of JSON objects that say something about a request for this path.
fn request_lines(log: &str, route: &str) -> Vec<Value> {
    let objects = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    objects.filter(|line| line["http.route"] == route).collect()
}

#[tokio::test]
async fn each_request_is_one_line_that_programs_can_read() {
    let root = root();
    let server = Process::start("alpha", &["instance"], root.path(), "[log]\nformat = \"json\"\n").await;
    server.get("/api/v1/accounts/root").await;
    server.get("/api/v1/accounts/nobody").await;
    let lines = server.until("two lines", async |_| {
        let lines = request_lines(&server.log(), "/api/v1/accounts/{handle}");
        (lines.len() == 2).then_some(lines)
    });
    let statuses: Vec<u64> = lines
        .await
        .iter()
        .map(|line| {
            assert!(line["duration_ms"].as_f64().unwrap() > 0.0, "{line}");
            assert!(line["db_ms"].as_f64().unwrap() > 0.0, "{line}");
            assert!(line["db_queries"].as_u64().unwrap() >= 1, "{line}");
            assert_eq!((line["level"].as_str(), line["http.method"].as_str()), (Some("INFO"), Some("GET")), "{line}");
            line["http.status"].as_u64().unwrap()
        })
        .collect();
    assert_eq!(statuses, [200, 404]);
}

#[tokio::test]
async fn metrics_are_on_a_listener_of_their_own() {
    let root = root();
    let address = format!("127.0.0.1:{}", free_port());
    let configuration = format!("[metrics]\nlisten = \"{address}\"\n");
    let server = Process::start("alpha", &["instance"], root.path(), &configuration).await;
    server.get("/api/v1/ping").await;
    let metrics = reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("shoal_jobs_unfinished{lane=\"delivery\"} 0"), "{metrics}");
    assert!(metrics.lines().any(|line| line.contains("/api/v1/ping")), "{metrics}");
    let outside = server.try_send(server.request(Method::GET, "/metrics")).await.unwrap();
    assert_eq!(outside.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn systemd_is_told_when_a_server_is_ready_and_when_it_stops() {
    let root = root();
    let socket_path = root.path().join("notify");
    let socket = UnixDatagram::bind(&socket_path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let variables: Variables = vec![("NOTIFY_SOCKET", Some(socket_path.display().to_string()))];
    let mut server = Process::start_with("alpha", &["instance"], root.path(), "", variables).await;
    let received = || {
        let mut buffer = [0; 200];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(buffer.get(..length).unwrap()).into_owned()
    };
    assert!(received().contains("READY=1"));
    server.terminate();
    assert!(received().contains("STOPPING=1"));
    assert!(server.ended().await.success(), "an orderly end is no failure");
}

/// The address of a server without the scheme.
fn address(server: &Process) -> String {
    server.url().trim_start_matches("http://").trim_end_matches('/').to_owned()
}

/// A request whose body has begun and does not end yet.
async fn half_a_request(server: &Process) -> TcpStream {
    let mut connection = TcpStream::connect(address(server)).await.unwrap();
    let head = format!(
        "POST /api/v1/users/token HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: 20\r\nconnection: close\r\n\r\ngrant_type",
        address(server)
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    // The server has taken the request when it answers one that came later.
    server.get("/healthz").await;
    connection
}

/// Waits until a server takes no more connections.
async fn closed(server: &Process) {
    let refused = async |_: &shoal_tests::Client| {
        let outcome = TcpStream::connect(address(server)).await;
        outcome.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused).then_some(())
    };
    server.until("the end of listening", refused).await;
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_server_stops() {
    let root = root();
    let mut server = Process::start("alpha", &["instance"], root.path(), "").await;
    let mut connection = half_a_request(&server).await;
    server.terminate();
    closed(&server).await;
    connection.write_all(b"=password&").await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn a_second_signal_ends_the_patience() {
    let root = root();
    let mut server = Process::start("alpha", &["instance"], root.path(), "").await;
    let _connection = half_a_request(&server).await;
    server.terminate();
    closed(&server).await;
    server.terminate();
    assert!(server.ended().await.success());
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn the_first_password_is_made_up_and_shown_once() {
    let root = root();
    let variables: Variables = vec![("SHOAL_ROOT_PASSWORD", None)];
    let mut server = Process::start_with("alpha", &["instance"], root.path(), "", variables).await;
    let shown = |log: &str| {
        log.lines().filter_map(|line| line.trim().strip_prefix("password   ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let passwords = shown(&server.log());
    let [password] = passwords.as_slice() else { panic!("shown {} times", passwords.len()) };
    let me = server.user("root", password).get_json("/api/v1/users/me").await;
    assert_eq!(me["username"], "root");
    server.kill_and_restart().await;
    assert_eq!(shown(&server.log()).len(), 1, "it is not shown again");
}
