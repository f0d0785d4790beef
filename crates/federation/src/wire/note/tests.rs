use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::wire::any_json::{any_json, spoiled};

fn recorded() -> Value {
    let text = include_str!("../../../fixtures/peertube-6.3/wire/Create-Note-2.json");
    serde_json::from_str::<Value>(text).unwrap()["body"]["object"].clone()
}

#[test]
fn a_recorded_reply_is_understood() {
    let note = Note::from_value(&recorded()).unwrap();
    assert_eq!(note.content, "reply to bob");
    assert_eq!(note.format, TextFormat::Markdown);
    assert!(note.in_reply_to.as_ref().unwrap().path().ends_with("/comments/6"));
    assert_eq!(note.mentions().map(Url::path).collect::<Vec<_>>(), ["/accounts/bob"]);
    assert!(note.is_public());
}

#[test]
fn an_approval_counts_where_the_video_lives() {
    let note = Note::from_value(
        &serde_json::from_str(include_str!("../../../fixtures/peertube-6.3/ap/comment.json")).unwrap(),
    );
    let note = note.unwrap();
    let video = note.in_reply_to.clone().unwrap();
    assert!(note.is_approved_by_host_of(&video));
    assert!(!note.is_approved_by_host_of(&Url::parse("https://other.test/videos/watch/1").unwrap()));
}

#[test]
fn nobody_writes_in_the_name_of_another_host() {
    let mut forged = recorded();
    forged["attributedTo"] = "https://victim.test/accounts/bob".into();
    assert!(Note::from_value(&forged).is_err());
}

#[test]
fn a_text_without_a_media_type_is_html() {
    let mut note = recorded();
    note.as_object_mut().unwrap().remove("mediaType");
    assert_eq!(Note::from_value(&note).unwrap().format, TextFormat::Html);
    note["mediaType"] = "text/markdown; charset=utf-8".into();
    assert_eq!(Note::from_value(&note).unwrap().format, TextFormat::Markdown);
}

#[test]
fn a_private_note_is_no_public_comment() {
    let mut note = recorded();
    note["to"] = json!(["https://b.test/bob"]);
    assert!(!Note::from_value(&note).unwrap().is_public());
}

#[test]
fn a_comment_of_ours_is_what_another_server_reads() {
    let url = |text| Url::parse(text).unwrap();
    let moment = DateTime::from_timestamp_millis(1_795_320_692_472).unwrap();
    let video = url("https://b.test/videos/watch/1");
    let ours = Note::new(url("https://a.test/c/1"), url("https://a.test/accounts/bob"), video, "hi", moment);
    let document = ours.to_document();
    assert_eq!(document["replyApproval"], Value::Null);
    assert_eq!(document["mediaType"], "text/markdown");
    assert_eq!(Note::from_value(&document).unwrap(), ours);
}

proptest! {
    #[test]
    fn any_json_is_read_without_panic(value in any_json()) {
        let _ = Note::from_value(&value);
    }

    #[test]
    fn a_spoiled_note_is_refused_or_written_as_it_was_read(value in spoiled(recorded())) {
        if let Ok(note) = Note::from_value(&value) {
            prop_assert_eq!(Note::from_value(&note.to_document()).unwrap(), note);
        }
    }
}
