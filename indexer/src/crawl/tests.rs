//! Crawls of a small instance that the tests control.

mod captions;
mod collections;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use platform::{clock::Clock, ids, jobs as queue, tasks::Tasks, testing::TestPlatform};
use serde_json::{Value, json};
use uuid::Uuid;

use super::jobs::CrawlDue;
use crate::{
    Config, Mounted,
    hosts::{self, HostState, HostStatus},
    mount,
    query::VideoQuery,
};

const HOST: &str = "tube.test";

/// What the instance says, and what it was asked.
#[derive(Default)]
struct Instance {
    videos: Vec<Value>,
    robots: String,
    broken: bool,
    /// Answers with success and an object that is no list.
    confused: bool,
    /// Its videos' own pages fail.
    details_fail: bool,
    endless: bool,
    ignores_start: bool,
    /// The header `X-Robots-Tag` of its list.
    robots_tag: Option<&'static str>,
    /// How many videos it says that it has, if not the truth.
    claims: Option<usize>,
    hidden_in_list: Vec<String>,
    /// The most entries that it gives at once, whatever is asked for.
    page_cap: Option<usize>,
    requests: Vec<String>,
    agents: Vec<String>,
    channels: Vec<Value>,
    playlists: Vec<Value>,
    /// What its lists of channels and playlists answer with, if not with what it has.
    lists_answer: Option<StatusCode>,
    /// Lists of captions by the UUID of their video.
    captions: BTreeMap<String, Vec<Value>>,
    /// Files by their paths.
    files: BTreeMap<String, String>,
    /// Paths of captions, of lists and of files, that were asked for.
    caption_requests: Vec<String>,
    /// What everything about captions answers with, if not with what it has.
    captions_answer: Option<StatusCode>,
}

type Shared = Arc<Mutex<Instance>>;

