//! Two remote servers, `beta.test` and `gamma.test`, that serve what a test puts there and write down what they are asked.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use federation::{
    ACTIVITY_JSON,
    origin::Host,
    signature::{PublicKey, RequestHead, SignatureError, SignedRequest, SigningKey},
    wire::{Actor, ActorKind},
};
use http::{HeaderMap, StatusCode};
use platform::{
    clock::{Clock, FakeClock, Timestamp},
    net::StaticNames,
    tasks::Tasks,
    testing::TestPlatform,
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::watch,
    time::{Instant, sleep},
};
use url::Url;

use crate::{Border, Courier, LocalActor, OpenBorder, Refusal};

/// A courier on `alpha.test` and the servers that it talks to.
pub(crate) struct World {
    pub(crate) alpha: TestPlatform,
    pub(crate) courier: Courier,
    border: Arc<dyn Border>,
    pub(crate) beta: Remote,
    pub(crate) gamma: Remote,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::behind(Arc::new(OpenBorder)).await
    }

    pub(crate) async fn behind(border: Arc<dyn Border>) -> Self {
        let alpha = TestPlatform::new().await;
        let actor = LocalActor {
            url: url("http://alpha.test/accounts/peertube"),
            key: Arc::new(SigningKey::generate().unwrap()),
        };
        let beta = Remote::start("beta.test", &alpha.names).await;
        let gamma = Remote::start("gamma.test", &alpha.names).await;
        Self { courier: courier(&alpha, &actor, &border), border, alpha, beta, gamma }
    }

    /// The same server after a restart: nothing in memory.
    pub(crate) fn restart(&mut self) {
        self.courier = courier(&self.alpha, &self.courier.instance_actor().clone(), &self.border);
    }

    pub(crate) fn clock(&self) -> &FakeClock {
        &self.alpha.clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.alpha.clock.now()
    }

    pub(crate) fn alpha_key(&self) -> PublicKey {
        PublicKey::from_pem(&self.courier.instance_actor().key.public_pem().unwrap()).unwrap()
    }
}

fn courier(alpha: &TestPlatform, actor: &LocalActor, border: &Arc<dyn Border>) -> Courier {
    Courier::new(alpha.platform.clone(), Arc::new(actor.clone()), actor.clone(), border.clone())
}

pub(crate) fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// A request that a remote server received.
pub(crate) struct Received {
    pub(crate) at: Instant,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn verify(&self, key: &PublicKey, now: Timestamp) -> Result<(), SignatureError> {
        let head = RequestHead { method: &self.method, target: &self.target, headers: &self.headers };
        SignedRequest::read(head, &self.body, now)?.verify(key)
    }
}

struct Served {
    content_type: String,
    body: String,
}

#[derive(Default)]
struct Shared {
    documents: Mutex<HashMap<String, Served>>,
    requests: Mutex<Vec<Received>>,
    answer: Mutex<Option<StatusCode>>,
    /// What is answered to requests that have this text in their bodies.
    answer_to: Mutex<Option<(String, StatusCode)>>,
    delay: Mutex<Duration>,
    knows_no_messages: Mutex<bool>,
    /// Whether nobody is answered.
    holds: watch::Sender<bool>,
    /// How many were received, and how many of them wait for their answers.
    received: watch::Sender<usize>,
    waiting: AtomicUsize,
}

/// Somebody who waits for an answer, until it is there or they go away.
struct Waiting<'c>(&'c AtomicUsize);

