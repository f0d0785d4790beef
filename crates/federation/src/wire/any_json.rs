//! Arbitrary JSON for property tests: readers must take anything without panic.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// Member names and texts that readers look at, so that arbitrary values reach deep into them.
const WORDS: &[&str] = &[
    "type",
    "id",
    "actor",
    "object",
    "url",
    "tag",
    "href",
    "name",
    "Video",
    "CacheFile",
    "Person",
    "Create",
    "Undo",
    "Follow",
    "Announce",
    "OrderedCollection",
    "Infohash",
    "Link",
    "mediaType",
    "application/x-mpegURL",
    "video/mp4",
    "uuid",
    "765302c9-fce1-4814-9d74-679a3dc97046",
    "https://a.test/x",
    "PT5S",
    "2026-11-22T03:56:44.668Z",
    "icon",
    "published",
    "updated",
    "duration",
    "attributedTo",
    "publicKey",
    "publicKeyPem",
    "owner",
    "inbox",
    "outbox",
    "preferredUsername",
    "expires",
    "height",
    "width",
    "size",
    "fps",
    "rel",
    "preview",
    "storyboard",
    "tileWidth",
    "tileHeight",
    "tileDuration",
    "subtitleLanguage",
    "identifier",
    "orderedItems",
    "first",
    "to",
    "cc",
    "items",
    "next",
    "Collection",
    "Note",
    "Playlist",
    "PlaylistElement",
    "Tombstone",
    "WatchAction",
    "PlayerSettings",
    "Multikey",
    "Mention",
    "Flag",
    "View",
    "Move",
    "inReplyTo",
    "content",
    "text/markdown",
    "source",
    "target",
    "result",
    "userInteractionCount",
    "hasPart",
    "startOffset",
    "position",
    "startTime",
    "endTime",
    "watchSections",
    "startTimestamp",
    "endTimestamp",
    "theme",
    "assertionMethod",
    "controller",
    "publicKeyMultibase",
    "alsoKnownAs",
];

/// Any JSON value, made mostly of words that the readers know.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 80, 8, |inner| {
        let name = prop::sample::select(WORDS).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A recorded document with one member, at any depth, replaced by something arbitrary: nearly right is the hard case.
pub(crate) fn spoiled(document: Value) -> impl Strategy<Value = Value> {
    (any::<prop::sample::Index>(), any_json()).prop_map(move |(position, replacement)| {
        let mut spoiled = document.clone();
        let places = count_places(&spoiled);
        let mut rest = position.index(places.max(1));
        replace(&mut spoiled, &mut rest, &replacement);
        spoiled
    })
}

fn count_places(value: &Value) -> usize {
    1 + children(value).map(count_places).sum::<usize>()
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Object(members) => Box::new(members.values()),
        Value::Array(items) => Box::new(items.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

fn replace(value: &mut Value, rest: &mut usize, replacement: &Value) -> bool {
    if *rest == 0 {
        *value = replacement.clone();
        return true;
    }
    *rest -= 1;
    match value {
        Value::Object(members) => members.values_mut().any(|member| replace(member, rest, replacement)),
        Value::Array(items) => items.iter_mut().any(|item| replace(item, rest, replacement)),
        _ => false,
    }
}
