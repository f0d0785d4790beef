use std::{sync::Arc, time::Duration};

use chrono::DateTime;
use federation::{
    ACTIVITY_JSON,
    linked_data::{self, SignedDocument},
    signature::{self, SigningKey},
};
use http::{HeaderValue, Method, Request};
use platform::db::{QueryStats, with_stats};
use serde_json::Value;

use super::*;
use crate::{
    Refusal,
    testing::{Fence, Received, Remote, World, url},
};

mod crowd;

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
async fn the_same_activity_done_twice_in_a_second_is_two_to_its_receiver() {
    let world = World::new().await;
    queue(&world, 1, &[BETA]).await;
    world.clock().advance(Duration::from_millis(1));
    queue(&world, 1, &[BETA]).await;
    run(&world).await;
    let published = |request: &Received| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        Timestamp::from(DateTime::parse_from_rfc3339(body["published"].as_str().unwrap()).unwrap())
    };
    let moments: Vec<Timestamp> = world.beta.requests().iter().map(published).collect();
    assert_eq!(moments, [world.now() - TimeDelta::milliseconds(1), world.now()]);
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

async fn queue_deletion(world: &World, number: u32) {
    let actor = url("http://alpha.test/accounts/peertube");
    let id = announce(number).id;
    let deletion = Activity::new(id, actor.clone(), Action::Delete(url("http://alpha.test/videos/watch/1")));
    let mut tx = world.alpha.platform.db.begin().await.unwrap();
    deliver(&mut tx, world.now(), &actor, &[url(BETA)], &deletion).await.unwrap();
    tx.commit().await.unwrap();
}

/// Lets hours pass, one after the other.
async fn hours(world: &World, count: u32) {
    for _ in 0..count {
        world.clock().advance(HOUR);
        run(world).await;
    }
}

#[tokio::test]
async fn what_happened_in_three_days_of_downtime_arrives_in_order() {
    let world = World::new().await;
    world.beta.answer_with(503);
    let all: Vec<u32> = (1..=24).collect();
    for number in &all {
        queue(&world, *number, &[BETA]).await;
        hours(&world, 3).await;
    }
    world.beta.answer_with(0);
    world.beta.requests();
    hours(&world, 8).await;
    assert_eq!(world.beta.received_ids(), ids(&all));
    assert_eq!(waiting(&world).await, (0, 0));
}

#[tokio::test]
async fn a_server_that_is_silent_for_a_week_is_given_up_but_hears_of_deletions_when_it_is_back() {
    let world = World::new().await;
    world.beta.answer_with(500);
    queue(&world, 1, &[BETA]).await;
    queue_deletion(&world, 2).await;
    queue(&world, 3, &[BETA]).await;
    queue(&world, 4, &[BETA]).await;
    run(&world).await;
    hours(&world, 6 * 24).await;
    assert_eq!(waiting(&world).await, (4, 4), "not before a week is over");
    hours(&world, 2 * 24).await;
    assert_eq!(waiting(&world).await, (2, 2), "the deletion, and one to ask with");
    queue(&world, 5, &[BETA, GAMMA]).await;
    assert_eq!(waiting(&world).await, (3, 3), "nothing more is queued for it");
    queue_deletion(&world, 6).await;
    run(&world).await;
    world.beta.requests();
    hours(&world, 72).await;
    let asked = world.beta.requests().len();
    assert!((2..=4).contains(&asked), "it was asked {asked} times in three days");

    world.beta.answer_with(0);
    hours(&world, 31).await;
    assert_eq!(world.beta.received_ids(), ids(&[2, 6]));
    queue(&world, 7, &[BETA]).await;
    run(&world).await;
    assert_eq!(world.beta.received_ids(), ids(&[7]));
    assert_eq!(waiting(&world).await, (0, 0));
}

#[tokio::test]
async fn an_activity_that_breaks_a_server_does_not_hold_up_the_others_for_ever() {
    let world = World::new().await;
    world.beta.answer_to("announces/2\"", 500);
    for number in 1..=4 {
        queue(&world, number, &[BETA]).await;
    }
    run(&world).await;
    hours(&world, 24).await;
    let received = world.beta.received_ids();
    assert_eq!(received.iter().filter(|id| **id == ids(&[2])[0]).count(), 10);
    assert_eq!(received[received.len() - 2..], ids(&[3, 4]));
    assert_eq!(waiting(&world).await, (0, 0));
}

