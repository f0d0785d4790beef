//! What an activity is about: a video, a comment, an actor and so on, something we do not know, or only its URL.

use serde_json::{Map, Value};
use url::Url;

use super::{
    Actor, Attribution, CacheFile, Note, PlayerSettings, Playlist, Tombstone, Video, WatchAction, WireError,
    actor::ActorKind,
    cache_file, kind_of,
    lenient::{as_url, first},
    note::NoteKind,
    player_settings, playlist, tombstone, video, watch_action,
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
    /// A comment, or another text.
    Note(Box<Note>),
    /// A playlist.
    Playlist(Box<Playlist>),
    /// What somebody watched.
    WatchAction(Box<WatchAction>),
    /// How a player looks.
    PlayerSettings(Box<PlayerSettings>),
    /// What is left of something deleted.
    Tombstone(Box<Tombstone>),
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
            Some(playlist::KIND) => Playlist::from_value(value).map(Box::new).map(Self::Playlist),
            Some(watch_action::KIND) => WatchAction::from_value(value).map(Box::new).map(Self::WatchAction),
            Some(player_settings::KIND) => PlayerSettings::from_value(value).map(Box::new).map(Self::PlayerSettings),
            Some(tombstone::KIND) => Tombstone::from_value(value).map(Box::new).map(Self::Tombstone),
            Some(kind) if NoteKind::parse(kind).is_some() => Note::from_value(value).map(Box::new).map(Self::Note),
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
            Self::Note(note) => &note.id,
            Self::Playlist(playlist) => &playlist.id,
            Self::WatchAction(watched) => &watched.id,
            Self::PlayerSettings(settings) => &settings.id,
            Self::Tombstone(tombstone) => &tombstone.id,
        }
    }

    /// Those in whose name it speaks: its own URL, and its authors. Whoever creates or changes it must live on the host of
    /// all of them.
    pub fn authorities(&self) -> impl Iterator<Item = &Url> {
        let authors: &[Attribution] = match self {
            Self::Video(video) => &video.attributed_to,
            Self::Playlist(playlist) => &playlist.attributed_to,
            _ => &[],
        };
        let author = match self {
            Self::Note(note) => Some(&note.attributed_to),
            _ => None,
        };
        std::iter::once(self.id()).chain(author).chain(authors.iter().map(|author| &author.id))
    }

    /// As it stands inside an activity.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Id(id) => id.as_str().into(),
            Self::Video(video) => video.to_members().into(),
            Self::CacheFile(cache_file) => cache_file.to_members().into(),
            Self::Actor(actor) => actor.to_members().into(),
            Self::Note(note) => note.to_members().into(),
            Self::Playlist(playlist) => playlist.to_members().into(),
            Self::WatchAction(watched) => watched.to_members().into(),
            Self::PlayerSettings(settings) => settings.to_members().into(),
            Self::Tombstone(tombstone) => tombstone.to_members().into(),
            Self::Other { body, .. } => body.clone().into(),
        }
    }

    /// The context that its terms need.
    pub fn context(&self) -> Context {
        match self {
            Self::Id(_) | Self::Tombstone(_) | Self::Other { .. } => Context::Base,
            Self::Video(_) => Context::Video,
            Self::CacheFile(_) => Context::CacheFile,
            Self::Actor(_) => Context::Actor,
            Self::Note(_) => Context::Comment,
            Self::Playlist(_) => Context::Playlist,
            Self::WatchAction(_) => Context::WatchAction,
            Self::PlayerSettings(_) => Context::PlayerSettings,
        }
    }
}
