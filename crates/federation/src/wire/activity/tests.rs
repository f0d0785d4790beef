use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::wire::any_json::{any_json, spoiled};

fn recorded(text: &str) -> Value {
    serde_json::from_str::<Value>(text).unwrap()["body"].clone()
}

fn undo_of_a_mirror() -> Value {
    recorded(include_str!("../../../fixtures/peertube-6.3/wire/Undo-Create-CacheFile-1.json"))
}

#[test]
fn an_undone_mirror_is_understood() {
    let undo = Activity::from_value(&undo_of_a_mirror()).unwrap();
    let Action::Undo(Undone::Activity(create)) = &undo.action else { panic!("{undo:?}") };
    let Action::Create(Object::CacheFile(mirror)) = &create.action else { panic!("{create:?}") };
    assert_eq!(mirror.video.port(), Some(9002));
    assert_eq!(undo.check_origin(), Ok(()));
}

#[test]
fn nobody_creates_changes_or_undoes_for_another_host() {
    let foreign = "https://victim.test/videos/watch/1";
    for kind in ["Create", "Update", "Undo"] {
        let activity = json!({"type": kind, "id": "https://a.test/1", "actor": "https://a.test/u", "object": foreign});
        assert!(Activity::from_value(&activity).unwrap().check_origin().is_err(), "{kind}");
    }
    for kind in ["Follow", "Announce", "Like", "Accept"] {
        let activity = json!({"type": kind, "id": "https://a.test/1", "actor": "https://a.test/u", "object": foreign});
        assert_eq!(Activity::from_value(&activity).unwrap().check_origin(), Ok(()), "{kind}");
    }
    let stolen = json!({"type": "Follow", "id": foreign, "actor": "https://a.test/u", "object": "https://b.test/u"});
    assert!(Activity::from_value(&stolen).unwrap().check_origin().is_err());
}

#[test]
fn the_deletion_of_a_comment_may_come_from_the_server_of_its_video_and_must_name_one_of_both() {
    let delete = |id: &str| {
        Activity::from_value(&json!({"type": "Delete", "id": id, "actor": "https://tube.test/accounts/owner",
            "object": "https://other.test/comments/1"}))
        .unwrap()
        .check_origin()
    };
    assert_eq!(delete("https://tube.test/deletions/1"), Ok(()));
    assert_eq!(delete("https://other.test/comments/1/delete"), Ok(()), "this is how PeerTube names it");
    assert!(delete("https://third.test/1").is_err());
}

#[test]
fn nobody_undoes_what_another_did() {
    let mut undo = undo_of_a_mirror();
    undo["object"]["actor"] = "https://victim.test/accounts/peertube".into();
    assert!(Activity::from_value(&undo).unwrap().check_origin().is_err());
}

#[test]
fn undoing_an_undo_is_refused() {
    let mut undo = undo_of_a_mirror();
    undo["object"] = undo_of_a_mirror();
    assert!(Activity::from_value(&undo).is_err());
}

#[test]
fn a_second_like_of_the_same_video_can_be_told_from_the_first() {
    let url = |text: &str| Url::parse(text).unwrap();
    let like =
        Activity::new(url("https://a.test/likes/1"), url("https://a.test/u"), Action::Like(url("https://b.test/v")));
    let moment = |second| DateTime::from_timestamp(second, 0).unwrap();
    let (first, second) = (like.clone().published_at(moment(1)), like.published_at(moment(2)));
    assert_ne!(first.to_document(), second.to_document());
    assert_eq!(Activity::from_value(&second.to_document()).unwrap(), second);
    let mut vague = second.to_document();
    vague["published"] = "yesterday".into();
    assert_eq!(Activity::from_value(&vague).unwrap().published, None);
}

#[test]
fn an_unknown_activity_keeps_all_that_it_says() {
    let reaction = json!({"type": "EmojiReact", "id": "https://a.test/1", "actor": "https://a.test/u",
        "object": "https://b.test/v/1", "content": "🐟"});
    let activity = Activity::from_value(&reaction).unwrap();
    assert_eq!(activity.kind(), "EmojiReact");
    let Action::Other { body, .. } = &activity.action else { panic!("{activity:?}") };
    assert_eq!(body["content"], reaction["content"]);
}

#[test]
fn an_announced_creation_stands_for_its_object_and_any_other_activity_for_itself() {
    let announced = |object: Value| {
        let announce =
            json!({"type": "Announce", "id": "https://l.test/a/1", "actor": "https://l.test/c/x", "object": object});
        let Action::Announce(id) = Activity::from_value(&announce).unwrap().action else { panic!("{announce}") };
        id.to_string()
    };
    let note = json!({"type": "Note", "id": "https://b.test/comment/1"});
    assert_eq!(announced(json!("https://b.test/v/1")), "https://b.test/v/1");
    assert_eq!(announced(note.clone()), "https://b.test/comment/1");
    let create =
        json!({"type": "Create", "id": "https://b.test/create/1", "actor": "https://b.test/u", "object": note});
    assert_eq!(announced(create), "https://b.test/comment/1");
    let like = json!({"type": "Like", "id": "https://b.test/like/1", "object": "https://b.test/comment/1"});
    assert_eq!(announced(like), "https://b.test/like/1");
}

