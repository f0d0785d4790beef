//! Which JSON-LD `@context` goes with which document?
//!
//! A context says what the names in a document mean. PeerTube puts a base on every document and adds the terms that the
//! kind of object uses; readers that process JSON-LD drop every member whose name they cannot resolve. Ours are embedded:
//! nothing is ever fetched to write or to read a document.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

/// The kind of document that a context is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Activities about nothing but ids, and collections.
    Base,
    /// Actors of every kind.
    Actor,
    /// Videos.
    Video,
    /// Mirrors of videos.
    CacheFile,
    /// Playlists and their elements.
    Playlist,
    /// Comments.
    Comment,
    /// Chapters of a video.
    Chapters,
    /// Reports to moderators.
    Flag,
}

impl Context {
    /// The value of `@context`.
    pub fn value(self) -> Value {
        match self {
            Self::Base => BASE.clone(),
            Self::Actor => ACTOR.clone(),
            Self::Video => VIDEO.clone(),
            Self::CacheFile => CACHE_FILE.clone(),
            Self::Playlist => PLAYLIST.clone(),
            Self::Comment => COMMENT.clone(),
            Self::Chapters => CHAPTERS.clone(),
            Self::Flag => FLAG.clone(),
        }
    }

    /// A complete document: the members of an object under this context.
    pub fn document(self, mut members: Map<String, Value>) -> Value {
        members.insert("@context".to_owned(), self.value());
        Value::Object(members)
    }
}

static BASE: LazyLock<Value> = LazyLock::new(|| with_terms(None));

static ACTOR: LazyLock<Value> = LazyLock::new(|| {
    with_terms(Some(json!({
        "playlists": {"@id": "pt:playlists", "@type": "@id"},
        "support": typed("Text", "pt:support"),
        "playerSettings": {"@id": "pt:playerSettings", "@type": "@id"},
        "lemmy": "https://join-lemmy.org/ns#",
        "postingRestrictedToMods": "lemmy:postingRestrictedToMods",
        "toot": "http://joinmastodon.org/ns#",
        "indexable": "toot:indexable",
        "discoverable": "toot:discoverable",
        "icons": "as:icon",
    })))
});

static VIDEO: LazyLock<Value> = LazyLock::new(|| {
    let mut terms = json!({
        "Hashtag": "as:Hashtag",
        "SensitiveTag": "pt:SensitiveTag",
        "category": "sc:category",
        "licence": "sc:license",
        "subtitleLanguage": "sc:subtitleLanguage",
        "automaticallyGenerated": "pt:automaticallyGenerated",
        "sensitive": "as:sensitive",
        "language": "sc:inLanguage",
        "identifier": "sc:identifier",
        "isLiveBroadcast": "sc:isLiveBroadcast",
        "Infohash": "pt:Infohash",
        "aspectRatio": typed("Float", "pt:aspectRatio"),
        "uuid": typed("identifier", "pt:uuid"),
        "originallyPublishedAt": "sc:datePublished",
        "schedules": "sc:eventSchedule",
        "startDate": "sc:startDate",
        "embedUrl": "sc:embedUrl",
        "uploadDate": "sc:uploadDate",
        "dvrWindow": typed("Duration", "pt:dvrWindow"),
        "hasParts": "sc:hasParts",
        "playerSettings": {"@id": "pt:playerSettings", "@type": "@id"},
        "canReply": "pt:canReply",
        "support": typed("Text", "pt:support"),
        "PropertyValue": "sc:PropertyValue",
        "value": "sc:value",
    });
    add_typed(&mut terms, "Boolean", &VIDEO_FLAGS);
    add_typed(&mut terms, "Number", &VIDEO_NUMBERS);
    add_links(&mut terms, &["likes", "dislikes", "shares", "comments"]);
    with_terms(Some(terms))
});

const VIDEO_FLAGS: [&str; 5] =
    ["liveSaveReplay", "permanentLive", "commentsEnabled", "downloadEnabled", "waitTranscoding"];

const VIDEO_NUMBERS: [&str; 10] = [
    "latencyMode",
    "tileWidth",
    "tileHeight",
    "tileDuration",
    "views",
    "downloads",
    "state",
    "size",
    "fps",
    "commentsPolicy",
];

