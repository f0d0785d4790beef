#[path = "tests/clients.rs"]
mod clients;
#[path = "tests/collections.rs"]
mod collections;
#[path = "tests/openapi.rs"]
mod openapi;

use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use http_body_util::BodyExt;
use platform::testing::{TestDatabase, TestPlatform};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{
    channels::Channel, document::VideoDocument, opensearch::testing::Stage, playlists::Playlist, testing::fixture,
};

/// These are played on every engine.
fn stage() -> Stage {
    Stage::of(module_path!())
}

struct Api {
    router: Router,
    platform: TestPlatform,
}

impl Api {
    /// The interface over the fixture's 51 videos.
    async fn new() -> Self {
        Self::over(&fixture(), &[], &[]).await
    }

    async fn over(videos: &[VideoDocument], channels: &[Channel], playlists: &[Playlist]) -> Self {
        let platform = TestPlatform::new().await;
        let searcher = stage().searcher_over(&platform.platform.db, videos, &[]).await;
        let collections = stage().collections_over(&platform.platform, channels, playlists).await;
        let state = ApiState { searcher, collections, config: Config::default(), site_name: "Shoal".to_owned() };
        Self { router: router(state), platform }
    }

    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, query: &str) -> Value {
        self.get_from(&format!("/api/v1/search/videos?{query}")).await
    }

    async fn get_from(&self, address: &str) -> Value {
        let response = self.send(Request::get(ascii(address)).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK, "{address}");
        read(response).await
    }

    async fn post(&self, query: &str, body: Value) -> Value {
        self.post_to(&format!("/api/v1/search/videos?{query}"), body).await
    }

    async fn post_to(&self, address: &str, body: Value) -> Value {
        let request = Request::post(address)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.send(request).await;
        assert_eq!(response.status(), StatusCode::OK, "{body}");
        read(response).await
    }

    async fn total(&self, query: &str) -> u64 {
        self.get(query).await["total"].as_u64().unwrap()
    }

    async fn names(&self, query: &str) -> Vec<String> {
        self.get(query).await["data"].as_array().unwrap().iter().map(|video| text(&video["name"])).collect()
    }

    async fn first(&self, query: &str) -> String {
        self.names(query).await.first().cloned().unwrap_or_default()
    }
}

