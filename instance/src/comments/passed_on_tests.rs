//! A community of Lemmy passes on what people say in it, as a made-up server tells it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use federation::{signature::SigningKey, wire::Activity};
use platform::{jobs::failed_jobs, tasks::Tasks, testing::TestPlatform};
use serde_json::json;

use super::*;
use crate::{
    comments::{self, Comment},
    videos::intake,
};

const HOST: &str = "http://lemmy.test";

type Documents = Arc<Mutex<BTreeMap<String, Value>>>;

struct Stage {
    test: TestPlatform,
    app: App,
    video: Video,
    documents: Documents,
}

impl Stage {
    /// A server that follows the community `fish`.
    async fn new() -> Self {
        let test = TestPlatform::new().await;
        let (app, video) = App::staged(&test).await;
        let documents = Documents::default();
        let router = Router::new().fallback(answer).with_state(documents.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        test.names.insert("lemmy.test", listener.local_addr().unwrap());
        Tasks::default().spawn("lemmy", async move { axum::serve(listener, router).await.unwrap() });
        let stage = Self { test, app, video, documents };
        stage.serve_actor("Group", "/c/fish");
        stage.serve_actor("Person", "/u/cara");
        let fish = actors::federate::resolve(&stage.app, &at("/c/fish")).await.unwrap();
        let mut tx = stage.app.platform.db.begin().await.unwrap();
        let me = actors::store::find_by_url(&mut tx, stage.app.ids.instance_actor().as_str()).await.unwrap().unwrap();
        let accepted = crate::follows::FollowState::Accepted;
        let now = stage.app.platform.clock.now();
        crate::follows::store::upsert(&mut tx, me.id, fish.id, "http://a.test/f", accepted, now).await.unwrap();
        tx.commit().await.unwrap();
        stage
    }

    fn serve(&self, path: &str, document: Value) {
        self.documents.lock().unwrap().insert(path.to_owned(), document);
    }

    fn serve_actor(&self, kind: &str, path: &str) {
        let pem = SigningKey::generate().unwrap().public_pem().unwrap();
        let id = at(path);
        let key = json!({"id": format!("{id}#main-key"), "owner": id, "publicKeyPem": pem});
        let name = path.rsplit('/').next().unwrap();
        self.serve(
            path,
            json!({"type": kind, "id": id, "preferredUsername": name, "inbox": format!("{HOST}/inbox"), "publicKey": key}),
        );
    }

    /// The community passes on that something was written or edited.
    async fn pass_on(&self, kind: &str, object: &Value) {
        let announce = json!({
            "type": "Announce", "id": at("/activities/announce/1"), "actor": at("/c/fish"),
            "object": {"type": kind, "id": at("/activities/1"), "actor": at("/u/cara"), "object": object},
        });
        let announce = Activity::from_value(&announce).unwrap();
        let federation::wire::Action::Announce(object) = &announce.action else { panic!("{announce:?}") };
        let fish = actors::federate::resolve(&self.app, &at("/c/fish")).await.unwrap();
        let mut tx = self.app.platform.db.begin().await.unwrap();
        intake::receive_announce(&self.app, &mut tx, &fish, &announce.id, object).await.unwrap();
        tx.commit().await.unwrap();
        self.test.run_jobs(intake::job_set(&self.app).merge(comments::jobs::job_set(&self.app))).await;
        let failed = failed_jobs(&mut self.app.platform.db.read().await.unwrap()).await.unwrap();
        assert!(failed.is_empty(), "{failed:?}");
    }

    async fn known(&self, number: u32) -> Option<Comment> {
        let mut connection = self.app.platform.db.read().await.unwrap();
        store::find_by_url(&mut connection, at(&format!("/comment/{number}")).as_str()).await.unwrap()
    }
}

async fn answer(State(documents): State<Documents>, request: Request) -> Response {
    let document = documents.lock().unwrap().get(request.uri().path()).cloned();
    let response = Response::builder().header("content-type", "application/activity+json");
    match document {
        Some(document) => response.body(Body::from(document.to_string())).unwrap(),
        None => response.status(404).body(Body::empty()).unwrap(),
    }
}

fn comment(number: u32, answered: &str, text: &str) -> Value {
    json!({
        "type": "Note", "id": at(&format!("/comment/{number}")), "attributedTo": at("/u/cara"),
        "inReplyTo": answered, "content": format!("<p>{text}</p>"), "mediaType": "text/html",
        "published": "2026-11-22T04:00:00Z", "to": ["https://www.w3.org/ns/activitystreams#Public"],
    })
}

fn at(path: &str) -> Url {
    Url::parse(&format!("{HOST}{path}")).unwrap()
}

#[tokio::test]
async fn a_comment_that_a_community_passes_on_is_taken_as_its_own_server_tells_it() {
    let stage = Stage::new().await;
    stage.serve("/comment/1", comment(1, &stage.video.url, "A fine fish"));
    stage.pass_on("Create", &comment(1, &stage.video.url, "Forged words")).await;
    assert_eq!(stage.known(1).await.unwrap().text, "A fine fish");

    stage.serve("/comment/2", comment(2, at("/comment/1").as_str(), "Indeed"));
    stage.pass_on("Create", &json!(at("/comment/2"))).await;
    assert_eq!(stage.known(2).await.unwrap().text, "Indeed");

    stage.serve("/comment/1", comment(1, &stage.video.url, "A very fine fish"));
    stage.pass_on("Update", &json!(at("/comment/1"))).await;
    assert_eq!(stage.known(1).await.unwrap().text, "A very fine fish");

    stage.pass_on("Delete", &json!(at("/comment/2"))).await;
    assert!(stage.known(2).await.is_some(), "its server still has it");
    stage.serve("/comment/2", json!({"type": "Tombstone", "id": at("/comment/2")}));
    stage.pass_on("Delete", &json!(at("/comment/2"))).await;
    assert!(stage.known(2).await.is_none());
}

#[tokio::test]
async fn what_else_a_community_talks_about_is_dropped_without_a_failure() {
    let stage = Stage::new().await;
    stage.serve("/comment/3", comment(3, at("/post/55").as_str(), "About something else"));
    stage.pass_on("Create", &json!(at("/comment/3"))).await;
    assert!(stage.known(3).await.is_none());
    stage.serve("/post/55", json!({"type": "Page", "id": at("/post/55"), "attributedTo": at("/u/cara")}));
    for (kind, object) in [("Create", "/post/55"), ("Create", "/comment/404"), ("Like", "/comment/3")] {
        stage.pass_on(kind, &json!(at(object))).await;
    }
    stage.serve("/activities/1", json!({"type": "Like", "id": at("/activities/1"), "object": at("/post/55")}));
    stage.pass_on("Like", &json!(at("/post/55"))).await;
}
