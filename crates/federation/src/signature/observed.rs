//! What a PeerTube 6.3 sent when its users did this and that, as it came in: each request is signed by its sender's key, each
//! linked-data signature by its author's, and each activity says the same when we write it.
//!
//! Its keys have 2048 bits, so that these go the whole way that a delivery goes.

use std::{collections::BTreeMap, fs, path::PathBuf};

use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::{PublicKey, RequestHead, SignedRequest};
use crate::{
    linked_data::SignedDocument,
    wire::{Activity, document},
};

#[derive(Deserialize)]
struct Observed {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Observed {
    fn headers(&self) -> HeaderMap {
        self.headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn date(&self) -> DateTime<Utc> {
        DateTime::parse_from_rfc2822(&self.headers["date"]).unwrap().to_utc()
    }

    fn request(&self) -> SignedRequest {
        let headers = self.headers();
        let head = RequestHead { method: &self.method, target: &self.target, headers: &headers };
        SignedRequest::read(head, self.body.as_bytes(), self.date()).unwrap()
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/peertube-6.3")
}

fn observed() -> Vec<(String, Observed)> {
    let mut all: Vec<_> = fs::read_dir(folder().join("observed"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), serde_json::from_slice(&fs::read(&path).unwrap()).unwrap()))
        .collect();
    all.sort_by(|(name, _), (other, _)| name.cmp(other));
    assert!(all.len() >= 34, "only {} requests", all.len());
    all
}

fn keys() -> BTreeMap<String, PublicKey> {
    let text = fs::read(folder().join("observed-keys.json")).unwrap();
    let keys: BTreeMap<String, String> = serde_json::from_slice(&text).unwrap();
    keys.into_iter().map(|(actor, pem)| (actor, PublicKey::from_pem(&pem).unwrap())).collect()
}

#[test]
fn every_request_is_signed_by_its_sender() {
    let (keys, mut verified) = (keys(), 0);
    for (name, observed) in observed() {
        let request = observed.request();
        if let Some(key) = keys.get(request.key_id().document().as_str()) {
            assert_eq!(request.verify(key), Ok(()), "{name}");
            verified += 1;
        }
    }
    assert!(verified >= 33, "only {verified} requests were made with a known key");
}

#[test]
fn a_request_that_was_touched_is_not() {
    let keys = keys();
    for (name, mut observed) in observed() {
        let request = observed.request();
        observed.target = "/accounts/mallory/inbox".to_owned();
        if let Some(key) = keys.get(request.key_id().document().as_str()) {
            assert!(observed.request().verify(key).is_err(), "{name}");
        }
    }
}

#[test]
fn what_authors_signed_survives_being_forwarded() {
    let (keys, mut verified) = (keys(), 0);
    for (name, observed) in observed() {
        let body: Value = document::parse(observed.body.as_bytes()).unwrap();
        let Ok(signed) = SignedDocument::read(&body) else { continue };
        let Some(key) = keys.get(signed.creator().url().as_str()) else { continue };
        let believed = Activity::from_value(&signed.verify(key).unwrap()).unwrap();
        assert_eq!(believed, Activity::from_value(&body).unwrap(), "{name}");
        verified += 1;
    }
    assert!(verified >= 25, "only {verified} signatures were made with a known key");
}

#[test]
fn every_activity_says_the_same_when_we_write_it() {
    for (name, observed) in observed() {
        let activity = Activity::from_value(&document::parse(observed.body.as_bytes()).unwrap()).unwrap();
        assert_eq!(activity.check_origin(), Ok(()), "{name}");
        let again = Activity::from_value(&activity.to_document()).unwrap();
        assert_eq!(again, activity, "{name}");
    }
}
