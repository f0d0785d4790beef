use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use platform::testing::TestPlatform;
use tower::ServiceExt;

use super::*;

fn config(roles: &[&str]) -> Config {
    let mut config = Config::default();
    config.server.roles = roles.iter().map(|role| (*role).to_owned()).collect();
    config.instance.media_worker = Some("/nonexistent".into());
    config
}

async fn status(router: Router, path: &str) -> StatusCode {
    router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap().status()
}

async fn composed(config: &Config) -> (TestPlatform, Composition) {
    let test = TestPlatform::new().await;
    let composition = compose(test.platform.clone(), config).await.unwrap();
    (test, composition)
}

#[tokio::test]
async fn an_index_without_an_instance_is_at_the_root() {
    let (_test, composition) = composed(&config(&["indexer", "search-ui"])).await;
    let service = composition.server.service();
    assert_eq!(status(service.clone(), "/").await, StatusCode::OK);
    assert_eq!(status(service.clone(), "/api/v1/search/videos?search=x").await, StatusCode::OK);
    assert_eq!(status(service, "/readyz").await, StatusCode::OK);
}

#[tokio::test]
async fn beside_an_instance_the_index_has_a_prefix() {
    let (_test, composition) = composed(&config(&["instance", "indexer", "search-ui"])).await;
    let service = composition.server.service();
    assert_eq!(status(service.clone(), "/search-index").await, StatusCode::OK);
    assert_eq!(status(service.clone(), "/search-index/").await, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(status(service.clone(), "/search-index/api/v1/search/videos?search=x").await, StatusCode::OK);
    assert_eq!(status(service, "/api/v1/videos").await, StatusCode::OK);
    assert!(composition.search_site.is_none());
}

#[tokio::test]
async fn the_index_may_have_a_listener_of_its_own() {
    let mut config = config(&["instance", "indexer", "search-ui"]);
    config.search_place.listen = Some("127.0.0.1:0".to_owned());
    let (_test, composition) = composed(&config).await;
    assert_eq!(status(composition.server.service(), "/search-index").await, StatusCode::NOT_FOUND);
    assert_eq!(status(composition.search_site.unwrap(), "/").await, StatusCode::OK);
}

#[tokio::test]
async fn all_roles_fit_into_one_process() {
    let (_test, composition) = composed(&config(&["instance", "indexer", "redundancy", "search-ui"])).await;
    assert_eq!(status(composition.server.service(), "/readyz").await, StatusCode::OK);
}

#[tokio::test]
async fn a_prefix_that_is_no_path_is_refused() {
    let mut config = config(&["instance", "indexer"]);
    config.search_place.path_prefix = "search".to_owned();
    let test = TestPlatform::new().await;
    let error = compose(test.platform.clone(), &config).await.unwrap_err();
    assert!(error.to_string().contains("must look like"), "{error}");
}
