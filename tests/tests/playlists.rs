//! Playlists between servers of this kind.

#![cfg(test)]

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use shoal_tests::{Clip, User, World, form::Form};
use uuid::Uuid;

async fn send_form(user: &User<'_>, world: &World, method: Method, path: &str, form: Form) -> Value {
    let (body, kind) = form.finish();
    let request = world.alpha.request(method, path).header("content-type", kind).body(body);
    let answer = user.send(request).await.success();
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// A public playlist of alpha's administrator.
async fn make(world: &World) -> String {
    let root = world.alpha.admin();
    let channel = root.channel().await.to_string();
    let form = Form::default().text("displayName", "Test cards").text("privacy", "1").text("videoChannelId", &channel);
    let made = send_form(&root, world, Method::POST, "/api/v1/video-playlists", form).await;
    format!("/api/v1/video-playlists/{}", made["videoPlaylist"]["uuid"].as_str().unwrap())
}

async fn add(world: &World, playlist: &str, video: Uuid, start: i64) {
    let body = json!({ "videoId": video, "startTimestamp": start });
    world.alpha.admin().post_json(&format!("{playlist}/videos"), &body).await.assert_success();
}

/// What beta shows of the playlist: the starts of its elements, and whether each has its video.
async fn at_beta(world: &World, playlist: &str) -> Vec<(i64, bool)> {
    let list = world.beta.get_json(&format!("{playlist}/videos")).await;
    let elements = list["data"].as_array().unwrap().iter();
    elements.map(|element| (element["startTimestamp"].as_i64().unwrap(), element["video"].is_object())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_lives_where_its_server_is_followed() {
    let world = World::with(["alpha", "beta"]).await;
    let root = world.alpha.admin();
    let video = root.upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    // The video is older than the follow, and comes with the playlist at the latest.
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let playlist = make(&world).await;
    world.advance(Duration::from_secs(1)).await;
    for start in [1, 2, 3] {
        add(&world, &playlist, video, start).await;
    }
    world.settle().await;
    let (there, here) = (world.alpha.get_json(&playlist).await, world.beta.get_json(&playlist).await);
    for key in ["uuid", "url", "displayName", "description", "privacy", "videosLength", "createdAt"] {
        assert_eq!(here[key], there[key], "{key}");
    }
    assert_eq!((&here["isLocal"], &here["ownerAccount"]["host"]), (&false.into(), &"alpha.test".into()));
    assert_eq!(at_beta(&world, &playlist).await, [(1, true), (2, true), (3, true)]);
    let found = world.beta.get_json("/api/v1/search/video-playlists?search=cards").await;
    assert_eq!(found["total"], 1);

    world.clock().advance(Duration::from_secs(1));
    let step = json!({ "startPosition": 3, "insertAfterPosition": 0 });
    root.post_json(&format!("{playlist}/videos/reorder"), &step).await.assert_success();
    world.settle().await;
    assert_eq!(at_beta(&world, &playlist).await, [(3, true), (1, true), (2, true)]);

    world.clock().advance(Duration::from_secs(1));
    send_form(&root, &world, Method::PUT, &playlist, Form::default().text("privacy", "3")).await;
    world.settle().await;
    assert_eq!(world.beta.get(&playlist).await.status, StatusCode::NOT_FOUND, "what is private is taken back");

    world.clock().advance(Duration::from_secs(1));
    send_form(&root, &world, Method::PUT, &playlist, Form::default().text("privacy", "2")).await;
    world.settle().await;
    assert_eq!(world.beta.get_json(&playlist).await["privacy"]["id"], 2);
    world.clock().advance(Duration::from_secs(1));
    root.delete(&playlist).await.assert_success();
    world.settle().await;
    assert_eq!(world.beta.get(&playlist).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_look_of_a_player_follows_its_video() {
    let world = World::with(["alpha", "beta"]).await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let video = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let path = format!("/api/v1/player-settings/videos/{video}");
    let request = world.alpha.request(Method::PUT, &path).header("content-type", "application/json");
    world.alpha.admin().send(request.body(r#"{"theme":"galaxy"}"#)).await.assert_success();
    world.settle().await;
    assert_eq!(world.beta.get_json(&path).await["theme"], "galaxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_look_of_a_player_comes_with_a_video_and_a_channel_that_are_new_here() {
    let world = World::with(["alpha", "beta"]).await;
    let root = world.alpha.admin();
    let video = root.upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let channel = root.get_json("/api/v1/users/me").await["videoChannels"][0]["name"].as_str().unwrap().to_owned();
    let (of_video, of_channel) = (format!("videos/{video}"), format!("video-channels/{channel}"));
    for path in [&of_video, &of_channel] {
        let request = world.alpha.request(Method::PUT, &format!("/api/v1/player-settings/{path}"));
        let request = request.header("content-type", "application/json").body(r#"{"theme":"galaxy"}"#);
        root.send(request).await.assert_success();
    }
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    world.advance(Duration::from_mins(11)).await;
    for path in [of_video, format!("{of_channel}@alpha.test")] {
        let settings = world.beta.get_json(&format!("/api/v1/player-settings/{path}?raw=true")).await;
        assert_eq!(settings["theme"], "galaxy", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_and_its_videos_are_brought_here_by_its_address() {
    let world = World::with(["alpha", "beta"]).await;
    let video = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let playlist = make(&world).await;
    add(&world, &playlist, video, 1).await;
    let url = world.alpha.get_json(&playlist).await["url"].as_str().unwrap().to_owned();
    let search = format!("/api/v1/search/video-playlists?search={url}");
    assert_eq!(world.beta.get_json(&search).await["total"], 0, "strangers do not send this server around");
    assert_eq!(world.beta.admin().get_json(&search).await["data"][0]["displayName"], "Test cards");
    world.settle().await;
    assert_eq!(at_beta(&world, &playlist).await, [(1, true)]);
    world.alpha.admin().delete(&playlist).await.assert_success();
    world.settle().await;
    world.advance(Duration::from_hours(49)).await;
    world.beta.get_json(&playlist).await;
    world.settle().await;
    assert_eq!(world.beta.get(&playlist).await.status, StatusCode::NOT_FOUND, "nobody told beta, who asked again");
}
