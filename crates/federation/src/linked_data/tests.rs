//! The recorded activities of PeerTube 6.3 prove that what we canonicalise is what it canonicalised: their signatures hold.
//! The cases under `fixtures/json-ld` are documents of ours with the canonical text that jsonld.js 8.3 makes of them.

mod forgery;

use std::{collections::HashMap, fs, path::PathBuf};

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

use super::{context::Context, expand::expand, graph::Dialect, *};
use crate::{
    context::Context as Of,
    signature::{
        PublicKey,
        keys::{test_ed25519_key, test_key},
    },
    wire::{Activity, Actor, any_json::any_json},
};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn json_of(path: PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn recorded() -> Vec<Value> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(fixture("peertube-6.3/wire")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().filter_map(|path| json_of(path).get("body").cloned()).collect()
}

fn canonical_text(document: &Value) -> Result<String, LinkedDataError> {
    let expanded = expand(document.as_object().unwrap(), Context::default())?;
    Ok(canonical::canonical_text(&expanded.graph, Dialect::JavaScript)?)
}

fn bob() -> Url {
    Url::parse("https://beta.test/accounts/bob").unwrap()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_320_889_123).unwrap()
}

fn comment() -> Value {
    json!({
        "@context": Of::Comment.value(),
        "id": "https://beta.test/comments/1/activity",
        "type": "Create",
        "actor": bob(),
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cc": ["https://beta.test/accounts/bob/followers"],
        "object": {
            "id": "https://beta.test/comments/1",
            "type": "Note",
            "content": "<p>Hello, \"world\"</p>\n",
            "published": "2026-11-22T04:14:49.000Z",
            "inReplyTo": "https://alpha.test/videos/watch/1",
            "tag": [{"type": "Mention", "href": "https://alpha.test/accounts/ada", "name": "@ada"}],
        },
    })
}

fn signed(mut document: Value) -> Value {
    sign(&mut document, &bob(), test_key(), now()).unwrap();
    document
}

fn verify(document: &Value) -> Result<Value, LinkedDataError> {
    SignedDocument::read(document)?.verify(&test_key().public_key().unwrap())
}

fn changed(change: impl FnOnce(&mut Value)) -> Result<Value, LinkedDataError> {
    let mut document = signed(comment());
    change(&mut document);
    verify(&document)
}

#[test]
fn what_peertube_signed_holds() {
    let keys: HashMap<String, PublicKey> = ["actor-account", "actor-channel", "actor-instance"]
        .iter()
        .map(|name| Actor::from_value(&json_of(fixture(&format!("peertube-6.3/ap/{name}.json")))).unwrap())
        .map(|actor| (actor.id.to_string(), PublicKey::from_pem(&actor.key().pem).unwrap()))
        .collect();
    let mut verified = 0;
    for document in recorded() {
        let read = SignedDocument::read(&document).unwrap();
        assert!(read.created().is_some());
        if let Some(key) = keys.get(read.creator().url().as_str()) {
            assert_eq!(read.clone().verify(key), Err(LinkedDataError::Mismatch(read.creator().clone())), "1024 bits");
            let readable = read.verify_with_any_size(key).unwrap_or_else(|error| panic!("{}: {error}", document["id"]));
            assert_eq!(readable["type"], document["type"]);
            verified += 1;
        }
    }
    assert!(verified >= 15, "only {verified} of the recorded activities were signed with a recorded key");
}

#[test]
fn what_peertube_signed_is_read_as_if_it_had_come_directly() {
    for document in recorded() {
        let direct = without_signature(&document);
        let members = direct.as_object().unwrap();
        let readable = policy::readable(members, &expand(members, Context::default()).unwrap().graph).unwrap();
        assert_eq!(without_empty(&Value::Object(readable)), without_empty(&direct), "{}", document["id"]);
    }
}

fn without_signature(document: &Value) -> Value {
    let mut document = document.clone();
    document.as_object_mut().unwrap().remove("signature");
    document
}

/// Without what JSON-LD does not tell from absence, and without contexts within.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, value)| *name != "@context" && !value.is_null() && **value != json!([]))
            .map(|(name, value)| (name.clone(), without_empty(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_empty).collect(),
        other => other.clone(),
    }
}

