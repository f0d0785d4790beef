//! What other software sends is understood, and what we send has what other software requires.
//!
//! The fixtures are written by us, in the shapes that public documentation and sources show: Mastodon
//! (docs.joinmastodon.org/spec/activitypub), Lemmy (join-lemmy.org/docs/contributors, its protocol structs), GoToSocial
//! (docs.gotosocial.org/federation), Pleroma and Akkoma (litepub), Misskey (its renderer), Friendica (its transmitter),
//! WordPress (FEDERATION.md and handlers of its ActivityPub plugin), Owncast (its models), PeerTube 8.2
//! (docs.joinpeertube.org/api/activitypub, its model package).

mod lemmy;
mod mastodon;
mod microblogs;
mod peertube;
mod publishers;
mod requirements;

use std::{fs, path::PathBuf};

use proptest::prelude::*;
use serde_json::Value;
use url::Url;

use super::{
    Activity, Actor, Chapters, Collection, CollectionPage, Note, Object, Tombstone, Video, any_json::spoiled, document,
    kind_of,
};

pub(super) const VIDEO: &str = "https://shoal.test/videos/watch/765302c9-fce1-4814-9d74-679a3dc97046";
pub(super) const ACCOUNT: &str = "https://shoal.test/accounts/bob";
pub(super) const CHANNEL: &str = "https://shoal.test/video-channels/ocean";
pub(super) const FOLLOW: &str = "https://shoal.test/accounts/bob/follows/9";

const SOFTWARE: [&str; 9] =
    ["friendica", "gotosocial", "lemmy", "mastodon", "misskey", "owncast", "peertube-8.2", "pleroma", "wordpress"];

fn folder(software: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(software)
}

pub(super) fn fixture(software: &str, name: &str) -> Value {
    let path = folder(software).join(format!("{name}.json"));
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    document::parse(&bytes).unwrap()
}

pub(super) fn activity(software: &str, name: &str) -> Activity {
    let activity = Activity::from_value(&fixture(software, name)).unwrap();
    activity.check_origin().unwrap();
    activity
}

pub(super) fn actor(software: &str, name: &str) -> Actor {
    Actor::from_value(&fixture(software, name)).unwrap()
}

/// The comment in a creation or change.
pub(super) fn note(software: &str, name: &str) -> Note {
    match activity(software, name).action {
        super::Action::Create(Object::Note(note)) | super::Action::Update(Object::Note(note)) => *note,
        other => panic!("{other:?}"),
    }
}

pub(super) fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn all_fixtures() -> Vec<(String, Value)> {
    let named = |software: &str| {
        let mut names: Vec<String> = fs::read_dir(folder(software))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names.into_iter().map(|name| (format!("{software}/{name}"), fixture(software, &name))).collect::<Vec<_>>()
    };
    SOFTWARE.into_iter().flat_map(named).collect()
}

/// Reads a document as what it is, and writes it again.
fn rewritten(value: &Value) -> Option<Value> {
    if value.get("hasPart").is_some() {
        return Chapters::from_value(value).ok().map(|chapters| chapters.to_document());
    }
    match kind_of(value)? {
        "OrderedCollection" | "Collection" => Collection::from_value(value).ok().map(|read| read.to_document()),
        "OrderedCollectionPage" => CollectionPage::from_value(value).ok().map(|read| read.to_document()),
        "Video" => Video::from_value(value).ok().map(|read| read.to_document()),
        "Tombstone" => Tombstone::from_value(value).ok().map(|read| read.to_document()),
        "Note" | "Page" | "Article" | "Question" => Note::from_value(value).ok().map(|read| read.to_document()),
        "Person" | "Group" | "Service" => Actor::from_value(value).ok().map(|read| read.to_document()),
        _ => Activity::from_value(value).ok().map(|read| read.to_document()),
    }
}

#[test]
fn every_document_is_read_and_says_the_same_when_it_is_passed_on() {
    let fixtures = all_fixtures();
    assert!(fixtures.len() >= 110, "{} fixtures", fixtures.len());
    for (name, value) in fixtures {
        let written = rewritten(&value).unwrap_or_else(|| panic!("{name} is not read"));
        assert_eq!(rewritten(&written), Some(written), "{name}");
    }
}

#[test]
fn every_activity_stays_within_its_authority() {
    for (name, value) in all_fixtures() {
        if value.get("actor").is_none() || kind_of(&value) == Some("Tombstone") {
            continue;
        }
        assert_eq!(Activity::from_value(&value).unwrap().check_origin(), Ok(()), "{name}");
    }
}

proptest! {
    #[test]
    fn a_spoiled_document_is_refused_or_settles(
        value in prop::sample::select(all_fixtures()).prop_flat_map(|(_, value)| spoiled(value))
    ) {
        if let Some(written) = rewritten(&value) {
            prop_assert_eq!(rewritten(&written), Some(written));
        }
    }
}
