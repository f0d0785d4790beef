//! What comes from those who mean no good, or whose programs are broken: refused or left alone, at little cost, and with a
//! reason in the log.

#![cfg(test)]

use std::time::Duration;

use federation::wire::{ActorKind, document::MAX_DOCUMENT_BYTES};
use serde_json::{Value, json};
use shoal_tests::{Stranger, World};
use url::Url;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A server with a video, and the video's address.
async fn with_a_video() -> (World, String) {
    let world = World::with(["alpha"]).await;
    world.alpha.app().seed_videos(1).await.unwrap();
    let url = world.alpha.get_json("/api/v1/videos").await["data"][0]["url"].as_str().unwrap().to_owned();
    (world, url)
}

fn note(id: &str, author: &Url, answered: &str) -> Value {
    json!({
        "type": "Note", "id": id, "attributedTo": author, "inReplyTo": answered, "content": "<p>Hm</p>",
        "published": "2026-01-01T00:00:00Z", "to": [PUBLIC],
    })
}

fn create(note: &Value, author: &Url) -> Value {
    json!({ "type": "Create", "id": format!("{author}/creates/1"), "actor": author, "object": note, "to": [PUBLIC] })
}

/// Sends an activity, and gives the status of the answer.
async fn say(world: &World, from: &Stranger, actor: &Url, activity: &Value) -> u16 {
    from.post(&world.alpha, actor, activity.to_string().into_bytes()).await.status.as_u16()
}

/// Fails unless one line of the log has all these words.
fn assert_logged(world: &World, words: &[&str]) {
    let log = world.log();
    assert!(log.iter().any(|line| words.iter().all(|word| line.contains(word))), "{words:?} in {log:#?}");
}

