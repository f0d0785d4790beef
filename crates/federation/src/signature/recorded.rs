//! Signatures that PeerTube 6.3 made hold: the recorded requests of two servers, checked with the keys in their actors'
//! recorded documents. Those servers ran in test mode, with keys of 1024 bits, which we accept nowhere else.

use std::{collections::HashMap, fs, path::PathBuf};

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{PublicKey, RequestHead, SignatureError, SignedRequest};
use crate::wire::Actor;

#[derive(Deserialize)]
struct Recorded<'r> {
    #[serde(alias = "line")]
    request: String,
    headers: Vec<String>,
    #[serde(borrow)]
    body: &'r RawValue,
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/peertube-6.3").join(name)
}

fn known_keys() -> HashMap<String, PublicKey> {
    ["actor-account", "actor-channel", "actor-instance"]
        .iter()
        .map(|name| {
            let text = fs::read(folder("ap").join(format!("{name}.json"))).unwrap();
            let actor = Actor::from_value(&serde_json::from_slice(&text).unwrap()).unwrap();
            (actor.id.to_string(), PublicKey::from_pem(&actor.key().pem).unwrap())
        })
        .collect()
}

/// The fixtures are indented; on the wire there was no white space between members.
fn compact(json: &str) -> Vec<u8> {
    let (mut in_string, mut escaped) = (false, false);
    let significant = |character: &char| {
        let keep = in_string || !character.is_ascii_whitespace();
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = in_string,
            '"' => in_string = !in_string,
            _ => {}
        }
        keep
    };
    json.chars().filter(significant).collect::<String>().into_bytes()
}

fn headers(lines: &[String]) -> HeaderMap {
    let split = |line: &String| {
        let (name, value) = line.split_once(": ").unwrap();
        (HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap())
    };
    lines.iter().map(split).collect()
}

fn date_of(headers: &HeaderMap) -> DateTime<Utc> {
    DateTime::parse_from_rfc2822(headers["date"].to_str().unwrap()).unwrap().to_utc()
}

fn read(recorded: &Recorded<'_>, body: &[u8]) -> Result<SignedRequest, SignatureError> {
    let headers = headers(&recorded.headers);
    let mut line = recorded.request.split(' ');
    let head = RequestHead { method: line.next().unwrap(), target: line.next().unwrap(), headers: &headers };
    SignedRequest::read(head, body, date_of(&headers))
}

#[test]
fn recorded_deliveries_verify() {
    let (keys, mut verified) = (known_keys(), 0);
    for entry in fs::read_dir(folder("wire")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let Ok(recorded) = serde_json::from_str::<Recorded<'_>>(&text) else {
            continue;
        };
        let request = read(&recorded, &compact(recorded.body.get())).unwrap();
        if let Some(key) = keys.get(request.key_id().document().as_str()) {
            assert!(request.verifies_with_any_size(key), "{}", path.display());
            assert!(request.verify(key).is_err(), "a key of 1024 bits must not count");
            verified += 1;
        }
    }
    assert!(verified >= 15, "only {verified} of the recorded requests were made with a recorded key");
}

#[test]
fn recorded_fetches_are_read() {
    let text = fs::read_to_string(folder("wire").join("GET-requests-examples.json")).unwrap();
    let fetches: Vec<Recorded<'_>> = serde_json::from_str(&text).unwrap();
    assert!(!fetches.is_empty());
    let keys = known_keys();
    for fetch in &fetches {
        let request = read(fetch, b"").unwrap();
        assert!(request.key_id().url().path().ends_with("/accounts/peertube"));
        if let Some(key) = keys.get(request.key_id().document().as_str()) {
            assert!(request.verifies_with_any_size(key));
        }
    }
}
