//! Consent and directories against small servers that the tests control.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use platform::{clock::Clock, jobs as queue, tasks::Tasks, testing::TestPlatform};
use serde_json::json;

use super::{
    consent::{ConsentError, Settled},
    jobs::LookAround,
    *,
};
use crate::{Config, Mounted, mount, store as videos, testing};

const HOST: &str = "tube.test";
const HANDLE: &str = "films@tube.test";

/// What a server says, and what it was asked.
#[derive(Default)]
struct Server {
    consent: String,
    description: String,
    is_down: bool,
    /// It has one video, in one channel.
    has_video: bool,
    /// What it answers as a directory: the hosts that are well, and all.
    well: Vec<&'static str>,
    all: Vec<&'static str>,
    requests: Vec<String>,
}

type Shared = Arc<Mutex<Server>>;

async fn serve(tasks: &Tasks, shared: Shared) -> SocketAddr {
    let router = Router::new().fallback(answer).with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn("server", async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn answer(State(shared): State<Shared>, uri: Uri) -> Response {
    let mut server = shared.lock().unwrap();
    server.requests.push(uri.to_string());
    if server.is_down {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    match uri.path() {
        consent::PATH if !server.consent.is_empty() => server.consent.clone().into_response(),
        "/api/v1/video-channels/films" => Json(json!({"description": server.description})).into_response(),
        "/api/v1/videos" if server.has_video => Json(json!({"total": 1, "data": [video()]})).into_response(),
        "/api/v1/videos" => Json(json!({"total": 0, "data": []})).into_response(),
        "/api/v1/videos/765302c9-fce1-4814-9d74-679a3dc97046" => Json(video()).into_response(),
        "/api/v1/search/video-channels" if server.has_video => {
            let channel = json!({
                "name": "films", "displayName": "Films", "host": HOST, "description": server.description,
                "ownerAccount": {"name": "ada", "displayName": "Ada", "host": HOST},
            });
            Json(json!({"total": 1, "data": [channel]})).into_response()
        }
        "/api/v1/instances/hosts" => {
            let only_well = uri.query().unwrap_or_default().contains("healthy=true");
            let hosts = if only_well { &server.well } else { &server.all };
            let data: Vec<_> = hosts.iter().map(|host| json!({"host": host})).collect();
            Json(json!({"total": data.len(), "data": data})).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn video() -> serde_json::Value {
    json!({
        "uuid": "765302c9-fce1-4814-9d74-679a3dc97046", "name": "Whales", "privacy": {"id": 1}, "isLocal": true,
        "duration": 60, "publishedAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
        "account": {"name": "ada", "displayName": "Ada", "host": HOST},
        "channel": {"name": "films", "displayName": "Films", "host": HOST},
    })
}

struct Scene {
    test: TestPlatform,
    indexer: Mounted,
    server: Shared,
}

impl Scene {
    async fn new(config: Config) -> Self {
        let test = TestPlatform::new().await;
        let server = Shared::default();
        let address = serve(&test.platform.tasks, server.clone()).await;
        for name in [HOST, "new.test", "list.test"] {
            test.names.insert(name, address);
        }
        let indexer = mount(&test.platform, Config { requests_per_second: 1_000.0, listen: false, ..config }, None)
            .await
            .unwrap();
        Self { test, indexer, server }
    }

    async fn read_again(&self) {
        let mut tx = self.test.platform.db.begin().await.unwrap();
        add_host(&mut tx, &format!("http://{HOST}"), true, self.test.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        self.work().await;
    }

    /// With the instance on the list and two videos of its channel indexed.
    async fn listed() -> Self {
        let scene = Self::new(Config { accept_opt_in: false, ..Config::default() }).await;
        let db = &scene.test.platform.db;
        let videos = ["Whales", "Dolphins"].map(|name| {
            let video = testing::video(name);
            crate::document::VideoDocument { host: HOST.to_owned(), ..video }
        });
        testing::searcher_over(db, &videos).await;
        let mut tx = db.begin().await.unwrap();
        add_host(&mut tx, &format!("http://{HOST}"), true, scene.test.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        scene
    }

    fn says(&self, change: impl FnOnce(&mut Server)) {
        change(&mut self.server.lock().unwrap());
    }

    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.server.lock().unwrap().requests)
    }

    async fn check(&self, who: &str) -> Result<Settled, ConsentError> {
        self.test.clock.advance(Duration::from_secs(10));
        self.indexer.consent.check(who).await.map(|answer| answer.settled)
    }

    async fn work(&self) {
        self.test.run_jobs(self.indexer.role.jobs.clone()).await;
    }

    async fn look_around(&self) {
        let mut tx = self.test.platform.db.begin().await.unwrap();
        queue::enqueue(&mut tx, self.test.clock.now(), &LookAround {}).await.unwrap();
        tx.commit().await.unwrap();
        self.work().await;
    }

    async fn hosts(&self) -> Vec<String> {
        let statuses = status(&mut self.test.platform.db.read().await.unwrap()).await.unwrap();
        statuses.into_iter().map(|status| status.host).collect()
    }

    async fn videos(&self) -> i64 {
        videos::count(&mut self.test.platform.db.read().await.unwrap(), HOST).await.unwrap()
    }
}

#[tokio::test]
async fn an_instance_opts_out_in_one_step_and_is_asked_for_nothing_more() {
    let scene = Scene::listed().await;
    assert_eq!(scene.check(HOST).await.unwrap(), Settled::Unchanged);
    scene.says(|server| server.consent = "opt-out alpha.test".to_owned());
    assert_eq!(scene.check(HOST).await.unwrap(), Settled::OptedOut(2));
    assert_eq!((scene.hosts().await.len(), scene.videos().await), (0, 0));
    scene.requests();
    scene.test.clock.advance(Duration::from_hours(100));
    scene.look_around().await;
    assert!(scene.requests().is_empty());

    scene.says(|server| server.consent = "opt-in".to_owned());
    let back = scene.check(&format!("http://{HOST}")).await.unwrap();
    assert_eq!(back, Settled::Permitted, "the operator chooses who is read");
}

#[tokio::test]
async fn an_instance_that_says_no_is_not_read_even_once() {
    let scene = Scene::listed().await;
    scene.says(|server| server.consent = "opt-out".to_owned());
    scene.work().await;
    assert_eq!(scene.requests(), [consent::PATH], "nothing but the question");
    assert!(scene.hosts().await.is_empty());
}

#[tokio::test]
async fn an_instance_that_says_nothing_is_read_and_asked_again_after_a_day() {
    let scene = Scene::listed().await;
    scene.work().await;
    let first = scene.requests();
    assert_eq!(first[0], consent::PATH);
    assert!(first.iter().any(|path| path.starts_with("/api/v1/videos")), "{first:?}");
    scene.look_around().await;
    assert!(scene.requests().is_empty(), "it was asked a moment ago");
    scene.test.clock.advance(Duration::from_hours(25));
    scene.look_around().await;
    assert!(scene.requests().contains(&consent::PATH.to_owned()));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_changes_nothing() {
    let scene = Scene::listed().await;
    scene.says(|server| server.is_down = true);
    let error = scene.check(HOST).await.unwrap_err();
    assert_eq!(error.to_string(), "tube.test has trouble of its own (502 Bad Gateway)");
    assert_eq!((scene.hosts().await.len(), scene.videos().await), (1, 2));
}

#[tokio::test]
async fn a_channel_opts_out_by_a_word_in_its_description_and_stays_out_without_it() {
    let scene = Scene::listed().await;
    let tokens = scene.indexer.consent.tokens(&scene.indexer.consent.subject(HANDLE).unwrap());
    assert_eq!(scene.check(HANDLE).await.unwrap(), Settled::Unchanged);
    scene.says(|server| server.description = format!("Films. {}", tokens.opt_out));
    assert_eq!(scene.check("https://tube.test/c/films").await.unwrap(), Settled::OptedOut(2));
    scene.says(|server| server.description = String::new());
    assert_eq!(scene.check(HANDLE).await.unwrap(), Settled::Unchanged);
    let mut conn = scene.test.platform.db.read().await.unwrap();
    let out = consent::opted_out_of(&mut conn, HOST).await.unwrap();
    assert!(out.of_owners(["films"]).is_some());
    drop(conn);
    scene.says(|server| server.description = tokens.opt_in);
    assert_eq!(scene.check(HANDLE).await.unwrap(), Settled::OptedIn);
    let mut conn = scene.test.platform.db.read().await.unwrap();
    assert!(consent::opted_out_of(&mut conn, HOST).await.unwrap().of_owners(["films"]).is_none());
}

#[tokio::test]
async fn a_tag_in_a_description_counts_at_once_when_it_is_checked() {
    let scene = Scene::listed().await;
    scene.says(|server| server.description = "Films. #NoBot".to_owned());
    assert_eq!(scene.check(HANDLE).await.unwrap(), Settled::OptedOut(2));
    scene.says(|server| server.description = "Films.".to_owned());
    assert_eq!(scene.check(HANDLE).await.unwrap(), Settled::OptedIn);
}

#[tokio::test]
async fn a_crawl_heeds_tags_and_opt_outs() {
    let scene = Scene::new(Config::default()).await;
    scene.says(|server| server.has_video = true);
    scene.read_again().await;
    assert_eq!(scene.videos().await, 1);
    scene.says(|server| server.description = "Films. #noindex".to_owned());
    scene.read_again().await;
    assert_eq!(scene.videos().await, 0);
    scene.requests();
    scene.read_again().await;
    assert_eq!(scene.videos().await, 0);
    assert!(!scene.requests().iter().any(|path| path.starts_with("/api/v1/videos/")), "it is not even asked for");
    scene.says(|server| server.description = String::new());
    scene.read_again().await;
    assert_eq!(scene.videos().await, 1, "the tag is gone, and the instance is read once more");

    let mut tx = scene.test.platform.db.begin().await.unwrap();
    let subject = consent::Subject::parse("ada@tube.test", true).unwrap();
    consent::opt_out(&mut tx, &subject, consent::Proof::Operator, scene.test.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    scene.read_again().await;
    assert_eq!(scene.videos().await, 0, "an opt-out outlives every crawl");
}

#[tokio::test]
async fn nobody_has_servers_asked_that_we_have_nothing_to_do_with() {
    let scene = Scene::listed().await;
    for who in ["new.test", "films@new.test"] {
        assert!(matches!(scene.check(who).await, Err(ConsentError::Unknown(_))), "{who}");
    }
    assert!(matches!(scene.check("nobody@tube.test").await, Err(ConsentError::Nobody(_))));
    assert!(matches!(scene.indexer.consent.check(HOST).await, Err(ConsentError::TooSoon(_))));
}

#[tokio::test]
async fn a_newcomer_that_wants_to_be_read_is_read_until_it_no_longer_does() {
    let scene = Scene::new(Config::default()).await;
    scene.says(|server| server.consent = "opt-in".to_owned());
    assert_eq!(scene.check("http://new.test").await.unwrap(), Settled::OptedIn);
    scene.work().await;
    assert_eq!(scene.hosts().await, ["new.test"]);
    assert!(scene.requests().iter().any(|path| path.starts_with("/api/v1/videos")));
    scene.says(|server| server.consent = String::new());
    scene.test.clock.advance(Duration::from_hours(25));
    scene.look_around().await;
    assert!(scene.hosts().await.is_empty());
}

#[tokio::test]
async fn a_directory_is_read_completely_and_then_for_what_is_new() {
    let directories = vec!["http://list.test".to_owned()];
    let scene = Scene::new(Config { directories, ..Config::default() }).await;
    scene.says(|server| (server.well, server.all) = (vec!["http://tube.test"], vec!["http://tube.test", "sick.test"]));
    scene.look_around().await;
    assert_eq!(scene.hosts().await, [HOST], "who is not well is not listed anew");
    let asked: Vec<_> = scene.requests().into_iter().filter(|path| path.contains("/hosts?")).collect();
    assert!(asked.len() == 2 && asked[0].contains("healthy=true") && !asked[1].contains("healthy"), "{asked:?}");

    scene.says(|server| (server.well, server.all) = (vec!["http://new.test"], vec![]));
    scene.test.clock.advance(Duration::from_hours(1));
    scene.look_around().await;
    assert_eq!(scene.hosts().await, ["new.test", HOST]);
    let asked: Vec<_> = scene.requests().into_iter().filter(|path| path.contains("/hosts?")).collect();
    assert!(asked.len() == 1 && asked[0].contains("since=2026-03-01T10%3A00%3A00Z"), "{asked:?}");

    scene.says(|server| server.is_down = true);
    scene.test.clock.advance(Duration::from_hours(1));
    scene.look_around().await;
    assert_eq!(scene.hosts().await, ["new.test", HOST], "a failure takes nobody out");
    let known = directories::status(&mut scene.test.platform.db.read().await.unwrap()).await.unwrap();
    assert!(known[0].last_error.as_ref().unwrap().contains("trouble of its own"));
}

#[tokio::test]
async fn a_file_is_a_directory_as_well() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "# ours\ntube.test\n").unwrap();
    let directories = vec![file.path().to_string_lossy().into_owned()];
    let scene = Scene::new(Config { directories, ..Config::default() }).await;
    scene.look_around().await;
    assert_eq!(scene.hosts().await, [HOST]);
    std::fs::write(file.path(), "new.test\n").unwrap();
    scene.test.clock.advance(Duration::from_hours(24));
    scene.look_around().await;
    assert_eq!(scene.hosts().await, ["new.test"]);
}
