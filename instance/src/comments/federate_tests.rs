use std::time::Duration;

use platform::testing::TestPlatform;
use serde_json::json;

use super::*;
use crate::{
    accounts, actors,
    comments::{
        CommentId,
        actions::CommentError,
        model::{MAX_DEPTH, Sort, Viewer},
    },
    follows::{self, FollowState},
    moderation::video_blocks,
    settings,
    users::{self, User},
};

/// Somebody of another server.
async fn stranger(app: &App, host: &str, name: &str) -> Actor {
    actors::testing::stranger(app, host, name).await.0
}

fn toot(author: &Actor, number: u32, answered: &str, html: &str) -> Value {
    json!({
        "type": "Note", "id": format!("https://{}/notes/{number}", author.host), "attributedTo": author.url(),
        "inReplyTo": answered, "content": html, "published": "2026-11-22T04:00:00Z",
        "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [format!("{}/followers", author.url())],
    })
}

async fn say(app: &App, speaker: &Actor, kind: &str, note: &Value) {
    let document = json!({
        "type": kind, "id": format!("{}/activity", note["id"].as_str().unwrap()), "actor": speaker.url(), "object": note,
    });
    let activity = Activity::from_value(&document).unwrap();
    let (Action::Create(Object::Note(note)) | Action::Update(Object::Note(note))) = &activity.action else {
        panic!("{document}")
    };
    let mut tx = app.platform.db.begin().await.unwrap();
    let body = document.to_string();
    receive_note(app, &mut tx, (&activity, body.as_bytes()), speaker, note).await.unwrap();
    tx.commit().await.unwrap();
}

async fn unsay(app: &App, speaker: &Actor, url: &str) -> bool {
    let document = json!({"type": "Delete", "id": format!("{url}/delete"), "actor": speaker.url(), "object": url});
    let activity = Activity::from_value(&document).unwrap();
    let mut tx = app.platform.db.begin().await.unwrap();
    let object = Url::parse(url).unwrap();
    let said = document.to_string();
    let done = receive_delete(app, &mut tx, (&activity, said.as_bytes()), speaker, &object).await.unwrap();
    tx.commit().await.unwrap();
    done
}

async fn find(app: &App, url: &str) -> Option<Comment> {
    store::find_by_url(&mut app.platform.db.read().await.unwrap(), url).await.unwrap()
}

async fn threads(app: &App, video: &Video) -> Vec<Comment> {
    let mut connection = app.platform.db.read().await.unwrap();
    let viewer = actions::viewer(app, &mut connection, video, None).await.unwrap();
    store::threads(&mut connection, video.id, &viewer, Sort::Newest, (0, 100)).await.unwrap()
}

async fn root(app: &App) -> User {
    users::store::find_by_login(&mut app.platform.db.read().await.unwrap(), "root").await.unwrap().unwrap()
}

async fn set_policy(app: &App, video: &Video, policy: i64) -> Video {
    let mut tx = app.platform.db.begin().await.unwrap();
    store::set_policy(&mut tx, video.id, policy).await.unwrap();
    let video = videos::store::find(&mut tx, video.id).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    video
}

/// Kinds and inboxes of what waits to be delivered.
async fn outgoing(app: &App) -> Vec<(String, String)> {
    let rows = store::outgoing(&mut app.platform.db.read().await.unwrap()).await.unwrap();
    let kind = |body: &str| serde_json::from_str::<Value>(body).unwrap()["type"].as_str().unwrap().to_owned();
    rows.into_iter().map(|(body, inbox)| (kind(&body), inbox)).collect()
}

#[tokio::test]
async fn a_reply_from_another_program_is_a_comment_in_markdown() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let bob = stranger(&app, "toots.test", "bob").await;
    let note = toot(&bob, 1, &video.url, "<p>Fine <strong>fish</strong><script>x()</script></p>");
    say(&app, &bob, "Create", &note).await;
    say(&app, &bob, "Create", &note).await;
    let found = threads(&app, &video).await;
    assert_eq!(found.iter().map(|comment| comment.text.as_str()).collect::<Vec<_>>(), ["Fine **fish**"]);
    let url = found[0].url.clone();
    say(&app, &bob, "Create", &toot(&bob, 2, &url, "<p>and me</p>")).await;
    let reply = find(&app, "https://toots.test/notes/2").await.unwrap();
    assert_eq!((reply.in_reply_to_id, reply.thread()), (Some(found[0].id), found[0].id));
    assert_eq!(find(&app, &url).await.unwrap().replies, 1);
    say(&app, &bob, "Update", &toot(&bob, 1, &video.url, "<p>Finer fish</p>")).await;
    assert_eq!(find(&app, &url).await.unwrap().text, "Finer fish");
}

