//! What an activity is about: a video, a mirror, an actor, something we do not know yet, or only its URL.

use serde_json::{Map, Value};
use url::Url;

use super::{
    Actor, CacheFile, Video, WireError,
    actor::ActorKind,
    cache_file, kind_of,
    lenient::{as_url, first},
    video,
};
use crate::context::Context;

/// The object of an activity.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// Only its URL: whoever wants it fetches it from its origin.
    Id(Url),
    /// A video.
    Video(Box<Video>),
    /// A mirror of a video.
    CacheFile(Box<CacheFile>),
    /// An actor.
    Actor(Box<Actor>),
    /// Something else, unread.
    Other {
        /// Its `type`.
        kind: String,
        /// Its URL.
        id: Url,
        /// All of it.
        body: Map<String, Value>,
    },
}

impl Object {
    /// Reads an object, or the URL of one.
    ///
    /// # Errors
    /// If it has no id, or is of a kind we know and malformed.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        let value = first(value);
        let Some(body) = value.as_object() else {
            return as_url(value).map(Self::Id).ok_or_else(|| WireError::malformed("object", "it has no id"));
        };
        match kind_of(value) {
            Some(video::KIND) => Video::from_value(value).map(Box::new).map(Self::Video),
            Some(cache_file::KIND) => CacheFile::from_value(value).map(Box::new).map(Self::CacheFile),
            Some(kind) if ActorKind::parse(kind).is_some() => Actor::from_value(value).map(Box::new).map(Self::Actor),
            kind => Self::other(kind, body),
        }
    }

    fn other(kind: Option<&str>, body: &Map<String, Value>) -> Result<Self, WireError> {
        let id = body.get("id").and_then(as_url).ok_or_else(|| WireError::malformed("object", "it has no id"))?;
        match kind {
            Some(kind) => Ok(Self::Other { kind: kind.to_owned(), id, body: body.clone() }),
            None => Ok(Self::Id(id)),
        }
    }

    /// Its URL.
    pub fn id(&self) -> &Url {
        match self {
            Self::Id(id) | Self::Other { id, .. } => id,
            Self::Video(video) => &video.id,
            Self::CacheFile(cache_file) => &cache_file.id,
            Self::Actor(actor) => &actor.id,
        }
    }

    /// As it stands inside an activity.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Id(id) => id.as_str().into(),
            Self::Video(video) => video.to_members().into(),
            Self::CacheFile(cache_file) => cache_file.to_members().into(),
            Self::Actor(actor) => actor.to_members().into(),
            Self::Other { body, .. } => body.clone().into(),
        }
    }

    /// The context that its terms need.
    pub fn context(&self) -> Context {
        match self {
            Self::Id(_) => Context::Base,
            Self::Video(_) => Context::Video,
            Self::CacheFile(_) => Context::CacheFile,
            Self::Actor(_) => Context::Actor,
            Self::Other { kind, .. } => match kind.as_str() {
                "Note" => Context::Comment,
                "Playlist" | "PlaylistElement" => Context::Playlist,
                _ => Context::Base,
            },
        }
    }
}