#[test]
fn documents_mean_the_same_to_jsonld_js() {
    for case in json_of(fixture("json-ld/cases.json")).as_array().unwrap() {
        assert_eq!(canonical_text(&case["document"]).unwrap(), case["canonical"].as_str().unwrap());
    }
}

#[test]
fn what_we_sign_verifies_and_is_read_back_whole() {
    let document = signed(comment());
    let signature = &document["signature"];
    assert_eq!(signature["type"], "RsaSignature2017");
    assert_eq!(signature["creator"], bob().as_str());
    assert_eq!(signature["created"], "2026-11-22T04:14:49.123Z");
    assert_eq!(verify(&document).unwrap(), comment());
    let read = SignedDocument::read(&document).unwrap();
    assert_eq!((read.creator().url(), read.created()), (&bob(), Some(now())));
}

#[test]
fn every_activity_that_we_send_can_be_signed() {
    for document in recorded() {
        let mut ours = Activity::from_value(&document).unwrap().to_document();
        sign(&mut ours, &bob(), test_key(), now()).unwrap_or_else(|error| panic!("{}: {error}", document["id"]));
        assert_eq!(without_empty(&verify(&ours).unwrap()), without_empty(&without_signature(&ours)));
    }
}

#[test]
fn the_way_a_document_is_written_does_not_matter() {
    let reordered = changed(|document| {
        let members = document.as_object().unwrap().clone();
        *document = members.into_iter().rev().collect();
        document["cc"] = json!("https://beta.test/accounts/bob/followers");
        document["to"] = json!("as:Public");
    });
    assert_eq!(reordered.unwrap()["to"], "as:Public");
}

#[test]
fn what_was_changed_on_the_way_does_not_verify() {
    for (pointer, value) in [
        ("/object/content", json!("Goodbye")),
        ("/actor", json!("https://beta.test/accounts/eve")),
        ("/type", json!("Delete")),
        ("/cc", json!([])),
        ("/signature/created", json!("2026-11-22T04:14:50.123Z")),
        ("/signature/creator", json!("https://beta.test/accounts/eve")),
    ] {
        let outcome = changed(|document| *document.pointer_mut(pointer).unwrap() = value);
        assert!(matches!(outcome, Err(LinkedDataError::Mismatch(_))), "{pointer}: {outcome:?}");
    }
    let stranger = test_ed25519_key().public_key().unwrap();
    assert!(SignedDocument::read(&signed(comment())).unwrap().verify(&stranger).is_err());
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let with = |name: &str, value: Value| changed(|document| document["object"][name] = value);
    for keyword in ["@graph", "@included", "@reverse", "@list", "@set", "@nest", "@unknown", "@context"] {
        assert!(with(keyword, json!([])).is_err() || keyword == "@context", "{keyword}");
    }
    let remote = json!(["https://www.w3.org/ns/activitystreams", "https://evil.test/context.json"]);
    let refused = LinkedDataError::RemoteContext("https://evil.test/context.json".to_owned());
    assert_eq!(changed(|document| document["@context"] = remote), Err(refused));
    for term in [
        json!({"@base": "https://evil.test/"}),
        json!({"@import": "https://evil.test/"}),
        json!({"x": {"@reverse": "as:object"}}),
        json!({"x": {"@id": "as:x", "@context": {}}}),
        json!({"x": {"@id": "as:x", "@container": "@graph"}}),
        json!({"x": {"@id": "as:x", "@type": "@json"}}),
        json!({"x": "y", "y": "x"}),
        json!({"x": "@graph"}),
        json!({"as:to": "as:cc"}),
        json!({"x": 1}),
        json!(1),
        Value::Null,
    ] {
        let outcome = changed(|document| document["@context"].as_array_mut().unwrap().push(term.clone()));
        assert!(matches!(outcome, Err(LinkedDataError::Context(_))), "{term}: {outcome:?}");
    }
    assert!(matches!(with("id", json!("_:b0")), Err(LinkedDataError::Id(_))));
    assert!(matches!(with("id", json!("comments/1")), Err(LinkedDataError::Id(_))));
    assert!(matches!(with("type", json!("Nonsense")), Err(LinkedDataError::Type(_))));
    assert!(matches!(with("url", json!("https://a.test/>_<https://b.test/")), Err(LinkedDataError::Id(_))));
}

