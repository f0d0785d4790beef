//! What becomes of what nine other programs send? Their fixtures, signed as these programs would, at the door of this server.
//!
//! The fixtures are those that `federation::wire` reads. They speak of `shoal.test`, of `bob` and of the channel `ocean`:
//! here these are `alpha.test`, `root` and `root_channel`.

use std::{collections::BTreeSet, fs, path::PathBuf};

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use federation::{
    signature::{self, SigningKey},
    wire,
};
use http_body_util::BodyExt;
use platform::testing::TestPlatform;
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

use crate::{
    App, actors,
    follows::{self, FollowState},
    routes,
    testing::Elsewhere,
    videos::Video,
};

/// The video of the fixtures.
const VIDEO: &str = "765302c9-fce1-4814-9d74-679a3dc97046";

/// Everything that an activity may change here, in words.
const FACTS: &str = "SELECT 'comment: ' || text FROM video_comments WHERE is_local = FALSE AND deleted_at IS NULL \
    UNION ALL SELECT r.kind || ' by ' || x.username FROM video_rates r \
    JOIN accounts a ON a.id = r.account_id JOIN actors x ON x.id = a.actor_id \
    UNION ALL SELECT f.username || '@' || f.host || ' follows ' || t.username || '@' || t.host || ': ' || o.state \
    FROM follows o JOIN actors f ON f.id = o.follower_id JOIN actors t ON t.id = o.target_id \
    UNION ALL SELECT 'report of ' || subject FROM abuses \
    UNION ALL SELECT 'watch' FROM video_watches \
    UNION ALL SELECT CASE WHEN video_id IS NULL THEN 'download' ELSE 'view' END FROM counted_activities \
    UNION ALL SELECT 'video ' || name FROM videos WHERE is_local = FALSE \
    UNION ALL SELECT 'playlist ' || name FROM video_playlists WHERE is_local = FALSE \
    UNION ALL SELECT 'actor ' || x.username || ', ' || COALESCE(a.display_name, c.display_name, '') FROM actors x \
    LEFT JOIN accounts a ON a.actor_id = x.id LEFT JOIN video_channels c ON c.actor_id = x.id WHERE x.is_local = FALSE \
    UNION ALL SELECT 'job ' || kind FROM jobs WHERE kind IN ('actor_follow_move', 'comment_resolve', 'video_refresh', \
    'playlist_refresh', 'player_settings_fetch', 'actor_remove') \
    UNION ALL SELECT 'theme ' || theme FROM player_settings";

/// A server that runs one of the programs, and this one, which knows its actors.
struct Program {
    software: &'static str,
    host: &'static str,
    test: TestPlatform,
    app: App,
    video: Video,
    server: Elsewhere,
    key: SigningKey,
}

impl Program {
    async fn start(software: &'static str, host: &'static str) -> Self {
        let test = TestPlatform::new().await;
        // While PeerTube's viewers watch.
        test.clock.set("2026-10-03T00:00:30Z".parse().unwrap());
        let (app, video) = App::staged(&test).await;
        let server = Elsewhere::start(&test, host).await;
        let program = Self { software, host, test, app, video, server, key: SigningKey::generate().unwrap() };
        let documents: Vec<Value> = program.names().iter().map(|name| program.fixture(name)).collect();
        let is_actor = |document: &&Value| document.get("publicKey").is_some();
        let speakers = documents.iter().filter_map(|document| document["actor"].as_str()).map(|id| program.nobody(id));
        let actors: Vec<Value> = speakers.chain(documents.iter().filter(is_actor).cloned()).collect();
        for actor in &actors {
            program.serve_actor(actor);
        }
        for actor in &actors {
            let id = Url::parse(actor["id"].as_str().unwrap()).unwrap();
            actors::federate::resolve(&program.app, &id).await.unwrap();
        }
        program.write_a_comment().await;
        program
    }

    fn folder(&self) -> PathBuf {
        let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../crates/federation/fixtures");
        fixtures.join(self.software)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    }

    fn fixture(&self, name: &str) -> Value {
        let mut text = fs::read_to_string(self.folder().join(format!("{name}.json"))).unwrap();
        for host in [self.host, "shoal.test", "new.test"] {
            text = text.replace(&format!("https://{host}"), &format!("http://{host}"));
        }
        let uuid = self.video.uuid.to_string();
        for (there, here) in [
            ("shoal.test", "alpha.test"),
            ("accounts/bob", "accounts/root"),
            ("video-channels/ocean", "video-channels/root_channel"),
            (VIDEO, uuid.as_str()),
            ("comments/4", "comments/1"),
        ] {
            text = text.replace(there, here);
        }
        serde_json::from_str(&text).unwrap()
    }