#[tokio::test]
async fn nobody_speaks_for_another() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let bob = stranger(&app, "toots.test", "bob").await;
    let eve = stranger(&app, "toots.test", "eve").await;
    let mallory = stranger(&app, "evil.test", "mallory").await;
    let note = toot(&bob, 1, &video.url, "<p>mine</p>");
    say(&app, &eve, "Create", &note).await;
    assert!(threads(&app, &video).await.is_empty(), "eve writes in bob's name");
    say(&app, &bob, "Create", &note).await;
    let mut changed = toot(&eve, 1, &video.url, "<p>hers</p>");
    changed["id"] = note["id"].clone();
    say(&app, &eve, "Update", &changed).await;
    let url = note["id"].as_str().unwrap();
    assert_eq!(find(&app, url).await.unwrap().text, "mine");
    assert!(!unsay(&app, &mallory, url).await && find(&app, url).await.is_some());
    assert!(unsay(&app, &bob, url).await && find(&app, url).await.is_none());
    say(&app, &bob, "Create", &note).await;
    assert!(find(&app, url).await.is_none(), "what was deleted does not come back");
}

#[tokio::test]
async fn what_is_not_for_everybody_or_too_long_is_not_taken_as_it_is() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let bob = stranger(&app, "toots.test", "bob").await;
    let mut private = toot(&bob, 1, &video.url, "<p>psst</p>");
    private["to"] = json!([video.account_url]);
    say(&app, &bob, "Create", &private).await;
    say(&app, &bob, "Create", &toot(&bob, 2, &video.url, "<p> <img src=x></p>")).await;
    assert!(threads(&app, &video).await.is_empty());
    say(&app, &bob, "Create", &toot(&bob, 3, &video.url, &"a ".repeat(20_000))).await;
    let long = find(&app, "https://toots.test/notes/3").await.unwrap();
    assert_eq!(long.text.chars().count(), MAX_TEXT);
    let mut early = toot(&bob, 4, &video.url, "<p>from the future</p>");
    early["published"] = json!("2099-01-01T00:00:00Z");
    say(&app, &bob, "Create", &early).await;
    assert!(find(&app, "https://toots.test/notes/4").await.unwrap().created_at <= app.platform.clock.now());
}

#[tokio::test]
async fn a_reply_to_something_unknown_is_looked_into_once() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let bob = stranger(&app, "toots.test", "bob").await;
    let elsewhere = toot(&bob, 1, "https://far.test/notes/9", "<p>hm</p>");
    say(&app, &bob, "Create", &elsewhere).await;
    say(&app, &bob, "Create", &elsewhere).await;
    let nowhere = app.ids.comment(video.uuid, 999);
    say(&app, &bob, "Create", &toot(&bob, 2, nowhere.as_str(), "<p>hm</p>")).await;
    let jobs = platform::jobs::unfinished(&mut app.platform.db.read().await.unwrap()).await.unwrap();
    let questions: Vec<_> = jobs.into_iter().filter(|(lane, _)| lane == "fetch").collect();
    assert_eq!(questions, [("fetch".to_owned(), 1)]);
}

