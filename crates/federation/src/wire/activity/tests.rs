use proptest::prelude::*;

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
fn nobody_creates_changes_deletes_or_undoes_for_another_host() {
    let foreign = "https://victim.test/videos/watch/1";
    for kind in ["Create", "Update", "Delete", "Undo"] {
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
fn an_unknown_activity_keeps_all_that_it_says() {
    let view = recorded(include_str!("../../../fixtures/peertube-6.3/wire/View-1.json"));
    let activity = Activity::from_value(&view).unwrap();
    assert_eq!(activity.kind(), "View");
    let Action::Other { body, .. } = &activity.action else { panic!("{activity:?}") };
    assert_eq!(body["expires"], view["expires"]);
}

#[test]
fn an_accept_may_name_the_follow_alone() {
    let accept = json!({"type": "Accept", "id": "https://a.test/1", "actor": "https://a.test/u",
        "object": "https://b.test/accounts/c/follows/4"});
    let accept = Activity::from_value(&accept).unwrap();
    assert_eq!(accept.object_id().unwrap().path(), "/accounts/c/follows/4");
}

proptest! {
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