    /// An actor of this program of which there is no fixture: that of its server, most often.
    fn nobody(&self, id: &str) -> Value {
        let id = Url::parse(id).unwrap();
        let inbox = id.join("/inbox").unwrap();
        let name =
            id.path_segments().unwrap().next_back().filter(|name| !name.is_empty()).unwrap_or("nobody").to_owned();
        let pem = self.key.public_pem().unwrap();
        wire::Actor::local(wire::ActorKind::Application, id, name, inbox, &pem).to_document()
    }

    /// Gives an actor at its address, and at that of its key, with the key of this test and a name that it changes later.
    fn serve_actor(&self, document: &Value) {
        let mut document = document.clone();
        document["name"] = "before".into();
        document["publicKey"]["publicKeyPem"] = self.key.public_pem().unwrap().into();
        for id in [&document["id"], &document["publicKey"]["id"]] {
            let url = Url::parse(id.as_str().unwrap()).unwrap();
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            self.server.serve(&format!("{}{query}", url.path()), document.clone());
        }
    }

    /// What the key of an actor is called.
    fn key_id(&self, actor: &Value) -> Url {
        let documents = self.names().into_iter().map(|name| self.fixture(&name));
        let key = documents
            .filter(|document| document["id"] == *actor)
            .find_map(|document| document["publicKey"]["id"].as_str().map(str::to_owned));
        let key = key.unwrap_or_else(|| format!("{}#main-key", actor.as_str().unwrap()));
        Url::parse(&key).unwrap()
    }

    /// A comment of root's, the first.
    async fn write_a_comment(&self) {
        let path = format!("/api/v1/videos/{}/comment-threads", self.video.uuid);
        let token = crate::oauth::tests::log_in(&self.app, "root", "a long password").await;
        let comment = json!({ "text": "Fish!" }).to_string();
        let request = Request::post(path).header("authorization", format!("Bearer {token}"));
        let request = request.header("content-type", "application/json").body(Body::from(comment)).unwrap();
        let said = routes::router(&self.app).oneshot(request).await.unwrap();
        assert_eq!(said.status(), StatusCode::OK);
    }

