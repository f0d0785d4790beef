//! GoToSocial, Pleroma with Akkoma, and Misskey with its forks.

use super::*;
use crate::wire::{Action, FollowReference, NoteTag, Undone};

#[test]
fn keys_need_not_be_fragments_of_their_actor() {
    let dora = actor("gotosocial", "actor");
    assert_eq!(dora.key().id.path(), "/users/dora/main-key");
    assert_eq!(dora.shared_inbox(), &dora.inbox, "GoToSocial has no shared inbox");
    assert_eq!(actor("pleroma", "actor").shared_inbox().path(), "/inbox");
    assert_eq!(actor("misskey", "actor").image, []);
}

#[test]
fn follows_and_their_answers_are_understood_from_each() {
    for software in ["gotosocial", "pleroma", "misskey"] {
        assert_eq!(activity(software, "follow").action, Action::Follow(url(CHANNEL)), "{software}");
        let Action::Accept(FollowReference::Embedded(follow)) = activity(software, "accept").action else {
            panic!("{software}")
        };
        assert_eq!((follow.id.as_str(), follow.actor.as_str()), (FOLLOW, ACCOUNT), "{software}");
    }
}

#[test]
fn replies_are_comments_from_each() {
    for (software, answered) in
        [("gotosocial", format!("{VIDEO}/comments/4")), ("pleroma", VIDEO.to_owned()), ("misskey", VIDEO.to_owned())]
    {
        let note = note(software, "create-note");
        assert_eq!(note.in_reply_to.as_ref().unwrap().as_str(), answered, "{software}");
        assert!(note.mentions().any(|actor| actor.as_str() == ACCOUNT), "{software}");
        assert!(note.is_public(), "{software}");
        assert_eq!(note.attributed_to, activity(software, "create-note").actor, "{software}");
    }
}

#[test]
fn a_source_may_be_a_bare_text_or_in_a_mark_up_of_its_own() {
    let source = note("pleroma", "create-note").source.unwrap();
    assert_eq!((source.content.as_str(), source.media_type), ("@bob@shoal.test splash", None));
    let source = note("misskey", "create-note").source.unwrap();
    assert_eq!(source.media_type.as_deref(), Some("text/x.misskeymarkdown"));
}

#[test]
fn hashtags_are_kept_and_emoji_are_not() {
    let tags = note("misskey", "create-note").tags;
    assert_eq!(tags.len(), 2);
    assert!(tags.iter().any(|tag| matches!(tag, NoteTag::Hashtag { name, .. } if name == "#cats")));
}

#[test]
fn edits_are_understood_where_there_are_any() {
    for software in ["gotosocial", "pleroma"] {
        assert!(note(software, "update-note").updated.is_some(), "{software}");
    }
    let Action::Update(Object::Actor(fenn)) = activity("misskey", "update-actor").action else { panic!() };
    assert_eq!(fenn.display_name(), "Fenn");
}

#[test]
fn boosts_name_the_video() {
    for software in ["gotosocial", "pleroma", "misskey"] {
        assert_eq!(activity(software, "announce").action, Action::Announce(url(VIDEO)), "{software}");
    }
}

#[test]
fn a_like_is_taken_back_in_full_or_by_its_id() {
    for software in ["gotosocial", "pleroma", "misskey"] {
        let like = activity(software, "like");
        let Action::Undo(undone) = activity(software, "undo-like").action else { panic!("{software}") };
        assert_eq!(undone.id(), &like.id, "{software}");
        assert_eq!(matches!(undone, Undone::Id(_)), software == "pleroma");
    }
}

#[test]
fn a_reaction_that_is_no_like_is_kept_unread() {
    assert_eq!(activity("pleroma", "emoji-react").kind(), "EmojiReact");
    assert_eq!(activity("misskey", "like").action, Action::Like(url(VIDEO)), "Misskey's reactions are likes");
}

#[test]
fn deletions_name_the_note() {
    for software in ["gotosocial", "pleroma", "misskey"] {
        let note = note(software, "create-note");
        assert_eq!(activity(software, "delete-note").action, Action::Delete(note.id), "{software}");
    }
    let tombstone = Tombstone::from_value(&fixture("pleroma", "tombstone")).unwrap();
    assert_eq!(tombstone.former_type.as_deref(), Some("Note"));
}

#[test]
fn blocks_reports_and_moves_are_understood() {
    assert_eq!(activity("misskey", "block").action, Action::Block(url(ACCOUNT)));
    let Action::Undo(Undone::Activity(undone)) = activity("misskey", "undo-block").action else { panic!() };
    assert_eq!(undone.action, Action::Block(url(ACCOUNT)));
    let Action::Flag(flag) = activity("gotosocial", "flag").action else { panic!() };
    assert_eq!((flag.objects.len(), flag.content.as_str()), (2, ""));
    let Action::Move(moved) = activity("gotosocial", "move").action else { panic!() };
    assert_eq!(moved.target.as_str(), "https://new.test/users/dora");
}