/// Escapes what cannot stand in a request line.
fn ascii(query: &str) -> String {
    query
        .bytes()
        .map(|byte| if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

async fn read(response: Response<Body>) -> Value {
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn fixture_count(predicate: impl Fn(&VideoDocument) -> bool) -> u64 {
    let count = fixture().iter().filter(|video| predicate(video)).count() as u64;
    assert!(count > 0, "a test that matches nothing proves nothing");
    count
}

#[tokio::test]
async fn a_result_has_every_field_of_the_contract() {
    let api = Api::new().await;
    let recorded: Value = serde_json::from_str(include_str!("../../fixtures/sepia-video.json")).unwrap();
    let found = api.get("search=Kookaberry").await;
    let video = &found["data"][0];
    for key in recorded.as_object().unwrap().keys() {
        assert!(video.get(key).is_some(), "{key} is missing");
    }
    for key in recorded["account"].as_object().unwrap().keys() {
        assert!(video["account"].get(key).is_some() && video["channel"].get(key).is_some(), "actors lack {key}");
    }
    assert_eq!(video["originallyPublishedAt"], Value::Null);
    assert_eq!(video["licence"], json!({"id": null, "label": "Unknown"}));
    assert_eq!(video["category"], json!({"id": 13, "label": "Education"}));
    assert_eq!(video["privacy"], json!({"id": 1, "label": "Public"}));
    assert_eq!(text(&video["url"]), format!("https://v0439.example/videos/watch/{}", text(&video["uuid"])));
    assert_eq!(text(&video["thumbnailUrl"]), format!("https://v0439.example{}", text(&video["thumbnailPath"])));
    assert_eq!(text(&video["embedUrl"]), format!("https://v0439.example{}", text(&video["embedPath"])));
    assert_eq!(text(&video["publishedAt"]), "2021-09-11T00:00:00.000Z");
    assert!(video["score"].as_f64().unwrap() > 0.0);
    assert!(text(&video["description"]).chars().count() <= 250);
    assert!(video.get("isLocal").is_none());
    let local = api.get("search=Kookaberry&fromHost=V0439.example").await;
    assert_eq!(local["data"][0]["isLocal"], true);
}

#[tokio::test]
async fn without_words_everything_is_given_newest_first_in_pages() {
    let api = Api::new().await;
    let all = api.get("").await;
    assert_eq!((all["total"].as_u64(), all["data"].as_array().unwrap().len()), (Some(51), 20));
    assert_eq!(api.names("search=&sort=match").await, api.names("sort=-publishedAt").await);
    let mut pages = vec![];
    for start in [0, 20, 40] {
        pages.extend(api.names(&format!("start={start}&sort=name")).await);
    }
    assert_eq!(pages.len(), 51);
    assert_eq!(pages, api.names("count=500&sort=name").await);
    let none = api.get("count=0").await;
    assert_eq!((none["total"].as_u64(), none["data"].as_array().unwrap().len()), (Some(51), 0));
    assert_eq!(api.get("start=9000").await["data"], json!([]));
}

#[tokio::test]
async fn words_are_found_with_typos_prefixes_and_without_accents() {
    let api = Api::new().await;
    let honeypot = "OpenCanary: a new Python-based honeypot";
    for search in [
        "honeypot",
        "honeypto",
        "honepot",
        "hunneypot",
        "HONEY",
        "opencanary",
        "openkanari",
        "new honeypot",
        "honeypot+opencanary",
    ] {
        assert_eq!(api.first(&format!("search={search}")).await, honeypot, "{search}");
    }
    for search in ["resoudre", "Résoudre", "resoudre+queries", "reso%C3%BBdre"] {
        assert_eq!(api.first(&format!("search={search}")).await, "Résoudre les N+1 Queries", "{search}");
    }
    assert_eq!(api.first("search=加速").await, "7 FPGA 助力 Python 加速计算");
    assert_eq!(api.first("search=기계학습").await, "기계학습을 활용한 게임 어뷰징 검출");
    assert_eq!(api.first("search=разработка").await, "Разработка мобильных приложений на Python");
}

#[tokio::test]
async fn what_is_nowhere_is_not_found() {
    let api = Api::new().await;
    let nonsense: String = "qzxjvkwy".repeat(43);
    for search in [nonsense.as_str(), &"a".repeat(500), "!?", "zzz", "honeypot+qqqqqq"] {
        let found = api.get(&format!("search={search}")).await;
        assert_eq!(found, json!({"total": 0, "data": []}), "{search}");
    }
}

#[tokio::test]
async fn three_letters_allow_no_typo() {
    let api = Api::new().await;
    assert_eq!(api.total("search=tdd").await, 1);
    assert_eq!(api.total("search=tdx").await, 0);
}

#[tokio::test]
async fn what_was_typed_comes_before_what_it_may_have_meant() {
    let database = TestDatabase::new().await;
    let mut videos: Vec<_> = ["Konsola", "Konsole", "Konsolas", "Konsolen"].map(crate::testing::video).to_vec();
    for (index, video) in videos.iter_mut().enumerate() {
        video.views = if index == 1 { 0 } else { 5_000_000 };
    }
    let searcher = stage().searcher_over(&database.db, &videos, &[]).await;
    let names = async |search: &str| {
        let query = crate::query::VideoQuery { search: Some(search.to_owned()), count: 10, ..Default::default() };
        searcher.search(query).await.unwrap().hits.into_iter().map(|hit| hit.video.name).collect::<Vec<_>>()
    };
    let konsole = names("konsole").await;
    assert_eq!(konsole[..2], ["Konsole", "Konsolen"]);
    assert!(konsole.contains(&"Konsola".to_owned()));
    assert!(names("gonsole").await.contains(&"Konsole".to_owned()), "nobody uses that word");
}

#[tokio::test]
async fn a_title_counts_more_than_a_tag_a_name_and_a_description() {
    let database = TestDatabase::new().await;
    let base = ["One", "Two", "Three", "Whales"]
        .map(|name| VideoDocument { tags: vec!["sea".into()], ..crate::testing::video(name) });
    let [mut description, mut name, mut tag, title] = base;
    description.description = Some("About whales".to_owned());
    name.channel.display_name = "Whales".to_owned();
    tag.tags = vec!["Whales".to_owned()];
    let searcher = stage().searcher_over(&database.db, &[description, name, tag, title], &[]).await;
    let query = crate::query::VideoQuery { search: Some("whales".into()), count: 10, ..Default::default() };
    let names: Vec<_> = searcher.search(query).await.unwrap().hits.into_iter().map(|hit| hit.video.name).collect();
    assert_eq!(names, ["Whales", "Three", "Two", "One"]);
}

#[tokio::test]
async fn equal_matches_are_ordered_by_views_and_age() {
    let database = TestDatabase::new().await;
    let names = ["Whales one", "Whales two", "Whales six"];
    let [unseen, mut watched, mut fresh] = names.map(crate::testing::video);
    watched.views = 10_000;
    fresh.published_at = "2026-02-28T00:00:00Z".parse().unwrap();
    let searcher = stage().searcher_over(&database.db, &[unseen, watched, fresh], &[]).await;
    let query = crate::query::VideoQuery { search: Some("whales".into()), count: 10, ..Default::default() };
    let names: Vec<_> = searcher.search(query).await.unwrap().hits.into_iter().map(|hit| hit.video.name).collect();
    assert_eq!(names, ["Whales two", "Whales six", "Whales one"]);
}

#[tokio::test]
async fn every_filter_cuts_what_it_says() {
    let api = Api::new().await;
    for (query, expected) in [
        ("nsfw=true", fixture_count(|video| video.nsfw)),
        ("nsfw=false", fixture_count(|video| !video.nsfw)),
        ("nsfw=both", 51),
        ("isLive=true", fixture_count(|video| video.is_live)),
        ("isLive=false", fixture_count(|video| !video.is_live)),
        ("categoryOneOf=15", fixture_count(|video| video.category.id == Some(15))),
        ("categoryOneOf[]=2&categoryOneOf[]=17", fixture_count(|video| matches!(video.category.id, Some(2 | 17)))),
        ("licenceOneOf=5", fixture_count(|video| video.licence.id == Some(5))),
        (
            "languageOneOf=fr&languageOneOf=ja",
            fixture_count(|video| matches!(video.language.id.as_deref(), Some("fr" | "ja"))),
        ),
        ("languageOneOf=_unknown", fixture_count(|video| video.language.id.is_none())),
        ("host=V0439.example", fixture_count(|video| video.host == "v0439.example")),
        (
            "blockedHosts=v0439.example&blockedHosts=v0081.example",
            fixture_count(|video| !matches!(video.host.as_str(), "v0439.example" | "v0081.example")),
        ),
        (
            "tagsOneOf=PyCon&tagsOneOf=pyohio",
            fixture_count(|video| video.tags.iter().any(|tag| tag == "pycon" || tag == "pyohio")),
        ),
        ("tagsAllOf=pycon&tagsAllOf=Puppet", 1),
        ("durationMin=3600", fixture_count(|video| video.duration >= 3600)),
        ("durationMax=180", fixture_count(|video| video.duration <= 180)),
        ("durationMin=128&durationMax=128", 1),
        (
            "startDate=2021-09-11&endDate=2021-09-11",
            fixture_count(|video| video.published_at.to_rfc3339().starts_with("2021-09-11")),
        ),
        ("endDate=2009-02-16T23:59:59.999Z", 0),
        ("originallyPublishedStartDate=2000-01-01", 0),
    ] {
        assert_eq!(api.total(query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn filters_combine_with_each_other_and_with_words() {
    let api = Api::new().await;
    let query = "search=puppet&categoryOneOf=13&licenceOneOf=4&tagsAllOf=pycon&tagsAllOf=dependencies\
                 &startDate=2011-03-10T22:00:00.000Z&endDate=2011-03-12T00:00:00.000Z&nsfw=false&isLive=false";
    assert_eq!(api.names(query).await, ["Dependency management with Puppet"]);
    assert_eq!(api.total(&format!("{query}&blockedHosts=v0331.example")).await, 0);
}

#[tokio::test]
async fn an_original_date_is_filtered_by_itself_and_not_by_the_date_of_publication() {
    let [mut old, without] = ["Old", "Without"].map(crate::testing::video);
    old.originally_published_at = Some("1999-05-05T00:00:00Z".parse().unwrap());
    let api = Api::over(&[old, without], &[], &[]).await;
    assert_eq!(api.names("originallyPublishedEndDate=2000-01-01").await, ["Old"]);
    assert_eq!(api.total("originallyPublishedStartDate=2000-01-01").await, 0);
    assert_eq!(api.names("sort=-originallyPublishedAt").await, ["Old", "Without"]);
    assert_eq!(api.names("sort=originallyPublishedAt").await, ["Old", "Without"]);
    assert_eq!(api.get("search=old").await["data"][0]["originallyPublishedAt"], "1999-05-05T00:00:00.000Z");
}

#[tokio::test]
async fn blocked_accounts_are_named_by_their_handle() {
    let api = Api::new().await;
    let account = fixture().into_iter().find(|video| video.name.starts_with("OpenCanary")).unwrap().account;
    assert_eq!(api.total("search=opencanary").await, 1);
    assert_eq!(api.total(&format!("search=opencanary&blockedAccounts={}", account.handle())).await, 0);
    assert_eq!(api.total(&format!("search=opencanary&blockedAccounts={}@other.example", account.name)).await, 1);
}

#[tokio::test]
async fn videos_are_found_by_either_spelling_of_their_uuid() {
    let api = Api::new().await;
    let [first, second] = [fixture().remove(0), fixture().remove(1)];
    let short = platform::ids::short_uuid(second.uuid);
    assert_eq!(api.total(&format!("uuids[]={}&uuids[]={short}&uuids[]=nonsense", first.uuid)).await, 2);
    assert_eq!(api.total("uuids=nonsense").await, 0);
}

#[tokio::test]
async fn sorts_go_both_ways_and_match_is_best_first_either_way() {
    let api = Api::new().await;
    for (sort, key) in [
        ("views", "views"),
        ("likes", "likes"),
        ("duration", "duration"),
        ("createdAt", "createdAt"),
        ("publishedAt", "publishedAt"),
    ] {
        let rising = values(&api.get(&format!("count=500&sort={sort}")).await, key);
        let falling = values(&api.get(&format!("count=500&sort=-{sort}")).await, key);
        assert!(rising.is_sorted(), "{sort}: {rising:?}");
        assert!(falling.iter().rev().is_sorted(), "{sort}: {falling:?}");
    }
    assert_eq!(api.names("search=python&sort=match").await, api.names("search=python&sort=-match").await);
    let scores = values(&api.get("search=python&count=500").await, "score");
    assert!(scores.len() > 5 && scores.iter().rev().is_sorted() && scores.first() != scores.last(), "{scores:?}");
}

/// Numbers padded so that they sort as texts do.
fn values(found: &Value, key: &str) -> Vec<String> {
    let sortable = |value: &Value| value.as_f64().map_or_else(|| text(value), |number| format!("{number:020.6}"));
    found["data"].as_array().unwrap().iter().map(|video| sortable(&video[key])).collect()
}

#[tokio::test]
async fn preferred_languages_come_first_without_hiding_others() {
    let api = Api::new().await;
    let plain = api.names("search=python&count=500").await;
    let boosted = api.get("search=python&count=500&boostLanguages=es").await;
    assert_eq!(boosted["total"].as_u64().unwrap() as usize, plain.len());
    let rank = |names: &[String]| names.iter().position(|name| name.starts_with("Python como")).unwrap();
    let boosted: Vec<String> = boosted["data"].as_array().unwrap().iter().map(|video| text(&video["name"])).collect();
    assert!(rank(&boosted) < rank(&plain), "{boosted:?}");
}

#[tokio::test]
async fn a_search_can_be_posted_and_the_body_wins() {
    let api = Api::new().await;
    let body = json!({
        "search": "puppet", "start": "0", "count": 10, "nsfw": "both", "isLive": null, "searchTarget": "search-index",
        "sort": "-match", "blockedHosts": [], "blockedAccounts": [], "categoryOneOf": ["13"], "include": 0,
    });
    assert_eq!(api.post("", body.clone()).await["total"], 1);
    assert_eq!(api.post("search=honeypot&languageOneOf=fr", body.clone()).await["total"], 0);
    assert_eq!(api.post("search=honeypot", body).await["data"][0]["name"], "Dependency management with Puppet");
    assert_eq!(api.post("search=honeypot", json!({})).await["total"], 1);
}

#[tokio::test]
async fn a_bad_value_is_a_problem_that_names_it() {
    let api = Api::new().await;
    for (query, name) in
        [("count=501", "count"), ("start=9001", "start"), ("sort=-best", "sort"), ("durationMin=x", "durationMin")]
    {
        let request = Request::get(format!("/api/v1/search/videos?{query}")).body(Body::empty()).unwrap();
        let response = api.send(request).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        assert!(text(&read(response).await["detail"]).contains(name), "{query}");
    }
    let request = Request::post("/api/v1/search/videos").body(Body::from("{")).unwrap();
    assert_eq!(api.send(request).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn any_origin_may_read_and_other_verbs_are_refused() {
    let api = Api::new().await;
    let request =
        Request::get("/api/v1/config").header(header::ORIGIN, "https://a.example").body(Body::empty()).unwrap();
    let response = api.send(request).await;
    assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    let config = read(response).await;
    assert_eq!((&config["searchInstanceName"], &config["indexedHostsCount"]), (&json!("Shoal"), &json!(0)));
    assert_eq!((&config["indexedVideosCount"], &config["indexedChannelsCount"]), (&json!(51), &json!(0)));

    for (path, allowed) in [
        ("/api/v1/search/videos", "GET, POST"),
        ("/api/v1/search/video-channels", "GET, POST"),
        ("/api/v1/search/video-playlists", "GET, POST"),
        ("/api/v1/config", "GET"),
        ("/api/v1/openapi.json", "GET"),
    ] {
        let response = api.send(Request::delete(path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], allowed);
    }
    let preflight = Request::options("/api/v1/search/videos")
        .header(header::ORIGIN, "https://a.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type")
        .body(Body::empty())
        .unwrap();
    assert_eq!(api.send(preflight).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_video_that_went_away_meanwhile_is_left_out() {
    let api = Api::new().await;
    let db = &api.platform.platform.db;
    let mut tx = db.begin().await.unwrap();
    let revision = crate::store::next_revision(&mut tx).await.unwrap();
    let now = "2026-03-01T12:00:00Z".parse().unwrap();
    crate::store::remove_unseen(&mut tx, "v1186.example", 2, now, revision).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(api.names("search=honeypot").await, Vec::<String>::new());
}