#[test]
fn a_document_without_a_usable_signature_is_not_signed() {
    assert_eq!(verify(&json!([])), Err(LinkedDataError::NotAnObject));
    assert_eq!(verify(&comment()), Err(LinkedDataError::Missing));
    for (name, value) in [
        ("type", json!("Ed25519Signature2018")),
        ("creator", json!("acct:bob@beta.test")),
        ("signatureValue", json!("%")),
    ] {
        let outcome = changed(|document| document["signature"][name] = value);
        assert_eq!(outcome, Err(LinkedDataError::Parameter(name)));
    }
    let outcome = changed(|document| document["signature"]["@context"] = json!({}));
    assert_eq!(outcome, Err(LinkedDataError::Unsupported("@context".to_owned())));
}

#[test]
fn what_readers_of_json_ld_would_not_see_is_not_signed() {
    let refused = |change: fn(&mut Value)| {
        let mut document = comment();
        change(&mut document);
        sign(&mut document, &bob(), test_key(), now()).unwrap_err()
    };
    let meaningless = |name: &str| LinkedDataError::Meaningless(name.to_owned());
    assert_eq!(refused(|document| document["undefined"] = json!(1)), meaningless("undefined"));
    assert_eq!(refused(|document| document["to"] = json!("Public")), meaningless("Public"));
    assert_eq!(refused(|document| document["type"] = json!("Nonsense")), LinkedDataError::Type("Nonsense".to_owned()));
    assert_eq!(sign(&mut comment(), &bob(), test_ed25519_key(), now()), Err(LinkedDataError::Key));
}

#[test]
fn what_is_too_much_is_refused() {
    let tags: Vec<Value> = (0..1001).map(|number| json!({"type": "Mention", "name": number.to_string()})).collect();
    assert_eq!(changed(|document| document["object"]["tag"] = json!(tags)), Err(LinkedDataError::TooLarge));
    let urls: Vec<String> = (0..5001).map(|number| format!("https://a.test/{number}")).collect();
    assert_eq!(changed(|document| document["object"]["url"] = json!(urls)), Err(LinkedDataError::TooLarge));
    let mut deep = json!({});
    for _ in 0..40 {
        deep = json!({"object": deep});
    }
    assert_eq!(changed(|document| document["object"] = deep), Err(LinkedDataError::TooLarge));
}

#[test]
fn mastodon_writes_languages_and_tabs_in_its_own_way() {
    let document = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "https://a.test/1",
        "contentMap": {"pt-BR": "a\tb\u{1}"},
    });
    let graph = expand(document.as_object().unwrap(), Context::default()).unwrap().graph;
    assert!(graph.differs_between_dialects());
    let text = |dialect| canonical::canonical_text(&graph, dialect).unwrap();
    assert!(text(Dialect::JavaScript).contains("\"a\tb\u{1}\"@pt-br ."));
    assert!(text(Dialect::Standard).contains(r#""a\tb\u0001"@pt-BR ."#));
}

/// How long a check takes: `cargo test --release -p federation -- --ignored --nocapture microseconds`.
#[test]
#[ignore = "measures, and proves nothing"]
fn microseconds_per_document() {
    let video = recorded().into_iter().max_by_key(|document| document.to_string().len()).unwrap();
    for document in [signed(comment()), signed(without_signature(&video))] {
        let start = std::time::Instant::now();
        for _ in 0..50 {
            verify(&document).unwrap();
        }
        println!("{} bytes: {:?}", document.to_string().len(), start.elapsed() / 50);
    }
}

proptest! {
    #[test]
    fn any_document_is_read_without_panic(document in any_json(), context in any_json()) {
        let signature = json!({"type": "RsaSignature2017", "creator": bob(), "created": "", "signatureValue": "AA=="});
        let document = json!({"@context": [Of::Video.value(), context], "id": "https://a.test/1", "object": document, "signature": signature});
        let _ = SignedDocument::read(&document);
    }

    #[test]
    fn any_term_is_read_without_panic(name in "[a-z@:_#/]{0,6}", meaning in "[a-z@:_#/]{0,12}", kind in "[@a-z:]{0,8}") {
        let context = json!({"@vocab": "_:", name: {"@id": meaning, "@type": kind}, "x": meaning});
        let _ = Context::default().within(&context);
    }
}
