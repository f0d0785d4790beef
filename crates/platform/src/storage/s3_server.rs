//! A real S3 server for the test suite: `s3s` speaks the protocol, checks signatures, and keeps objects in a folder.

use std::net::SocketAddr;

use axum::{Router, extract::Request};
use s3s::{Body, auth::SimpleAuth, service::S3ServiceBuilder};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::S3Config;
use crate::tasks::Tasks;

const BUCKET: &str = "shoal-test";
const ACCESS_KEY_ID: &str = "test-key";
const SECRET_ACCESS_KEY: &str = "test-secret";

/// A server with one empty bucket, on a port of its own.
pub(super) struct S3Server {
    address: SocketAddr,
    _objects: TempDir,
}

impl S3Server {
    pub(super) async fn start() -> Self {
        let objects = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(objects.path().join(BUCKET)).expect("a bucket");
        let files = s3s_fs::FileSystem::new(objects.path()).expect("a server's folder");
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
        let service = builder.build();
        let router = Router::new().fallback(move |request: Request| {
            let service = service.clone();
            async move {
                service.call(request.map(Body::http_body_unsync)).await.expect("an answer").map(axum::body::Body::new)
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        Tasks::default().spawn("s3 server", async move {
            axum::serve(listener, router).await.expect("a server never ends");
        });
        Self { address, _objects: objects }
    }

    /// How to reach the bucket.
    pub(super) fn config(&self) -> S3Config {
        S3Config {
            bucket: BUCKET.to_owned(),
            endpoint: format!("http://{}", self.address),
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret_access_key: SECRET_ACCESS_KEY.to_owned(),
            ..S3Config::default()
        }
    }
}
