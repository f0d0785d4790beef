//! What stands between a server of a world and whoever asks it something.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::USER_AGENT};
use tokio::sync::watch;

/// Lets requests through, unless a test says otherwise, and remembers them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doorway {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Hosts whose requests do not arrive.
    cut_off: Mutex<BTreeSet<String>>,
    /// Requests for addresses with this in them wait.
    held: watch::Sender<Option<String>>,
    /// How many wait.
    waiting: watch::Sender<usize>,
    asked: Mutex<Vec<String>>,
}

impl Doorway {
    /// From now on, or no longer, nothing arrives that this host sends.
    pub(crate) fn cut_off(&self, host: String, is_cut: bool) {
        let mut hosts = lock(&self.shared.cut_off);
        if is_cut {
            hosts.insert(host);
        } else {
            hosts.remove(&host);
        }
    }

    /// From now on, requests for addresses with this in them wait.
    pub(crate) fn hold_back(&self, part: &str) {
        self.shared.held.send_replace(Some(part.to_owned()));
    }

    /// Waits until a request waits.
    pub(crate) async fn somebody_waits(&self) {
        let mut waiting = self.shared.waiting.subscribe();
        waiting.wait_for(|count| *count > 0).await.expect("the doorway itself holds the other end");
    }

    /// Nobody waits any longer.
    pub(crate) fn let_through(&self) {
        self.shared.held.send_replace(None);
    }

    /// The paths, with their queries, that were asked for since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.shared.asked))
    }

    /// Between a server and one that it is cut off from there is only a gateway, which says so. Servers name themselves in
    /// their requests.
    fn is_cut_off(&self, request: &Request) -> bool {
        let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        lock(&self.shared.cut_off).iter().any(|host| agent.contains(&format!("+http://{host}")))
    }

    async fn wait(&self, path: &str) {
        let is_free = |held: &Option<String>| held.as_ref().is_none_or(|part| !path.contains(part.as_str()));
        let mut held = self.shared.held.subscribe();
        let waits = !is_free(&held.borrow());
        if waits {
            let _waiting = Waiting::new(&self.shared.waiting);
            held.wait_for(is_free).await.expect("the doorway itself holds the other end");
        }
    }
}

/// Somebody who waits, until they go on or go away.
struct Waiting<'c> {
    count: &'c watch::Sender<usize>,
}

impl<'c> Waiting<'c> {
    fn new(count: &'c watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self { count }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As a layer of a server.
pub(crate) async fn pass(State(doorway): State<Doorway>, request: Request, next: Next) -> Response {
    if doorway.is_cut_off(&request) {
        return StatusCode::GATEWAY_TIMEOUT.into_response();
    }
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    lock(&doorway.shared.asked).push(path.clone());
    doorway.wait(&path).await;
    next.run(request).await
}