#[tokio::test]
async fn a_deleted_comment_stays_as_a_stone_while_it_has_replies() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (bob, me) = (stranger(&app, "toots.test", "bob").await, root(&app).await);
    let first = actions::write(&app, &me, &video, None, "one").await.unwrap();
    say(&app, &bob, "Create", &toot(&bob, 1, &first.url, "<p>two</p>")).await;
    let second = find(&app, "https://toots.test/notes/1").await.unwrap();
    actions::delete(&app, &me, &video, first.id).await.unwrap();
    let stone = find(&app, &first.url).await.unwrap();
    assert!(stone.is_stone() && stone.text.is_empty() && stone.account_id.is_none());
    let mut connection = app.platform.db.read().await.unwrap();
    let tombstone = document(&app, &mut connection, &video, &stone).await.unwrap().unwrap();
    assert_eq!((&tombstone["type"], &tombstone["inReplyTo"]), (&json!("Tombstone"), &json!(video.url)));
    drop(connection);
    assert!(matches!(actions::write(&app, &me, &video, Some(stone.id), "x").await, Err(CommentError::NotFound)));
    assert!(unsay(&app, &bob, &second.url).await);
    assert!(find(&app, &second.url).await.is_none() && find(&app, &first.url).await.is_none(), "the stone goes, too");
    let mut connection = app.platform.db.read().await.unwrap();
    assert_eq!(store::count_all(&mut connection, video.id).await.unwrap(), 0);
}

#[tokio::test]
async fn closed_comments_take_nothing_from_anybody() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let video = set_policy(&app, &video, 2).await;
    let (bob, me) = (stranger(&app, "toots.test", "bob").await, root(&app).await);
    assert!(matches!(actions::write(&app, &me, &video, None, "x").await, Err(CommentError::Closed)));
    say(&app, &bob, "Create", &toot(&bob, 1, &video.url, "<p>x</p>")).await;
    assert!(find(&app, "https://toots.test/notes/1").await.is_none());
}

#[tokio::test]
async fn who_takes_no_comments_from_outside_says_so_and_keeps_those_of_before() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (bob, me) = (stranger(&app, "toots.test", "bob").await, root(&app).await);
    say(&app, &bob, "Create", &toot(&bob, 1, &video.url, "<p>early</p>")).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    let now = app.platform.clock.now();
    settings::store::set(&mut tx, "accepts_remote_comments", &json!(false), now).await.unwrap();
    tx.commit().await.unwrap();
    app.border.reload(&app.platform.db).await.unwrap();

    say(&app, &bob, "Create", &toot(&bob, 2, &video.url, "<p>late</p>")).await;
    say(&app, &bob, "Create", &toot(&bob, 3, "https://far.test/notes/9", "<p>hm</p>")).await;
    assert!(find(&app, "https://toots.test/notes/2").await.is_none());
    assert_eq!(outgoing(&app).await, [("RejectReply".to_owned(), "https://toots.test/inbox".to_owned())]);
    let jobs = platform::jobs::unfinished(&mut app.platform.db.read().await.unwrap()).await.unwrap();
    assert!(jobs.iter().all(|(lane, _)| lane != "fetch"), "nothing is looked for: {jobs:?}");
    crate::comments::jobs::fetch_when_due(&app, &video).await.unwrap();
    let jobs = platform::jobs::unfinished(&mut app.platform.db.read().await.unwrap()).await.unwrap();
    assert!(jobs.iter().all(|(lane, _)| lane != "crawl"), "and no thread is fetched: {jobs:?}");

    say(&app, &bob, "Update", &toot(&bob, 1, &video.url, "<p>earlier</p>")).await;
    actions::write(&app, &me, &video, None, "mine").await.unwrap();
    let mut texts: Vec<_> = threads(&app, &video).await.into_iter().map(|comment| comment.text).collect();
    texts.sort();
    assert_eq!(texts, ["earlier", "mine"]);
    assert!(unsay(&app, &bob, "https://toots.test/notes/1").await, "its author may still take it back");
}

