//! Attempts to get around the guard, against real servers on loopback.
//!
//! `public.test` stands for a public server: an injected name that the guard trusts. The server behind it listens on
//! loopback, where it plays the inner network as well: whatever reaches it by another way than that name has escaped.

mod escapes;
mod limits;
mod manners;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, extract::Request, middleware::Next};
use tokio::net::TcpListener;
use url::Url;

use super::{HttpClient, NetConfig, StaticNames, resolver::FixedLookup};
use crate::tasks::Tasks;

const PUBLIC: &str = "public.test";

/// A server on loopback that counts what reaches it.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn start(router: Router) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let router = router.layer(axum::middleware::from_fn(move |request: Request, next: Next| {
            counter.fetch_add(1, Ordering::SeqCst);
            next.run(request)
        }));
        let (listener, address) = listen().await;
        Tasks::default().spawn("test server", async move {
            axum::serve(listener, router).await.expect("a server never ends");
        });
        Self { address, requests }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// A client with the guard on that knows this server by its trusted name and nobody else.
    fn guarded_client(&self) -> HttpClient {
        self.client(NetConfig { allow_plain_http: true, ..quick() })
    }

    fn client(&self, config: NetConfig) -> HttpClient {
        let names = StaticNames::default();
        names.insert(PUBLIC, self.address);
        names.insert("other.test", self.address);
        HttpClient::builder(config).static_names(names).lookup(FixedLookup::default()).build().expect("a client")
    }
}

/// The default configuration without a rate that would slow tests down.
fn quick() -> NetConfig {
    NetConfig { requests_per_second_per_host: 1_000, ..NetConfig::default() }
}

fn open_client() -> HttpClient {
    HttpClient::builder(NetConfig { allow_private_addresses: true, ..quick() }).build().expect("a client")
}

/// A URL of the server by its trusted name; the port comes with the name.
fn public(path: &str) -> Url {
    url(&format!("http://{PUBLIC}{path}"))
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a url")
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}
