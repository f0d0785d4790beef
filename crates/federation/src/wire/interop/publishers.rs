//! Friendica, WordPress and Owncast.

use super::*;
use crate::wire::{Action, ActorKind, FollowReference, NoteKind, Undone};

#[test]
fn people_forums_blogs_and_streams_are_actors() {
    assert_eq!(actor("friendica", "actor").kind, ActorKind::Person);
    assert_eq!(actor("friendica", "forum").kind, ActorKind::Group);
    assert_eq!(actor("wordpress", "blog").posting_restricted_to_mods, Some(true));
    assert_eq!(actor("owncast", "actor").kind, ActorKind::Service);
    let hugo = actor("wordpress", "actor");
    assert_eq!(hugo.id.as_str(), "https://blog.test/?author=1", "the query is part of who it is");
    assert_eq!(hugo.key().id.fragment(), Some("main-key"));
}

#[test]
fn follows_and_their_answers_are_understood_from_each() {
    for software in ["friendica", "wordpress"] {
        let follow = activity(software, "follow");
        assert_eq!(follow.action, Action::Follow(url(CHANNEL)), "{software}");
        let Action::Undo(Undone::Activity(undone)) = activity(software, "undo-follow").action else {
            panic!("{software}")
        };
        assert_eq!(undone.id, follow.id, "{software}");
    }
    for software in ["friendica", "wordpress", "owncast"] {
        let Action::Accept(FollowReference::Embedded(follow)) = activity(software, "accept").action else {
            panic!("{software}")
        };
        assert_eq!(follow.id.as_str(), FOLLOW, "{software}");
    }
}

#[test]
fn replies_are_comments_and_other_texts_are_not_lost() {
    for software in ["friendica", "wordpress"] {
        let note = note(software, "create-note");
        assert_eq!(note.in_reply_to, Some(url(VIDEO)), "{software}");
        assert_eq!(note.kind, NoteKind::Note, "{software}");
        assert!(note.is_public(), "{software}");
    }
    let article = Note::from_value(&fixture("friendica", "article")).unwrap();
    assert_eq!((article.kind, article.in_reply_to), (NoteKind::Article, None));
    let gone_live = note("owncast", "create-note");
    assert_eq!((gone_live.in_reply_to, gone_live.tags.len()), (None, 1));
}

#[test]
fn edits_are_understood() {
    assert!(note("friendica", "update-note").updated.is_some());
    let article = note("wordpress", "update-article");
    assert_eq!((article.name.as_deref(), article.kind), (Some("On fish"), NoteKind::Article));
    let Action::Update(Object::Actor(stream)) = activity("owncast", "update-actor").action else { panic!() };
    assert_eq!(stream.display_name(), "The Stream");
}

#[test]
fn boosts_and_likes_name_the_video() {
    for software in ["friendica", "wordpress"] {
        assert_eq!(activity(software, "announce").action, Action::Announce(url(VIDEO)), "{software}");
        assert_eq!(activity(software, "like").action, Action::Like(url(VIDEO)), "{software}");
    }
    let dislike = activity("friendica", "dislike");
    let Action::Undo(Undone::Activity(undone)) = activity("friendica", "undo-dislike").action else { panic!() };
    assert_eq!((&undone.id, undone.kind()), (&dislike.id, "Dislike"));
}

#[test]
fn a_blog_s_announcement_of_a_change_names_the_article() {
    assert_eq!(activity("wordpress", "announce-update").action, Action::Announce(url("https://blog.test/?p=7")));
}

#[test]
fn deletions_and_moves_name_what_is_gone() {
    for software in ["friendica", "wordpress"] {
        let note = note(software, "create-note");
        assert_eq!(activity(software, "delete-note").action, Action::Delete(note.id), "{software}");
    }
    let Action::Move(moved) = activity("wordpress", "move").action else { panic!() };
    assert_eq!(moved.target.as_str(), "https://new.test/?author=1");
}
