//! One server, through the interface that PeerTube's clients use.

#![cfg(test)]

#[path = "api/shapes.rs"]
mod shapes;

use http::StatusCode;
use serde_json::Value;
use shoal_tests::{Clip, World, hls::Source, shape};

/// A recorded answer of PeerTube 6.3.
fn sample(name: &str) -> Value {
    let path = format!("{}/fixtures/peertube-6.3/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Fails if the answer lacks something that the sample has, apart from what is known to be left out. Lists may be empty.
fn assert_shape(name: &str, answer: &Value, left_out: &[&str]) {
    let mut missing = shape::missing(&sample(name), answer);
    missing.retain(|path| !path.ends_with("[]") && !left_out.contains(&path.as_str()));
    assert!(missing.is_empty(), "{name}: clients will miss {missing:?} in {answer:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_logs_in_and_reads_who_it_is() {
    let world = World::with(["alpha"]).await;
    assert_shape("oauth-clients-local", &world.alpha.get_json("/api/v1/oauth-clients/local").await, &[]);
    let tokens = world.alpha.admin().log_in().await.success().json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert!(tokens["expires_in"].as_i64().unwrap() > 0 && tokens["refresh_token"].is_string());
    let me = world.alpha.admin().get_json("/api/v1/users/me").await;
    assert_eq!((&me["username"], &me["role"]["id"]), (&"root".into(), &0.into()));
    assert!(me["videoChannels"][0]["id"].is_number(), "{me}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_answered_as_clients_expect() {
    let world = World::with(["alpha"]).await;
    let client = world.alpha.get_json("/api/v1/oauth-clients/local").await;
    let form = format!(
        "client_id={}&client_secret={}&grant_type=password&username=root&password=wrong",
        client["client_id"].as_str().unwrap(),
        client["client_secret"].as_str().unwrap(),
    );
    let request = world.alpha.request(http::Method::POST, "/api/v1/users/token");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer = world.alpha.send(request).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["code"], "invalid_grant");
    let answer = world.alpha.get("/api/v1/users/me").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_published_once_it_can_be_played() {
    let world = World::with(["alpha"]).await;
    let (alpha, clip) = (&world.alpha, Clip::tiny().await);
    let uuid = alpha.admin().upload("A test card", &clip).await;
    assert_eq!(alpha.get_json("/api/v1/videos").await["total"], 0, "it is listed before it can be played");

    world.settle().await;
    let list = alpha.get_json("/api/v1/videos").await;
    assert_eq!((&list["total"], &list["data"][0]["name"]), (&1.into(), &"A test card".into()));
    let details = alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
    assert_eq!((&details["state"]["id"], &details["duration"]), (&1.into(), &6.into()));
    assert_eq!(details["tags"], serde_json::json!(["test card", "six seconds"]));

    let playback = Source::of(&details).play(alpha).await;
    assert!(playback.duration_ms.abs_diff(6_000) < 200, "{playback:?}");
    assert!(playback.segments >= 2, "six seconds are two segments of at most four: {playback:?}");
    let thumbnail = alpha.get(details["thumbnailPath"].as_str().unwrap()).await.success();
    assert_eq!(thumbnail.header("content-type"), Some("image/jpeg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_details_have_what_clients_of_peertube_read() {
    let world = World::with(["alpha"]).await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    assert_shape("videos-list", &world.alpha.get_json("/api/v1/videos").await, &[]);
    let details = world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
    // The number of the owner's row is nobody's business, and no client reads it.
    let left_out = [".account.userId", ".channel.ownerAccount.userId"];
    assert_shape("video-detail-hls-only", &details, &left_out);
    let short = world.alpha.get_json(&format!("/api/v1/videos/{}", details["shortUUID"].as_str().unwrap())).await;
    assert_eq!(short["id"], details["id"]);
    let by_number = world.alpha.get_json(&format!("/api/v1/videos/{}", details["id"])).await;
    assert_eq!(by_number["uuid"], details["uuid"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_video_fails_with_words_for_its_owner() {
    let mut world = World::with(["alpha"]).await;
    world.expect_failures();
    let root = world.alpha.admin();
    let answer = root.try_upload("Not a video", b"This is a letter, and not a video.").await;
    answer.assert_success();
    world.settle().await;
    let uuid = answer.json()["video"]["uuid"].as_str().unwrap().to_owned();
    let details = root.get_json(&format!("/api/v1/videos/{uuid}")).await;
    assert_eq!(details["state"]["id"], 7, "transcoding failed: {details}");
    let reason = details["failureReason"].as_str().unwrap_or_default();
    assert!(reason.contains("is not a video or sound file that can be read"), "{details}");
    let mine = root.get_json("/api/v1/users/me/videos").await;
    assert_eq!((&mine["total"], &mine["data"][0]["uuid"]), (&1.into(), &uuid.as_str().into()));
    assert_eq!(mine["data"][0]["state"]["label"], "Transcoding failed");
    assert_eq!(mine["data"][0]["failureReason"], reason);
    assert_eq!(world.alpha.get(&format!("/api/v1/videos/{uuid}")).await.status, StatusCode::NOT_FOUND);
    let page = root.get("/my-videos").await.text();
    assert!(page.contains("Not a video") && page.contains("is not a video or sound file that can be read"), "{page}");
    assert_eq!(world.alpha.get_json("/api/v1/videos").await["total"], 0);
    let uuid = root.upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let details = world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
    assert!(details.get("failureReason").is_none(), "{details}");
    let mine = root.get_json("/api/v1/users/me/videos?sort=name&search=TEST%20card").await;
    assert_eq!((&mine["total"], &mine["data"][0]["name"]), (&1.into(), &"A test card".into()));
    assert_shape("videos-list", &mine, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_is_among_those_of_its_owner_before_it_is_ready() {
    let world = World::with(["alpha"]).await;
    world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    let waiting = world.alpha.admin().get_json("/api/v1/users/me/videos").await;
    assert_eq!((&waiting["total"], &waiting["data"][0]["state"]["id"]), (&1.into(), &2.into()));
    world.settle().await;
    assert_eq!(world.alpha.get("/api/v1/users/me/videos").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_video_and_its_files_are_gone() {
    let world = World::with(["alpha"]).await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let details = world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
    let answer = world.alpha.admin().delete(&format!("/api/v1/videos/{uuid}")).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    world.settle().await;
    assert_eq!(world.alpha.get(&format!("/api/v1/videos/{uuid}")).await.status, StatusCode::NOT_FOUND);
    let playlist = details["streamingPlaylists"][0]["playlistUrl"].as_str().unwrap();
    assert_eq!(world.alpha.get(playlist).await.status, StatusCode::NOT_FOUND);
    let left = world.alpha.platform().storage.list("").await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_read_without_a_script() {
    let world = World::with(["alpha"]).await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let home = world.alpha.get_as("/", "text/html").await.success();
    assert!(home.text().contains("A test card"), "{}", home.text());
    let watch = world.alpha.get_as(&format!("/w/{}", platform::ids::short_uuid(uuid)), "text/html").await.success();
    assert!(watch.text().contains("A test card") && watch.text().contains("Made for a test."));
    assert!(watch.header("content-security-policy").is_some_and(|policy| policy.contains("'nonce-")));
}
