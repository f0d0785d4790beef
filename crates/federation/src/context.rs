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
    /// What somebody watched.
    WatchAction,
    /// Views of videos.
    View,
    /// Downloads of videos.
    Download,
    /// Approvals of comments.
    ApproveReply,
    /// Refusals of comments.
    RejectReply,
    /// How a player looks.
    PlayerSettings,
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
            Self::WatchAction => WATCH_ACTION.clone(),
            Self::View => VIEW.clone(),
            Self::Download => DOWNLOAD.clone(),
            Self::ApproveReply => APPROVE_REPLY.clone(),
            Self::RejectReply => REJECT_REPLY.clone(),
            Self::PlayerSettings => PLAYER_SETTINGS.clone(),
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
        "featured": {"@id": "toot:featured", "@type": "@id"},
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "movedTo": {"@id": "as:movedTo", "@type": "@id"},
        "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
        "Multikey": "https://w3id.org/security#Multikey",
        "assertionMethod": {
            "@id": "https://w3id.org/security#assertionMethod", "@type": "@id", "@container": "@set"
        },
        "controller": {"@id": "https://w3id.org/security#controller", "@type": "@id"},
        "publicKeyMultibase": {
            "@id": "https://w3id.org/security#publicKeyMultibase", "@type": "https://w3id.org/security#multibase"
        },
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

static COMMENT: LazyLock<Value> = LazyLock::new(|| {
    with_terms(Some(json!({
        "replyApproval": "pt:replyApproval",
        "sensitive": "as:sensitive",
        "Hashtag": "as:Hashtag",
    })))
});

static CHAPTERS: LazyLock<Value> = LazyLock::new(|| {
    with_terms(Some(json!({
        "hasPart": "sc:hasPart",
        "endOffset": "sc:endOffset",
        "startOffset": "sc:startOffset",
    })))
});

static FLAG: LazyLock<Value> = LazyLock::new(|| with_terms(Some(json!({"Hashtag": "as:Hashtag"}))));

static WATCH_ACTION: LazyLock<Value> = LazyLock::new(|| {
    with_terms(Some(json!({
        "WatchAction": "sc:WatchAction",
        "startTimestamp": typed("Number", "pt:startTimestamp"),
        "endTimestamp": typed("Number", "pt:endTimestamp"),
        "uuid": typed("identifier", "pt:uuid"),
        "actionStatus": "sc:actionStatus",
        "watchSections": {"@type": "@id", "@id": "pt:watchSections"},
        "addressRegion": "sc:addressRegion",
        "addressCountry": "sc:addressCountry",
    })))
});

static VIEW: LazyLock<Value> = LazyLock::new(|| {
    with_terms(Some(json!({
        "WatchAction": "sc:WatchAction",
        "InteractionCounter": "sc:InteractionCounter",
        "interactionType": "sc:interactionType",
        "userInteractionCount": "sc:userInteractionCount",
    })))
});

static DOWNLOAD: LazyLock<Value> = LazyLock::new(|| with_terms(Some(json!({"Download": "sc:DownloadAction"}))));

static APPROVE_REPLY: LazyLock<Value> = LazyLock::new(|| with_terms(Some(json!({"ApproveReply": "pt:ApproveReply"}))));

static REJECT_REPLY: LazyLock<Value> = LazyLock::new(|| with_terms(Some(json!({"RejectReply": "pt:RejectReply"}))));

static PLAYER_SETTINGS: LazyLock<Value> = LazyLock::new(|| {
    with_terms(Some(json!({
        "PlayerSettings": "pt:PlayerSettings",
        "theme": "pt:theme",
    })))
});

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
mod tests;
