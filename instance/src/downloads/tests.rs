use axum::{
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt;
use platform::testing::TestPlatform;
use proptest::prelude::*;
use tower::ServiceExt;

use super::*;
use crate::{oauth, routes};

async fn get(app: &App, path: &str, token: Option<&str>, range: Option<&str>) -> Response {
    let mut request = Request::get(path);
    for (name, value) in [
        (header::AUTHORIZATION, token.map(|token| format!("Bearer {token}"))),
        (header::RANGE, range.map(str::to_owned)),
    ] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    routes::router(app).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn staged(test: &TestPlatform) -> (App, Video, String) {
    let (app, video) = App::staged(test).await;
    let key = Key::new(format!("{}/x-720-fragmented.mp4", stream_folder(video.uuid))).unwrap();
    app.platform.storage.put_bytes(&key, "the film").await.unwrap();
    let path = format!("/download/streaming-playlists/hls/videos/{}-720-fragmented.mp4", video.uuid);
    (app, video, path)
}

async fn set(app: &App, statement: &'static str) {
    let mut tx = app.platform.db.begin().await.unwrap();
    tx.query(statement).execute().await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_file_is_downloaded_under_the_name_of_its_video() {
    let test = TestPlatform::new().await;
    let (app, video, path) = staged(&test).await;
    let answer = get(&app, &path, None, None).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let disposition = answer.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment;") && disposition.contains("Seeded video 0"), "{disposition}");
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "the film");

    let part = get(&app, &path, None, Some("bytes=4-")).await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.into_body().collect().await.unwrap().to_bytes(), "film");

    let details = get(&app, &format!("/api/v1/videos/{}", video.uuid), None, None).await;
    let details = details.into_body().collect().await.unwrap().to_bytes();
    let details: serde_json::Value = serde_json::from_slice(&details).unwrap();
    let offered = details["streamingPlaylists"][0]["files"][0]["fileDownloadUrl"].as_str().unwrap();
    assert!(offered.ends_with(&path), "{offered}");
    let id = details["streamingPlaylists"][0]["files"][0]["id"].as_i64().unwrap();
    let made = format!("/download/videos/generate/{}?videoFileIds=", video.uuid);
    assert_eq!(get(&app, &format!("{made}{id}"), None, None).await.status(), StatusCode::OK);
    assert_eq!(get(&app, &format!("{made}{}", id + 1), None, None).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_private_or_not_offered_is_for_its_owner() {
    let test = TestPlatform::new().await;
    let (app, _, path) = staged(&test).await;
    let token = oauth::tests::log_in(&app, "root", "a long password").await;
    set(&app, "UPDATE videos SET download_enabled = FALSE").await;
    assert_eq!(get(&app, &path, None, None).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(get(&app, &path, Some(&token), None).await.status(), StatusCode::OK);
    set(&app, "UPDATE videos SET privacy = 3").await;
    assert_eq!(get(&app, &path, None, None).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get(&app, &path, Some(&token), None).await.status(), StatusCode::OK);
}

#[test]
fn a_file_that_is_kept_elsewhere_is_taken_from_there() {
    let uuid = Uuid::from_u128(7);
    assert_eq!(
        address_of(&format!("https://a.test/static/streaming-playlists/hls/{uuid}/x-720-fragmented.mp4"), 720),
        format!("https://a.test/download/streaming-playlists/hls/videos/{uuid}-720-fragmented.mp4")
    );
    let elsewhere = format!("https://store.test/bucket/hls/{uuid}/x-720-fragmented.mp4");
    assert_eq!(address_of(&elsewhere, 720), elsewhere);
}

#[test]
fn names_are_read_as_peertube_writes_them() {
    let uuid = Uuid::from_u128(7);
    assert_eq!(read_name(&format!("{uuid}-720-fragmented.mp4")), Some((uuid, 720)));
    assert_eq!(read_name(&format!("{uuid}-0-fragmented.mp4")), Some((uuid, 0)));
    assert_eq!(read_name(&format!("{uuid}-480.mp4")), Some((uuid, 480)));
    for name in
        ["", ".mp4", "x-720.mp4", &format!("{uuid}.mp4"), &format!("{uuid}--1.mp4"), &format!("{uuid}-720.m3u8")]
    {
        assert_eq!(read_name(name), None, "{name}");
    }
}

proptest! {
    #[test]
    fn any_title_becomes_a_header_that_names_one_file(title in "\\PC{0,200}|.{0,40}") {
        let value = content_disposition(&title, 720);
        prop_assert!(HeaderValue::from_str(&value).is_ok());
        prop_assert_eq!(value.matches('"').count(), 2);
        prop_assert!(!value.contains(['/', '\\', '\n', '\r']));
    }

    #[test]
    fn any_name_is_read_without_panic(name in ".{0,80}") {
        let _ = read_name(&name);
    }
}