async fn comments_of(world: &World, video: &str) -> i64 {
    let uuid = video.rsplit('/').next().unwrap();
    world.alpha.get_json(&format!("/api/v1/videos/{uuid}")).await["comments"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_or_contradicts_itself_changes_nothing_and_the_log_says_why() {
    let (world, video) = with_a_video().await;
    let mallory = world.stranger("mallory.test").await;
    let (bob, eve) = (mallory.serve_actor(ActorKind::Person, "bob"), mallory.serve_actor(ActorKind::Person, "eve"));
    let (own, foreign) = ("http://mallory.test/notes/1", "http://victim.test/notes/1");
    let victim = Url::parse("http://victim.test/accounts/carol").unwrap();
    let like = |by: &Url| json!({ "type": "Like", "id": format!("{by}/likes/1"), "actor": by, "object": video });
    let undo = |of: Value| json!({ "type": "Undo", "id": format!("{bob}/undo/1"), "actor": bob, "object": of });
    let text = |value: Value| value.to_string().into_bytes();
    let deep = format!(r#"{{"type": "Like", "object": {}1{}}}"#, "[".repeat(1_000), "]".repeat(1_000));
    let elsewhere = "is not on the same host";
    for (what, body, status, reason) in [
        ("huge", vec![b' '; MAX_DOCUMENT_BYTES + 1], 413, "the body has more than"),
        ("deeply nested", deep.into_bytes(), 400, "nested deeper than"),
        ("half of it", b"{\"type\": \"Like\"".to_vec(), 400, "is no JSON"),
        ("a list", b"[]".to_vec(), 400, "is no object"),
        (
            "with a foreign id",
            text(json!({ "type": "Like", "id": foreign, "actor": bob, "object": video })),
            403,
            elsewhere,
        ),
        ("about a foreign object", text(create(&note(foreign, &bob, &video), &bob)), 400, elsewhere),
        ("in the name of a stranger", text(create(&note(own, &victim, &video), &bob)), 400, elsewhere),
        (
            "in the name of a neighbour",
            text(create(&note(own, &eve, &video), &bob)),
            204,
            "in the name of somebody else",
        ),
        ("against a stranger", text(undo(like(&victim))), 403, elsewhere),
        ("against a neighbour", text(undo(like(&eve))), 204, "undid what somebody else did"),
    ] {
        let seen = world.log().len();
        let answer = mallory.post(&world.alpha, &bob, body).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text());
        let log = world.log();
        assert!(log[seen..].iter().any(|line| line.contains(reason)), "{what}: {log:#?}");
        // The log hears of one server a few times a minute.
        world.clock().advance(Duration::from_mins(1));
    }
    world.settle().await;
    assert_eq!(comments_of(&world, &video).await, 0);
    assert!(mallory.asked().len() <= 10, "nobody was asked about it");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_objects_the_first_counts_and_the_log_says_so() {
    let (world, video) = with_a_video().await;
    let mallory = world.stranger("mallory.test").await;
    let bob = mallory.serve_actor(ActorKind::Person, "bob");
    let objects: Vec<String> =
        (0..1_000).map(|number| if number == 0 { video.clone() } else { format!("{video}#{number}") }).collect();
    let like = json!({ "type": "Like", "id": format!("{bob}/likes/1"), "actor": bob, "object": objects });
    assert_eq!(say(&world, &mallory, &bob, &like).await, 204);
    world.settle().await;
    assert_logged(&world, &["mallory.test", "unread=999"]);
    assert_eq!(world.alpha.get_json("/api/v1/videos").await["data"][0]["likes"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_talk_that_answers_itself_or_has_no_beginning_is_left() {
    let (world, video) = with_a_video().await;
    let mallory = world.stranger("mallory.test").await;
    let bob = mallory.serve_actor(ActorKind::Person, "bob");
    let at = |path: &str| mallory.url(path).to_string();
    for (one, other) in [("/circle/1", "/circle/2"), ("/circle/2", "/circle/1"), ("/itself", "/itself")] {
        mallory.serve(one, note(&at(one), &bob, &at(other)));
    }
    for number in 0..200 {
        let answered = at(&format!("/endless/{}", number + 1));
        mallory.serve(&format!("/endless/{number}"), note(&at(&format!("/endless/{number}")), &bob, &answered));
    }
    for (first, answered, requests, reason) in [
        ("/circle/1", "/circle/2", 2, "a comment answers what answers it"),
        ("/itself", "/itself", 1, "a comment answers what answers it"),
        ("/endless/0", "/endless/1", 50, "a comment is too far away from what it is about"),
    ] {
        mallory.asked();
        assert_eq!(say(&world, &mallory, &bob, &create(&note(&at(first), &bob, &at(answered)), &bob)).await, 204);
        world.settle().await;
        let folder = first.trim_end_matches(char::is_numeric);
        let asked = mallory.asked().into_iter().filter(|path| path.starts_with(folder)).count();
        assert_eq!(asked, requests, "{first}");
        assert_logged(&world, &["mallory.test", reason]);
        world.clock().advance(Duration::from_mins(1));
    }
    assert_eq!(comments_of(&world, &video).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_lead_back_to_themselves_are_read_once() {
    let (world, video) = with_a_video().await;
    let mallory = world.stranger("mallory.test").await;
    let bob = mallory.serve_actor(ActorKind::Person, "bob");
    let at = |path: &str| mallory.url(path).to_string();
    let list = at("/replies");
    let with_answers = |id: &str, answered: &str| {
        let mut note = note(&at(id), &bob, answered);
        note["replies"] = list.clone().into();
        note
    };
    let (first, second) = (with_answers("/notes/1", &video), with_answers("/notes/2", &at("/notes/1")));
    mallory.serve("/notes/1", first.clone());
    mallory.serve("/notes/2", second);
    let page = |number: u32| format!("{list}?page={number}");
    let collection = json!({ "type": "OrderedCollection", "id": list, "totalItems": 1_000_000, "first": page(1) });
    mallory.serve("/replies", collection);
    for (number, next) in [(1, 2), (2, 1)] {
        let items = [at("/notes/2"), at("/notes/1")];
        mallory.serve(
            &format!("/replies?page={number}"),
            json!({ "type": "OrderedCollectionPage", "id": page(number), "next": page(next), "orderedItems": items }),
        );
    }
    assert_eq!(say(&world, &mallory, &bob, &create(&first, &bob)).await, 204);
    world.settle().await;
    mallory.asked();
    // Somebody looks, and the answers are fetched.
    world.advance(Duration::from_hours(2)).await;
    let uuid = video.rsplit('/').next().unwrap();
    world.alpha.get_json(&format!("/api/v1/videos/{uuid}/comment-threads")).await;
    world.settle().await;
    let asked: Vec<String> = mallory.asked().into_iter().filter(|path| !path.starts_with("/accounts/")).collect();
    assert_eq!(asked, ["/notes/1", "/replies", "/replies?page=1", "/replies?page=2", "/notes/2"]);
    assert_logged(&world, &["mallory.test", "its list leads back to a page that was read"]);
    assert_eq!(comments_of(&world, &video).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_that_leads_in_a_circle_is_read_once() {
    let (world, video) = with_a_video().await;
    let mallory = world.stranger("mallory.test").await;
    let server = mallory.serve_actor(ActorKind::Application, "peertube");
    let outbox = format!("{server}/outbox");
    let page = |number: u32| format!("{outbox}?page={number}");
    let collection = json!({ "type": "OrderedCollection", "id": outbox, "totalItems": 1_000_000, "first": page(1) });
    mallory.serve("/accounts/peertube/outbox", collection);
    for (number, next) in [(1, 2), (2, 1)] {
        let item = json!({ "type": "Announce", "object": video });
        mallory.serve(
            &format!("/accounts/peertube/outbox?page={number}"),
            json!({ "type": "OrderedCollectionPage", "id": page(number), "next": page(next), "orderedItems": [item] }),
        );
    }
    let wanted = json!({ "handles": [server] });
    world.alpha.admin().post_json("/api/v1/server/following", &wanted).await.assert_success();
    world.settle().await;
    let mut connection = world.alpha.platform().db.read().await.unwrap();
    let follow: String = connection.query("SELECT url FROM follows").fetch_scalar().await.unwrap();
    drop(connection);
    mallory.asked();
    let accept = json!({ "type": "Accept", "id": format!("{server}/accepts/1"), "actor": server, "object": follow });
    assert_eq!(say(&world, &mallory, &server, &accept).await, 204);
    world.settle().await;
    let asked: Vec<String> = mallory.asked().into_iter().filter(|path| path.contains("/outbox")).collect();
    let path = "/accounts/peertube/outbox";
    assert_eq!(asked, [path.to_owned(), format!("{path}?page=1"), format!("{path}?page=2")]);
    assert_logged(&world, &["mallory.test", "its list leads back to where it was read before"]);
}
