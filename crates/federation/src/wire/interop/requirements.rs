//! What we send has what each software requires. Each rule is a fact about that software, with its source.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::{
    PUBLIC, ids,
    wire::{
        Action, ActorKind, Attribution, Audience, Follow, FollowReference, Image, MediaFile, Move, NoteTag, TextFormat,
        Undone,
    },
};

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_320_692_472).unwrap()
}

fn our_account() -> Actor {
    Actor::local(ActorKind::Person, url(ACCOUNT), "bob", url("https://shoal.test/inbox"), "-----BEGIN PUBLIC KEY-----")
}

fn our_channel() -> Actor {
    let inbox = url("https://shoal.test/inbox");
    let mut channel = Actor::local(ActorKind::Group, url(CHANNEL), "ocean", inbox, "-----BEGIN PUBLIC KEY-----");
    channel.attributed_to = vec![Attribution::account(url(ACCOUNT))];
    channel.icon = vec![Image::new(url("https://shoal.test/a.png"), "image/png", 120, 120)];
    channel
}

fn our_video() -> Video {
    let mut video = Video::new(url(VIDEO), Uuid::from_u128(7), "Fish", moment());
    video.attributed_to = vec![Attribution::account(url(ACCOUNT)), Attribution::channel(url(CHANNEL))];
    video.community = Some(url(CHANNEL));
    video.icon = vec![Image::new(url("https://shoal.test/t.jpg"), "image/jpeg", 280, 157)];
    video.urls.pages = vec![url(VIDEO)];
    video.urls.web_files = vec![MediaFile {
        href: url("https://shoal.test/v.mp4"),
        media_type: "video/mp4".to_owned(),
        width: Some(1280),
        height: 720,
        size_bytes: 1,
        fps: Some(30),
        streams: None,
        metadata_url: None,
        torrent_url: None,
        magnet: None,
    }];
    video
}

fn our_reply() -> Activity {
    let theirs = note("mastodon", "create-note");
    let id = url(&format!("{VIDEO}/comments/5"));
    let mut note = Note::new(id.clone(), url(ACCOUNT), theirs.id, "thanks", moment());
    note.audience = Audience::public([url(&format!("{ACCOUNT}/followers")), theirs.attributed_to.clone()]);
    note.tags = vec![NoteTag::Mention { href: theirs.attributed_to, name: Some("@alice@mastodon.test".to_owned()) }];
    let audience = note.audience.clone();
    Activity::new(ids::create(&id), url(ACCOUNT), Action::Create(Object::Note(Box::new(note)))).addressed(audience)
}

fn our_accept() -> Value {
    let Action::Follow(followed) = activity("mastodon", "follow").action else { panic!() };
    let theirs = activity("mastodon", "follow");
    let quoted = Follow { id: theirs.id, actor: theirs.actor, object: followed };
    let id = url("https://shoal.test/accepts/follows/2");
    Activity::new(id, url(CHANNEL), Action::Accept(FollowReference::Embedded(quoted))).to_document()
}

fn has_all(document: &Value, pointers: &[&str]) {
    for pointer in pointers {
        assert!(document.pointer(pointer).is_some_and(|member| !member.is_null()), "{pointer} in {document}");
    }
}