#[test]
fn an_announced_deletion_is_told_from_an_announcement() {
    for object in [json!("https://b.test/v/1"), json!({"type": "Tombstone", "id": "https://b.test/v/1"})] {
        let announce = json!({"type": "Announce", "id": "https://l.test/a/1", "actor": "https://l.test/c/x", "object":
            [{"type": "Delete", "id": "https://b.test/v/1/delete", "actor": "https://b.test/u", "object": object}]});
        let announce = Activity::from_value(&announce).unwrap();
        let gone = Url::parse("https://b.test/v/1").unwrap();
        assert_eq!((announce.kind(), &announce.action), ("Announce", &Action::AnnounceDelete(gone)));
        assert_eq!(Activity::from_value(&announce.to_document()).unwrap(), announce);
    }
}

#[test]
fn nobody_answers_for_the_followed_of_another_host() {
    let follow = json!({"type": "Follow", "id": "https://b.test/f/1", "actor": "https://b.test/u", "object": "https://victim.test/u"});
    for kind in ["Accept", "Reject"] {
        let answer = json!({"type": kind, "id": "https://a.test/1", "actor": "https://a.test/u", "object": follow});
        assert!(Activity::from_value(&answer).unwrap().check_origin().is_err(), "{kind}");
    }
}

#[test]
fn each_withdrawal_is_understood() {
    for kind in ["Like", "Dislike", "Announce", "Follow", "Block"] {
        let inner =
            json!({"type": kind, "id": "https://a.test/1", "actor": "https://a.test/u", "object": "https://b.test/x"});
        let undo = json!({"type": "Undo", "id": "https://a.test/1/undo", "actor": "https://a.test/u", "object": inner});
        let undo = Activity::from_value(&undo).unwrap();
        let Action::Undo(Undone::Activity(undone)) = &undo.action else { panic!("{undo:?}") };
        assert_eq!((undone.kind(), undone.object_id().unwrap().as_str()), (kind, "https://b.test/x"));
        assert_eq!(undo.check_origin(), Ok(()));
    }
}

#[test]
fn an_accept_may_name_the_follow_alone() {
    let accept = json!({"type": "Accept", "id": "https://a.test/1", "actor": "https://a.test/u",
        "object": "https://b.test/accounts/c/follows/4"});
    let accept = Activity::from_value(&accept).unwrap();
    assert_eq!(accept.object_id().unwrap().path(), "/accounts/c/follows/4");
}

/// Every recorded activity, so that each kind is spoiled.
fn recorded_activities() -> Vec<Value> {
    [
        include_str!("../../../fixtures/peertube-6.3/wire/Flag-1.json"),
        include_str!("../../../fixtures/peertube-6.3/wire/View-1.json"),
        include_str!("../../../fixtures/peertube-6.3/wire/ApproveReply-1.json"),
        include_str!("../../../fixtures/peertube-6.3/wire/Create-Note-2.json"),
        include_str!("../../../fixtures/peertube-6.3/wire/Create-Playlist-1.json"),
        include_str!("../../../fixtures/peertube-6.3/wire/Accept-Follow-1.json"),
        include_str!("../../../fixtures/peertube-6.3/wire/Undo-Like-1.json"),
    ]
    .map(recorded)
    .to_vec()
}

proptest! {
    #[test]
    fn any_spoiled_activity_is_refused_or_written_as_it_was_read(
        value in prop::sample::select(recorded_activities()).prop_flat_map(spoiled)
    ) {
        if let Ok(activity) = Activity::from_value(&value) {
            let again = Activity::from_value(&activity.to_document()).unwrap();
            prop_assert_eq!(again.check_origin(), activity.check_origin());
            prop_assert_eq!(again.to_document(), activity.to_document());
        }
    }

    #[test]
    fn any_json_is_read_without_panic(value in any_json()) {
        let _ = Activity::from_value(&value);
    }

    #[test]
    fn a_spoiled_activity_is_refused_or_written_as_it_was_read(value in spoiled(undo_of_a_mirror())) {
        if let Ok(activity) = Activity::from_value(&value) {
            let again = Activity::from_value(&activity.to_document()).unwrap();
            prop_assert_eq!(again.check_origin(), activity.check_origin());
            prop_assert_eq!(again.to_document(), activity.to_document());
        }
    }
}
