use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use tracing::debug;

use super::RunError;

/// A connection may be idle, or take to send the head of a request, for this long. Longer than the keep-alive of
/// PeerTube's client, which fails on connections that a server closes first.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// How long open connections may finish after the listener has closed.
const DRAIN: Duration = Duration::from_secs(10);

/// Opens a listener.
///
/// # Errors
/// A sentence that names the address and says why.
pub async fn bind(address: &str) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).await.map_err(|error| {
        RunError::Other(match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!("cannot listen on {address}: another program uses this port (choose another with --listen)")
            }
            _ => format!("cannot listen on {address}: {error}"),
        })
    })
}

/// Serves connections, at most `limit` at a time, until `stop` is cancelled; then lets them finish.
///
/// HTTP/1.1 only: without TLS nobody but a reverse proxy would speak HTTP/2, and telling the two apart means to wait,
/// without any limit, for the first bytes of those who send none.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, limit: usize) {
    serve_patiently(listener, router, stop, limit, HEAD_TIMEOUT).await;
}

async fn serve_patiently(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    limit: usize,
    head_timeout: Duration,
) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head_timeout);
    let permits = Arc::new(Semaphore::new(limit.max(1)));
    let connections = TaskTracker::new();
    while let Some((stream, peer, permit)) = next_connection(&listener, &permits, &stop).await {
        let _ = stream.set_nodelay(true);
        let service = router.clone().map_request(move |mut request: Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.map(Body::new)
        });
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let stop = stop.clone();
        connections.spawn(async move {
            let mut connection = pin!(connection.with_upgrades());
            let outcome = tokio::select! {
                outcome = connection.as_mut() => outcome,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = outcome {
                debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    let _ = tokio::time::timeout(DRAIN, connections.wait()).await;
}

/// The next connection, once there is room for it. `None` when it is time to stop.
async fn next_connection(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = tokio::select! {
        permit = permits.clone().acquire_owned() => permit.ok()?,
        () = stop.cancelled() => return None,
    };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return None,
        };
        match accepted {
            Ok((stream, peer)) => return Some((stream, peer, permit)),
            Err(error) => {
                debug!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::tasks::Tasks;

    #[tokio::test]
    async fn whoever_does_not_finish_the_head_of_a_request_makes_room_for_others() {
        let listener = bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (router, stop) = (Router::new().route("/", get(|| async { "here" })), CancellationToken::new());
        let serving = serve_patiently(listener, router, stop.clone(), 1, Duration::from_millis(200));
        Tasks::default().spawn("listener", serving);
        for beginning in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nhost:"] {
            let mut slow = TcpStream::connect(address).await.unwrap();
            slow.write_all(beginning.as_bytes()).await.unwrap();
            let cut_off = tokio::time::timeout(Duration::from_secs(10), slow.read_to_end(&mut Vec::new())).await;
            assert!(cut_off.is_ok(), "{beginning:?}");
        }
        let mut honest = TcpStream::connect(address).await.unwrap();
        honest.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        honest.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("here"), "{answer}");
        stop.cancel();
    }
}
