//! Two servers that are cut apart for days, in the middle of many changes on both sides, agree when they meet again.

#![cfg(test)]

#[path = "partition/seen.rs"]
mod seen;
#[path = "partition/sent.rs"]
mod sent;
#[path = "partition/side.rs"]
mod side;

use std::time::Duration;

use platform::config::HumanDuration;
use serde_json::{Value, json};
use shoal_tests::{Clip, World};

use seen::{Seen, subscriptions};
use side::Side;

/// A world in which people stay logged in for as long as it exists.
async fn patient_world<const N: usize>(names: [&'static str; N]) -> World {
    World::configured(names, |_, config| config.instance.access_token_lifetime = HumanDuration::from_secs(90 * 86_400))
        .await
}

/// Days in each of which work is done four times.
async fn let_days_pass(world: &World, days: u32) {
    for _ in 0..4 * days {
        world.advance(Duration::from_hours(6)).await;
    }
}

/// Two servers that follow each other, and know all of each other.
async fn two_sides(world: &World) -> (Side<'_>, Side<'_>) {
    let clip = Clip::tiny().await;
    world.alpha.admin().follow_server("beta.test").await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let mut alpha = Side::new(world, &world.alpha, "beta.test", &clip).await;
    let mut beta = Side::new(world, &world.beta, "alpha.test", &clip).await;
    (alpha.theirs, beta.theirs) = (beta.own.clone(), alpha.own.clone());
    for side in [&mut alpha, &mut beta] {
        side.subscribe().await;
        let talked_about = side.own[1];
        side.comment(talked_about, None, "Before").await;
    }
    let_days_pass(world, 1).await;
    for (here, there, host) in [(&alpha, &beta, "alpha.test"), (&beta, &alpha, "beta.test")] {
        assert_eq!(Seen::at(here.server, host).await, Seen::at(there.server, host).await, "before the cut");
    }
    world.settle().await;
    assert_eq!(subscriptions(world).await, [(1, 1); 2], "before the cut");
    (alpha.changes, beta.changes) = (0, 0);
    (alpha, beta)
}

/// Everything that people change of their minds, their videos and themselves, once.
async fn change_everything(side: &mut Side<'_>, round: usize) {
    side.server.admin().come_back().await;
    let is_even = round.is_multiple_of(2);
    let rating = ["like", "dislike", "none", "dislike", "like"][round % 5];
    let (own, theirs) = (side.own.clone(), side.theirs.clone());
    for video in own.iter().chain(&theirs) {
        side.rate(*video, rating).await;
    }
    side.edit(
        own[0],
        &json!({ "name": format!("Named in round {round}"), "tags": ["reef", format!("round {round}")] }),
    )
    .await;
    side.edit(own[2], &json!({ "description": format!("Described in round {round}") })).await;
    side.caption(own[0], "en", Some(&format!("Said in round {round}"))).await;
    side.caption(own[0], "fr", is_even.then_some("Dit")).await;
    side.chapter(own[1], &format!("End of round {round}")).await;
    side.introduce(&format!("Somebody of round {round}")).await;
    side.portray(is_even).await;
    side.rename_playlist(&format!("List of round {round}")).await;
    if round == 2 {
        side.empty_playlist().await;
    }
    side.add_to_playlist(own[round % 2]).await;
    let talk = side.comment(own[1], None, &format!("A word in round {round}")).await;
    side.comment(own[1], Some(talk), &format!("And another in round {round}")).await;
    let visit = side.comment(theirs[1], None, &format!("A visit in round {round}")).await;
    if !is_even {
        side.take_comment_back(own[1], talk).await;
        side.take_comment_back(theirs[1], visit).await;
    }
    if is_even {
        side.unsubscribe().await;
        side.edit(own[2], &json!({ "privacy": 3 })).await;
        side.withhold(own[3]).await;
    } else {
        side.subscribe().await;
        side.edit(own[2], &json!({ "privacy": 1 })).await;
        side.release(own[3]).await;
    }
}

/// Both sides show the same of each other, and of who subscribes to whom.
async fn assert_agreement(world: &World) {
    for host in ["alpha.test", "beta.test"] {
        let (at_alpha, at_beta) = (Seen::at(&world.alpha, host).await, Seen::at(&world.beta, host).await);
        assert_eq!(at_alpha, at_beta, "{host}");
    }
    for (told, subscribed) in subscriptions(world).await {
        assert_eq!(told, subscribed, "subscriptions");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_two_servers_are_cut_apart_is_known_to_both_afterwards() {
    let world = patient_world(["alpha", "beta", "gamma"]).await;
    world.gamma.admin().follow_server("alpha.test").await;
    let (mut alpha, mut beta) = two_sides(&world).await;
    let clip = Clip::tiny().await;

    world.cut(&world.alpha, &world.beta);
    for round in 0..5 {
        change_everything(&mut alpha, round).await;
        change_everything(&mut beta, round).await;
        world.advance(Duration::from_hours(9)).await;
    }
    // In the end, minds differ.
    alpha.rate(alpha.theirs[0], "none").await;
    beta.rate(beta.theirs[0], "dislike").await;
    alpha.subscribe().await;
    for side in [&mut alpha, &mut beta] {
        side.publish("Meanwhile", &clip).await;
        side.make_playlist("Meanwhile").await;
        let gone = side.own[3];
        side.remove(gone).await;
        assert!(side.changes >= 100, "{} changes at {}", side.changes, side.server.name());
    }
    world.settle().await;
    let at_alpha = Seen::at(&world.alpha, "alpha.test").await;
    assert_eq!(Seen::at(&world.gamma, "alpha.test").await.videos.len(), at_alpha.videos.len(), "others notice nothing");
    assert_ne!(Seen::at(&world.beta, "alpha.test").await, at_alpha, "beta cannot know yet");
    for server in [&world.alpha, &world.beta] {
        let kinds = sent::waiting(server).await;
        assert!(kinds.len() >= 15, "only {kinds:?}");
    }

    world.heal(&world.alpha, &world.beta);
    let_days_pass(&world, 1).await;
    assert_agreement(&world).await;
    let at_alpha = Seen::at(&world.alpha, "alpha.test").await;
    let at_beta = Seen::at(&world.beta, "beta.test").await;
    // Each liked what they liked last: alpha's first video by alpha and not by beta, beta's first by beta alone.
    let rates = |seen: &Seen, video: uuid::Uuid| seen.videos[&video.to_string()].rates;
    assert_eq!((rates(&at_alpha, alpha.own[0]), rates(&at_alpha, alpha.own[1])), ((1, 1), (2, 0)));
    assert_eq!((rates(&at_beta, beta.own[0]), rates(&at_beta, beta.own[1])), ((1, 0), (2, 0)));
    for (seen, own) in [(&at_alpha, &alpha.own), (&at_beta, &beta.own)] {
        assert_eq!(seen.videos[&own[0].to_string()].name, "Named in round 4");
        // Said before; in each of five rounds: a word, an answer, a visit; of two rounds only the answer is left.
        assert_eq!(seen.videos[&own[1].to_string()].comments.len(), 1 + 15 - 4);
        // The private one and the deleted one are not there, the new one is.
        assert_eq!((seen.videos.len(), seen.playlists.len()), (3, 2));
    }
    assert_eq!(subscriptions(&world).await, [(0, 0), (1, 1)], "alpha subscribed again");
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_in_a_fortnight_apart_is_told_or_found_out_afterwards() {
    let world = patient_world(["alpha", "beta"]).await;
    let (mut alpha, mut beta) = two_sides(&world).await;
    let clip = Clip::tiny().await;

    world.cut(&world.alpha, &world.beta);
    for round in 0..5 {
        change_everything(&mut alpha, round).await;
        change_everything(&mut beta, round).await;
        if round == 2 {
            for side in [&mut alpha, &mut beta] {
                side.publish("Meanwhile", &clip).await;
                side.make_playlist("Meanwhile").await;
            }
        }
        let_days_pass(&world, 3).await;
    }
    assert_eq!(given_up(&world).await, 2, "each has given the other up");
    for side in [&mut alpha, &mut beta] {
        side.server.admin().come_back().await;
        let gone = side.own[3];
        side.remove(gone).await;
    }
    // Nothing of this is even queued, unless it must arrive.
    alpha.edit(alpha.own[2], &json!({ "privacy": 1 })).await;
    beta.subscribe().await;
    beta.comment(beta.theirs[0], None, "Is anybody there?").await;
    beta.rate(beta.theirs[0], "dislike").await;
    world.settle().await;
    world.heal(&world.alpha, &world.beta);
    // Within a day each asks the other whether it is back, and reads its videos again; within two, what people look at is
    // asked for again.
    let_days_pass(&world, 2).await;
    assert_eq!(given_up(&world).await, 0);
    for host in ["alpha.test", "beta.test"] {
        Seen::at(&world.alpha, host).await;
        Seen::at(&world.beta, host).await;
    }
    let_days_pass(&world, 1).await;
    assert_agreement(&world).await;
    let at_beta = Seen::at(&world.beta, "alpha.test").await;
    let at_alpha = Seen::at(&world.alpha, "beta.test").await;
    let first = &at_beta.videos[&alpha.own[0].to_string()];
    assert_eq!((first.rates, first.comments.len()), ((1, 1), 1), "what visitors did has arrived");
    assert_eq!(at_beta.videos[&alpha.own[1].to_string()].comments.len(), 1 + 15 - 4);
    assert_eq!((at_beta.videos.len(), at_beta.playlists.len()), (4, 2), "the deleted one is gone, the new one is here");
    assert_eq!((at_alpha.videos.len(), at_alpha.playlists.len()), (3, 2), "and so is the private one");
    assert_eq!(subscriptions(&world).await, [(1, 1), (0, 0)]);
    world.settle().await;
}

/// How many servers are given up.
async fn given_up(world: &World) -> i64 {
    let mut count = 0;
    for server in [&world.alpha, &world.beta] {
        let mut connection = server.platform().db.read().await.unwrap();
        let statement = "SELECT count(*) FROM delivery_pauses WHERE given_up_at IS NOT NULL";
        count += connection.query(statement).fetch_scalar::<i64>().await.unwrap();
    }
    count
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
    let_days_pass(&world, 3).await;
    alpha.admin().follow_server("beta.test").await;
    world.advance(Duration::from_hours(1)).await;
    let followers = |server: Value| server["total"].as_i64().unwrap();
    assert_eq!(followers(alpha.get_json("/api/v1/server/followers").await), 1, "alpha cannot know yet");

    world.heal(alpha, beta);
    let_days_pass(&world, 1).await;
    assert_eq!(followers(alpha.get_json("/api/v1/server/followers").await), 0);
    assert_eq!(followers(beta.get_json("/api/v1/server/following").await), 0);
    assert_eq!(followers(beta.get_json("/api/v1/server/followers").await), 1);
    let following = alpha.get_json("/api/v1/server/following").await;
    assert_eq!((&following["total"], &following["data"][0]["state"]), (&1.into(), &"accepted".into()));
}
