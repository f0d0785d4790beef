//! Who may follow: waiting, accepting, refusing, removing.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;
use shoal_tests::World;

use super::{alpha_asks, count_videos, followers, following};

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_waits_for_approval_and_asking_again_takes_nothing_back() {
    let world = World::configured(["alpha", "beta"], alpha_asks).await;
    world.alpha.app().seed_videos(2).await.unwrap();
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["data"][0]["state"], "pending");
    assert_eq!(following(&world.beta).await["data"][0]["state"], "pending");
    let public = world.alpha.get_as("/accounts/peertube/followers", "application/activity+json").await.json();
    assert_eq!(public["totalItems"], 0, "who waits is not shown");
    let waiting =
        world.alpha.get_json("/api/v1/server/followers?state=pending&search=beta&actorType=Application").await;
    assert_eq!(waiting["total"], 1);
    assert_eq!(world.alpha.get_json("/api/v1/server/followers?search=nobody").await["total"], 0);

    let accept = "/api/v1/server/followers/peertube@beta.test/accept";
    let anonymous = world.alpha.send(world.alpha.request(Method::POST, accept)).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
    world.alpha.admin().post_json(accept, &json!({})).await.assert_success();
    world.settle().await;
    assert_eq!(following(&world.beta).await["data"][0]["state"], "accepted");
    assert_eq!(count_videos(&world.beta).await, 2);
    let again = world.alpha.admin().post_json(accept, &json!({})).await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    // beta forgets that it was accepted, and asks again.
    let mut tx = world.beta.platform().db.begin().await.unwrap();
    tx.query("DELETE FROM follows").execute().await.unwrap();
    tx.commit().await.unwrap();
    world.clock().advance(Duration::from_secs(1));
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["data"][0]["state"], "accepted");
    let public = world.alpha.get_as("/accounts/peertube/followers", "application/activity+json").await.json();
    assert_eq!(public["totalItems"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_follower_stays_refused_and_a_removed_one_may_ask_again() {
    let world = World::configured(["alpha", "beta"], alpha_asks).await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let follower = "/api/v1/server/followers/peertube@beta.test";
    world.alpha.admin().post_json(&format!("{follower}/reject"), &json!({})).await.assert_success();
    world.settle().await;
    assert_eq!(following(&world.beta).await["data"][0]["state"], "rejected");
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.settle().await;
    world.clock().advance(Duration::from_secs(1));
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["data"][0]["state"], "rejected");
    assert_eq!(following(&world.beta).await["data"][0]["state"], "rejected", "the answer is the same again");

    world.alpha.admin().delete(follower).await.assert_success();
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["total"], 0);
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.settle().await;
    world.clock().advance(Duration::from_secs(1));
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["data"][0]["state"], "pending");
}
