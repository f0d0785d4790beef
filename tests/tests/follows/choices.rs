//! What a follow is for: showing, indexing, mirroring.

use std::time::Duration;

use serde_json::json;
use shoal_tests::{Clip, World};

use super::{count_videos, submit};

#[tokio::test(flavor = "multi_thread")]
async fn an_index_in_the_same_process_reads_the_servers_that_are_followed_for_it() {
    let world = World::configured(["alpha", "beta"], |name, config| {
        if name == "beta" {
            config.server.roles = ["instance", "indexer", "search-ui"].map(str::to_owned).to_vec();
        }
    })
    .await;
    world.alpha.admin().upload("Lighthouses of the north", &Clip::tiny().await).await;
    world.settle().await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let found = async || {
        let found = world.beta.get_json("/search-index/api/v1/search/videos?search=lighthouses").await;
        found["total"].as_i64().unwrap()
    };
    assert_eq!(found().await, 1);
    submit(&world.beta, "/admin/following/1/choices", &[("listed", "on"), ("mirrored", "on")]).await;
    world.settle().await;
    assert_eq!(found().await, 0, "a follow that is not for the index");
    submit(&world.beta, "/admin/following/1/choices", &[("indexed", "on")]).await;
    world.settle().await;
    assert_eq!((found().await, count_videos(&world.beta).await), (1, 0), "one that is for nothing else");
    let blocked = json!({ "host": "alpha.test" });
    world.beta.admin().post_json("/api/v1/server/blocklist/servers", &blocked).await.assert_success();
    world.advance(Duration::from_hours(1)).await;
    world.advance(Duration::from_mins(1)).await;
    assert_eq!(found().await, 0, "who is blocked is not found");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_given_back_when_their_server_is_unfollowed() {
    let world = World::configured(["alpha", "beta"], |name, config| config.redundancy.enabled = name == "beta").await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let copies = async || {
        let details = world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
        details["streamingPlaylists"][0]["redundancies"].as_array().unwrap().len()
    };
    assert_eq!(copies().await, 1);
    submit(&world.beta, "/admin/following/1/choices", &[("listed", "on"), ("indexed", "on")]).await;
    world.settle().await;
    assert_eq!(copies().await, 0, "a follow that is not for mirroring keeps no copies");
    submit(&world.beta, "/admin/following/1/choices", &[("listed", "on"), ("mirrored", "on")]).await;
    world.advance(Duration::from_hours(2)).await;
    assert_eq!(copies().await, 1, "the hourly look finds it again");
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.settle().await;
    assert_eq!(copies().await, 0);
}