#[tokio::test]
async fn what_needs_approval_is_seen_when_it_has_it_and_its_author_is_told() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let video = set_policy(&app, &video, 3).await;
    let (bob, me) = (stranger(&app, "toots.test", "bob").await, root(&app).await);
    say(&app, &bob, "Create", &toot(&bob, 1, &video.url, "<p>may I?</p>")).await;
    say(&app, &bob, "Create", &toot(&bob, 2, &video.url, "<p>spam</p>")).await;
    assert!(threads(&app, &video).await.is_empty());
    let (held, spam) = (
        find(&app, "https://toots.test/notes/1").await.unwrap(),
        find(&app, "https://toots.test/notes/2").await.unwrap(),
    );
    actions::approve(&app, &me, &video, held.id).await.unwrap();
    actions::approve(&app, &me, &video, held.id).await.unwrap();
    actions::delete(&app, &me, &video, spam.id).await.unwrap();
    assert_eq!(threads(&app, &video).await.len(), 1);
    let inbox = "https://toots.test/inbox".to_owned();
    assert_eq!(outgoing(&app).await, [("ApproveReply".to_owned(), inbox.clone()), ("RejectReply".to_owned(), inbox)]);
    let mut connection = app.platform.db.read().await.unwrap();
    let approved = store::find(&mut connection, held.id).await.unwrap().unwrap();
    let approval = approval_document(&app, &mut connection, &video, &approved).await.unwrap().unwrap();
    assert!(is_approval_of(&approval, &Url::parse(&held.url).unwrap()), "{approval}");
    drop(connection);
    test.clock.advance(Duration::from_mins(1));
    say(&app, &bob, "Update", &toot(&bob, 1, &video.url, "<p>buy my fish</p>")).await;
    assert!(threads(&app, &video).await.is_empty(), "what was approved was something else");
}

#[tokio::test]
async fn whom_the_server_or_the_reader_has_blocked_is_not_read() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (bob, eve) = (stranger(&app, "toots.test", "bob").await, stranger(&app, "evil.test", "eve").await);
    say(&app, &bob, "Create", &toot(&bob, 1, &video.url, "<p>x</p>")).await;
    say(&app, &eve, "Create", &toot(&eve, 1, &video.url, "<p>y</p>")).await;
    let me = root(&app).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    let mine = accounts::store::find_by_user(&mut tx, me.id).await.unwrap().unwrap();
    let server = accounts::store::find_by_handle(&mut tx, ids::INSTANCE_ACTOR_NAME, app.platform.public_url.host());
    let server = server.await.unwrap().unwrap();
    let theirs = accounts::store::find_by_actor(&mut tx, bob.id).await.unwrap().unwrap();
    store::block_for_test(&mut tx, mine.id, theirs.id, "evil.test", server.id, app.platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let texts = |comments: Vec<Comment>| comments.into_iter().map(|comment| comment.text).collect::<Vec<_>>();
    assert_eq!(texts(threads(&app, &video).await), ["x"], "the server has blocked evil.test");
    let mut connection = app.platform.db.read().await.unwrap();
    let viewer = actions::viewer(&app, &mut connection, &video, Some(&me)).await.unwrap();
    let seen = store::threads(&mut connection, video.id, &viewer, Sort::Newest, (0, 9)).await.unwrap();
    assert_eq!(texts(seen), [""; 0], "and the reader has blocked bob");
    assert_eq!(store::count_threads(&mut connection, video.id, &viewer).await.unwrap(), 0);
    assert_eq!(store::count_living(&mut connection, video.id, &Viewer::default()).await.unwrap(), 2);
    drop(connection);
    say(&app, &eve, "Create", &toot(&eve, 2, &video.url, "<p>z</p>")).await;
    assert!(find(&app, "https://evil.test/notes/2").await.is_none(), "and takes nothing from there any more");
}

#[tokio::test]
async fn threads_end_somewhere() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let me = root(&app).await;
    let mut last: Option<CommentId> = None;
    for _ in 0..MAX_DEPTH {
        last = Some(actions::write(&app, &me, &video, last, "deeper").await.unwrap().id);
    }
    assert!(matches!(actions::write(&app, &me, &video, last, "too deep").await, Err(CommentError::Full)));
    let mut tx = app.platform.db.begin().await.unwrap();
    videos::store::delete(&mut tx, video.id).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_note_of_ours_says_what_peertube_reads() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (bob, me) = (stranger(&app, "toots.test", "bob").await, root(&app).await);
    say(&app, &bob, "Create", &toot(&bob, 1, &video.url, "<p>x</p>")).await;
    let answered = find(&app, "https://toots.test/notes/1").await.unwrap();
    let comment = actions::write(&app, &me, &video, Some(answered.id), "Thank *you*").await.unwrap();
    let mut connection = app.platform.db.read().await.unwrap();
    let note = document(&app, &mut connection, &video, &comment).await.unwrap().unwrap();
    for (member, value) in [
        ("type", json!("Note")),
        ("content", json!("Thank *you*")),
        ("mediaType", json!("text/markdown")),
        ("inReplyTo", json!("https://toots.test/notes/1")),
        ("attributedTo", json!(video.account_url)),
        ("replyApproval", json!(format!("{}/approve-reply", comment.url))),
        ("tag", json!([{"type": "Mention", "href": bob.url(), "name": "@bob@toots.test"}])),
    ] {
        assert_eq!(note[member], value, "{member}");
    }
    assert_eq!(outgoing(&app).await, [("Create".to_owned(), "https://toots.test/inbox".to_owned())]);
}

