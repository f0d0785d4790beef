use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use platform::testing::TestPlatform;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{App, oauth, routes};

async fn ask(app: &App, token: Option<&str>, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let response = routes::router(app).oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn a_video_follows_its_channel_until_it_has_a_look_of_its_own() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let token = oauth::tests::log_in(&app, "root", "a long password").await;
    let of_video = format!("/api/v1/player-settings/videos/{}", video.uuid);
    let of_channel = "/api/v1/player-settings/video-channels/root_channel";
    let theme = async |path: &str| ask(&app, None, Method::GET, path, Value::Null).await.1["theme"].clone();
    let set =
        async |path: &str, theme: &str| ask(&app, Some(&token), Method::PUT, path, json!({ "theme": theme })).await.0;

    assert_eq!(theme(&of_video).await, "lucide");
    assert_eq!(set(of_channel, "galaxy").await, StatusCode::OK);
    assert_eq!(theme(&of_video).await, "galaxy");
    assert_eq!(theme(&format!("{of_video}?raw=true")).await, "channel-default");
    assert_eq!(set(&of_video, "lucide").await, StatusCode::OK);
    assert_eq!(theme(&of_video).await, "lucide");
    let document = format!("/videos/watch/{}/player-settings", video.uuid);
    let (_, document) = ask(&app, None, Method::GET, &document, Value::Null).await;
    assert_eq!((&document["type"], &document["object"]), (&json!("PlayerSettings"), &json!(video.url)));

    assert_eq!(set(of_channel, "channel-default").await, StatusCode::BAD_REQUEST);
    assert_eq!(set(&of_video, "holographic").await, StatusCode::BAD_REQUEST);
    let (status, _) = ask(&app, None, Method::PUT, &of_video, json!({ "theme": "galaxy" })).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}
