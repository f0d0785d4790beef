//! What a server tells, the index knows: without a crawl, as the clock stands still.

#![cfg(test)]

use std::time::Duration;

use http::{Method, StatusCode};
use indexer::{
    hosts::{self, consent},
    listen::FollowState,
};
use instance::Config;
use platform::clock::Clock;
use serde_json::{Value, json};
use shoal_tests::{Client, Clip, Process, Server, World, form::upload_form};
use tokio::time::Instant;
use uuid::Uuid;

/// Puts alpha on the list of an index, as `shoal index add` does, and reads it.
async fn index_alpha(world: &World, index: &Server) {
    let platform = index.platform();
    let mut tx = platform.db.begin().await.unwrap();
    hosts::add_host(&mut tx, "http://alpha.test", true, world.clock().now()).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
}

async fn state_of_alpha(index: &Server) -> Option<FollowState> {
    let mut conn = index.platform().db.read().await.unwrap();
    let status = hosts::find(&mut conn, "alpha.test").await.unwrap();
    status.and_then(|status| status.follow).map(|follow| follow.state)
}

/// The names of what is found.
async fn found(world: &World, search: &str) -> Vec<String> {
    let found = world.search.get_json(&format!("/api/v1/search/videos?search={search}")).await;
    let names = found["data"].as_array().unwrap().iter().map(|video| video["name"].as_str().unwrap().to_owned());
    names.collect()
}

async fn edit(world: &World, uuid: Uuid, change: &Value) {
    // An edit within the same millisecond as the last one would have its id.
    world.clock().advance(Duration::from_millis(1));
    let path = format!("/api/v1/videos/{uuid}");
    let request = world.alpha.request(Method::PUT, &path).header("content-type", "application/json");
    world.alpha.admin().send(request.body(change.to_string())).await.assert_success();
    world.settle().await;
}

async fn publish(world: &World, title: &str) -> Uuid {
    let uuid = world.alpha.admin().upload(title, &Clip::tiny().await).await;
    world.settle().await;
    uuid
}

