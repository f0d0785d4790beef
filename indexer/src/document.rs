//! What the index knows about a video.
//!
//! **Invariant:** a [`VideoDocument`] has passed [`crate::ingest`]: its texts are clean and bounded, its host is the one that
//! was crawled, and its URLs lead there. It is kept as JSON in the database; the Tantivy index is made from it.

use platform::clock::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The number of a video in this index; the origin has numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[sqlx(transparent)]
pub struct VideoId(pub i64);

/// A public video of some instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VideoDocument {
    /// Its number on its own instance.
    pub origin_id: i64,
    /// Its identity everywhere.
    pub uuid: Uuid,
    /// The instance, such as `tube.example` or `127.0.0.1:9001`.
    pub host: String,
    /// Where the instance's pages and files are, without a slash at the end: `https://tube.example`.
    pub origin: String,
    /// The watch page.
    pub url: String,
    /// The title.
    pub name: String,
    /// The whole description, in Markdown.
    pub description: Option<String>,
    /// As the uploader wrote them.
    pub tags: Vec<String>,
    /// What it is about, by PeerTube's numbering.
    pub category: Labelled<i64>,
    /// Under which terms it may be used.
    pub licence: Labelled<i64>,
    /// What is spoken, as an ISO 639 code.
    pub language: Labelled<String>,
    /// In seconds; 0 for a live stream.
    pub duration: u32,
    /// How often it was watched.
    pub views: u64,
    /// How many watch right now.
    pub viewers: u64,
    /// How many liked it.
    pub likes: u64,
    /// How many did not.
    pub dislikes: u64,
    /// How many comments it has.
    pub comments: u64,
    /// Whether it is a live stream.
    pub is_live: bool,
    /// Whether its uploader calls it sensitive.
    pub nsfw: bool,
    /// In which ways it is sensitive, as PeerTube's bit set.
    pub nsfw_flags: u32,
    /// Why it is sensitive, in the uploader's words.
    pub nsfw_summary: Option<String>,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// When it last changed on its instance.
    pub updated_at: Timestamp,
    /// When it became public.
    pub published_at: Timestamp,
    /// When it came out elsewhere, if it did.
    pub originally_published_at: Option<Timestamp>,
    /// The small picture, as a path at the origin.
    pub thumbnail_path: Option<String>,
    /// The large picture, as a path at the origin.
    pub preview_path: Option<String>,
    /// The player for other sites, as a path at the origin.
    pub embed_path: String,
    /// Who uploaded it.
    pub account: Actor,
    /// Where it appears.
    pub channel: Actor,
}

/// A number or code with its English name; without an `id` it is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelled<T> {
    /// The number or code.
    pub id: Option<T>,
    /// The name in English.
    pub label: String,
}

impl<T> Labelled<T> {
    /// What PeerTube says when nothing was chosen.
    pub fn unknown() -> Self {
        Self { id: None, label: "Unknown".to_owned() }
    }
}

/// An account or a channel, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// Its number on its own instance.
    pub id: i64,
    /// The name in its handle.
    pub name: String,
    /// The name that people read.
    pub display_name: String,
    /// Its page.
    pub url: String,
    /// The instance.
    pub host: String,
    /// Its pictures in several sizes.
    pub avatars: Vec<Avatar>,
}

impl Actor {
    /// `name@host`.
    pub fn handle(&self) -> String {
        format!("{}@{}", self.name, self.host)
    }
}

/// A picture of an account or channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Avatar {
    /// A path at the origin.
    pub path: String,
    /// In pixels.
    pub width: Option<u32>,
    /// When it was set.
    pub created_at: Option<Timestamp>,
    /// When it was changed.
    pub updated_at: Option<Timestamp>,
}
