//! A copy is complete, its origin knows it, and it plays when the origin is gone.

#![cfg(test)]

use http::StatusCode;
use instance::Config;
use platform::config::ByteSize;
use serde_json::Value;
use shoal_tests::{Clip, World, hls::Source};
use uuid::Uuid;

fn beta_mirrors(name: &str, config: &mut Config) {
    config.redundancy.enabled = name == "beta";
}

/// A world in which beta follows alpha and has had the time to copy a video of it.
async fn with_a_video_of_alpha(configure: impl Fn(&str, &mut Config)) -> (World, Uuid) {
    let world = World::configured(["alpha", "beta"], configure).await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    (world, uuid)
}

fn copies(details: &Value) -> &Vec<Value> {
    details["streamingPlaylists"][0]["redundancies"].as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_origin_lists_the_copy() {
    let (world, uuid) = with_a_video_of_alpha(beta_mirrors).await;
    let details = world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
    let base = copies(&details)[0]["baseUrl"].as_str().unwrap();
    assert_eq!(base, format!("http://beta.test/static/redundancy/hls/{uuid}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_has_every_byte_of_the_origin() {
    let (world, uuid) = with_a_video_of_alpha(beta_mirrors).await;
    let details = world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
    let origin = Source::of(&details);
    let copy = origin.moved_to(copies(&details)[0]["baseUrl"].as_str().unwrap());
    assert_eq!(copy.play(&world.beta).await, origin.play(&world.alpha).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_video_plays_when_its_origin_is_gone() {
    let (mut world, uuid) = with_a_video_of_alpha(beta_mirrors).await;
    // Nobody answers when the origin is asked for comments.
    world.expect_failures();
    let details = world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
    let expected = Source::of(&details).play(&world.alpha).await;
    world.alpha.go_offline().await;

    let path = format!("/w/{}", platform::ids::short_uuid(uuid));
    let page = world.beta.get_as(&path, "text/html").await.success().text();
    let base = format!("/static/redundancy/hls/{uuid}");
    assert!(page.contains(&base), "the page does not lead to beta's copy: {page}");
    let copy = Source::of(&details).moved_to(&format!("http://beta.test{base}"));
    assert_eq!(copy.play(&world.beta).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_beyond_the_budget_is_not_copied() {
    let (world, uuid) = with_a_video_of_alpha(|name, config| {
        beta_mirrors(name, config);
        config.redundancy.budget = ByteSize(10_000);
    })
    .await;
    let details = world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
    assert!(copies(&details).is_empty());
    assert!(world.beta.platform().storage.list("redundancy").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_goes_when_the_video_is_deleted() {
    let (world, uuid) = with_a_video_of_alpha(beta_mirrors).await;
    let details = world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
    let source = Source::of(&details).moved_to(&format!("/static/redundancy/hls/{uuid}"));
    world.beta.get(&format!("{}/{}", source.folder, source.master)).await.assert_success();
    world.alpha.admin().delete(&format!("/api/v1/videos/{uuid}")).await.assert_success();
    world.settle().await;
    let gone = world.beta.get(&format!("{}/{}", source.folder, source.master)).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}