/// WordPress takes no follower without these (its model of a follower, `is_valid`); Owncast neither without user name and
/// key (its model of an actor); Lemmy's `Person` and `Group` have no default for inbox, outbox and key, and want a
/// shared inbox in `endpoints` where there are any.
#[test]
fn actors_have_what_each_requires() {
    for actor in [our_account(), our_channel()] {
        let required = [
            "/id",
            "/type",
            "/preferredUsername",
            "/inbox",
            "/outbox",
            "/followers",
            "/following",
            "/publicKey/id",
            "/publicKey/owner",
            "/publicKey/publicKeyPem",
            "/endpoints/sharedInbox",
        ];
        has_all(&actor.to_document(), &required);
    }
    // PeerTube 6.3 refuses a Group that is attributed to nobody (its check of actors).
    assert_eq!(our_channel().to_document()["attributedTo"][0]["type"], "Person");
    // Misskey and Mastodon want a user name of word characters; PeerTube's ids give nothing else.
    assert!(our_account().preferred_username.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_'));
}

/// GoToSocial answers 400 to an Accept without an id, or by another than the one who signed it, and looks into the
/// object by its type (its federating database, `Accept`); Mastodon and Misskey find the follow by its id or by the actor
/// and object inside.
#[test]
fn an_accept_carries_the_whole_follow() {
    let accept = our_accept();
    has_all(&accept, &["/id", "/actor", "/object/type", "/object/id", "/object/actor", "/object/object"]);
    assert_eq!(accept["actor"], accept["object"]["object"]);
}

/// WordPress ignores an Undo whose object has no type and no object of its own (its handler of Undo), and PeerTube one
/// whose object is no valid activity (its check of activities).
#[test]
fn an_undo_carries_the_whole_activity() {
    for action in [Action::Follow(url("https://mastodon.test/users/alice")), Action::Like(url(VIDEO))] {
        let undone = Activity::new(url(&format!("{ACCOUNT}/x/1")), url(ACCOUNT), action);
        let id = ids::undo(&undone.id);
        let undo = Activity::new(id, url(ACCOUNT), Action::Undo(Undone::Activity(Box::new(undone)))).to_document();
        has_all(&undo, &["/id", "/actor", "/object/type", "/object/id", "/object/actor", "/object/object"]);
    }
}

/// Lemmy's `Note` wants `to`, `content`, `inReplyTo` and, if any, one of two media types; its `Create` wants `to` and
/// `cc`. WordPress wants `id`, `inReplyTo` and `content` in the object, and everybody among its recipients. GoToSocial
/// drops a Mention without href and name. PeerTube takes only public comments with `to`, `url`, `published` and
/// `inReplyTo`.
#[test]
fn a_comment_has_what_each_requires() {
    let create = our_reply().to_document();
    has_all(
        &create,
        &[
            "/id",
            "/actor",
            "/to",
            "/cc",
            "/object/id",
            "/object/attributedTo",
            "/object/to",
            "/object/cc",
            "/object/content",
            "/object/inReplyTo",
            "/object/published",
            "/object/url",
            "/object/tag/0/href",
            "/object/tag/0/name",
        ],
    );
    assert_eq!(create["actor"], create["object"]["attributedTo"]);
    assert!(create["object"]["to"].as_array().unwrap().contains(&json!(PUBLIC)));
    assert_eq!(create["object"]["mediaType"], TextFormat::Markdown.media_type());
}

/// Mastodon takes an Update for an edit only if its object says when it changed (docs, "Supported activities").
#[test]
fn an_edited_comment_says_when() {
    let Action::Create(Object::Note(mut note)) = our_reply().action else { panic!() };
    note.updated = Some(note.published + chrono::TimeDelta::seconds(1));
    let update = Activity::new(ids::update(&note.id, moment()), url(ACCOUNT), Action::Update(Object::Note(note)));
    let object = update.to_document()["object"].clone();
    assert!(object["updated"].as_str() > object["published"].as_str());
}

/// Mastodon makes a status of a Video out of `name` or `content`, `url` and `icon` (docs, "Payloads"), and shows the
/// embedded player only if a page comes first among the links, which PeerTube therefore does. Lemmy reads a Video as its
/// `Page`: authors of the types Person and Group with ids, no `inReplyTo`, Markdown or HTML; it takes the audience, if
/// any, for the community. Pleroma finds the file among the links by its media type. PeerTube wants the members that the
/// reference lists as required on ingest.
#[test]
fn a_video_has_what_each_requires() {
    let video = our_video().to_document();
    has_all(
        &video,
        &["/id", "/name", "/uuid", "/duration", "/published", "/updated", "/to", "/icon/0/url", "/mediaType"],
    );
    assert_eq!(video["url"][0]["mediaType"], "text/html");
    assert!(video["url"].as_array().unwrap().iter().any(|link| link["mediaType"] == "video/mp4"));
    assert_eq!(video["attributedTo"][0], json!({"type": "Person", "id": ACCOUNT}));
    assert_eq!(video["attributedTo"][1], json!({"type": "Group", "id": CHANNEL}));
    assert_eq!(video["audience"], CHANNEL);
    assert_eq!(video.get("inReplyTo"), None);
}

/// PeerTube wants a Tombstone of a comment to say that it was a Note, and when it was published and deleted.
#[test]
fn a_tombstone_says_what_and_when() {
    let comment = url(&format!("{VIDEO}/comments/5"));
    let tombstone = Tombstone::of_comment(comment, url(VIDEO), moment(), moment()).to_document();
    has_all(&tombstone, &["/id", "/published", "/deleted", "/inReplyTo"]);
    assert_eq!(tombstone["formerType"], "Note");
}

/// Mastodon believes a Move only of whoever moves (`object` is the actor), to a `target` whose `alsoKnownAs` says so, too
/// (docs, "Move"); PeerTube knows none.
#[test]
fn a_move_is_told_by_whoever_moves() {
    let target = url("https://elsewhere.test/accounts/bob");
    let moves = Move { object: url(ACCOUNT), target: target.clone() };
    let activity = Activity::new(ids::moved(&url(ACCOUNT), &target, moment()), url(ACCOUNT), Action::Move(moves));
    let document = activity.addressed(Audience::direct([url(&format!("{ACCOUNT}/followers"))])).to_document();
    has_all(&document, &["/id", "/actor", "/object", "/target", "/to"]);
    assert_eq!(document["actor"], document["object"]);
}

/// PeerTube compares the hosts of ids and actors (`checkUrlsSameHost`), and so do we.
#[test]
fn what_we_send_stays_within_our_authority() {
    assert_eq!(our_reply().check_origin(), Ok(()));
    let create =
        Activity::new(ids::create(&url(VIDEO)), url(ACCOUNT), Action::Create(Object::Video(Box::new(our_video()))));
    assert_eq!(create.check_origin(), Ok(()));
}