async fn take_back_from_the_federation(app: &App, video: &Video) {
    let mut tx = app.platform.db.begin().await.unwrap();
    let now = app.platform.clock.now();
    assert!(video_blocks::store::insert(&mut tx, video.id, None, true, now).await.unwrap());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn under_a_video_taken_back_from_the_federation_nothing_is_told_but_what_is_gone() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (bob, me) = (stranger(&app, "toots.test", "bob").await, root(&app).await);
    let mut tx = app.platform.db.begin().await.unwrap();
    let (follow, now) = ("https://toots.test/follows/1", app.platform.clock.now());
    follows::store::upsert(&mut tx, bob.id, video.account_actor_id, follow, FollowState::Accepted, now).await.unwrap();
    tx.commit().await.unwrap();
    let kinds = async || outgoing(&app).await.into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    let early = actions::write(&app, &me, &video, None, "early, @eve@far.test").await.unwrap();
    assert_eq!(kinds().await, ["Create"], "as long as nobody minds");
    let jobs = platform::jobs::unfinished(&mut app.platform.db.read().await.unwrap()).await.unwrap();

    take_back_from_the_federation(&app, &video).await;
    let late = actions::write(&app, &me, &video, Some(early.id), "late, @ida@far.test").await.unwrap();
    let mut toot = toot(&bob, 1, &video.url, "<p>hm</p>");
    toot["signature"] = json!({ "type": "RsaSignature2017" });
    say(&app, &bob, "Create", &toot).await;
    assert!(find(&app, "https://toots.test/notes/1").await.is_none(), "nothing comes in, either");
    assert_eq!(kinds().await, ["Create"]);
    assert_eq!(platform::jobs::unfinished(&mut app.platform.db.read().await.unwrap()).await.unwrap(), jobs);
    for comment in [&late, &early] {
        actions::delete(&app, &me, &video, comment.id).await.unwrap();
    }
    assert_eq!(kinds().await, ["Create", "Delete", "Delete"]);
}

#[tokio::test]
async fn who_waits_under_a_video_taken_back_from_the_federation_is_refused_at_most() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let video = set_policy(&app, &video, 3).await;
    let (bob, me) = (stranger(&app, "toots.test", "bob").await, root(&app).await);
    say(&app, &bob, "Create", &toot(&bob, 1, &video.url, "<p>may I?</p>")).await;
    say(&app, &bob, "Create", &toot(&bob, 2, &video.url, "<p>spam</p>")).await;
    take_back_from_the_federation(&app, &video).await;
    let number = async |number: u32| find(&app, &format!("https://toots.test/notes/{number}")).await.unwrap().id;
    actions::approve(&app, &me, &video, number(1).await).await.unwrap();
    actions::delete(&app, &me, &video, number(2).await).await.unwrap();
    assert_eq!(outgoing(&app).await, [("RejectReply".to_owned(), "https://toots.test/inbox".to_owned())]);
}

#[test]
fn a_recorded_comment_of_peertube_is_read() {
    let text = include_str!("../../../crates/federation/fixtures/peertube-6.3/wire/Create-Note-2.json");
    let body = serde_json::from_str::<Value>(text).unwrap()["body"].clone();
    let incoming = read(&body["object"]).unwrap();
    assert_eq!(incoming.text, "reply to bob");
    assert!(incoming.in_reply_to.path().ends_with("/comments/6"));
}
