//! What do the documents look like on the wire?
//!
//! One file per kind. A type here is a document that has been read and found complete, or one that is about to be
//! written; behaviour lives elsewhere. Reading goes bytes → [`document::parse`] (size, depth, forbidden keywords) → a
//! type's `from_value` (required members, bounds of length and count). Writing goes through `to_document`, which adds the
//! `@context`.
//!
//! | kind | type |
//! | --- | --- |
//! | Person, Group, Application, Service, Organization | [`Actor`] |
//! | Video | [`Video`], with its links in [`VideoUrls`] |
//! | CacheFile | [`CacheFile`] |
//! | Note, and Page, Article and Question as comments | [`Note`] |
//! | Playlist, PlaylistElement | [`Playlist`], [`PlaylistElement`] |
//! | chapters, PlayerSettings, WatchAction, Tombstone | [`Chapters`], [`PlayerSettings`], [`WatchAction`], [`Tombstone`] |
//! | OrderedCollection, OrderedCollectionPage | [`Collection`], [`CollectionPage`] |
//! | Create, Update, Delete, Follow, Accept, Reject, Announce, Undo, Like, Dislike, View, Download, Flag, ApproveReply, RejectReply, Move, Block | [`Activity`] |

pub mod activity;
pub mod actor;
pub mod audience;
pub mod cache_file;
pub mod chapters;
pub mod collection;
pub mod decision;
pub mod document;
pub mod duration;
pub mod flag;
pub mod image;
pub mod lenient;
pub mod link;
pub mod moment;
pub mod multikey;
pub mod note;
pub mod object;
pub mod player_settings;
pub mod playlist;
pub mod tombstone;
pub mod video;
pub mod video_parts;
pub mod video_urls;
pub mod view;
pub mod watch_action;

#[cfg(test)]
pub(crate) mod any_json;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod recorded;

pub use activity::{Action, Activity, Follow, FollowReference, Undone};
pub use actor::{Actor, ActorKey, ActorKind};
pub use audience::Audience;
pub use cache_file::{CacheFile, CacheFileUrl};
pub use chapters::{Chapter, Chapters};
pub use collection::{Collection, CollectionPage};
pub use decision::{Move, ReplyDecision};
pub use document::DocumentError;
pub use flag::Flag;
pub use image::Image;
pub use multikey::Multikey;
pub use note::{Note, NoteKind, NoteSource, NoteTag, TextFormat};
pub use object::Object;
pub use player_settings::{PlayerSettings, PlayerTheme};
pub use playlist::{Playlist, PlaylistElement};
pub use tombstone::Tombstone;
pub use video::Video;
pub use video_parts::{Attribution, Caption, CommentsPolicy, Storyboard, Tag, Term};
pub use video_urls::{HlsPlaylist, MediaFile, Streams, Tracker, VideoUrls};
pub use view::View;
pub use watch_action::{WatchAction, WatchLocation, WatchSection};

use std::fmt::Display;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A document that is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// It is of another kind.
    #[error("expected {expected}, got {actual:?}")]
    Kind {
        /// What was needed.
        expected: &'static str,
        /// The `type` that it has.
        actual: String,
    },
    /// A member is missing or out of bounds.
    #[error("malformed {kind}: {cause}")]
    Malformed {
        /// What it should have been.
        kind: &'static str,
        /// What is wrong with it.
        cause: String,
    },
}

impl WireError {
    pub(crate) fn malformed(kind: &'static str, cause: impl Display) -> Self {
        Self::Malformed { kind, cause: cause.to_string() }
    }

    pub(crate) fn kind(expected: &'static str, value: &Value) -> Self {
        Self::Kind { expected, actual: kind_of(value).unwrap_or_default().chars().take(50).collect() }
    }
}

/// The `type` of an object; the first one if it has several.
pub fn kind_of(value: &Value) -> Option<&str> {
    lenient::first(value.get("type")?).as_str()
}

pub(crate) fn read<T: DeserializeOwned>(kind: &'static str, value: &Value) -> Result<T, WireError> {
    T::deserialize(value).map_err(|error| WireError::malformed(kind, error))
}

/// The members of something that is written as an object.
pub(crate) fn members(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => Map::new(),
    }
}
