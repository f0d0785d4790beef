use std::{sync::Arc, time::Duration};

use federation::wire::Action;

use super::*;
use crate::{
    Refusal,
    testing::{Fence, World, url},
};

const HOUR: Duration = Duration::from_hours(1);

fn announce(number: u32) -> Activity {
    let actor = url("http://alpha.test/accounts/peertube");
    let id = url(&format!("http://alpha.test/announces/{number}"));
    Activity::new(id, actor, Action::Announce(url("http://alpha.test/videos/watch/1")))
}

fn ids(numbers: &[u32]) -> Vec<String> {
    numbers.iter().map(|number| announce(*number).id.to_string()).collect()
}

async fn queue(world: &World, number: u32, inboxes: &[&str]) {
    let inboxes: Vec<Url> = inboxes.iter().map(|inbox| url(inbox)).collect();
    let activity = announce(number);
    let mut tx = world.alpha.platform.db.begin().await.unwrap();
    deliver(&mut tx, world.now(), &activity.actor, &inboxes, &activity).await.unwrap();
    tx.commit().await.unwrap();
}

async fn run(world: &World) {
    world.alpha.run_jobs(world.courier.jobs()).await;
}

async fn waiting(world: &World) -> (i64, i64) {
    store::count(&mut world.alpha.platform.db.read().await.unwrap()).await.unwrap()
}

const BETA: &str = "http://beta.test/inbox";
const GAMMA: &str = "http://gamma.test/inbox";

#[tokio::test]
async fn an_activity_reaches_each_inbox_once_and_signed() {
    let world = World::new().await;
    queue(&world, 1, &[BETA, GAMMA, BETA]).await;
    run(&world).await;
    let received = world.beta.requests();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].headers["content-type"], ACTIVITY_JSON);
    assert_eq!(received[0].target, "/inbox");
    received[0].verify(&world.alpha_key(), world.now()).unwrap();
    assert_eq!(world.gamma.received_ids(), ids(&[1]));
    assert_eq!(waiting(&world).await, (0, 0));
}

#[tokio::test]
async fn nothing_is_sent_when_its_cause_did_not_happen() {
    let world = World::new().await;
    let mut tx = world.alpha.platform.db.begin().await.unwrap();
    deliver(&mut tx, world.now(), &announce(1).actor, &[url(BETA)], &announce(1)).await.unwrap();
    drop(tx);
    run(&world).await;
    assert!(world.beta.requests().is_empty());
}

#[tokio::test]
async fn what_one_server_gets_it_gets_in_order() {
    let world = World::new().await;
    world.beta.answer_with(503);
    for number in 1..=3 {
        queue(&world, number, &[BETA]).await;
    }
    run(&world).await;
    assert_eq!(world.beta.received_ids(), ids(&[1]), "the rest waits behind the first");
    world.beta.answer_with(0);
    queue(&world, 4, &[BETA]).await;
    world.clock().advance(HOUR);
    run(&world).await;
    assert_eq!(world.beta.received_ids(), ids(&[1, 2, 3, 4]));
}

