//! Two servers that are cut apart for days, in the middle of many changes on both sides, agree when they meet again.

#![cfg(test)]

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use platform::config::HumanDuration;
use serde_json::{Value, json};
use shoal_tests::{Client, Clip, User, World};
use uuid::Uuid;

/// A world in which people stay logged in for as long as it exists.
async fn patient_world<const N: usize>(names: [&'static str; N]) -> World {
    World::configured(names, |_, config| config.instance.access_token_lifetime = HumanDuration::from_secs(90 * 86_400))
        .await
}

/// What two servers must say alike of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Facts {
    name: String,
    likes: i64,
    dislikes: i64,
    comments: i64,
}

/// The videos of a host, as a server shows them.
async fn videos_of(server: &Client, host: &str) -> BTreeMap<String, Facts> {
    let list = server.get_json("/api/v1/videos?count=100").await;
    let number = |value: &Value| value.as_i64().unwrap();
    let facts = |video: &Value| {
        let text = |key: &str| video[key].as_str().unwrap().to_owned();
        let [likes, dislikes, comments] = ["likes", "dislikes", "comments"].map(|key| number(&video[key]));
        (text("uuid"), Facts { name: text("name"), likes, dislikes, comments })
    };
    let videos = list["data"].as_array().unwrap().iter();
    videos.filter(|video| video["account"]["host"] == host).map(facts).collect()
}

async fn put(user: &User<'_>, server: &Client, path: &str, body: &Value) {
    let request = server.request(Method::PUT, path).header("content-type", "application/json");
    user.send(request.body(body.to_string())).await.assert_success();
}

async fn rate(user: &User<'_>, server: &Client, uuid: Uuid, rating: &str) {
    put(user, server, &format!("/api/v1/videos/{uuid}/rate"), &json!({ "rating": rating })).await;
}

async fn rename(server: &Client, uuid: Uuid, name: &str) {
    put(&server.admin(), server, &format!("/api/v1/videos/{uuid}"), &json!({ "name": name })).await;
}

/// Writes a comment and tells its number on this server.
async fn comment(server: &Client, uuid: Uuid, text: &str) -> i64 {
    let path = format!("/api/v1/videos/{uuid}/comment-threads");
    let answer = server.admin().post_json(&path, &json!({ "text": text })).await;
    answer.assert_success();
    answer.json()["comment"]["id"].as_i64().unwrap()
}

async fn delete_comment(server: &Client, uuid: Uuid, number: i64) {
    server.admin().delete(&format!("/api/v1/videos/{uuid}/comments/{number}")).await.assert_success();
}

async fn publish(server: &Client, count: usize, clip: &Clip, title: &str) -> Vec<Uuid> {
    let mut uuids = vec![];
    for number in 0..count {
        uuids.push(server.admin().upload(&format!("{title} {number}"), clip).await);
    }
    uuids
}

