//! Mastodon and what speaks like it.

use super::*;
use crate::wire::{Action, FollowReference, NoteKind, TextFormat, Undone};

const ALICE: &str = "https://mastodon.test/users/alice";

#[test]
fn an_account_says_who_it_was_and_that_it_chooses_its_followers() {
    let alice = actor("mastodon", "actor");
    assert_eq!(alice.manually_approves_followers, Some(true));
    assert!(alice.is_also(&url("https://old.test/users/alice")));
    assert_eq!(alice.featured.as_ref().unwrap().path(), "/users/alice/collections/featured");
    assert_eq!((alice.discoverable, alice.indexable), (Some(true), Some(false)));
    assert_eq!(alice.shared_inbox().path(), "/inbox");
    assert_eq!(alice.pages, [url("https://mastodon.test/@alice")]);
}

#[test]
fn a_follow_its_answers_and_its_end_name_the_same_follow() {
    let follow = activity("mastodon", "follow");
    assert_eq!(follow.action, Action::Follow(url(CHANNEL)));
    let Action::Undo(Undone::Activity(undone)) = activity("mastodon", "undo-follow").action else { panic!() };
    assert_eq!(undone.id, follow.id);
    let Action::Accept(FollowReference::Embedded(accepted)) = activity("mastodon", "accept").action else { panic!() };
    assert_eq!((accepted.id.as_str(), accepted.object.as_str()), (FOLLOW, ALICE));
    let Action::Reject(rejected) = activity("mastodon", "reject").action else { panic!() };
    assert_eq!(rejected.id().as_str(), FOLLOW);
}

#[test]
fn a_reply_to_a_video_is_a_comment_in_html() {
    let note = note("mastodon", "create-note");
    assert_eq!(note.in_reply_to, Some(url(VIDEO)));
    assert_eq!(note.format, TextFormat::Html);
    assert_eq!(note.attributed_to.as_str(), ALICE);
    assert_eq!(note.mentions().collect::<Vec<_>>(), [&url(ACCOUNT)]);
    assert!(note.replies.as_ref().unwrap().path().ends_with("/replies"));
    assert!(note.is_public() && note.updated.is_none());
}

#[test]
fn an_edit_says_when_and_may_add_a_warning() {
    let edited = note("mastodon", "update-note");
    assert!(edited.updated.unwrap() > edited.published);
    assert_eq!((edited.summary.as_deref(), edited.sensitive), (Some("Fish"), true));
}

#[test]
fn boosts_and_likes_name_the_video_and_are_taken_back() {
    assert_eq!(activity("mastodon", "announce").action, Action::Announce(url(VIDEO)));
    let like = activity("mastodon", "like");
    assert_eq!(like.action, Action::Like(url(VIDEO)));
    let Action::Undo(Undone::Activity(undone)) = activity("mastodon", "undo-like").action else { panic!() };
    assert_eq!(*undone, like);
}

#[test]
fn a_deletion_with_a_tombstone_names_the_note_and_one_of_an_account_itself() {
    let deleted = activity("mastodon", "delete-note");
    assert_eq!(deleted.action, Action::Delete(note("mastodon", "create-note").id));
    assert_eq!(activity("mastodon", "delete-actor").action, Action::Delete(url(ALICE)));
}

#[test]
fn a_move_is_announced_twice_by_the_actor_and_in_the_actor() {
    let Action::Move(moved) = activity("mastodon", "move").action else { panic!() };
    let Action::Update(Object::Actor(alice)) = activity("mastodon", "update-actor").action else { panic!() };
    assert_eq!(alice.moved_to, Some(moved.target));
}

#[test]
fn a_report_comes_from_the_server_about_an_account_and_its_comments() {
    let Action::Flag(flag) = activity("mastodon", "flag").action else { panic!() };
    assert_eq!(flag.content, "Spam under a video");
    assert_eq!(flag.objects.len(), 2);
    assert_eq!(activity("mastodon", "block").action, Action::Block(url(ACCOUNT)));
}

#[test]
fn a_poll_under_a_comment_is_a_comment() {
    let poll = Note::from_value(&fixture("mastodon", "question")).unwrap();
    assert_eq!(poll.kind, NoteKind::Question);
    assert!(poll.audience.is_unlisted() && poll.is_public());
}

#[test]
fn replies_are_found_in_the_page_that_the_collection_carries() {
    let replies = Collection::from_value(&fixture("mastodon", "replies")).unwrap();
    let page = replies.embedded.unwrap();
    assert_eq!(page.item_ids().count(), 1);
    assert!(page.next.unwrap().query().unwrap().contains("page=true"));
    let outbox = CollectionPage::from_value(&fixture("mastodon", "outbox-page")).unwrap();
    assert_eq!(outbox.object_ids().nth(1), Some(url(VIDEO)));
}