static CACHE_FILE: LazyLock<Value> = LazyLock::new(|| {
    with_terms(Some(json!({
        "expires": "sc:expires",
        "CacheFile": "pt:CacheFile",
        "size": typed("Number", "pt:size"),
        "fps": typed("Number", "pt:fps"),
    })))
});

static PLAYLIST: LazyLock<Value> = LazyLock::new(|| {
    with_terms(Some(json!({
        "Playlist": "pt:Playlist",
        "PlaylistElement": "pt:PlaylistElement",
        "position": typed("Number", "pt:position"),
        "videoChannelPosition": typed("Number", "pt:position"),
        "startTimestamp": typed("Number", "pt:startTimestamp"),
        "stopTimestamp": typed("Number", "pt:stopTimestamp"),
        "uuid": typed("identifier", "pt:uuid"),
    })))
});

static COMMENT: LazyLock<Value> = LazyLock::new(|| with_terms(Some(json!({"replyApproval": "pt:replyApproval"}))));

static CHAPTERS: LazyLock<Value> = LazyLock::new(|| {
    with_terms(Some(json!({
        "hasPart": "sc:hasPart",
        "endOffset": "sc:endOffset",
        "startOffset": "sc:startOffset",
    })))
});

static FLAG: LazyLock<Value> = LazyLock::new(|| with_terms(Some(json!({"Hashtag": "as:Hashtag"}))));

fn with_terms(terms: Option<Value>) -> Value {
    let mut context = vec![
        json!("https://www.w3.org/ns/activitystreams"),
        json!("https://w3id.org/security/v1"),
        json!({"RsaSignature2017": "https://w3id.org/security#RsaSignature2017"}),
    ];
    if let Some(Value::Object(mut terms)) = terms {
        terms.insert("pt".to_owned(), json!("https://joinpeertube.org/ns#"));
        terms.insert("sc".to_owned(), json!("http://schema.org/"));
        context.push(Value::Object(terms));
    }
    Value::Array(context)
}

fn typed(kind: &str, id: &str) -> Value {
    json!({"@type": format!("sc:{kind}"), "@id": id})
}

fn add_typed(terms: &mut Value, kind: &str, names: &[&str]) {
    if let Value::Object(terms) = terms {
        terms.extend(names.iter().map(|name| ((*name).to_owned(), typed(kind, &format!("pt:{name}")))));
    }
}

fn add_links(terms: &mut Value, names: &[&str]) {
    if let Value::Object(terms) = terms {
        let link = |name: &&str| ((*name).to_owned(), json!({"@id": format!("as:{name}"), "@type": "@id"}));
        terms.extend(names.iter().map(link));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_covers(ours: Context, recorded: &str) {
        let recorded: Value = serde_json::from_str(recorded).unwrap();
        let recorded = recorded["@context"].as_array().unwrap().clone();
        let ours = ours.value();
        let ours = ours.as_array().unwrap();
        assert_eq!(ours[..3], recorded[..3]);
        for (term, meaning) in recorded.get(3).and_then(Value::as_object).into_iter().flatten() {
            assert_eq!(ours[3].get(term), Some(meaning), "{term}");
        }
    }

    #[test]
    fn every_term_that_peertube_defines_means_the_same_in_ours() {
        assert_covers(Context::Base, include_str!("../fixtures/peertube-6.3/ap/announce-1.json"));
        assert_covers(Context::Actor, include_str!("../fixtures/peertube-6.3/ap/actor-channel.json"));
        assert_covers(Context::Video, include_str!("../fixtures/peertube-6.3/ap/video-web+hls.json"));
        assert_covers(Context::Playlist, include_str!("../fixtures/peertube-6.3/ap/playlist.json"));
        assert_covers(Context::Comment, include_str!("../fixtures/peertube-6.3/ap/comment.json"));
        assert_covers(Context::Chapters, include_str!("../fixtures/peertube-6.3/ap/chapters.json"));
        let wire = include_str!("../fixtures/peertube-6.3/wire/Create-CacheFile-HLS.json");
        let body = serde_json::from_str::<Value>(wire).unwrap()["body"].to_string();
        assert_covers(Context::CacheFile, &body);
    }

    #[test]
    fn a_document_without_terms_of_its_own_has_only_the_base() {
        assert_eq!(Context::Base.value().as_array().unwrap().len(), 3);
    }
}
