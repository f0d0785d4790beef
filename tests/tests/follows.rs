//! Following servers, accounts and channels.

#![cfg(test)]

#[path = "follows/approval.rs"]
mod approval;
#[path = "follows/choices.rs"]
mod choices;
#[path = "follows/lookup.rs"]
mod lookup;
#[path = "follows/pages.rs"]
mod pages;
#[path = "follows/reading.rs"]
mod reading;

use std::time::Duration;

use http::{Method, StatusCode};
use instance::Config;
use serde_json::{Value, json};
use shoal_tests::{Answer, Client, Clip, Server, World};

async fn follow(server: &Server, target: &str) {
    let wanted = json!({ "handles": [target] });
    server.admin().post_json("/api/v1/server/following", &wanted).await.assert_success();
}

async fn followers(server: &Server) -> Value {
    server.get_json("/api/v1/server/followers").await
}

async fn following(server: &Server) -> Value {
    server.get_json("/api/v1/server/following").await
}

async fn count_videos(server: &Server) -> i64 {
    server.get_json("/api/v1/videos?count=0").await["total"].as_i64().unwrap()
}

/// Sends a form as a page of the server would, by the cookie of its administrator.
async fn submit(client: &Client, path: &str, form: &[(&str, &str)]) -> Answer {
    let token = client.admin().token().await;
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = client
        .request(Method::POST, path)
        .header("cookie", format!("shoal_session={token}"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    client.send(request.body(body)).await
}

/// A page as the administrator sees it.
async fn page(client: &Client, path: &str) -> Answer {
    let token = client.admin().token().await;
    let request = client.request(Method::GET, path).header("cookie", format!("shoal_session={token}"));
    client.send(request.header("accept", "text/html")).await
}

fn alpha_asks(name: &str, config: &mut Config) {
    config.instance.accept_followers = name != "alpha";
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_followed_by_handle_and_an_account_by_address() {
    let world = World::with(["alpha", "beta", "gamma"]).await;
    let channel = world.alpha.admin().get_json("/api/v1/users/me").await["videoChannels"][0].clone();
    let handle = format!("@{}@alpha.test", channel["name"].as_str().unwrap());
    world.alpha.app().seed_videos(3).await.unwrap();
    follow(&world.beta, &handle).await;
    follow(&world.gamma, "http://alpha.test/accounts/root").await;
    world.settle().await;
    for server in [&world.beta, &world.gamma] {
        let following = following(server).await;
        assert_eq!(following["data"][0]["state"], "accepted", "{following}");
        assert_eq!(count_videos(server).await, 3, "what was published before the follow is here");
    }
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    for server in [&world.beta, &world.gamma] {
        server.get(&format!("/api/v1/videos/{uuid}")).await.assert_success();
    }
    let path = format!("/api/v1/server/following/{}", handle.trim_start_matches('@'));
    world.beta.admin().delete(&path).await.assert_success();
    world.settle().await;
    assert_eq!(following(&world.beta).await["total"], 0);
    let mine = world.alpha.admin().get_json("/api/v1/accounts/root/followers").await;
    assert_eq!((&mine["total"], &mine["data"][0]["follower"]["host"]), (&1.into(), &"gamma.test".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_follows_leaves_and_follows_again_within_a_second_is_a_follower() {
    let world = World::with(["alpha", "beta"]).await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    world.clock().advance(Duration::from_millis(300));
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["total"], 0);
    world.clock().advance(Duration::from_millis(300));
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(followers(&world.alpha).await["data"][0]["state"], "accepted");
    assert_eq!(following(&world.beta).await["data"][0]["state"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_follows_is_followed_back_if_the_operator_wants_that() {
    let world =
        World::configured(["alpha", "beta"], |name, config| config.instance.follow_back = name == "alpha").await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let following = following(&world.alpha).await;
    assert_eq!((&following["total"], &following["data"][0]["state"]), (&1.into(), &"accepted".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_of_a_list_are_followed_once() {
    let list = "http://alpha.test/api/v1/search/video-channels";
    let world = World::configured(["alpha", "beta"], |name, config| {
        if name == "beta" {
            config.instance.follow_lists = vec![list.parse().unwrap()];
        }
    })
    .await;
    world.advance(Duration::from_hours(1)).await;
    assert_eq!(following(&world.beta).await["data"][0]["following"]["host"], "alpha.test");
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.advance(Duration::from_hours(2)).await;
    assert_eq!(following(&world.beta).await["total"], 0, "who was unfollowed is not followed again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_subscribes_to_channels_here_and_elsewhere() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(3).await.unwrap();
    world.beta.app().seed_videos(1).await.unwrap();
    let name = |me: &Value| me["videoChannels"][0]["name"].as_str().unwrap().to_owned();
    let there = format!("{}@alpha.test", name(&world.alpha.admin().get_json("/api/v1/users/me").await));
    let here = format!("{}@beta.test", name(&world.beta.admin().get_json("/api/v1/users/me").await));
    let me = world.beta.admin();
    for handle in [&there, &here] {
        me.post_json("/api/v1/users/me/subscriptions", &json!({ "uri": handle })).await.assert_success();
    }
    world.settle().await;
    let list = me.get_json("/api/v1/users/me/subscriptions").await;
    assert_eq!(list["total"], 2, "{list}");
    let exist = me.get_json(&format!("/api/v1/users/me/subscriptions/exist?uris={there}&uris=x@alpha.test")).await;
    assert_eq!(exist, json!({ there.clone(): true, "x@alpha.test": false }));
    let shown = me.get_json(&format!("/api/v1/users/me/subscriptions/{there}")).await;
    assert_eq!(shown["host"], "alpha.test");
    assert_eq!(me.get_json("/api/v1/users/me/subscriptions/videos").await["total"], 4);
    assert_eq!(world.beta.get("/api/v1/users/me/subscriptions/videos").await.status, StatusCode::UNAUTHORIZED);
    let subscriptions = page(&world.beta, "/subscriptions").await.success().text();
    assert!(subscriptions.contains("Seeded video"), "{subscriptions}");
    let followers = world.alpha.admin().get_json("/api/v1/accounts/root/followers").await;
    assert_eq!(followers["data"][0]["follower"]["name"], "root");

    me.delete(&format!("/api/v1/users/me/subscriptions/{there}")).await.assert_success();
    world.settle().await;
    assert_eq!(me.get_json("/api/v1/users/me/subscriptions/videos").await["total"], 1);
    let gone = me.delete(&format!("/api/v1/users/me/subscriptions/{there}")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(world.alpha.admin().get_json("/api/v1/accounts/root/followers").await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_for_days_is_followed_when_it_is_back() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.go_offline().await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let text = page(&world.beta, "/admin/following").await.success().text();
    assert!(text.contains("alpha.test") && text.contains("tried once"), "{text}");
    for _ in 0..18 {
        world.clock().advance(Duration::from_hours(8));
        world.settle().await;
    }
    world.alpha.go_online().await;
    world.clock().advance(Duration::from_hours(8));
    world.settle().await;
    world.beta.admin().come_back().await;
    assert_eq!(following(&world.beta).await["data"][0]["state"], "accepted");
    let text = page(&world.beta, "/admin/following").await.success().text();
    assert!(!text.contains("Not found yet"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_for_a_week_is_said_to_be_and_can_be_tried_again() {
    let mut world = World::with(["alpha", "beta"]).await;
    world.expect_failures();
    world.alpha.go_offline().await;
    world.beta.admin().follow_server("alpha.test").await;
    for _ in 0..40 {
        world.settle().await;
        world.clock().advance(Duration::from_hours(8));
    }
    world.beta.admin().come_back().await;
    let text = page(&world.beta, "/admin/following").await.success().text();
    assert!(text.contains("did not answer for seven days"), "{text}");
    world.alpha.go_online().await;
    world.settle().await;
    assert_eq!(following(&world.beta).await["total"], 0, "nothing happens by itself any more");
    let (_, rest) = text.split_once("/admin/following/searches/").unwrap();
    let (id, _) = rest.split_once('/').unwrap();
    let retried = submit(&world.beta, &format!("/admin/following/searches/{id}/retry"), &[]).await;
    assert_eq!(retried.header("location"), Some("/admin/following"));
    world.settle().await;
    assert_eq!(following(&world.beta).await["data"][0]["state"], "accepted");
    let text = page(&world.beta, "/admin/following").await.success().text();
    assert!(!text.contains("Not found yet"), "{text}");
}
