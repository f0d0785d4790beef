//! Activities on their way, when the server that sends them dies.

#![cfg(test)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::any};
use federation::{
    ACTIVITY_JSON,
    signature::{self, SigningKey},
    wire::{Action, Activity, Actor, ActorKind},
};
use http::{HeaderMap, Method};
use platform::{
    clock::{Clock, SystemClock},
    tasks::Tasks,
};
use serde_json::Value;
use shoal_tests::Process;
use tokio::{net::TcpListener, time::sleep};
use url::Url;

/// A server that follows, and writes down what it gets.
#[derive(Clone)]
struct Follower {
    document: Arc<str>,
    received: Arc<Mutex<Vec<Value>>>,
    is_open: Arc<Mutex<bool>>,
}

impl Follower {
    async fn start(key: &SigningKey) -> (Self, Url) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let id = Url::parse(&format!("http://{}/actor", listener.local_addr().unwrap())).unwrap();
        let inbox = id.join("/inbox").unwrap();
        let actor = Actor::local(ActorKind::Application, id.clone(), "follower", inbox, &key.public_pem().unwrap());
        let document = actor.to_document().to_string().into();
        let follower = Self { document, received: Arc::default(), is_open: Arc::new(Mutex::new(true)) };
        let router = Router::new().fallback(any(answer)).with_state(follower.clone());
        Tasks::default().spawn("follower", async move { axum::serve(listener, router).await.unwrap() });
        (follower, id)
    }

    fn open(&self, is_open: bool) {
        *self.is_open.lock().unwrap_or_else(PoisonError::into_inner) = is_open;
    }

    fn deletions(&self) -> Vec<String> {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let deletions = received.iter().filter(|activity| activity["type"] == "Delete");
        deletions.map(|activity| activity["id"].as_str().unwrap().to_owned()).collect()
    }
}

async fn answer(State(follower): State<Follower>, method: Method, body: String) -> (StatusCode, HeaderMap, String) {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", ACTIVITY_JSON.parse().unwrap());
    if method == Method::GET {
        return (StatusCode::OK, headers, follower.document.to_string());
    }
    if !*follower.is_open.lock().unwrap_or_else(PoisonError::into_inner) {
        // It holds what it gets until the sender is dead.
        sleep(Duration::from_secs(10)).await;
        return (StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new(), String::new());
    }
    let activity = serde_json::from_str(&body).unwrap();
    follower.received.lock().unwrap_or_else(PoisonError::into_inner).push(activity);
    (StatusCode::ACCEPTED, HeaderMap::new(), String::new())
}

async fn follow(server: &Process, follower: &Url, key: &SigningKey) {
    let inbox = Url::parse(&format!("{}/inbox", server.url())).unwrap();
    let us = inbox.join("/accounts/peertube").unwrap();
    let follow = Activity::new(federation::ids::follow(follower, 1), follower.clone(), Action::Follow(us));
    let body = follow.to_document().to_string();
    let mut headers = HeaderMap::new();
    let now = SystemClock.now();
    signature::sign(key, follower, &Method::POST, &inbox, Some(body.as_bytes()), now, &mut headers).unwrap();
    let request = server.request(Method::POST, "/inbox").headers(headers).header("content-type", ACTIVITY_JSON);
    server.send(request.body(body)).await.assert_success();
}

#[tokio::test]
async fn what_was_committed_before_the_server_was_killed_is_sent_after_its_restart() {
    const VIDEOS: usize = 5;
    let root = tempfile::tempdir().unwrap();
    let mut server = Process::start("alpha", &["instance"], root.path(), "").await;
    server.kill();
    server.command(&["bench-seed", "--videos", &VIDEOS.to_string()]);
    server.restart().await;
    let key = SigningKey::generate().unwrap();
    let (follower, id) = Follower::start(&key).await;
    follow(&server, &id, &key).await;

    follower.open(false);
    let videos = server.get_json("/api/v1/videos").await;
    for video in videos["data"].as_array().unwrap() {
        let path = format!("/api/v1/videos/{}", video["uuid"].as_str().unwrap());
        server.admin().delete(&path).await.assert_success();
    }
    server.kill();
    follower.open(true);
    server.restart().await;
    server.until("the deliveries", async |_| (follower.deletions().len() >= VIDEOS).then_some(())).await;
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for deletion in follower.deletions() {
        *ids.entry(deletion).or_default() += 1;
    }
    assert_eq!(ids.len(), VIDEOS, "nothing is lost, and what is sent again has the same id: {ids:?}");
}
