use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
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
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, limit: usize) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).keep_alive(true);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(100).keep_alive_interval(HEAD_TIMEOUT);
    let builder = Arc::new(builder);
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(limit.max(1)));
    loop {
        let permit = tokio::select! {
            permit = permits.clone().acquire_owned() => permit,
            () = stop.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                debug!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let service = router.clone().map_request(move |mut request: Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.map(Body::new)
        });
        let builder = builder.clone();
        let watcher = graceful.watcher();
        #[expect(clippy::disallowed_methods, reason = "connections are tracked by `graceful`, which waits for them")]
        tokio::spawn(async move {
            let connection =
                builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
            if let Err(error) = watcher.watch(connection.into_owned()).await {
                debug!(error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
}
