use axum::{
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt;
use indexer::{
    captions::Caption,
    document::VideoDocument,
    hosts::{self, consent},
    testing::{caption, channel, collections_over, consent_desk, fixture, playlist, searcher_over_captions, video},
};
use platform::{jobs, testing::TestPlatform};
use tower::ServiceExt;
use uuid::Uuid;

use super::*;

mod feeds;

const TOKEN: &str = "a sentence that nobody knows";

struct Visit {
    router: Router,
    platform: TestPlatform,
}

impl Visit {
    async fn over(videos: &[VideoDocument], base_path: &str) -> Self {
        Self::over_captions(videos, &[], base_path).await
    }

    async fn over_captions(videos: &[VideoDocument], spoken: &[(Uuid, Caption)], base_path: &str) -> Self {
        let platform = TestPlatform::new().await;
        let searcher = searcher_over_captions(&platform.platform.db, videos, spoken).await;
        let config = Config {
            name: Some("Sea Search".into()),
            about: Some("Run by <us>.".into()),
            operator_token: Some(TOKEN.into()),
        };
        let desk = consent_desk(&platform.platform);
        let collections =
            collections_over(&platform.platform, &[channel("Sea films")], &[playlist("Sea nights")]).await;
        let role = mount(&platform.platform, config, searcher, collections, desk, base_path).await.unwrap();
        let router = if base_path.is_empty() { role.router } else { Router::new().nest(base_path, role.router) };
        Self { router, platform }
    }

    async fn page(&self, path: &str) -> String {
        self.page_with_status(path, StatusCode::OK).await
    }

    async fn page_with_status(&self, path: &str, status: StatusCode) -> String {
        let response = self.ask(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), status, "{path}");
        text(response).await
    }

    async fn ask(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends a form, from a page of this site if `cookie` is given.
    async fn post(&self, path: &str, form: &str, cookie: Option<&str>) -> Response {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie).header("sec-fetch-site", "same-origin");
        }
        self.ask(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    async fn list(&self, host: &str) {
        let platform = &self.platform.platform;
        let mut tx = platform.db.begin().await.unwrap();
        hosts::add_host(&mut tx, host, false, platform.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn waiting_jobs(&self) -> usize {
        let mut conn = self.platform.platform.db.read().await.unwrap();
        jobs::unfinished(&mut conn).await.unwrap().iter().map(|(_, count)| *count as usize).sum()
    }
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn header_of(response: &Response, name: header::HeaderName) -> &str {
    response.headers()[name].to_str().unwrap()
}

/// The values of an attribute, in order.
fn attributes<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    let start = format!("{name}=\"");
    page.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn the_home_page_says_what_can_be_searched() {
    let visit = Visit::over(&fixture(), "").await;
    let page = visit.page("/").await;
    assert!(page.contains("Search 51 videos on 0 sites."), "{page}");
    assert!(page.contains("Sea Search") && attributes(&page, "action").contains(&"/search"));
}

#[tokio::test]
async fn an_empty_index_says_so() {
    let visit = Visit::over(&[], "").await;
    assert!(visit.page("/").await.contains("No site has been read yet"));
    assert!(visit.page("/search?search=x").await.contains("No video was found."));
}

#[tokio::test]
async fn a_result_leads_to_its_own_site() {
    let visit = Visit::over(&fixture(), "").await;
    let page = visit.page("/search?search=honeypto").await;
    let expected = fixture().into_iter().find(|video| video.name.starts_with("OpenCanary")).unwrap();
    assert!(attributes(&page, "href").contains(&expected.url.as_str()));
    let picture = format!("{}{}", expected.origin, expected.preview_path.unwrap());
    assert!(attributes(&page, "src").contains(&picture.as_str()));
    for text in [expected.name.as_str(), expected.host.as_str(), "41:06", "89 views", "10 years ago", "1 video<"] {
        assert!(page.contains(text), "{text} is missing from {page}");
    }
    assert!(page.contains("Results for “honeypto”"));
}

#[tokio::test]
async fn what_is_said_is_shown_and_leads_to_its_moment() {
    let talk = video("A long talk");
    let spoken = caption("and then the <octopus> opened the jar");
    let visit = Visit::over_captions(&[talk.clone(), video("Octopus garden")], &[(talk.uuid, spoken)], "").await;
    let page = visit.page("/search?search=octopus+jar").await;
    assert!(page.contains("and then the &#60;<mark>octopus</mark>&#62; opened the <mark>jar</mark>"), "{page}");
    let moment = attributes(&page, "href").into_iter().find(|href| href.contains("?start=")).unwrap();
    assert!(moment.starts_with(&talk.url));
    assert!(!visit.page("/search?search=long+talk").await.contains("video-card-moment"));
}

#[tokio::test]
async fn long_results_have_pages_that_keep_the_filters() {
    let visit = Visit::over(&fixture(), "").await;
    let page = visit.page("/search?sort=-views&categoryOneOf=13&page=2").await;
    assert_eq!(page.matches("<article class=\"video-card").count(), 10);
    assert!(page.contains("41 videos, page 2 of 5"), "{page}");
    let next = attributes(&page, "href").into_iter().find(|href| href.contains("page=3")).unwrap();
    assert_eq!(next, "/search?sort=-views&#38;categoryOneOf=13&#38;page=3");
    let beyond = visit.page("/search?categoryOneOf=13&page=90").await;
    assert!(beyond.contains("There are no results on this page."));
}

#[tokio::test]
async fn the_form_shows_what_the_link_says() {
    let visit = Visit::over(&fixture(), "").await;
    let page = visit.page("/search?search=python&durationRange=long&host=V0439.example&tagsAllOf=a&tagsAllOf=b").await;
    assert!(page.contains("3<span class=\"visually-hidden\"> set</span>"));
    assert!(attributes(&page, "href").contains(&"/search?search=python"), "the way back to all results");
    assert!(page.contains("<option value=\"long\" selected>"));
    let values = attributes(&page, "value");
    assert!(values.contains(&"v0439.example") && values.contains(&"a, b") && values.contains(&"python"));
    let plain = visit.page("/search?search=python").await;
    assert!(!plain.contains("Clear filters") && !plain.contains("> set</span>"));
}

#[tokio::test]
async fn sensitive_videos_are_blurred_or_hidden() {
    let visit = Visit::over(&fixture(), "").await;
    assert_eq!(visit.page("/search?nsfw=true").await.matches("is-blurred").count(), 3);
    assert_eq!(visit.page("/search?search=keynote&nsfw=false").await.matches("is-blurred").count(), 0);
}

#[tokio::test]
async fn every_link_stays_under_the_prefix() {
    let visit = Visit::over(&fixture(), "/search-index").await;
    visit.list("tube.example").await;
    for path in [
        "",
        "/search?search=python",
        "/about",
        "/hosts",
        "/hosts/tube.example",
        "/opt-out?who=tube.example",
        "/operator",
    ] {
        let path = format!("/search-index{path}");
        let page = visit.page(&path).await;
        let own =
            ["href", "action"].iter().flat_map(|name| attributes(&page, name)).filter(|link| link.starts_with('/'));
        let mut count = 0;
        for link in own.filter(|link| !link.starts_with("/assets/")) {
            assert!(link.starts_with("/search-index/"), "{link} on {path}");
            count += 1;
        }
        assert!(count > 3, "{path} has links");
    }
}

#[tokio::test]
async fn what_strangers_write_is_text_and_not_markup() {
    let hostile = VideoDocument { tags: vec![], ..video("<script>alert(1)</script> whales") };
    let visit = Visit::over(&[hostile], "").await;
    let page = visit.page("/search?search=whales%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(!page.contains("<script>alert"));
    assert!(visit.page("/search?search=whales").await.contains("whales</a>"));
    assert!(visit.page("/about").await.contains("Run by &#60;us&#62;."));
}

#[tokio::test]
async fn the_list_of_sites_can_be_searched() {
    let visit = Visit::over(&[], "").await;
    assert!(visit.page("/hosts").await.contains("No site is searched yet."));
    visit.list("tube.example").await;
    visit.list("video.example").await;
    let page = visit.page("/hosts").await;
    assert!(attributes(&page, "href").contains(&"/hosts/tube.example") && page.contains("2 sites"), "{page}");
    assert!(page.contains("Waiting to be read") && page.contains("not yet"));
    let found = visit.page("/hosts?search=TUBE").await;
    assert!(found.contains("/hosts/tube.example") && !found.contains("video.example"));
    let mistyped = visit.page("/hosts?search=tbue.example").await;
    assert!(mistyped.contains("Did you mean <a href=\"/hosts/tube.example\""), "{mistyped}");
    assert!(visit.page("/hosts?state=indexed").await.contains("No site fits"));
}

#[tokio::test]
async fn a_site_has_a_page_that_says_how_reading_it_goes() {
    let visit = Visit::over(&fixture(), "").await;
    let host = fixture()[0].host.clone();
    visit.list(&host).await;
    let page = visit.page(&format!("/hosts/{host}")).await;
    for words in ["Waiting to be read", "as soon as possible", "chose it", "Newest videos", "Read completely"] {
        assert!(page.contains(words), "{words} is missing from {page}");
    }
    assert!(!page.contains("Crawl now"), "that is for the operator");
    assert!(attributes(&page, "href").contains(&format!("/opt-out?who={host}").as_str()));
}

#[tokio::test]
async fn a_site_that_is_not_searched_has_a_page_that_says_so() {
    let visit = Visit::over(&[], "").await;
    visit.list("tube.example").await;
    let unknown = visit.page_with_status("/hosts/tubes.example", StatusCode::NOT_FOUND).await;
    assert!(unknown.contains("is not on the list") && unknown.contains("/hosts/tube.example"), "{unknown}");
    let hostile = visit.page_with_status("/hosts/%3Cscript%3E", StatusCode::NOT_FOUND).await;
    assert!(!hostile.contains("<script>"));

    let platform = &visit.platform.platform;
    let mut tx = platform.db.begin().await.unwrap();
    let subject = consent::Subject::parse("tube.example", false).unwrap();
    consent::opt_out(&mut tx, &subject, consent::Proof::File, platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let out = visit.page_with_status("/hosts/tube.example", StatusCode::NOT_FOUND).await;
    assert!(out.contains("asked to stay out"), "{out}");
    assert!(!visit.page("/hosts").await.contains("/hosts/tube.example"));
}

#[tokio::test]
async fn only_the_operator_has_a_site_read_now() {
    let visit = Visit::over(&[], "").await;
    visit.list("tube.example").await;
    let before = visit.waiting_jobs().await;
    let stranger = visit.post("/hosts/tube.example/crawl", "", Some("shoal_search_operator=guess")).await;
    assert_eq!(header_of(&stranger, header::LOCATION), "/operator?next=%2Fhosts%2Ftube.example");

    assert_eq!(visit.post("/operator", "token=wrong", None).await.status(), StatusCode::UNAUTHORIZED);
    let entered = format!("token={}&next=/hosts/tube.example", TOKEN.replace(' ', "+"));
    let entered = visit.post("/operator", &entered, None).await;
    assert_eq!(header_of(&entered, header::LOCATION), "/hosts/tube.example");
    let cookie = header_of(&entered, header::SET_COOKIE).split(';').next().unwrap().to_owned();
    assert!(!cookie.contains("sentence"), "the cookie does not tell the token");

    let elsewhere = Request::post("/hosts/tube.example/crawl").header(header::COOKIE, &cookie);
    let elsewhere = visit.ask(elsewhere.header("sec-fetch-site", "cross-site").body(Body::empty()).unwrap()).await;
    assert!(header_of(&elsewhere, header::LOCATION).starts_with("/operator"), "a page of another site cannot do it");
    let asked = visit.post("/hosts/tube.example/crawl", "", Some(&cookie)).await;
    assert_eq!(header_of(&asked, header::LOCATION), "/hosts/tube.example?asked=1");
    assert_eq!(visit.waiting_jobs().await, before, "it was waiting to be read, and is read once");

    let seen = Request::get("/hosts/tube.example?asked=1").header(header::COOKIE, &cookie).body(Body::empty()).unwrap();
    let seen = text(visit.ask(seen).await).await;
    assert!(seen.contains("Crawl now") && seen.contains("as soon as a reader is free"), "{seen}");
}

#[tokio::test]
async fn a_log_in_leads_nowhere_else() {
    let visit = Visit::over(&[], "").await;
    for next in ["https://evil.example/", "//evil.example", "/%5Cevil.example"] {
        let form = format!("token={}&next={next}", TOKEN.replace(' ', "+"));
        let response = visit.post("/operator", &form, None).await;
        assert_eq!(header_of(&response, header::LOCATION), "/hosts", "{next}");
    }
}

#[tokio::test]
async fn the_page_of_consent_tells_everybody_their_steps() {
    let visit = Visit::over(&[], "").await;
    let general = visit.page("/opt-out").await;
    assert!(general.contains("#noindex") && !general.contains("Check now"));
    let host = visit.page("/opt-out?who=Tube.example").await;
    assert!(attributes(&host, "href").contains(&"https://tube.example/.well-known/shoal-index.txt"), "{host}");
    assert!(host.contains("opt-out alpha.test") && host.contains("Check now"));
    let channel = visit.page("/opt-out?who=https://tube.example/c/films").await;
    assert!(channel.contains("films@tube.example") && channel.contains("shoal-opt-out-"), "{channel}");
    let wrong = visit.page_with_status("/opt-out?who=%3Cb%3E", StatusCode::BAD_REQUEST).await;
    assert!(wrong.contains("names neither") && !wrong.contains("<b>"), "{wrong}");
}

#[tokio::test]
async fn nobody_can_have_a_site_asked_that_is_not_searched() {
    let visit = Visit::over(&[], "").await;
    for who in ["tube.example", "films@tube.example"] {
        let response = visit.post("/opt-out", &format!("who={who}"), None).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(text(response).await.contains("is not read by this search site"));
    }
}

#[tokio::test]
async fn channels_and_playlists_are_found_beside_videos() {
    let visit = Visit::over(&[], "").await;
    let videos = visit.page("/search?search=sea&nsfw=false").await;
    let expected = "/search?search=sea&#38;resultType=video-channels&#38;nsfw=false";
    assert!(attributes(&videos, "href").contains(&expected), "{videos}");
    let channels = visit.page("/search?search=sea&resultType=video-channels").await;
    assert!(channels.contains("Sea films") && channels.contains("1 channel<"), "{channels}");
    assert!(!channels.contains("Sea nights") && attributes(&channels, "aria-current").len() == 1);
    let playlists = visit.page("/search?search=nights&resultType=video-playlists").await;
    assert!(playlists.contains("Sea nights") && playlists.contains("3 videos · Films"), "{playlists}");
    assert!(visit.page("/search?search=zzzzzz&resultType=video-playlists").await.contains("Nothing of that kind"));
}

#[tokio::test]
async fn a_search_that_finds_nothing_says_what_would() {
    let visit = Visit::over(&[video("Blue whales"), video("Grey whales")], "").await;
    let page = visit.page("/search?search=whales&durationRange=long").await;
    assert!(page.contains("Of any length") && page.contains("2 videos"), "{page}");
    assert!(attributes(&page, "href").contains(&"/search?search=whales"));
    let page = visit.page("/search?search=zzzzzzzz").await;
    assert!(page.contains("No video was found.") && page.contains("See which sites are searched"), "{page}");
}