    /// Root has asked to follow somebody there, by the follow of which the fixtures speak.
    async fn ask_to_follow(&self, target: &str, state: FollowState) {
        let now = self.app.platform.clock.now();
        let mut tx = self.app.platform.db.begin().await.unwrap();
        let root = actors::store::find_by_url(&mut tx, &self.video.account_url).await.unwrap().unwrap();
        let target = actors::store::find_by_url(&mut tx, target).await.unwrap().unwrap();
        let url = "http://alpha.test/accounts/root/follows/9";
        follows::store::upsert(&mut tx, root.id, target.id, url, state, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn facts(&self) -> BTreeSet<String> {
        let mut connection = self.app.platform.db.read().await.unwrap();
        let facts: Vec<String> = connection.query(FACTS).fetch_all_scalars().await.unwrap();
        let here = |fact: String| fact.replace("@alpha.test", "").replace(&format!("@{}", self.host), "");
        let viewers = self.app.views.viewers(self.video.id, self.app.platform.clock.now());
        let viewers = (viewers > 0).then(|| format!("{viewers} viewers"));
        facts.into_iter().map(here).chain(viewers).collect()
    }

    /// Sends a fixture as its actor, and says what that changed, or why it was refused.
    async fn send(&self, name: &str) -> String {
        let document = self.fixture(name);
        let before = self.facts().await;
        let (status, answer) = self.post(&document).await;
        if status != StatusCode::NO_CONTENT {
            return format!("{}: {}", status.as_u16(), answer["detail"].as_str().unwrap_or_default());
        }
        let after = self.facts().await;
        let gone = before.difference(&after).map(|fact| format!("-{fact}"));
        let new = after.difference(&before).map(|fact| format!("+{fact}"));
        gone.chain(new).collect::<Vec<_>>().join("; ")
    }

    async fn post(&self, document: &Value) -> (StatusCode, Value) {
        let key_id = self.key_id(&document["actor"]);
        let (body, inbox) = (document.to_string().into_bytes(), Url::parse("http://alpha.test/inbox").unwrap());
        let mut headers = HeaderMap::new();
        let now = self.app.platform.clock.now();
        signature::sign(&self.key, &key_id, &Method::POST, &inbox, Some(&body), now, &mut headers).unwrap();
        let mut request = Request::post("/inbox").body(Body::from(body)).unwrap();
        *request.headers_mut() = headers;
        request.headers_mut().insert(header::HOST, "alpha.test".parse().unwrap());
        request.headers_mut().insert(header::CONTENT_TYPE, "application/activity+json".parse().unwrap());
        let response = routes::router(&self.app).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

/// What a program sends, in its order, and what becomes of each: nothing, or what is new (+) and gone (-). An edit that
/// changes nothing but what is not kept here, as some of the fixtures are, changes nothing.
type Story = &'static [(&'static str, &'static str)];

const MASTODON: Story = &[
    ("accept", "-root follows alice: pending; +root follows alice: accepted"),
    ("reject", "-root follows alice: accepted; +root follows alice: rejected"),
    ("follow", "+alice follows root_channel: accepted"),
    ("undo-follow", "-alice follows root_channel: accepted"),
    ("create-note", "+comment: @bob lovely fish at 1:23"),
    ("update-note", "-comment: @bob lovely fish at 1:23; +comment: Fish\n\nlovely **fish**"),
    ("delete-note", "-comment: Fish\n\nlovely **fish**"),
    ("like", "+like by alice"),
    ("undo-like", "-like by alice"),
    ("announce", ""),
    ("block", ""),
    ("flag", "+report of comment"),
    ("update-actor", "-actor alice, before; +actor alice, Alice :fish:"),
    ("move", "+job actor_follow_move"),
    ("delete-actor", "+job actor_remove"),
];
const GOTOSOCIAL: Story = &[
    ("accept", "-root follows dora: pending; +root follows dora: accepted"),
    ("follow", "+dora follows root_channel: accepted"),
    ("create-note", "+comment: tiny @bob"),
    ("update-note", ""),
    ("delete-note", "-comment: tiny @bob"),
    ("like", ""),
    ("undo-like", ""),
    ("announce", ""),
    ("flag", "+report of comment"),
    ("move", "+job actor_follow_move"),
];
const PLEROMA: Story = &[
    ("accept", "-root follows edda: pending; +root follows edda: accepted"),
    ("follow", "+edda follows root_channel: accepted"),
    ("undo-follow", "-edda follows root_channel: accepted"),
    ("create-note", "+comment: @bob splash"),
    ("update-note", "-comment: @bob splash; +comment: splash!"),
    ("delete-note", "-comment: splash!"),
    ("like", "+like by edda"),
    ("undo-like", "-like by edda"),
    ("emoji-react", ""),
    ("announce", ""),
];
const MISSKEY: Story = &[
    ("accept", "-root follows fenn: pending; +root follows fenn: accepted"),
    ("follow", "+fenn follows root_channel: accepted"),
    ("create-note", "+comment: @bob nyan"),
    ("delete-note", "-comment: @bob nyan"),
    ("like", "+like by fenn"),
    ("undo-like", "-like by fenn"),
    ("announce", ""),
    ("undo-announce", ""),
    ("block", ""),
    ("undo-block", ""),
    ("flag", "+report of account"),
    ("update-actor", "-actor fenn, before; +actor fenn, Fenn"),
];
const LEMMY: Story = &[
    ("accept", "-root follows fish: pending; +root follows fish: accepted"),
    ("follow", "+cara follows root_channel: accepted"),
    ("undo-follow", "-cara follows root_channel: accepted"),
    ("create-note", "+comment: hello **fish**"),
    ("update-note", ""),
    ("delete-note", "-comment: hello **fish**"),
    ("remove-note", ""),
    ("like", "+like by cara"),
    ("undo-like", "-like by cara"),
    ("dislike", "+dislike by cara"),
    ("announce-create", "+job video_refresh"),
    ("announce-like", ""),
    ("flag", "+report of video"),
];
const FRIENDICA: Story = &[
    ("accept", "-root follows gita: pending; +root follows gita: accepted"),
    ("follow", "+gita follows root_channel: accepted"),
    ("undo-follow", "-gita follows root_channel: accepted"),
    ("create-note", "+comment: @bob test"),
    ("update-note", ""),
    ("delete-note", "-comment: @bob test"),
    ("dislike", "+dislike by gita"),
    ("undo-dislike", "-dislike by gita"),
    ("like", "+like by gita"),
    ("announce", ""),
];
const WORDPRESS: Story = &[
    ("accept", "-root follows hugo: pending; +root follows hugo: accepted"),
    ("follow", "+hugo follows root_channel: accepted"),
    ("undo-follow", "-hugo follows root_channel: accepted"),
    ("create-note", "+comment: Nice! Hello from a blog."),
    ("delete-note", "-comment: Nice! Hello from a blog."),
    ("like", "+like by hugo"),
    ("announce", ""),
    ("announce-update", "+job video_refresh"),
    ("update-article", ""),
    ("move", "+job actor_follow_move"),
];
const OWNCAST: Story = &[
    ("accept", "-root follows stream: pending; +root follows stream: accepted"),
    ("create-note", ""),
    ("update-actor", "-actor stream, before; +actor stream, The Stream"),
];
const PEERTUBE: Story = &[
    ("accept", "-root follows ines: pending; +root follows ines: accepted"),
    ("follow", "+peertube follows peertube: accepted"),
    ("create-note", "+comment: Where is *this*?"),
    ("delete-note", "-comment: Where is *this*?"),
    ("like", "+like by ines"),
    ("undo-like", "-like by ines"),
    ("view", "+12 viewers"),
    ("download", "+download"),
    ("create-watch-action", "+watch"),
    ("flag", "+report of video"),
    ("approve-reply", ""),
    ("reject-reply", ""),
    ("announce", "+job video_refresh"),
    ("update-video", "+video The reef at night"),
    ("create-playlist", "+job playlist_refresh"),
    ("update-channel", "-actor reef, before; +actor reef, The Reef"),
    ("update-player-settings", "+theme lucide"),
];

#[tokio::test]
async fn what_other_programs_send_does_here_what_it_says() {
    let mut unlike: Vec<String> = vec![];
    for (software, host, story) in [
        ("mastodon", "mastodon.test", MASTODON),
        ("gotosocial", "gts.test", GOTOSOCIAL),
        ("pleroma", "pleroma.test", PLEROMA),
        ("misskey", "misskey.test", MISSKEY),
        ("lemmy", "lemmy.test", LEMMY),
        ("friendica", "friendica.test", FRIENDICA),
        ("wordpress", "blog.test", WORDPRESS),
        ("owncast", "owncast.test", OWNCAST),
        ("peertube-8.2", "peertube.test", PEERTUBE),
    ] {
        let program = Program::start(software, host).await;
        let accepting = program.fixture("accept")["actor"].as_str().unwrap().to_owned();
        program.ask_to_follow(&accepting, FollowState::Pending).await;
        for (name, expected) in story {
            let told = program.send(name).await;
            if told != *expected {
                unlike.push(format!("{software}, {name}: {told}"));
            }
        }
        let activities = program.names().iter().filter(|name| program.fixture(name).get("actor").is_some()).count();
        let tombstones = program.names().iter().filter(|name| *name == "tombstone").count();
        assert!(story.len() >= activities - tombstones, "{software} sends more than that");
    }
    assert!(unlike.is_empty(), "{unlike:#?}");
}

#[tokio::test]
async fn a_subscription_moves_along_with_an_account_of_mastodon_if_both_sides_say_so() {
    for (knows_of_it, followed) in
        [(true, "root follows alice@new.test: pending"), (false, "root follows alice: accepted")]
    {
        let program = Program::start("mastodon", "mastodon.test").await;
        program.ask_to_follow("http://mastodon.test/users/alice", FollowState::Accepted).await;
        let elsewhere = Elsewhere::start(&program.test, "new.test").await;
        let mut alice = program.nobody("http://new.test/users/alice");
        alice["type"] = "Person".into();
        if knows_of_it {
            alice["alsoKnownAs"] = json!(["http://mastodon.test/users/alice"]);
        }
        elsewhere.serve("/users/alice", alice);
        assert_eq!(program.send("move").await, "+job actor_follow_move");
        program.test.run_jobs(actors::moves::jobs::job_set(&program.app)).await;
        let facts = program.facts().await;
        let follows: Vec<&String> = facts.iter().filter(|fact| fact.contains(" follows ")).collect();
        assert_eq!(follows, [followed]);
        let said = "SELECT count(*) FROM outgoing_activities WHERE body LIKE '%\"Undo\"%'";
        assert_eq!(super::count(&program.app, said).await, i64::from(knows_of_it), "the old one hears of it");
    }
}