#[tokio::test]
async fn a_redirect_of_an_activity_is_a_refusal() {
    let world = World::new().await;
    world.beta.answer_with(302);
    queue(&world, 1, &[BETA]).await;
    run(&world).await;
    assert_eq!(waiting(&world).await, (0, 0));
}

#[tokio::test]
async fn what_is_sent_again_is_the_same_to_the_byte() {
    let mut world = World::new().await;
    world.beta.answer_with(500);
    queue(&world, 1, &[BETA]).await;
    run(&world).await;
    let first = world.beta.requests().remove(0).body;
    world.restart();
    hours(&world, 1).await;
    assert_eq!(world.beta.requests().remove(0).body, first);
}

#[tokio::test]
async fn documents_bear_a_signature_of_their_own() {
    let world = World::new().await;
    queue(&world, 1, &[BETA]).await;
    run(&world).await;
    let body: Value = serde_json::from_slice(&world.beta.requests().remove(0).body).unwrap();
    let signed = SignedDocument::read(&body).unwrap();
    assert_eq!(signed.creator().url(), &announce(1).actor);
    let read = signed.verify(&world.alpha_key()).unwrap();
    assert_eq!(Activity::from_value(&read).unwrap(), announce(1).published_at(world.now()));
}

#[tokio::test]
async fn somebody_elses_document_is_passed_on_untouched() {
    let world = World::new().await;
    let document = r#"{ "id":"http://gamma.test/1",  "signature": {"type": "RsaSignature2017"} }"#;
    let mut tx = world.alpha.platform.db.begin().await.unwrap();
    let (actor, id) = (announce(1).actor, url("http://gamma.test/1"));
    forward(&mut tx, world.now(), &actor, &[url(BETA)], &id, document.as_bytes()).await.unwrap();
    tx.commit().await.unwrap();
    run(&world).await;
    let received = world.beta.requests().remove(0);
    assert_eq!(received.body, document.as_bytes());
    received.verify(&world.alpha_key(), world.now()).unwrap();
}

/// Makes alpha see that a remote server signs by RFC 9421.
async fn hear_a_message_from(world: &World, remote: &Remote) {
    let bob = remote.serve_actor("bob").id;
    let follow = Activity::new(federation::ids::follow(&bob, 1), bob.clone(), Action::Follow(announce(1).actor));
    let body = follow.to_document().to_string().into_bytes();
    let (mut parts, ()) = Request::post("/inbox").body(()).unwrap().into_parts();
    let key: std::sync::Arc<SigningKey> = remote.key.lock().unwrap().clone();
    let inbox = url("http://alpha.test/inbox");
    signature::sign_rfc9421(&key, &bob, &Method::POST, &inbox, Some(&body), world.now(), &mut parts.headers).unwrap();
    parts.headers.insert("host", HeaderValue::from_static("alpha.test"));
    world.courier.verify(&parts, &body).await.unwrap();
    remote.requests();
}

#[tokio::test]
async fn who_signs_by_the_new_standard_is_answered_by_it() {
    let world = World::new().await;
    hear_a_message_from(&world, &world.beta).await;
    queue(&world, 1, &[BETA, GAMMA]).await;
    run(&world).await;
    let received = world.beta.requests().remove(0);
    assert!(received.headers.contains_key("signature-input"));
    received.verify(&world.alpha_key(), world.now()).unwrap();
    assert!(!world.gamma.requests().remove(0).headers.contains_key("signature-input"));
}

#[tokio::test]
async fn who_does_not_understand_the_new_standard_after_all_is_asked_in_the_old_way_at_once() {
    let world = World::new().await;
    hear_a_message_from(&world, &world.beta).await;
    world.beta.know_no_messages();
    for number in 1..=2 {
        queue(&world, number, &[BETA]).await;
        run(&world).await;
    }
    let knocks: Vec<bool> =
        world.beta.requests().iter().map(|request| request.headers.contains_key("signature-input")).collect();
    assert_eq!(knocks, [true, false, false]);
    assert_eq!(waiting(&world).await, (0, 0));
}