#[tokio::test]
async fn a_server_that_hangs_holds_up_nobody_else() {
    let world = World::new().await;
    world.beta.answer_with(503);
    queue(&world, 1, &[BETA, GAMMA]).await;
    run(&world).await;
    assert_eq!(world.gamma.received_ids(), ids(&[1]));
    assert_eq!(waiting(&world).await, (1, 1));
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_left_alone_for_longer_and_longer() {
    let world = World::new().await;
    world.beta.answer_with(500);
    queue(&world, 1, &[BETA]).await;
    let mut attempts_per_hour = Vec::new();
    for _ in 0..4 {
        for _ in 0..60 {
            run(&world).await;
            world.clock().advance(Duration::from_mins(1));
        }
        attempts_per_hour.push(world.beta.requests().len());
    }
    assert!((4..=7).contains(&attempts_per_hour[0]), "{attempts_per_hour:?}");
    assert!(attempts_per_hour[1..].iter().all(|attempts| *attempts <= 1), "{attempts_per_hour:?}");
}

#[tokio::test]
async fn new_activities_do_not_cut_a_pause_short() {
    let world = World::new().await;
    world.beta.answer_with(500);
    for number in 1..=5 {
        queue(&world, number, &[BETA]).await;
        run(&world).await;
    }
    assert_eq!(world.beta.requests().len(), 1);
}

#[tokio::test]
async fn what_is_refused_for_good_does_not_block_the_queue() {
    let world = World::new().await;
    world.beta.answer_with(403);
    queue(&world, 1, &[BETA]).await;
    run(&world).await;
    world.beta.answer_with(0);
    queue(&world, 2, &[BETA]).await;
    run(&world).await;
    assert_eq!(world.beta.received_ids(), ids(&[1, 2]));
    assert_eq!(waiting(&world).await, (0, 0));
}

#[tokio::test]
async fn activities_are_given_up_after_seven_days() {
    let world = World::new().await;
    world.beta.answer_with(500);
    queue(&world, 1, &[BETA]).await;
    for day in 0..8 {
        assert_eq!(waiting(&world).await, (1, 1), "day {day}");
        run(&world).await;
        world.clock().advance(24 * HOUR);
    }
    run(&world).await;
    assert_eq!(waiting(&world).await, (0, 0));
}

#[tokio::test]
async fn a_server_that_is_back_is_trusted_again() {
    let world = World::new().await;
    world.beta.answer_with(500);
    queue(&world, 1, &[BETA]).await;
    run(&world).await;
    world.beta.answer_with(0);
    world.clock().advance(HOUR);
    run(&world).await;
    queue(&world, 2, &[BETA]).await;
    run(&world).await;
    assert_eq!(world.beta.received_ids(), ids(&[1, 1, 2]));
}

#[tokio::test]
async fn the_queue_outlives_the_process() {
    let mut world = World::new().await;
    world.beta.answer_with(500);
    queue(&world, 1, &[BETA]).await;
    run(&world).await;
    world.restart();
    world.beta.answer_with(0);
    world.clock().advance(HOUR);
    run(&world).await;
    assert_eq!(world.beta.received_ids(), ids(&[1, 1]));
    assert_eq!(waiting(&world).await, (0, 0));
}

#[tokio::test]
async fn an_actor_that_is_no_longer_ours_sends_nothing() {
    let world = World::new().await;
    let mut tx = world.alpha.platform.db.begin().await.unwrap();
    let stranger = url("http://alpha.test/accounts/deleted");
    deliver(&mut tx, world.now(), &stranger, &[url(BETA)], &announce(1)).await.unwrap();
    tx.commit().await.unwrap();
    queue(&world, 2, &[BETA]).await;
    run(&world).await;
    assert_eq!(world.beta.received_ids(), ids(&[2]));
}

#[tokio::test]
async fn an_activity_that_two_queues_left_behind_is_forgotten() {
    let world = World::new().await;
    queue(&world, 1, &[BETA]).await;
    let mut tx = world.alpha.platform.db.begin().await.unwrap();
    let activity = announce(2);
    store::insert_activity(&mut tx, &activity.actor, &activity, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    world.courier.forget_sent_activities().await.unwrap();
    assert_eq!(waiting(&world).await, (1, 2), "it may be about to be queued");
    world.clock().advance(2 * HOUR);
    world.courier.forget_sent_activities().await.unwrap();
    assert_eq!(waiting(&world).await, (1, 1), "what waits stays");
}

#[tokio::test]
async fn what_is_queued_for_a_server_that_is_not_spoken_with_is_dropped_or_waits() {
    let fence = Arc::new(Fence::default());
    let world = World::behind(fence.clone()).await;
    fence.set(Some(("beta.test", Refusal::ServerBlocked)));
    queue(&world, 1, &[BETA, GAMMA]).await;
    run(&world).await;
    assert_eq!((world.beta.received_ids(), world.gamma.received_ids()), (vec![], ids(&[1])));
    assert_eq!(waiting(&world).await, (0, 0), "nothing waits for a server that is blocked");

    fence.set(Some(("beta.test", Refusal::Closed)));
    queue(&world, 2, &[BETA]).await;
    run(&world).await;
    assert!(world.beta.requests().is_empty());
    fence.set(None);
    world.clock().advance(Duration::from_mins(10));
    run(&world).await;
    assert_eq!(world.beta.received_ids(), ids(&[2]), "what waited while nobody was spoken with is sent");
}
