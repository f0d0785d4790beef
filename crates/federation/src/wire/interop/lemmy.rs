//! Lemmy: communities are groups that announce whole activities.

use super::*;
use crate::wire::{Action, ActorKind, FollowReference, NoteKind, Undone};

#[test]
fn people_and_communities_are_understood() {
    assert_eq!(actor("lemmy", "actor").display_name(), "Cara");
    let fish = actor("lemmy", "community");
    assert_eq!(fish.kind, ActorKind::Group);
    assert_eq!(fish.posting_restricted_to_mods, Some(false));
    assert_eq!(fish.followers.as_ref().unwrap().path(), "/c/fish/followers");
}

#[test]
fn a_channel_is_followed_like_a_community() {
    let follow = activity("lemmy", "follow");
    assert_eq!(follow.action, Action::Follow(url(CHANNEL)));
    let Action::Undo(Undone::Activity(undone)) = activity("lemmy", "undo-follow").action else { panic!() };
    assert_eq!(undone.id, follow.id);
    let Action::Accept(FollowReference::Embedded(accepted)) = activity("lemmy", "accept").action else { panic!() };
    assert_eq!(accepted.id.as_str(), FOLLOW);
}

#[test]
fn a_comment_says_in_which_channel_and_from_what_it_was_made() {
    let note = note("lemmy", "create-note");
    assert_eq!(note.in_reply_to, Some(url(VIDEO)));
    assert_eq!(note.community, Some(url(CHANNEL)));
    let source = note.source.unwrap();
    assert_eq!((source.content.as_str(), source.media_type.as_deref()), ("hello **fish**", Some("text/markdown")));
    assert!(super::note("lemmy", "update-note").updated.is_some());
}

#[test]
fn an_announced_post_stands_for_itself_and_an_announced_like_for_the_like() {
    assert_eq!(activity("lemmy", "announce-create").action, Action::Announce(url("https://lemmy.test/post/55")));
    let Action::Announce(like) = activity("lemmy", "announce-like").action else { panic!() };
    assert!(like.path().starts_with("/activities/like/"));
    let page = Note::from_value(&fixture("lemmy", "page")).unwrap();
    assert_eq!((page.kind, page.name.as_deref()), (NoteKind::Page, Some("A video of fish")));
}

#[test]
fn votes_both_ways_count_and_are_taken_back() {
    let like = activity("lemmy", "like");
    assert_eq!(like.action, Action::Like(url(VIDEO)));
    assert_eq!(activity("lemmy", "dislike").action, Action::Dislike(url(VIDEO)));
    let Action::Undo(Undone::Activity(undone)) = activity("lemmy", "undo-like").action else { panic!() };
    assert_eq!(undone.id, like.id);
}

#[test]
fn authors_and_moderators_delete_comments() {
    assert_eq!(activity("lemmy", "delete-note").action, Action::Delete(note("lemmy", "create-note").id));
    // Whose moderators may delete it is for the reader to decide, who knows under which video it stands.
    assert_eq!(activity("lemmy", "remove-note").check_origin(), Ok(()));
    assert_eq!(Tombstone::from_value(&fixture("lemmy", "tombstone")).unwrap().deleted, None);
}

#[test]
fn the_reason_of_a_report_is_found_where_lemmy_writes_it() {
    let Action::Flag(flag) = activity("lemmy", "flag").action else { panic!() };
    assert_eq!((flag.content.as_str(), flag.objects.as_slice()), ("not a fish", [url(VIDEO)].as_slice()));
}
