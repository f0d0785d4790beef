//! Somebody else's server, of no particular kind, for what a server of this kind would never say.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use federation::{
    ACTIVITY_JSON,
    signature::{self, SigningKey},
    wire::{Actor, ActorKind},
};
use http::{HeaderMap, Method, StatusCode};
use platform::{
    clock::{Clock, FakeClock},
    net::StaticNames,
    tasks::Tasks,
};
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

use crate::{Answer, Client};

/// A server that serves what a test puts there, and remembers what it is asked.
#[derive(Debug)]
pub struct Stranger {
    base: Url,
    key: SigningKey,
    clock: FakeClock,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    served: Mutex<HashMap<String, Value>>,
    asked: Mutex<Vec<String>>,
}

impl Stranger {
    /// Begins to answer under a name.
    pub(crate) async fn start(host: &str, names: &StaticNames, clock: &FakeClock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        names.insert(host, listener.local_addr().expect("the port"));
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(answer).with_state(shared.clone());
        Tasks::default().spawn("stranger", async move { axum::serve(listener, router).await.expect("a listener") });
        Self {
            base: Url::parse(&format!("http://{host}")).expect("a host"),
            key: SigningKey::generate().expect("a key"),
            clock: clock.clone(),
            shared,
        }
    }

    /// An address on this server.
    pub fn url(&self, path: &str) -> Url {
        self.base.join(path).expect("a path")
    }

    /// Serves an actor, whose collections (`/outbox` and so on) lie under its address.
    pub fn serve_actor(&self, kind: ActorKind, name: &str) -> Url {
        let id = self.url(&format!("/accounts/{name}"));
        let key = self.key.public_pem().expect("a key");
        self.serve(id.path(), Actor::local(kind, id.clone(), name, self.url("/inbox"), &key).to_document());
        id
    }

    /// Serves this at a path (with its query) from now on. What was never mentioned is not found.
    pub fn serve(&self, path: &str, document: Value) {
        lock(&self.shared.served).insert(path.to_owned(), document);
    }

    /// The paths, with their queries, that were asked for since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.shared.asked))
    }

    /// Sends whatever it is to the inbox of a server, signed by one of the actors here.
    pub async fn post(&self, server: &Client, actor: &Url, body: Vec<u8>) -> Answer {
        let inbox = Url::parse(&format!("{}/inbox", server.url())).expect("an address");
        let (mut headers, now) = (HeaderMap::new(), self.clock.now());
        signature::sign(&self.key, actor, &Method::POST, &inbox, Some(&body), now, &mut headers).expect("a signature");
        let request = server.request(Method::POST, "/inbox").headers(headers).header("content-type", ACTIVITY_JSON);
        server.send(request.body(body)).await
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let found = lock(&shared.served).get(&path).cloned();
    lock(&shared.asked).push(path);
    let is_post = request.method() == Method::POST;
    match found {
        Some(document) => ([("content-type", ACTIVITY_JSON)], document.to_string()).into_response(),
        None if is_post => StatusCode::ACCEPTED.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
