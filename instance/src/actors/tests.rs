//! Actors of other servers, as a made-up server tells of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use federation::{signature::SigningKey, wire};
use platform::{tasks::Tasks, testing::TestPlatform};
use serde_json::{Value, json};
use url::Url;

use super::{Actor, ActorKind, federate, images, jobs::job_set, store};
use crate::{App, accounts, channels};

const HOST: &str = "other.test";
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";

/// Status, content type and body.
type Served = (StatusCode, &'static str, Vec<u8>);

#[derive(Default)]
struct Shared {
    served: Mutex<HashMap<String, Served>>,
    asked: Mutex<Vec<String>>,
}

/// Another server, of any software.
#[derive(Clone)]
struct Other {
    shared: Arc<Shared>,
    pem: String,
}

impl Other {
    async fn start(test: &TestPlatform) -> Self {
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        test.names.insert(HOST, listener.local_addr().unwrap());
        Tasks::default().spawn("another server", async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, pem: SigningKey::generate().unwrap().public_pem().unwrap() }
    }

    fn actor(&self, kind: &str, path: &str, name: &str) -> Value {
        let id = format!("http://{HOST}{path}");
        json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "type": kind, "id": id, "preferredUsername": name, "inbox": format!("{id}/inbox"),
            "publicKey": { "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": self.pem },
        })
    }

    fn serve(&self, path: &str, document: &Value) {
        self.put(path, StatusCode::OK, "application/activity+json", document.to_string().into_bytes());
    }

    fn put(&self, path: &str, status: StatusCode, content_type: &'static str, body: Vec<u8>) {
        self.shared.served.lock().unwrap().insert(path.to_owned(), (status, content_type, body));
    }

    fn refuse(&self, path: &str, status: StatusCode) {
        self.put(path, status, "text/plain", vec![]);
    }

    /// How often a path was asked for since the last call.
    fn asked(&self, path: &str) -> usize {
        self.shared.asked.lock().unwrap().extract_if(.., |asked| asked == path).count()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    shared.asked.lock().unwrap().push(path.clone());
    let missing = (StatusCode::NOT_FOUND, "text/plain", vec![]);
    let (status, kind, body) = shared.served.lock().unwrap().get(&path).cloned().unwrap_or(missing);
    Response::builder().status(status).header("content-type", kind).body(Body::from(body)).unwrap()
}

struct Stage {
    test: TestPlatform,
    app: App,
    other: Other,
}

impl Stage {
    async fn new() -> Self {
        let test = TestPlatform::new().await;
        let (app, _) = App::staged(&test).await;
        let other = Other::start(&test).await;
        Self { test, app, other }
    }

    async fn resolve(&self, path: &str) -> Result<Actor, federate::ResolveError> {
        federate::resolve(&self.app, &url(path)).await
    }

    async fn known(&self, path: &str) -> Option<Actor> {
        store::find_by_url(&mut self.app.platform.db.read().await.unwrap(), url(path).as_str()).await.unwrap()
    }

    async fn account_of(&self, actor: &Actor) -> Option<accounts::Account> {
        accounts::store::find_by_actor(&mut self.app.platform.db.read().await.unwrap(), actor.id).await.unwrap()
    }

