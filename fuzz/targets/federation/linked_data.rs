//! Signed documents: reading one ends, what we sign we believe, and what nobody signed is not seen.
#![no_main]

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use federation::{
    linked_data::{SignedDocument, sign},
    signature::{PublicKey, SigningKey},
    wire::document,
};
use libfuzzer_sys::fuzz_target;
use url::Url;

static KEY: LazyLock<(SigningKey, PublicKey)> = LazyLock::new(|| {
    let key = SigningKey::generate().expect("a key");
    let public = key.public_key().expect("its public half");
    (key, public)
});
static CREATOR: LazyLock<Url> = LazyLock::new(|| Url::parse("https://beta.test/accounts/bob").expect("a URL"));
static NOW: LazyLock<DateTime<Utc>> = LazyLock::new(|| DateTime::from_timestamp(1_795_320_948, 0).expect("a moment"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut document) = document::parse(bytes) else { return };
    let _ = SignedDocument::read(&document);
    if sign(&mut document, &CREATOR, &KEY.0, *NOW).is_err() {
        return;
    }
    let Ok(read) = SignedDocument::read(&document) else { return };
    let seen = read.verify(&KEY.1).expect("what was just signed");
    document["noTermOfAnyContext"] = true.into();
    if let Ok(again) = SignedDocument::read(&document) {
        assert!(again.verify(&KEY.1).is_ok_and(|again| again == seen), "an unsigned member is seen");
    }
});