/// An index that has read alpha while there was nothing, and follows it.
async fn listening() -> World {
    let world = World::with(["alpha", "search"]).await;
    index_alpha(&world, &world.search).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_of_the_list_is_followed_and_accepts() {
    let world = listening().await;
    assert_eq!(state_of_alpha(&world.search).await, Some(FollowState::Accepted));
    let followers = world.alpha.get_json("/api/v1/server/followers").await;
    let follower = &followers["data"][0]["follower"];
    assert_eq!((&follower["name"], &follower["host"]), (&"search-index".into(), &"search.test".into()));
    let page = world.search.get_as("/hosts/alpha.test", "text/html").await.success().text();
    assert!(page.contains("Tells what is new") && page.contains("at once"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_an_actor_that_publishes_nothing() {
    let world = listening().await;
    let actor = world.search.get_as("/index/actor", "application/activity+json").await.success().json();
    assert_eq!(
        (&actor["type"], &actor["inbox"]),
        (&"Application".into(), &"http://search.test/index/actor/inbox".into())
    );
    for resource in ["acct:search-index@search.test", "http://search.test/index/actor"] {
        let answer = world.search.get_json(&format!("/.well-known/webfinger?resource={resource}")).await;
        assert_eq!(answer["aliases"], json!(["http://search.test/index/actor"]), "{resource}");
    }
    let nobody = world.search.get("/.well-known/webfinger?resource=acct:bob@search.test").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    assert_eq!(world.search.get_json("/index/actor/outbox").await["totalItems"], 0);
    assert_eq!(world.search.get_json("/index/actor/following").await["totalItems"], 1);
    let unsigned = world.search.request(Method::POST, "/index/actor/inbox").body("{}");
    assert!(world.search.send(unsigned).await.status.is_client_error());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_video_is_found_a_renamed_one_by_its_new_name_and_a_deleted_one_not() {
    let world = listening().await;
    let uuid = publish(&world, "Lighthouses of the north").await;
    assert_eq!(found(&world, "lighthouses").await, ["Lighthouses of the north"]);
    let tags = world.search.get_json("/api/v1/search/videos?tagsOneOf=test+card").await;
    assert_eq!(tags["total"], 1, "all that its page tells is known");

    edit(&world, uuid, &json!({"name": "Windmills of the south"})).await;
    assert_eq!(found(&world, "windmills").await, ["Windmills of the south"]);
    assert!(found(&world, "lighthouses").await.is_empty());

    world.alpha.admin().delete(&format!("/api/v1/videos/{uuid}")).await.assert_success();
    world.settle().await;
    assert!(found(&world, "windmills").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_is_found_only_while_it_is_public() {
    let world = listening().await;
    let uuid = publish(&world, "Lighthouses of the north").await;
    for privacy in [2, 3, 4] {
        edit(&world, uuid, &json!({ "privacy": privacy })).await;
        assert!(found(&world, "lighthouses").await.is_empty(), "privacy {privacy}");
        edit(&world, uuid, &json!({"privacy": 1})).await;
        assert_eq!(found(&world, "lighthouses").await.len(), 1, "after privacy {privacy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlisted_video_is_never_found() {
    let world = listening().await;
    let root = world.alpha.admin();
    let form = upload_form(root.channel().await, "Lighthouses of the north", &Clip::tiny().await.bytes);
    let (body, content_type) = form.text("privacy", "2").finish();
    let request = world.alpha.request(Method::POST, "/api/v1/videos/upload").header("content-type", content_type);
    let uploaded = root.send(request.body(body)).await.success().json();
    world.settle().await;
    let uuid = uploaded["video"]["uuid"].as_str().unwrap();
    let video = world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await;
    assert_eq!(video["privacy"]["id"], 2, "who has the link sees it");
    edit(&world, uuid.parse().unwrap(), &json!({"name": "Lighthouses"})).await;
    assert!(found(&world, "lighthouses").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_does_not_want_to_be_found_goes_at_once_and_comes_back() {
    let world = listening().await;
    publish(&world, "Lighthouses of the north").await;
    let me = world.alpha.admin().get_json("/api/v1/users/me").await;
    let path = format!("/api/v1/video-channels/{}", me["videoChannels"][0]["name"].as_str().unwrap());
    for (description, count) in [("My films. #noindex", 0), ("My films.", 1)] {
        world.clock().advance(Duration::from_millis(1));
        let request = world.alpha.request(Method::PUT, &path).header("content-type", "application/json");
        let body = json!({ "description": description }).to_string();
        world.alpha.admin().send(request.body(body)).await.assert_success();
        world.settle().await;
        assert_eq!(found(&world, "lighthouses").await.len(), count, "{description}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_indexable_is_never_found() {
    let world = listening().await;
    let mut tx = world.alpha.platform().db.begin().await.unwrap();
    tx.query("UPDATE actors SET is_indexable = FALSE WHERE username = 'root_channel'").execute().await.unwrap();
    tx.commit().await.unwrap();
    publish(&world, "Lighthouses of the north").await;
    assert!(found(&world, "lighthouses").await.is_empty());
    index_alpha(&world, &world.search).await;
    assert!(found(&world, "lighthouses").await.is_empty(), "a crawl does not find it either");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_refuses_is_crawled() {
    let alpha_asks = |name: &str, config: &mut Config| config.instance.accept_followers = name != "alpha";
    let world = World::configured(["alpha", "search"], alpha_asks).await;
    publish(&world, "Lighthouses of the north").await;
    index_alpha(&world, &world.search).await;
    assert_eq!(state_of_alpha(&world.search).await, Some(FollowState::Asked));
    let root = world.alpha.admin();
    let reject = "/api/v1/server/followers/search-index@search.test/reject";
    root.post_json(reject, &json!({})).await.assert_success();
    world.settle().await;
    assert_eq!(state_of_alpha(&world.search).await, Some(FollowState::Refused));
    assert_eq!(found(&world, "lighthouses").await.len(), 1);
    publish(&world, "Windmills of the south").await;
    assert!(found(&world, "windmills").await.is_empty(), "nothing is told");
    world.advance(Duration::from_hours(7)).await;
    world.advance(Duration::from_mins(1)).await;
    assert_eq!(found(&world, "windmills").await.len(), 1);
    assert_eq!(state_of_alpha(&world.search).await, Some(FollowState::Refused), "it is not asked again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_ends_with_its_reason() {
    let world = listening().await;
    let platform = world.search.platform();
    let mut tx = platform.db.begin().await.unwrap();
    let alpha = consent::Subject::parse("http://alpha.test", true).unwrap();
    consent::opt_out(&mut tx, &alpha, consent::Proof::Operator, world.clock().now()).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
    assert_eq!(world.alpha.get_json("/api/v1/server/followers").await["total"], 0, "alpha was told");
    publish(&world, "Lighthouses of the north").await;
    assert!(found(&world, "lighthouses").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_while_the_index_is_off_it_hears_later() {
    let world = listening().await;
    world.search.go_offline().await;
    publish(&world, "Lighthouses of the north").await;
    world.search.go_online().await;
    world.advance(Duration::from_mins(2)).await;
    assert_eq!(found(&world, "lighthouses").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_does_not_listen_follows_nobody() {
    let deaf = |name: &str, config: &mut Config| config.indexer.listen = name != "search";
    let world = World::configured(["alpha", "search"], deaf).await;
    index_alpha(&world, &world.search).await;
    assert_eq!(state_of_alpha(&world.search).await, None);
    assert_eq!(world.search.get("/index/actor").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_an_instance_the_index_is_an_actor_of_its_own() {
    let both = |name: &str, config: &mut Config| {
        if name == "beta" {
            config.server.roles = ["instance", "indexer", "search-ui"].map(str::to_owned).to_vec();
        }
    };
    let world = World::configured(["alpha", "beta"], both).await;
    index_alpha(&world, &world.beta).await;
    assert_eq!(state_of_alpha(&world.beta).await, Some(FollowState::Accepted));
    let index = world.beta.get_json("/.well-known/webfinger?resource=acct:search-index@beta.test").await;
    assert_eq!(index["aliases"], json!(["http://beta.test/index/actor"]));
    world.beta.get_json("/.well-known/webfinger?resource=acct:root@beta.test").await;

    publish(&world, "Lighthouses of the north").await;
    let path = "/search-index/api/v1/search/videos?search=lighthouses";
    assert_eq!(world.beta.get_json(path).await["total"], 1);
    assert_eq!(world.beta.get_json("/api/v1/videos").await["total"], 0, "the instance follows nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_hears_what_the_instance_beside_it_publishes() {
    let all = |_: &str, config: &mut Config| {
        config.server.roles = ["instance", "indexer", "search-ui"].map(str::to_owned).to_vec();
    };
    let world = World::configured(["alpha"], all).await;
    index_alpha(&world, &world.alpha).await;
    let uuid = publish(&world, "Lighthouses of the north").await;
    let path = "/search-index/api/v1/search/videos?search=lighthouses";
    assert_eq!(world.alpha.get_json(path).await["total"], 1);
    world.alpha.admin().delete(&format!("/api/v1/videos/{uuid}")).await.assert_success();
    world.settle().await;
    assert_eq!(world.alpha.get_json(path).await["total"], 0);
    assert_eq!(state_of_alpha(&world.alpha).await, None, "nobody asks himself");
}

/// How many videos of this title an index finds.
async fn count(client: &Client, title: &str) -> Option<i64> {
    let request = client.request(Method::GET, &format!("/api/v1/search/videos?search={title}"));
    client.try_send(request).await?.json()["total"].as_i64()
}

#[tokio::test]
async fn between_processes_it_takes_less_than_five_seconds() {
    const LONGEST: Duration = Duration::from_secs(5);
    let root = tempfile::tempdir().unwrap();
    let alpha = Process::start("alpha", &["instance"], root.path(), "").await;
    let hosts = format!("[indexer]\nhosts = [{:?}]\n", alpha.url());
    let search = Process::start("search", &["indexer", "search-ui"], root.path(), &hosts).await;
    let page = format!("/hosts/{}", alpha.url().trim_start_matches("http://"));
    let accepts = async |client: &Client| {
        let answer = client.try_send(client.request(Method::GET, &page)).await?;
        answer.text().contains("at once, since").then_some(())
    };
    search.until("a follow", accepts).await;

    let uuid = alpha.admin().upload("Lighthouses", &Clip::tiny().await).await;
    let path = format!("/api/v1/videos/{uuid}");
    let is_published = async |client: &Client| {
        let answer = client.try_send(client.request(Method::GET, &path)).await?;
        (answer.status.is_success() && answer.json()["state"]["id"] == 1).then_some(Instant::now())
    };
    let published = alpha.until("a publication", is_published).await;
    search.until("the video", async |client| (count(client, "lighthouses").await? == 1).then_some(())).await;
    assert!(published.elapsed() < LONGEST, "it was found after {:?}", published.elapsed());

    alpha.admin().delete(&path).await.assert_success();
    let deleted = Instant::now();
    search.until("its end", async |client| (count(client, "lighthouses").await? == 0).then_some(())).await;
    assert!(deleted.elapsed() < LONGEST, "it was gone after {:?}", deleted.elapsed());
}