#[tokio::test]
async fn documents_are_asked_for_in_the_same_way() {
    let world = World::new().await;
    let bob = world.beta.serve_actor("bob").id;
    hear_a_message_from(&world, &world.beta).await;
    let ways = |world: &World| -> Vec<bool> {
        world.beta.requests().iter().map(|request| request.headers.contains_key("signature-input")).collect()
    };
    world.courier.fetch(&bob).await.unwrap();
    assert_eq!(ways(&world), [true]);
    world.beta.know_no_messages();
    for _ in 0..2 {
        world.courier.fetch(&bob).await.unwrap();
    }
    assert_eq!(ways(&world), [true, false, false]);
}

#[tokio::test]
async fn many_followers_are_few_statements() {
    let world = World::new().await;
    let inboxes: Vec<Url> = (0..2_000).map(|number| url(&format!("http://s{number}.test/inbox"))).collect();
    let stats = std::sync::Arc::new(QueryStats::default());
    let mut tx = world.alpha.platform.db.begin().await.unwrap();
    let activity = announce(1);
    with_stats(stats.clone(), deliver(&mut tx, world.now(), &activity.actor, &inboxes, &activity)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(waiting(&world).await, (2_000, 1));
    assert!(stats.count() <= 10, "{} statements", stats.count());
}

#[tokio::test]
async fn a_slow_server_delays_nobody() {
    let world = World::new().await;
    world.beta.delay(Duration::from_secs(3));
    let started = tokio::time::Instant::now();
    for number in 1..=10 {
        queue(&world, number, if number == 1 { &[BETA, GAMMA] } else { &[GAMMA] }).await;
    }
    run(&world).await;
    let gamma = world.gamma.requests();
    assert_eq!((gamma.len(), world.beta.requests().len()), (10, 1));
    let last = gamma.iter().map(|request| request.at).max().unwrap();
    assert!(last - started < Duration::from_secs(2), "{:?}", last - started);
}

#[tokio::test]
async fn what_is_queued_while_the_round_goes_on_is_sent_in_it() {
    let world = World::new().await;
    world.beta.delay(Duration::from_secs(2));
    queue(&world, 1, &[BETA]).await;
    let later = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        queue(&world, 2, &[BETA, GAMMA]).await;
    };
    tokio::join!(run(&world), later);
    let beta = world.beta.requests();
    let gamma = world.gamma.requests();
    assert_eq!((beta.len(), gamma.len()), (2, 1));
    assert!(gamma[0].at < beta[1].at, "gamma does not wait for beta");
}

#[tokio::test]
async fn a_document_that_cannot_be_signed_is_sent_all_the_same() {
    let world = World::new().await;
    let actor = announce(1).actor;
    let body = serde_json::json!({"content": "means nothing without a context"});
    let action = Action::Other { kind: "Wave".to_owned(), object: None, body: body.as_object().unwrap().clone() };
    let activity = Activity::new(announce(1).id, actor.clone(), action);
    let mut document = activity.to_document();
    let key = &world.courier.instance_actor().key;
    linked_data::sign(&mut document, &actor, key, world.now()).unwrap_err();
    let mut tx = world.alpha.platform.db.begin().await.unwrap();
    deliver(&mut tx, world.now(), &actor, &[url(BETA)], &activity).await.unwrap();
    tx.commit().await.unwrap();
    run(&world).await;
    assert_eq!(world.beta.received_ids(), ids(&[1]));
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
async fn an_activity_that_was_left_behind_is_forgotten() {
    let world = World::new().await;
    queue(&world, 1, &[BETA]).await;
    let mut tx = world.alpha.platform.db.begin().await.unwrap();
    let activity = announce(2);
    let left_behind = NewActivity::ours(&activity.actor, &activity, world.now(), false);
    store::insert_activity(&mut tx, &left_behind, world.now()).await.unwrap();
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