/// A day in which work is done four times.
async fn let_a_day_pass(world: &World) {
    for _ in 0..4 {
        world.advance(Duration::from_hours(6)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_two_servers_are_cut_apart_is_known_to_both_afterwards() {
    let world = patient_world(["alpha", "beta", "gamma"]).await;
    let (alpha, beta, gamma) = (&world.alpha, &world.beta, &world.gamma);
    alpha.admin().follow_server("beta.test").await;
    beta.admin().follow_server("alpha.test").await;
    gamma.admin().follow_server("alpha.test").await;
    world.settle().await;
    let clip = Clip::tiny().await;
    let of_alpha = publish(alpha, 4, &clip, "Before, at alpha").await;
    let of_beta = publish(beta, 4, &clip, "Before, at beta").await;
    world.settle().await;
    let_a_day_pass(&world).await;
    assert_eq!(videos_of(beta, "alpha.test").await.len(), 4);
    assert_eq!(videos_of(alpha, "beta.test").await.len(), 4);

    world.cut(alpha, beta);
    // Minds that change often, on both sides, about the videos of both.
    for round in ["like", "dislike", "none", "dislike", "like"] {
        for uuid in of_alpha.iter().chain(&of_beta) {
            rate(&alpha.admin(), alpha, *uuid, round).await;
            rate(&beta.admin(), beta, *uuid, round).await;
        }
        for (server, own, theirs) in [(alpha, &of_alpha, &of_beta), (beta, &of_beta, &of_alpha)] {
            rename(server, own[0], &format!("Named in the round of {round}")).await;
            rename(server, own[2], &format!("This one, too, in the round of {round}")).await;
            comment(server, own[1], round).await;
            let second_thought = comment(server, theirs[1], round).await;
            if round == "none" {
                delete_comment(server, theirs[1], second_thought).await;
            }
        }
        world.advance(Duration::from_hours(9)).await;
    }
    rate(&beta.admin(), beta, of_alpha[0], "dislike").await;
    rate(&alpha.admin(), alpha, of_beta[0], "none").await;
    publish(alpha, 2, &clip, "Meanwhile, at alpha").await;
    publish(beta, 2, &clip, "Meanwhile, at beta").await;
    world.settle().await;
    for (server, uuid) in [(alpha, of_alpha[3]), (beta, of_beta[3])] {
        server.admin().delete(&format!("/api/v1/videos/{uuid}")).await.assert_success();
    }
    let_a_day_pass(&world).await;
    let seen_at_alpha = videos_of(alpha, "alpha.test").await;
    assert_eq!(videos_of(gamma, "alpha.test").await, seen_at_alpha, "nobody else notices");
    assert_ne!(videos_of(beta, "alpha.test").await, seen_at_alpha, "beta cannot know yet");

    world.heal(alpha, beta);
    let_a_day_pass(&world).await;
    let (at_alpha, at_beta) = (videos_of(alpha, "alpha.test").await, videos_of(beta, "beta.test").await);
    assert_eq!((at_alpha.len(), at_beta.len()), (5, 5));
    assert_eq!(videos_of(beta, "alpha.test").await, at_alpha);
    assert_eq!(videos_of(gamma, "alpha.test").await, at_alpha);
    assert_eq!(videos_of(alpha, "beta.test").await, at_beta);
    // Each liked what they liked last: alpha's first video by alpha and not by beta, beta's first by beta alone.
    let likes = |videos: &BTreeMap<String, Facts>, uuid: Uuid| {
        let facts = &videos[&uuid.to_string()];
        (facts.likes, facts.dislikes)
    };
    assert_eq!(likes(&at_alpha, of_alpha[0]), (1, 1));
    assert_eq!(likes(&at_alpha, of_alpha[1]), (2, 0));
    assert_eq!(likes(&at_beta, of_beta[0]), (1, 0));
    assert_eq!(likes(&at_beta, of_beta[2]), (2, 0));
    // The last name holds; of five comments by each of two, the visitor took one back.
    for (videos, uuids) in [(&at_alpha, &of_alpha), (&at_beta, &of_beta)] {
        assert_eq!(videos[&uuids[0].to_string()].name, "Named in the round of like");
        assert_eq!(videos[&uuids[1].to_string()].comments, 9);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_whom_is_the_same_on_both_sides_after_a_cut() {
    let world = patient_world(["alpha", "beta"]).await;
    let (alpha, beta) = (&world.alpha, &world.beta);
    beta.admin().follow_server("alpha.test").await;
    alpha.admin().follow_server("beta.test").await;
    world.settle().await;

    world.cut(alpha, beta);
    beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    alpha.admin().delete("/api/v1/server/following/beta.test").await.assert_success();
    for _ in 0..12 {
        world.advance(Duration::from_hours(6)).await;
    }
    alpha.admin().follow_server("beta.test").await;
    world.advance(Duration::from_hours(1)).await;
    let followers = |server: Value| server["total"].as_i64().unwrap();
    assert_eq!(followers(alpha.get_json("/api/v1/server/followers").await), 1, "alpha cannot know yet");

    world.heal(alpha, beta);
    for _ in 0..4 {
        world.advance(Duration::from_hours(6)).await;
    }
    assert_eq!(followers(alpha.get_json("/api/v1/server/followers").await), 0);
    assert_eq!(followers(beta.get_json("/api/v1/server/following").await), 0);
    assert_eq!(followers(beta.get_json("/api/v1/server/followers").await), 1);
    let following = alpha.get_json("/api/v1/server/following").await;
    assert_eq!((&following["total"], &following["data"][0]["state"]), (&1.into(), &"accepted".into()));
}
