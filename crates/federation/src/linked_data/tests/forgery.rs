//! What somebody could try who passes on what another has signed.

use serde_json::{Value, json};

use super::*;

#[test]
fn members_that_were_not_signed_are_not_seen() {
    let readable = changed(|document| {
        document["commentsPolicy"] = json!(3);
        document["object"]["replyTarget"] = json!(["x"]);
        document["object"]["sensitive"] = Value::Null;
        document["object"]["attachment"] = json!([]);
        document["to"] = json!(["as:Public", "Public", "bob"]);
    })
    .unwrap();
    assert_eq!(readable["to"], json!(["as:Public"]));
    let mut expected = comment();
    expected["to"] = json!(["as:Public"]);
    assert_eq!(readable, expected);
}

#[test]
fn words_may_not_trade_places() {
    let redefined = |terms: Value| {
        changed(|document| {
            document["@context"].as_array_mut().unwrap().push(terms);
        })
    };
    for (name, terms) in [
        ("to", json!({"to": {"@id": "as:cc", "@type": "@id"}, "cc": {"@id": "as:to", "@type": "@id"}})),
        ("Create", json!({"Create": "as:Delete"})),
        ("as", json!({"as": "https://evil.test/"})),
        ("object", json!({"object": "as:object"})),
        ("object", json!({"object": null})),
        ("id", json!({"id": "as:id"})),
    ] {
        let outcome = redefined(terms.clone());
        let Err(LinkedDataError::Redefined(found)) = outcome else { panic!("{name}: {outcome:?}") };
        assert!(terms.get(&found).is_some() || found != *name, "{found}");
    }
}

#[test]
fn known_things_may_not_go_by_other_names() {
    for (name, context) in [
        ("as:content", json!({})),
        ("https://www.w3.org/ns/activitystreams#content", json!({})),
        ("text", json!({"text": "as:content"})),
        ("pt:views", json!({})),
    ] {
        let outcome = changed(|document| {
            document["@context"].as_array_mut().unwrap().push(context);
            let object = document["object"].as_object_mut().unwrap();
            let content = object.remove("content").unwrap();
            object.insert(name.to_owned(), content);
        });
        assert_eq!(outcome, Err(LinkedDataError::Disguised(name.to_owned())));
    }
}

#[test]
fn a_document_may_not_be_turned_inside_out() {
    let undo = signed(json!({
        "@context": Of::Base.value(),
        "id": "https://beta.test/undo/1",
        "type": "Undo",
        "actor": bob(),
        "object": {"id": "https://beta.test/follow/1", "type": "Follow", "actor": bob(), "object": "https://alpha.test/accounts/ada"},
    }));
    let mut follow = undo["object"].clone();
    follow["@context"] = undo["@context"].clone();
    follow["signature"] = undo["signature"].clone();
    let mut hidden = undo.clone();
    hidden.as_object_mut().unwrap().retain(|name, _| !["@context", "signature"].contains(&name.as_str()));
    hidden["object"] = follow["id"].clone();
    assert!(matches!(verify(&follow), Err(LinkedDataError::Mismatch(_))));
    follow["undefined"] = hidden.clone();
    assert_eq!(verify(&follow), Err(LinkedDataError::Meaningless("undefined".to_owned())));
    follow["undefined"] = json!([[hidden.clone()]]);
    assert_eq!(verify(&follow), Err(LinkedDataError::Meaningless("undefined".to_owned())));
    follow.as_object_mut().unwrap().remove("undefined");
    follow["result"] = hidden;
    assert_eq!(verify(&follow), Err(LinkedDataError::Circular("https://beta.test/follow/1".to_owned())));
}

#[test]
fn a_thing_may_not_be_described_in_two_places() {
    let outcome = changed(|document| {
        let content = document["object"].as_object_mut().unwrap().remove("content").unwrap();
        document["result"] = json!({"id": "https://beta.test/comments/1", "content": content});
    });
    assert_eq!(outcome, Err(LinkedDataError::DescribedTwice("https://beta.test/comments/1".to_owned())));
}
