//! Likes, views and viewers travel between servers, and both sides count the same.

#![cfg(test)]

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use shoal_tests::{Answer, Client, Clip, User, World};
use uuid::Uuid;

const ACTIVITY: &str = "application/activity+json";

/// A world in which `beta` and `gamma` follow `alpha`, and know its video.
async fn world_with_a_video() -> (World, Uuid) {
    let world = World::with(["alpha", "beta", "gamma"]).await;
    world.beta.admin().follow_server("alpha.test").await;
    world.gamma.admin().follow_server("alpha.test").await;
    world.settle().await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    (world, uuid)
}

async fn rate(user: &User<'_>, server: &Client, uuid: Uuid, rating: &str) -> Answer {
    let body = json!({ "rating": rating }).to_string();
    let request = server.request(Method::PUT, &format!("/api/v1/videos/{uuid}/rate"));
    user.send(request.header("content-type", "application/json").body(body)).await
}

async fn video(server: &Client, uuid: Uuid) -> Value {
    server.get_json(&format!("/api/v1/videos/{uuid}")).await
}

/// Likes and dislikes.
async fn counters(server: &Client, uuid: Uuid) -> (i64, i64) {
    let video = video(server, uuid).await;
    (video["likes"].as_i64().unwrap(), video["dislikes"].as_i64().unwrap())
}