impl<'c> Waiting<'c> {
    fn new(count: &'c AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A remote server.
pub(crate) struct Remote {
    host: &'static str,
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    pub(crate) key: Mutex<Arc<SigningKey>>,
}

impl Remote {
    async fn start(host: &'static str, names: &StaticNames) -> Self {
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        names.insert(host, address);
        Tasks::default().spawn("remote server", async move { axum::serve(listener, router).await.unwrap() });
        Self { host, address, shared, key: Mutex::new(Arc::new(SigningKey::generate().unwrap())) }
    }

    /// The same server, but with a key that is not the one that it publishes.
    pub(crate) fn signing_with(&self, key: SigningKey) -> Self {
        Self { host: self.host, address: self.address, shared: self.shared.clone(), key: Mutex::new(Arc::new(key)) }
    }

    /// An actor of this server, whether it is served or not.
    pub(crate) fn actor(&self, name: &str) -> Actor {
        let base = url(&format!("http://{}", self.host));
        let pem = self.key.lock().unwrap().public_pem().unwrap();
        let id = base.join(&format!("/accounts/{name}")).unwrap();
        Actor::local(ActorKind::Person, id, name, base.join("/inbox").unwrap(), &pem)
    }

    pub(crate) fn serve_actor(&self, name: &str) -> Actor {
        let actor = self.actor(name);
        self.serve(actor.id.path(), &actor.to_document());
        actor
    }

    pub(crate) fn serve(&self, path: &str, document: &Value) {
        self.serve_text(path, ACTIVITY_JSON, &document.to_string());
    }

    pub(crate) fn serve_text(&self, path: &str, content_type: &str, body: &str) {
        let served = Served { content_type: content_type.to_owned(), body: body.to_owned() };
        self.shared.documents.lock().unwrap().insert(path.to_owned(), served);
    }

    /// Sends who asks for this path elsewhere.
    pub(crate) fn redirect(&self, path: &str, to: &str) {
        self.serve_text(path, "redirect", to);
    }

    pub(crate) fn stop_serving(&self) {
        self.shared.documents.lock().unwrap().clear();
    }

    /// Answers everything with this status from now on; 0 goes back to what is served.
    pub(crate) fn answer_with(&self, status: u16) {
        *self.shared.answer.lock().unwrap() = StatusCode::from_u16(status).ok();
    }

    /// Answers requests with this text in their bodies with this status from now on.
    pub(crate) fn answer_to(&self, text: &str, status: u16) {
        *self.shared.answer_to.lock().unwrap() = Some((text.to_owned(), StatusCode::from_u16(status).unwrap()));
    }

    /// Takes its time from now on.
    pub(crate) fn delay(&self, time: Duration) {
        *self.shared.delay.lock().unwrap() = time;
    }

    /// Answers nobody from now on, until it goes on.
    pub(crate) fn hold(&self) {
        self.shared.holds.send_replace(true);
    }

    pub(crate) fn go_on(&self) {
        self.shared.holds.send_replace(false);
    }

    /// How many wait for an answer.
    pub(crate) fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::SeqCst)
    }

    /// Waits until it has received so many requests in all.
    pub(crate) async fn receives(&self, count: usize) {
        self.shared.received.subscribe().wait_for(|received| *received >= count).await.unwrap();
    }

    /// Believes no request that is signed by RFC 9421.
    pub(crate) fn know_no_messages(&self) {
        *self.shared.knows_no_messages.lock().unwrap() = true;
    }

    /// What was received since the last call.
    pub(crate) fn requests(&self) -> Vec<Received> {
        std::mem::take(&mut *self.shared.requests.lock().unwrap())
    }

    /// The activity ids that were received since the last call.
    pub(crate) fn received_ids(&self) -> Vec<String> {
        let id = |request: Received| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            body["id"].as_str().unwrap().to_owned()
        };
        self.requests().into_iter().map(id).collect()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let received = Received {
        at: Instant::now(),
        method: parts.method.to_string(),
        target,
        headers: parts.headers,
        body: to_bytes(body, 1_000_000).await.unwrap().to_vec(),
    };
    let is_post = received.method == "POST";
    let status = shared.status_for(&received);
    let waiting = Waiting::new(&shared.waiting);
    shared.requests.lock().unwrap().push(received);
    shared.received.send_modify(|count| *count += 1);
    let delay = *shared.delay.lock().unwrap();
    sleep(delay).await;
    shared.holds.subscribe().wait_for(|holds| !holds).await.unwrap();
    drop(waiting);
    let response = Response::builder();
    if let Some(status) = status {
        return response.status(status).header("location", "/elsewhere").body(Body::empty()).unwrap();
    }
    match shared.documents.lock().unwrap().get(parts.uri.path()) {
        Some(served) if served.content_type == "redirect" => {
            response.status(StatusCode::FOUND).header("location", &served.body).body(Body::empty()).unwrap()
        }
        Some(served) => {
            response.header("content-type", &served.content_type).body(Body::from(served.body.clone())).unwrap()
        }
        None if is_post => response.status(StatusCode::NO_CONTENT).body(Body::empty()).unwrap(),
        None => response.status(StatusCode::NOT_FOUND).body(Body::empty()).unwrap(),
    }
}

impl Shared {
    fn status_for(&self, received: &Received) -> Option<StatusCode> {
        if *self.knows_no_messages.lock().unwrap() && received.headers.contains_key("signature-input") {
            return Some(StatusCode::UNAUTHORIZED);
        }
        let body = String::from_utf8_lossy(&received.body);
        let answer_to = self.answer_to.lock().unwrap().clone();
        let particular = answer_to.filter(|(text, _)| body.contains(text)).map(|(_, status)| status);
        particular.or(*self.answer.lock().unwrap())
    }
}

/// Refuses what a test tells it to.
#[derive(Default)]
pub(crate) struct Fence(Mutex<Option<(&'static str, Refusal)>>);

impl Fence {
    pub(crate) fn set(&self, refusal: Option<(&'static str, Refusal)>) {
        *self.0.lock().unwrap() = refusal;
    }
}

impl Border for Fence {
    fn refuses(&self, host: &Host, actor: Option<&Url>) -> Option<Refusal> {
        let (name, refusal) = (*self.0.lock().unwrap())?;
        let is_meant = name == host.as_str() || actor.is_some_and(|actor| actor.as_str() == name);
        is_meant.then_some(refusal)
    }
}
