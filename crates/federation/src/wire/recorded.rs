//! Documents that PeerTube 6.3 was seen to serve and to send survive being read and written, member by member.

use std::{fs, path::PathBuf};

use super::{
    Activity, Actor, Chapters, Collection, CollectionPage, Note, Playlist, PlaylistElement, Video, document, kind_of,
};
use serde_json::Value;

fn fixtures(folder: &str) -> Vec<(String, Value)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/peertube-6.3").join(folder);
    let mut files: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.display().to_string(), serde_json::from_slice(&fs::read(&path).unwrap()).unwrap()))
        .collect()
}

/// Without what is not ours to write: contexts (checked on their own), JSON-LD signatures, and the audience that an
/// actor repeats when it is updated.
fn comparable(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.remove("@context");
        members.remove("signature");
        if members.contains_key("publicKey") {
            members.retain(|name, _| name != "to" && name != "cc");
        }
        if let Some(object) = members.remove("object") {
            members.insert("object".to_owned(), comparable(object));
        }
    }
    value
}

fn written(value: &Value) -> Option<Value> {
    if value.get("hasPart").is_some() {
        return Some(Chapters::from_value(value).unwrap().to_document());
    }
    let rewritten = match kind_of(value)? {
        "Note" => Note::from_value(value).unwrap().to_document(),
        "Playlist" if value.get("partOf").is_none() => Playlist::from_value(value).unwrap().to_document(),
        // A page of a playlist is written by the playlist; its own test compares them.
        "Playlist" => return None,
        "PlaylistElement" => PlaylistElement::from_value(value).unwrap().to_document(),
        "Video" => Video::from_value(value).unwrap().to_document(),
        "Person" | "Group" | "Application" => Actor::from_value(value).unwrap().to_document(),
        "OrderedCollection" => Collection::from_value(value).unwrap().to_document(),
        "OrderedCollectionPage" => CollectionPage::from_value(value).unwrap().to_document(),
        _ => Activity::from_value(value).unwrap().to_document(),
    };
    Some(rewritten)
}

#[test]
fn served_documents_survive() {
    let mut survived = 0;
    for (name, value) in fixtures("ap").into_iter().chain(fixtures("live")) {
        if let Some(written) = written(&value) {
            assert_eq!(comparable(written), comparable(value), "{name}");
            survived += 1;
        }
    }
    assert!(survived >= 25, "only {survived} documents were of a kind we write");
}

#[test]
fn sent_activities_survive_and_stay_within_their_origin() {
    let mut survived = 0;
    for (name, recorded) in fixtures("wire") {
        let Some(body) = recorded.get("body") else {
            continue;
        };
        let bytes = serde_json::to_vec(body).unwrap();
        let activity = Activity::from_value(&document::parse(&bytes).unwrap()).unwrap();
        assert_eq!(activity.check_origin(), Ok(()), "{name}");
        assert_eq!(comparable(activity.to_document()), comparable(body.clone()), "{name}");
        survived += 1;
    }
    assert!(survived >= 30, "only {survived} activities");
}