    async fn receive_update(&self, speaker: &Actor, document: &Value) {
        let object = wire::Actor::from_value(document).unwrap();
        let mut tx = self.app.platform.db.begin().await.unwrap();
        federate::receive_update(&self.app, &mut tx, speaker, &object).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn work(&self) {
        self.test.run_jobs(job_set(&self.app)).await;
    }
}

fn url(path: &str) -> Url {
    Url::parse(&format!("http://{HOST}{path}")).unwrap()
}

#[tokio::test]
async fn actors_of_every_kind_are_known_whatever_they_leave_out() {
    let stage = Stage::new().await;
    for kind in ["Person", "Group", "Application", "Service", "Organization"] {
        let path = format!("/users/{}", kind.to_lowercase());
        stage.other.serve(&path, &stage.other.actor(kind, &path, &kind.to_lowercase()));
        let actor = stage.resolve(&path).await.unwrap();
        assert_eq!((actor.kind().name(), &actor.outbox_url), (kind, &None));
        assert_eq!(stage.account_of(&actor).await.unwrap().display_name, kind.to_lowercase());
    }
}

#[tokio::test]
async fn a_group_whose_owners_are_a_collection_is_an_account_by_itself() {
    let stage = Stage::new().await;
    let mut group = stage.other.actor("Group", "/c/fish", "fish");
    group["attributedTo"] = format!("http://{HOST}/c/fish/moderators").into();
    stage.other.serve("/c/fish", &group);
    let moderators = json!({ "type": "OrderedCollection", "id": url("/c/fish/moderators"), "orderedItems": [] });
    stage.other.serve("/c/fish/moderators", &moderators);
    let actor = stage.resolve("/c/fish").await.unwrap();
    assert_eq!(actor.kind(), ActorKind::Group);
    assert!(stage.account_of(&actor).await.is_some());
}

#[tokio::test]
async fn a_channel_goes_with_its_owner_when_that_changes() {
    let stage = Stage::new().await;
    for owner in ["one", "two"] {
        let path = format!("/accounts/{owner}");
        stage.other.serve(&path, &stage.other.actor("Person", &path, owner));
        let mut channel = stage.other.actor("Group", "/video-channels/reef", "reef");
        channel["attributedTo"] = json!([{ "type": "Person", "id": url(&path) }]);
        stage.other.serve("/video-channels/reef", &channel);
        let actor = federate::refresh(&stage.app, &url("/video-channels/reef")).await.unwrap();
        let mut connection = stage.app.platform.db.read().await.unwrap();
        let channel = channels::store::find_by_actor(&mut connection, actor.id).await.unwrap().unwrap();
        let owner_actor = store::find(&mut connection, channel.owner_actor_id).await.unwrap().unwrap();
        assert_eq!(owner_actor.username, owner);
    }
    stage.work().await;
}

#[tokio::test]
async fn a_server_that_is_silent_costs_nobody_their_actors_and_is_asked_ever_less() {
    let stage = Stage::new().await;
    stage.other.serve("/u/a", &stage.other.actor("Person", "/u/a", "a"));
    stage.resolve("/u/a").await.unwrap();
    stage.other.asked("/u/a");
    stage.resolve("/u/a").await.unwrap();
    assert_eq!(stage.other.asked("/u/a"), 0, "it is fresh");
    stage.other.refuse("/u/a", StatusCode::BAD_GATEWAY);
    stage.test.clock.advance(std::time::Duration::from_hours(49));
    for (failures, hours) in [(1, 1), (2, 2), (3, 4)] {
        assert_eq!(stage.resolve("/u/a").await.unwrap().username, "a");
        assert_eq!(stage.resolve("/u/a").await.unwrap().username, "a");
        assert_eq!(stage.other.asked("/u/a"), 1, "after {failures} failures");
        assert_eq!(stage.known("/u/a").await.unwrap().refresh_failures, failures);
        stage.test.clock.advance(std::time::Duration::from_hours(hours) + std::time::Duration::from_secs(1));
    }
    stage.work().await;
    assert!(stage.known("/u/a").await.is_some());
    stage.other.serve("/u/a", &stage.other.actor("Person", "/u/a", "a"));
    assert_eq!(stage.resolve("/u/a").await.unwrap().refresh_failures, 0);
}

#[tokio::test]
async fn an_actor_that_its_server_removed_is_removed_here() {
    let stage = Stage::new().await;
    stage.other.serve("/u/a", &stage.other.actor("Person", "/u/a", "a"));
    stage.resolve("/u/a").await.unwrap();
    stage.other.refuse("/u/a", StatusCode::NOT_FOUND);
    stage.test.clock.advance(std::time::Duration::from_hours(49));
    stage.resolve("/u/a").await.unwrap();
    stage.work().await;
    assert!(stage.known("/u/a").await.is_some(), "a server that lost its data is not gone for good");
    stage.other.refuse("/u/a", StatusCode::GONE);
    stage.test.clock.advance(std::time::Duration::from_hours(49));
    assert!(stage.resolve("/u/a").await.is_err());
    stage.work().await;
    assert!(stage.known("/u/a").await.is_none());
}

#[tokio::test]
async fn a_name_belongs_to_whom_its_server_says() {
    let stage = Stage::new().await;
    stage.other.serve("/u/1", &stage.other.actor("Person", "/u/1", "alice"));
    stage.resolve("/u/1").await.unwrap();
    stage.other.serve("/u/2", &stage.other.actor("Person", "/u/2", "Alice"));
    assert!(stage.resolve("/u/2").await.is_err(), "the first is still there under the name");
    assert_eq!(stage.known("/u/2").await.map(|actor| actor.username), None);

    let finger = |path: &str| {
        json!({
            "subject": format!("acct:alice@{HOST}"),
            "links": [{ "rel": "self", "type": "application/activity+json", "href": url(path) }],
        })
    };
    stage.other.serve("/.well-known/webfinger", &finger("/u/2"));
    let second = stage.resolve("/u/2").await.unwrap();
    let mut connection = stage.app.platform.db.read().await.unwrap();
    let holder = store::find_by_handle(&mut connection, "alice", HOST).await.unwrap().unwrap();
    drop(connection);
    assert_eq!(holder.id, second.id);
    assert!(stage.known("/u/1").await.is_some());

    stage.other.refuse("/u/1", StatusCode::GONE);
    stage.other.refuse("/.well-known/webfinger", StatusCode::NOT_FOUND);
    stage.work().await;
    stage.work().await;
    assert!(stage.known("/u/1").await.is_none(), "the one before was asked for again, and is gone");
    stage.other.serve("/u/3", &stage.other.actor("Person", "/u/3", "alice"));
    stage.other.refuse("/u/2", StatusCode::GONE);
    assert_eq!(stage.resolve("/u/3").await.unwrap().username, "alice", "made anew at another address");
}

#[tokio::test]
async fn a_change_is_believed_of_oneself_and_asked_about_others() {
    let stage = Stage::new().await;
    for name in ["alice", "mallory"] {
        let path = format!("/u/{name}");
        stage.other.serve(&path, &stage.other.actor("Person", &path, name));
    }
    let (alice, mallory) = (stage.resolve("/u/alice").await.unwrap(), stage.resolve("/u/mallory").await.unwrap());
    let mut changed = stage.other.actor("Person", "/u/alice", "alice");
    changed["name"] = "Alice in the Sea".into();
    stage.receive_update(&mallory, &changed).await;
    stage.work().await;
    assert_eq!(stage.account_of(&alice).await.unwrap().display_name, "alice", "her server says otherwise");
    stage.receive_update(&alice, &changed).await;
    assert_eq!(stage.account_of(&alice).await.unwrap().display_name, "Alice in the Sea");
    let mut renamed = stage.other.actor("Person", "/u/mallory", "alice");
    renamed["name"] = "The real Alice".into();
    stage.receive_update(&mallory, &renamed).await;
    stage.work().await;
    let host = HOST.to_owned();
    let mut connection = stage.app.platform.db.read().await.unwrap();
    let holder = accounts::store::find_by_handle(&mut connection, "alice", &host).await.unwrap().unwrap();
    assert_eq!(holder.actor_id, alice.id, "nobody takes a name that is in use");
}

#[tokio::test]
async fn another_actor_of_its_server_does_not_delete_it() {
    let stage = Stage::new().await;
    for name in ["alice", "mallory"] {
        let path = format!("/u/{name}");
        stage.other.serve(&path, &stage.other.actor("Person", &path, name));
    }
    let (alice, mallory) = (stage.resolve("/u/alice").await.unwrap(), stage.resolve("/u/mallory").await.unwrap());
    for (speaker, is_left) in [(&mallory, true), (&alice, false), (&alice, false)] {
        let mut tx = stage.app.platform.db.begin().await.unwrap();
        federate::receive_delete(&stage.app, &mut tx, speaker, &url("/u/alice")).await.unwrap();
        tx.commit().await.unwrap();
        stage.work().await;
        assert_eq!(stage.known("/u/alice").await.is_some(), is_left);
    }
}

#[tokio::test]
async fn pictures_are_fetched_when_they_are_looked_at_and_only_if_they_are_pictures() {
    let stage = Stage::new().await;
    let mut actor = stage.other.actor("Person", "/u/a", "a");
    actor["icon"] = json!({ "type": "Image", "url": url("/a.png") });
    actor["image"] = json!([{ "type": "Image", "url": url("/page.jpg"), "width": 1920, "height": 317 }]);
    stage.other.serve("/u/a", &actor);
    stage.other.put("/a.png", StatusCode::OK, "text/html", PICTURE.to_vec());
    stage.other.put("/page.jpg", StatusCode::OK, "image/jpeg", b"<script>alert(1)</script>".to_vec());
    let actor = stage.resolve("/u/a").await.unwrap();
    let account = stage.account_of(&actor).await.unwrap();
    assert_eq!(stage.other.asked("/a.png"), 0);
    let (avatar, banner) = (account.avatars[0].path().unwrap(), account.banners[0].path().unwrap());
    for _ in 0..2 {
        let (status, kind) = get(&stage.app, &avatar).await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "image/png"));
        assert_eq!(get(&stage.app, &banner).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!((stage.other.asked("/a.png"), stage.other.asked("/page.jpg")), (1, 1), "neither is asked for twice");
    let unknown = format!("/lazy-static/avatars/{}.png", stage.app.platform.random.uuid());
    assert_eq!(get(&stage.app, &unknown).await.0, StatusCode::NOT_FOUND);
    let as_banner = avatar.replace("avatars", "banners");
    assert_eq!(get(&stage.app, &as_banner).await.0, StatusCode::NOT_FOUND);

    let mut tx = stage.app.platform.db.begin().await.unwrap();
    let pictures = images::store::of_actors(&mut tx, [actor.id]).await.unwrap();
    assert_eq!(pictures.len(), 2);
    super::removal::begin(&mut tx, actor.id, stage.app.platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    stage.test.run_jobs(job_set(&stage.app).merge(crate::videos::jobs::job_set(&stage.app))).await;
    let key = platform::storage::Key::new(pictures[0].key().unwrap()).unwrap();
    assert_eq!(stage.app.platform.storage.size(&key).await.unwrap(), None, "the file goes with its actor");
}

async fn get(app: &App, path: &str) -> (StatusCode, String) {
    use tower::ServiceExt;
    let request = axum::http::Request::get(path).body(Body::empty()).unwrap();
    let response = crate::routes::router(app).oneshot(request).await.unwrap();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    (response.status(), kind.unwrap_or_default())
}

#[tokio::test]
async fn nobody_elsewhere_is_one_of_ours() {
    let stage = Stage::new().await;
    let mut impostor = stage.other.actor("Person", "/u/a", "root");
    impostor["id"] = stage.app.ids.account("root").to_string().into();
    stage.other.serve("/u/a", &impostor);
    assert!(stage.resolve("/u/a").await.is_err());
    let mut elsewhere = stage.other.actor("Person", "/u/b", "b");
    elsewhere["endpoints"] = json!({ "sharedInbox": "http://victim.test/inbox" });
    stage.other.serve("/u/b", &elsewhere);
    assert!(stage.resolve("/u/b").await.is_err(), "a shared inbox is on the actor's own host");
}

#[tokio::test]
async fn our_actors_have_one_page_because_older_servers_refuse_a_list() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let mut connection = app.platform.db.read().await.unwrap();
    for (name, page) in [("root", "/a/root"), ("root_channel", "/c/root_channel")] {
        let actor = store::find_local(&mut connection, name).await.unwrap().unwrap();
        let document = federate::document(&app, &mut connection, &actor).await.unwrap().unwrap();
        assert_eq!(document["url"], app.platform.public_url.join(page).as_str());
    }
}
