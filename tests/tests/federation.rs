//! What one server says, others hear: between servers of this kind.

#![cfg(test)]

#[path = "federation/moderation.rs"]
mod moderation;

use http::StatusCode;
use serde_json::Value;
use shoal_tests::{Clip, World};

async fn beta_follows_alpha(world: &World) {
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
}

/// The names of a server's videos, its own and others'.
fn names(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|video| video["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_is_accepted() {
    let world = World::with(["alpha", "beta"]).await;
    beta_follows_alpha(&world).await;
    let following = world.beta.get_json("/api/v1/server/following").await;
    let follow = &following["data"][0];
    assert_eq!((&follow["state"], &follow["following"]["host"]), (&"accepted".into(), &"alpha.test".into()));
    let followers = world.alpha.get_json("/api/v1/server/followers").await;
    assert_eq!(followers["data"][0]["follower"]["host"], "beta.test");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_video_appears_where_its_server_is_followed() {
    let world = World::with(["alpha", "beta", "gamma"]).await;
    beta_follows_alpha(&world).await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let (there, here) = (
        world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await,
        world.beta.get_json(&format!("/api/v1/videos/{uuid}")).await,
    );
    for key in ["uuid", "name", "description", "duration", "publishedAt", "tags", "url", "nsfw"] {
        assert_eq!(here[key], there[key], "{key}");
    }
    assert_eq!((&here["isLocal"], &here["account"]["host"]), (&false.into(), &"alpha.test".into()));
    assert_eq!(names(&world.beta.get_json("/api/v1/videos").await), ["A test card"]);
    let home = world.beta.get_as("/", "text/html").await.success().text();
    assert!(home.contains("A test card") && home.contains("alpha.test"), "{home}");
    let elsewhere = world.gamma.get(&format!("/api/v1/videos/{uuid}")).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND, "gamma follows nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn videos_from_before_the_follow_appear_too() {
    let world = World::with(["alpha", "beta"]).await;
    let uuid = world.alpha.admin().upload("Older than the follow", &Clip::tiny().await).await;
    world.settle().await;
    beta_follows_alpha(&world).await;
    world.beta.get(&format!("/api/v1/videos/{uuid}")).await.assert_success();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_video_disappears_everywhere() {
    let world = World::with(["alpha", "beta"]).await;
    beta_follows_alpha(&world).await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    world.beta.get(&format!("/api/v1/videos/{uuid}")).await.assert_success();
    world.alpha.admin().delete(&format!("/api/v1/videos/{uuid}")).await.assert_success();
    world.settle().await;
    assert_eq!(world.beta.get(&format!("/api/v1/videos/{uuid}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.beta.get_json("/api/v1/videos").await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_misses_while_it_is_off_it_gets_later() {
    let world = World::with(["alpha", "beta"]).await;
    beta_follows_alpha(&world).await;
    world.beta.go_offline().await;
    let uuid = world.alpha.admin().upload("While beta sleeps", &Clip::tiny().await).await;
    world.settle().await;
    world.beta.go_online().await;
    world.advance(std::time::Duration::from_hours(3)).await;
    world.beta.get(&format!("/api/v1/videos/{uuid}")).await.assert_success();
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_can_find_out_who_is_there() {
    let world = World::with(["alpha"]).await;
    let finger = world.alpha.get_json("/.well-known/webfinger?resource=acct:root@alpha.test").await;
    assert_eq!(finger["subject"], "acct:root@alpha.test");
    let info = world.alpha.get_json("/.well-known/nodeinfo").await;
    let href = info["links"][0]["href"].as_str().unwrap();
    let software = world.alpha.get_json(href).await;
    assert!(software["protocols"].as_array().unwrap().contains(&"activitypub".into()), "{software}");
    let actor = world.alpha.get_as("/accounts/peertube", "application/activity+json").await.success();
    assert_eq!(actor.json()["type"], "Application");
    let unsigned = world.alpha.request(http::Method::POST, "/inbox").body("{}");
    let refused = world.alpha.send(unsigned.header("content-type", "application/activity+json")).await;
    assert!(refused.status.is_client_error(), "an unsigned activity is {}", refused.status);
}
