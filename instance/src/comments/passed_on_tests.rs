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
use federation::{
    signature::SigningKey,
    wire::{Action, Activity},
};
use platform::{jobs::failed_jobs, tasks::Tasks, testing::TestPlatform};
use serde_json::json;

use super::*;
use crate::{
    comments::{self, Comment},
    videos::intake,
};

const HOST: &str = "http://lemmy.test";

/// What is served, and how often each was asked for.
type Documents = Arc<Mutex<BTreeMap<String, (Value, u32)>>>;

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
        self.documents.lock().unwrap().insert(path.to_owned(), (document, 0));
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
        let fish = actors::federate::resolve(&self.app, &at("/c/fish")).await.unwrap();
        let mut tx = self.app.platform.db.begin().await.unwrap();
        match &announce.action {
            Action::Announce(object) => {
                intake::receive_announce(&self.app, &mut tx, &fish, &announce.id, object).await.unwrap();
            }
            Action::AnnounceDelete(object) => {
                intake::receive_announced_delete(&self.app, &mut tx, object).await.unwrap();
            }
            other => panic!("{other:?}"),
        }
        tx.commit().await.unwrap();
        self.work().await;
    }

    /// Does what there is to do, all of it with success.
    async fn work(&self) {
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
    let document = documents.lock().unwrap().get_mut(request.uri().path()).map(|(document, asked)| {
        *asked += 1;
        document.clone()
    });
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

impl Stage {
    /// How often what is at a path was asked for.
    fn asked(&self, path: &str) -> u32 {
        self.documents.lock().unwrap()[path].1
    }

    async fn enqueue<J: Job + Serialize>(&self, job: &J) {
        let mut tx = self.app.platform.db.begin().await.unwrap();
        enqueue(&mut tx, self.app.platform.clock.now(), job).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn comments_that_answer_each_other_in_a_circle_are_asked_for_once_and_dropped() {
    let stage = Stage::new().await;
    for (number, answered) in [(1, 2), (2, 3), (3, 1)] {
        let answered = at(&format!("/comment/{answered}"));
        stage.serve(&format!("/comment/{number}"), comment(number, answered.as_str(), "Round and round"));
    }
    stage.enqueue(&ResolveComment { url: at("/comment/1") }).await;
    stage.work().await;
    for number in 1..=3 {
        assert_eq!(stage.asked(&format!("/comment/{number}")), 1);
        assert!(stage.known(number).await.is_none());
    }
}

#[tokio::test]
async fn lists_of_answers_that_lead_in_a_circle_are_read_once() {
    let stage = Stage::new().await;
    let list = at("/comment/1/replies");
    for (number, answered) in [(1, stage.video.url.clone()), (2, at("/comment/1").to_string())] {
        let mut comment = comment(number, &answered, "Fish");
        comment["replies"] = json!(list);
        stage.serve(&format!("/comment/{number}"), comment);
    }
    stage.serve("/comment/1/replies", json!({"type": "Collection", "id": list, "first": at("/replies/1")}));
    for (number, next) in [(1, 2), (2, 1)] {
        let path = format!("/replies/{number}");
        let items = [at("/comment/1"), at("/comment/2")];
        stage.serve(
            &path,
            json!({"type": "CollectionPage", "id": at(&path), "items": items, "next": at(&format!("/replies/{next}"))}),
        );
    }
    stage.enqueue(&ResolveComment { url: at("/comment/1") }).await;
    stage.work().await;
    stage.enqueue(&FetchComments { video_id: stage.video.id.0 }).await;
    stage.work().await;
    assert!(stage.known(2).await.is_some(), "the answer was found");
    for (path, most) in
        [("/comment/1", 2), ("/comment/2", 1), ("/comment/1/replies", 1), ("/replies/1", 1), ("/replies/2", 1)]
    {
        assert!((1..=most).contains(&stage.asked(path)), "{path} was asked for {} times", stage.asked(path));
    }
}