/// Long enough for followers to be told of new counters, and to ask for them.
async fn let_counters_travel(world: &World) {
    world.advance(Duration::from_mins(5)).await;
    world.advance(Duration::from_mins(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_like_reaches_the_origin_at_once_and_everybody_else_soon() {
    let (world, uuid) = world_with_a_video().await;
    let fan = world.beta.admin();
    rate(&fan, &world.beta, uuid, "like").await.assert_success();
    assert_eq!(counters(&world.beta, uuid).await, (1, 0), "whoever likes sees it at once");
    world.settle().await;
    assert_eq!(counters(&world.alpha, uuid).await, (1, 0));
    assert_eq!(counters(&world.gamma, uuid).await, (0, 0));
    let_counters_travel(&world).await;
    assert_eq!(counters(&world.gamma, uuid).await, (1, 0));
    assert_eq!(counters(&world.beta, uuid).await, (1, 0), "what the origin says includes one's own");

    rate(&fan, &world.beta, uuid, "dislike").await.assert_success();
    world.settle().await;
    assert_eq!(counters(&world.alpha, uuid).await, (0, 1));
    rate(&fan, &world.beta, uuid, "none").await.assert_success();
    world.settle().await;
    assert_eq!(counters(&world.alpha, uuid).await, (0, 0));
    let_counters_travel(&world).await;
    for server in [&world.alpha, &world.beta, &world.gamma] {
        assert_eq!(counters(server, uuid).await, (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_like_can_be_found_from_the_video_that_it_is_for() {
    let (world, uuid) = world_with_a_video().await;
    rate(&world.beta.admin(), &world.beta, uuid, "like").await.assert_success();
    world.settle().await;
    let likes = format!("/videos/watch/{uuid}/likes");
    let collection = world.alpha.get_as(&likes, ACTIVITY).await.success().json();
    assert_eq!((&collection["type"], &collection["totalItems"]), (&"OrderedCollection".into(), &1.into()));
    let page = world.alpha.get_as(&format!("{likes}?page=1"), ACTIVITY).await.success().json();
    let like = page["orderedItems"][0].as_str().unwrap();
    let like = world.beta.get_as(like, ACTIVITY).await.success().json();
    assert_eq!((&like["type"], &like["actor"]), (&"Like".into(), &"http://beta.test/accounts/root".into()));
    assert_eq!(like["object"], format!("http://alpha.test/videos/watch/{uuid}"));
    let none = world.alpha.get_as(&format!("/videos/watch/{uuid}/dislikes"), ACTIVITY).await.success().json();
    assert_eq!(none["totalItems"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shares_a_video_can_be_asked() {
    let (world, uuid) = world_with_a_video().await;
    let path = format!("/videos/watch/{uuid}/announces?page=1");
    let page = world.alpha.get_as(&path, ACTIVITY).await.success().json();
    let items = page["orderedItems"].as_array().unwrap();
    assert_eq!((items.len(), &page["totalItems"]), (2, &2.into()), "its channel and its server");
    for item in items {
        let announce = world.alpha.get_as(item.as_str().unwrap(), ACTIVITY).await.success().json();
        assert_eq!((&announce["type"], &announce["id"]), (&"Announce".into(), item));
    }
    let nobody = world.alpha.get_as(&format!("/videos/watch/{uuid}/announces/999999"), ACTIVITY).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_and_change_their_own_ratings_only() {
    let world = World::with(["alpha"]).await;
    let root = world.alpha.admin();
    let uuid = root.upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let rating = format!("/api/v1/users/me/videos/{uuid}/rating");
    assert_eq!(root.get_json(&rating).await["rating"], "none");
    assert_eq!(rate(&root, &world.alpha, uuid, "like").await.status, StatusCode::NO_CONTENT);
    assert_eq!(root.get_json(&rating).await["rating"], "like");
    let list = root.get_json("/api/v1/accounts/root/ratings").await;
    assert_eq!((&list["total"], &list["data"][0]["rating"]), (&1.into(), &"like".into()));
    assert_eq!(list["data"][0]["video"]["uuid"], uuid.to_string());
    assert_eq!(root.get_json("/api/v1/accounts/root/ratings?rating=dislike").await["total"], 0);

    for (path, status) in [
        ("/api/v1/accounts/root/ratings", StatusCode::UNAUTHORIZED),
        ("/api/v1/accounts/root/ratings?count=101", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(world.alpha.get(path).await.status, status);
    }
    for path in ["?count=101", "?start=-1", "?sort=name", "?rating=love"] {
        let answer = root.get(&format!("/api/v1/accounts/root/ratings{path}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
    }
    assert_eq!(root.get("/api/v1/accounts/peertube/ratings").await.status, StatusCode::FORBIDDEN);
    assert_eq!(rate(&root, &world.alpha, uuid, "love").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(rate(&root, &world.alpha, Uuid::nil(), "like").await.status, StatusCode::NOT_FOUND);
    let stranger = world.alpha.request(Method::PUT, &format!("/api/v1/videos/{uuid}/rate"));
    let stranger = stranger.header("content-type", "application/json").body(r#"{"rating":"like"}"#);
    assert_eq!(world.alpha.send(stranger).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_is_liked_without_scripts() {
    let world = World::with(["alpha"]).await;
    let root = world.alpha.admin();
    let uuid = root.upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let page = format!("/videos/watch/{uuid}");
    let visitor = world.alpha.get_as(&page, "text/html").await.success().text();
    assert!(visitor.contains("/login?next=/w/"), "visitors are led to the log-in");

    let token = root.token().await;
    let press = |rating: &'static str, origin: &'static str| {
        let form = world.alpha.request(Method::POST, &format!("/w/{uuid}/rate")).header("origin", origin);
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        form.header("cookie", format!("shoal_session={token}")).body(format!("rating={rating}"))
    };
    let forged = world.alpha.send(press("like", "http://evil.test")).await;
    assert!(forged.header("location").unwrap().starts_with("/login"), "{forged:?}");
    assert_eq!(counters(&world.alpha, uuid).await, (0, 0));
    let answer = world.alpha.send(press("like", "http://alpha.test")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.header("location").unwrap().starts_with("/w/"));
    assert_eq!(counters(&world.alpha, uuid).await, (1, 0));
    let reader = world.alpha.request(Method::GET, &page).header("accept", "text/html");
    let reader = world.alpha.send(reader.header("cookie", format!("shoal_session={token}"))).await.success().text();
    assert!(reader.contains(r#"value="none" aria-pressed="true""#), "pressing again takes it back: {reader}");
}

async fn watch(server: &Client, uuid: Uuid, body: &Value) -> StatusCode {
    let request = server.request(Method::POST, &format!("/api/v1/videos/{uuid}/views"));
    server.send(request.header("content-type", "application/json").body(body.to_string())).await.status
}

/// Somebody watches the first five seconds of a video.
async fn watch_it(world: &World, server: &Client, uuid: Uuid) {
    assert_eq!(watch(server, uuid, &json!({ "currentTime": 0 })).await, StatusCode::NO_CONTENT);
    world.advance(Duration::from_secs(5)).await;
    assert_eq!(watch(server, uuid, &json!({ "currentTime": 5 })).await, StatusCode::NO_CONTENT);
    world.advance(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_counted_at_the_origin_wherever_they_happen() {
    let (world, uuid) = world_with_a_video().await;
    watch_it(&world, &world.beta, uuid).await;
    world.advance(Duration::from_secs(5)).await;
    assert_eq!(video(&world.alpha, uuid).await["views"], 1);
    watch_it(&world, &world.beta, uuid).await;
    watch_it(&world, &world.alpha, uuid).await;
    world.advance(Duration::from_secs(5)).await;
    assert_eq!(video(&world.alpha, uuid).await["views"], 2, "the viewer at beta is still the same");
    let_counters_travel(&world).await;
    assert_eq!(video(&world.gamma, uuid).await["views"], 2);
    assert_eq!(video(&world.beta, uuid).await["views"], 2);
    world.advance(Duration::from_mins(11)).await; // so that nobody is still watching when the servers stop
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_how_many_are_watching() {
    let (world, uuid) = world_with_a_video().await;
    assert_eq!(video(&world.alpha, uuid).await["viewers"], 0);
    world.advance(Duration::from_mins(1)).await;
    assert_eq!(watch(&world.beta, uuid, &json!({ "currentTime": 0 })).await, StatusCode::NO_CONTENT);
    assert_eq!(video(&world.beta, uuid).await["viewers"], 1);
    world.advance(Duration::from_secs(50)).await;
    assert_eq!(watch(&world.beta, uuid, &json!({ "currentTime": 1 })).await, StatusCode::NO_CONTENT);
    world.advance(Duration::from_secs(20)).await;
    assert_eq!(video(&world.alpha, uuid).await["viewers"], 1, "beta tells the origin");
    world.advance(Duration::from_secs(65)).await;
    assert_eq!(video(&world.gamma, uuid).await["viewers"], 1, "the origin tells its followers");
    world.advance(Duration::from_mins(10)).await;
    for server in [&world.alpha, &world.beta, &world.gamma] {
        assert_eq!(video(server, uuid).await["viewers"], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_watched_is_told_to_the_origin() {
    let (world, uuid) = world_with_a_video().await;
    watch_it(&world, &world.beta, uuid).await;
    world.advance(Duration::from_mins(11)).await;
    let mut database = world.alpha.platform().db.read().await.unwrap();
    let (url, watched_s): (String, i64) =
        database.query("SELECT url, watched_s FROM video_watches").fetch_one().await.unwrap();
    assert_eq!(watched_s, 5);
    let document = world.beta.get_as(&url, ACTIVITY).await.success().json();
    assert_eq!((&document["type"], &document["id"]), (&"WatchAction".into(), &url.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_counts_at_the_origin_wherever_it_is_asked_for() {
    let (world, uuid) = world_with_a_video().await;
    let file = video(&world.alpha, uuid).await["streamingPlaylists"][0]["files"][0].clone();
    let path = format!("/download/streaming-playlists/hls/videos/{uuid}-{}-fragmented.mp4", file["resolution"]["id"]);
    for _ in 0..2 {
        let answer = world.beta.get(&path).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, file["fileUrl"].as_str()));
    }
    world.alpha.get(&path).await.assert_success();
    world.alpha.send(world.alpha.request(Method::GET, &path).header("range", "bytes=100-200")).await.assert_success();
    world.advance(Duration::from_secs(5)).await;
    assert_eq!(video(&world.alpha, uuid).await["downloads"], 2, "one there, one here");
    let_counters_travel(&world).await;
    for server in [&world.beta, &world.gamma] {
        assert_eq!(video(server, uuid).await["downloads"], 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_no_view() {
    let world = World::with(["alpha"]).await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    for body in [
        json!({ "currentTime": -1 }),
        json!({ "currentTime": 1, "viewEvent": "dance" }),
        json!({ "currentTime": 1, "sessionId": "x".repeat(101) }),
    ] {
        assert_eq!(watch(&world.alpha, uuid, &body).await, StatusCode::BAD_REQUEST, "{body}");
    }
    assert!(watch(&world.alpha, uuid, &json!({})).await.is_client_error());
    assert_eq!(watch(&world.alpha, Uuid::nil(), &json!({ "currentTime": 1 })).await, StatusCode::NOT_FOUND);
    for _ in 0..5 {
        assert_eq!(watch(&world.alpha, uuid, &json!({ "currentTime": 6 })).await, StatusCode::NO_CONTENT);
    }
    world.advance(Duration::from_secs(5)).await;
    assert_eq!(video(&world.alpha, uuid).await["views"], 0, "nobody watched anything");
}
