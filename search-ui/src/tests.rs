use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use indexer::{
    document::VideoDocument,
    hosts,
    testing::{fixture, searcher_over, video},
};
use platform::testing::TestPlatform;
use tower::ServiceExt;

use super::*;

struct Visit {
    router: Router,
    platform: TestPlatform,
}

impl Visit {
    async fn over(videos: &[VideoDocument], base_path: &str) -> Self {
        let platform = TestPlatform::new().await;
        let searcher = searcher_over(&platform.platform.db, videos).await;
        let config = Config { name: Some("Sea Search".into()), about: Some("Run by <us>.".into()) };
        let role = mount(&platform.platform, config, searcher, base_path).await.unwrap();
        let router = if base_path.is_empty() { role.router } else { Router::new().nest(base_path, role.router) };
        Self { router, platform }
    }

    async fn page(&self, path: &str) -> String {
        let response = self.router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }
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
    for path in ["/search-index", "/search-index/search?search=python", "/search-index/about"] {
        let page = visit.page(path).await;
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
async fn the_about_page_lists_the_sites() {
    let visit = Visit::over(&[], "").await;
    assert!(visit.page("/about").await.contains("None yet."));
    let db = &visit.platform.platform.db;
    let mut tx = db.begin().await.unwrap();
    hosts::add_host(&mut tx, "tube.example", false, visit.platform.platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let page = visit.page("/about").await;
    assert!(attributes(&page, "href").contains(&"https://tube.example") && page.contains("not yet"));
}