async fn serve(tasks: &Tasks, shared: Shared) -> SocketAddr {
    let router = Router::new()
        .route("/robots.txt", get(robots))
        .route("/api/v1/videos", get(list))
        .route("/api/v1/videos/{id}", get(detail))
        .route("/api/v1/videos/{id}/captions", get(captions::list))
        .route("/captions/{file}", get(captions::file))
        .route("/api/v1/search/video-channels", get(collections::list_channels))
        .route("/api/v1/search/video-playlists", get(collections::list_playlists))
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn("instance", async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn robots(State(shared): State<Shared>, headers: HeaderMap) -> String {
    let mut instance = shared.lock().unwrap();
    instance.agents.push(headers["user-agent"].to_str().unwrap().to_owned());
    instance.robots.clone()
}

async fn list(State(shared): State<Shared>, uri: Uri, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let mut instance = shared.lock().unwrap();
    instance.requests.push(uri.to_string());
    if instance.broken {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    if instance.confused {
        return Json(json!({"error": "maintenance"})).into_response();
    }
    let number = |key: &str| query[key].parse::<usize>().unwrap();
    let start = if instance.ignores_start { 0 } else { number("start") };
    let listed: Vec<Value> = if instance.endless {
        let foreign = |index| json!({"uuid": uuid_of(&format!("Endless {index}")), "privacy": {"id": 2}});
        (start..start + 100).map(foreign).collect()
    } else {
        let hidden = &instance.hidden_in_list;
        let shown = instance.videos.iter().filter(|video| !hidden.contains(&name(video)));
        shown.skip(start).take(instance.page_cap.unwrap_or(number("count"))).cloned().collect()
    };
    let mut answer = json!({"data": listed});
    if query["skipCount"] == "false" {
        answer["total"] = json!(instance.claims.unwrap_or(instance.videos.len()));
    }
    let mut response = Json(answer).into_response();
    if let Some(tag) = instance.robots_tag {
        response.headers_mut().insert("x-robots-tag", tag.parse().unwrap());
    }
    response
}

async fn detail(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let mut instance = shared.lock().unwrap();
    instance.requests.push(format!("/api/v1/videos/{id}"));
    if instance.details_fail {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    match instance.videos.iter().find(|video| video["uuid"] == id.as_str()) {
        Some(video) => Json(video.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn name(video: &Value) -> String {
    video["name"].as_str().unwrap().to_owned()
}

fn uuid_of(name: &str) -> Uuid {
    Uuid::from_u128(name.bytes().fold(1, |sum: u128, byte| sum.wrapping_mul(257).wrapping_add(byte.into())))
}

fn record(name: &str) -> Value {
    json!({
        "id": 1, "uuid": uuid_of(name), "shortUUID": ids::short_uuid(uuid_of(name)), "name": name,
        "url": format!("http://{HOST}/videos/watch/{}", uuid_of(name)),
        "privacy": {"id": 1, "label": "Public"}, "isLocal": true, "duration": 60, "views": 3,
        "publishedAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
        "description": "About it", "tags": ["harbour"], "thumbnailPath": "/lazy-static/thumbnails/a.jpg",
        "account": {"id": 1, "name": "ada", "displayName": "Ada", "host": HOST},
        "channel": {"id": 2, "name": "films", "displayName": "Films", "host": HOST},
    })
}

/// A server with an index and an instance that it can crawl.
struct Scene {
    platform: TestPlatform,
    indexer: Mounted,
    instance: Shared,
}

impl Scene {
    async fn with(names: &[&str]) -> Self {
        Self::configured(names, Config { requests_per_second: 1_000.0, ..Config::default() }).await
    }

    async fn configured(names: &[&str], config: Config) -> Self {
        let instance = Shared::default();
        instance.lock().unwrap().videos = names.iter().map(|name| record(name)).collect();
        let platform = TestPlatform::new().await;
        platform.names.insert(HOST, serve(&platform.platform.tasks, instance.clone()).await);
        let indexer = mount(&platform.platform, Config { listen: false, ..config }, None).await.unwrap();
        Self { platform, indexer, instance }
    }

    fn change(&self, change: impl FnOnce(&mut Instance)) {
        change(&mut self.instance.lock().unwrap());
    }

    async fn add(&self) {
        let mut tx = self.platform.platform.db.begin().await.unwrap();
        hosts::add_host(&mut tx, &format!("http://{HOST}"), true, self.platform.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        self.work().await;
    }

    async fn crawl_again(&self) {
        let mut tx = self.platform.platform.db.begin().await.unwrap();
        hosts::crawl_now(&mut tx, &format!("http://{HOST}"), true, self.platform.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        self.work().await;
    }

    async fn work(&self) {
        self.platform.run_jobs(self.indexer.role.jobs.clone()).await;
    }

    async fn names(&self, search: &str) -> Vec<String> {
        let query = VideoQuery { search: Some(search.to_owned()), count: 500, ..VideoQuery::default() };
        let mut names: Vec<_> =
            self.indexer.searcher.search(query).await.unwrap().hits.into_iter().map(|hit| hit.video.name).collect();
        names.sort();
        names
    }

    async fn status(&self) -> HostStatus {
        hosts::status(&mut self.platform.platform.db.read().await.unwrap()).await.unwrap().remove(0)
    }

    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.instance.lock().unwrap().requests)
    }
}

#[tokio::test]
async fn an_added_instance_is_read_at_once_with_tags_and_descriptions() {
    let scene = Scene::with(&["Whales", "Dolphins"]).await;
    scene.add().await;
    assert_eq!(scene.names("whales").await, ["Whales"]);
    assert_eq!(scene.names("harbour").await, ["Dolphins", "Whales"], "tags come from the videos' own pages");
    let status = scene.status().await;
    assert_eq!((status.state, status.video_count, status.reading), (HostState::Indexed, 2, None));
    assert_eq!(scene.indexer.searcher.counts().await.unwrap().hosts, 1);
    assert!(scene.instance.lock().unwrap().agents[0].starts_with("Shoal/"));
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page_even_if_pages_are_shorter_than_asked_for() {
    let names: Vec<String> = (0..25).map(|index| format!("Whale {index}")).collect();
    let scene = Scene::with(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    scene.change(|instance| instance.page_cap = Some(10));
    scene.add().await;
    assert_eq!(scene.status().await.video_count, 25);
    let pages: Vec<_> = scene.requests().into_iter().filter(|path| path.contains("start=")).collect();
    assert_eq!(pages.len(), 3);
    for (page, start) in pages.iter().zip([0, 10, 20]) {
        assert!(page.contains(&format!("start={start}&count=100")), "{page}");
        assert!(page.contains("isLocal=true") && page.contains("nsfw=both"), "{page}");
    }
}

#[tokio::test]
async fn unchanged_videos_are_neither_asked_for_nor_written_again() {
    let scene = Scene::with(&["Whales", "Dolphins"]).await;
    scene.add().await;
    let before = scene.indexer.searcher.search(VideoQuery { count: 10, ..VideoQuery::default() }).await.unwrap();
    scene.requests();
    scene.crawl_again().await;
    assert_eq!(scene.requests().len(), 1);
    let after = scene.indexer.searcher.search(VideoQuery { count: 10, ..VideoQuery::default() }).await.unwrap();
    assert_eq!(before, after);
}

#[tokio::test]
async fn views_are_refreshed_from_the_list_alone_and_edits_from_the_page() {
    let scene = Scene::with(&["Whales", "Dolphins"]).await;
    scene.add().await;
    scene.requests();
    scene.change(|instance| {
        instance.videos[0]["views"] = json!(99);
        instance.videos[1]["name"] = json!("Orcas");
        instance.videos[1]["tags"] = json!(["pods"]);
    });
    scene.crawl_again().await;
    assert_eq!(scene.requests().len(), 2, "one page of the list and the edited video");
    assert_eq!(scene.names("pods").await, ["Orcas"]);
    assert!(scene.names("dolphins").await.is_empty());
    let query = VideoQuery { search: Some("whales".into()), count: 1, ..VideoQuery::default() };
    let video = scene.indexer.searcher.search(query).await.unwrap().hits.remove(0).video;
    assert_eq!((video.views, video.tags), (99, vec!["harbour".to_owned()]));
}

#[tokio::test]
async fn what_is_gone_from_the_instance_goes_from_the_index() {
    let scene = Scene::with(&["Whales", "Dolphins", "Orcas"]).await;
    scene.add().await;
    scene.change(|instance| {
        instance.videos.remove(0);
        instance.videos[1]["privacy"] = json!({"id": 2});
    });
    scene.crawl_again().await;
    assert_eq!(scene.names("harbour").await, ["Dolphins"]);
    assert_eq!(scene.status().await.video_count, 1);
}

#[tokio::test]
async fn a_video_that_slipped_between_two_pages_stays() {
    let scene = Scene::with(&["Whales", "Dolphins"]).await;
    scene.add().await;
    scene.change(|instance| instance.hidden_in_list.push("Whales".to_owned()));
    scene.crawl_again().await;
    assert_eq!(scene.names("harbour").await, ["Dolphins", "Whales"]);
}

#[tokio::test]
async fn a_failed_reading_drops_nothing_and_is_tried_again() {
    let scene = Scene::with(&["Whales"]).await;
    scene.add().await;
    scene.change(|instance| instance.broken = true);
    scene.crawl_again().await;
    assert_eq!(scene.names("whales").await, ["Whales"]);
    let status = scene.status().await;
    assert_eq!(status.state, HostState::Failing);
    assert!(status.last_error.unwrap().contains("502"));
    assert_eq!(status.next_crawl_at, scene.platform.clock.now() + Duration::from_mins(1));

    scene.change(|instance| instance.broken = false);
    scene.platform.clock.advance(Duration::from_secs(61));
    let mut tx = scene.platform.platform.db.begin().await.unwrap();
    queue::enqueue(&mut tx, scene.platform.clock.now(), &CrawlDue {}).await.unwrap();
    tx.commit().await.unwrap();
    scene.work().await;
    let status = scene.status().await;
    assert_eq!((status.state, status.last_error), (HostState::Indexed, None));
}

#[tokio::test]
async fn an_answer_that_is_no_list_drops_nothing() {
    let scene = Scene::with(&["Whales"]).await;
    scene.add().await;
    scene.change(|instance| instance.confused = true);
    scene.crawl_again().await;
    assert_eq!(
        (scene.names("whales").await, scene.status().await.state),
        (vec!["Whales".to_owned()], HostState::Failing)
    );
}

#[tokio::test]
async fn an_empty_list_that_claims_many_videos_drops_nothing() {
    let scene = Scene::with(&["Whales"]).await;
    scene.add().await;
    scene.change(|instance| {
        instance.videos.clear();
        instance.claims = Some(1_000);
    });
    scene.crawl_again().await;
    assert_eq!(
        (scene.names("whales").await, scene.status().await.state),
        (vec!["Whales".to_owned()], HostState::Failing)
    );
}

#[tokio::test]
async fn an_edited_video_whose_page_fails_keeps_its_tags() {
    let scene = Scene::with(&["Whales"]).await;
    scene.add().await;
    scene.change(|instance| {
        instance.videos[0]["name"] = json!("Orcas");
        instance.details_fail = true;
    });
    scene.crawl_again().await;
    assert_eq!(scene.names("harbour").await, ["Orcas"]);
}

#[tokio::test]
async fn an_interrupted_reading_goes_on_where_it_was() {
    let names: Vec<String> = (0..30).map(|index| format!("Whale {index}")).collect();
    let scene = Scene::with(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut tx = scene.platform.platform.db.begin().await.unwrap();
    let now = scene.platform.clock.now();
    hosts::add_host(&mut tx, &format!("http://{HOST}"), true, now).await.unwrap();
    let pass = hosts::store::begin_pass(&mut tx, HOST, now, now).await.unwrap().unwrap();
    assert!(hosts::store::advance_pass(&mut tx, HOST, pass, 20).await.unwrap());
    tx.commit().await.unwrap();
    scene.work().await;
    let pages: Vec<_> = scene.requests().into_iter().filter(|path| path.contains("start=")).collect();
    assert!(pages[0].contains("start=20&"), "{pages:?}");
}

#[tokio::test]
async fn a_host_that_claims_videos_of_others_gets_none_of_them_in() {
    let scene = Scene::with(&["Whales"]).await;
    scene.change(|instance| {
        for (path, value) in
            [("/account/host", "victim.test"), ("/channel/host", "victim.test"), ("/url", "http://victim.test/w/1")]
        {
            let mut forged = record(&format!("Forged {path}"));
            *forged.pointer_mut(path).unwrap() = json!(value);
            instance.videos.push(forged);
        }
    });
    scene.add().await;
    assert_eq!(scene.names("harbour").await, ["Whales"]);
    assert_eq!(scene.status().await.rejected_count, 3);
}

#[tokio::test]
async fn robots_txt_is_obeyed_and_ends_an_earlier_consent() {
    let scene = Scene::with(&["Whales"]).await;
    scene.add().await;
    scene.change(|instance| instance.robots = "User-agent: Shoal\nDisallow: /api".to_owned());
    scene.requests();
    scene.crawl_again().await;
    assert!(scene.requests().is_empty());
    assert!(scene.names("whales").await.is_empty());
    assert_eq!(scene.status().await.state, HostState::Refused);

    scene.change(|instance| instance.robots = String::new());
    scene.crawl_again().await;
    assert_eq!(scene.names("whales").await, ["Whales"]);
}

#[tokio::test]
async fn a_noindex_header_is_a_refusal() {
    let scene = Scene::with(&["Whales"]).await;
    scene.change(|instance| instance.robots_tag = Some("noindex"));
    scene.add().await;
    assert_eq!(scene.status().await.state, HostState::Refused);
    assert!(scene.names("whales").await.is_empty());
    scene.change(|instance| instance.robots_tag = Some("otherbot: noindex"));
    scene.crawl_again().await;
    assert_eq!(scene.names("whales").await, ["Whales"], "it is for somebody else");
}

#[tokio::test]
async fn who_objects_beside_a_video_is_heard_before_it_is_indexed() {
    let scene = Scene::with(&["Whales", "Dolphins"]).await;
    scene.change(|instance| {
        instance.videos[0]["channel"] = json!({
            "name": "quiet", "displayName": "Quiet", "host": HOST, "description": "My films #nobot",
        });
    });
    scene.add().await;
    assert_eq!(scene.names("harbour").await, ["Dolphins"]);
    let out = hosts::consent::opt_outs(&mut scene.platform.platform.db.read().await.unwrap()).await.unwrap();
    assert_eq!((out[0].name.as_str(), out[0].proof.as_str()), ("quiet", "tag"));
}

#[tokio::test]
async fn what_went_wrong_is_said_in_plain_words() {
    let scene = Scene::with(&["Whales"]).await;
    scene.change(|instance| instance.broken = true);
    scene.add().await;
    assert!(scene.status().await.last_error.unwrap().contains("has trouble of its own (502"));
}

#[tokio::test]
async fn what_is_taken_out_while_a_page_is_read_does_not_come_back_with_it() {
    let scene = Scene::with(&["Whales", "Dolphins"]).await;
    scene.add().await;
    let db = &scene.platform.platform.db;
    let mut tx = db.begin().await.unwrap();
    let later = scene.platform.clock.now() + Duration::from_secs(1);
    assert!(hosts::remove_video(&mut tx, HOST, uuid_of("Whales"), later).await.unwrap());
    tx.commit().await.unwrap();
    scene.crawl_again().await;
    assert_eq!(scene.names("harbour").await, ["Dolphins"]);
    scene.platform.clock.advance(Duration::from_secs(2));
    scene.crawl_again().await;
    assert_eq!(scene.names("harbour").await, ["Dolphins", "Whales"], "the instance shows it still");
}

#[tokio::test]
async fn an_endless_list_ends_at_the_limit() {
    let config = Config { requests_per_second: 1_000.0, max_videos_per_host: 200, ..Config::default() };
    let scene = Scene::configured(&[], config).await;
    scene.change(|instance| instance.endless = true);
    scene.add().await;
    let status = scene.status().await;
    assert_eq!(status.state, HostState::Failing);
    assert!(status.last_error.unwrap().contains("200"));
}

#[tokio::test]
async fn a_list_that_repeats_itself_is_given_up() {
    let scene = Scene::with(&["Whales", "Dolphins"]).await;
    scene.change(|instance| {
        instance.ignores_start = true;
        instance.claims = Some(1_000);
    });
    scene.add().await;
    let status = scene.status().await;
    assert_eq!(status.state, HostState::Failing);
    assert!(status.last_error.unwrap().contains("repeats itself"));
}

#[tokio::test]
async fn a_removed_instance_takes_its_videos_along() {
    let scene = Scene::with(&["Whales"]).await;
    scene.add().await;
    let mut tx = scene.platform.platform.db.begin().await.unwrap();
    hosts::remove_host(&mut tx, HOST, scene.platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    scene.indexer.projection.catch_up().await.unwrap();
    assert!(scene.names("whales").await.is_empty());
    assert_eq!(scene.indexer.searcher.counts().await.unwrap().videos, 0);
}

#[tokio::test]
async fn a_lost_index_is_made_again_from_the_database() {
    let scene = Scene::with(&["Whales", "Dolphins"]).await;
    scene.add().await;
    let elsewhere = TestPlatform::new().await;
    let platform = platform::Platform { data: elsewhere.platform.data.clone(), ..scene.platform.platform.clone() };
    let again = mount(&platform, Config { listen: false, ..Config::default() }, None).await.unwrap();
    again.projection.catch_up().await.unwrap();
    assert_eq!(again.searcher.counts().await.unwrap().videos, 2);
}

#[tokio::test]
async fn an_index_that_is_ahead_of_a_restored_database_is_made_again() {
    let scene = Scene::with(&["Whales"]).await;
    scene.add().await;
    let index = crate::index::VideoIndex::in_memory("epoch").unwrap();
    index.apply(vec![], crate::index::Position { revision: 1_000, id: 1 }).await.unwrap();
    let follower = crate::projection::Projection::start(&scene.platform.platform, index.clone());
    follower.catch_up().await.unwrap();
    assert_eq!(index.searcher().num_docs(), 1);
    assert!(index.position().revision < 1_000);
}
