//! The answers of PeerTube's REST API, as far as the index reads them.
//!
//! Everything about a video is optional, and a field of the wrong type is as good as absent: one odd record must not hide
//! the rest.

use platform::clock::Timestamp;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

/// A page of `GET /api/v1/videos`.
#[derive(Debug, Deserialize)]
pub struct WirePage {
    /// How many there are in all, unless the count was skipped.
    #[serde(default, deserialize_with = "lenient")]
    pub total: Option<u64>,
    /// The records, unread. Without them it is no page: an error in the shape of an answer must not look like an empty list.
    pub data: Vec<Box<RawValue>>,
}

/// An entry of the list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireVideo {
    #[serde(deserialize_with = "lenient")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "lenient")]
    pub uuid: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub url: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub description: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub truncated_description: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub category: Option<WireLabelled<i64>>,
    #[serde(deserialize_with = "lenient")]
    pub licence: Option<WireLabelled<i64>>,
    #[serde(deserialize_with = "lenient")]
    pub language: Option<WireLabelled<String>>,
    #[serde(deserialize_with = "lenient")]
    pub privacy: Option<WireLabelled<i64>>,
    #[serde(deserialize_with = "lenient")]
    pub is_local: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    pub is_live: bool,
    #[serde(deserialize_with = "lenient")]
    pub nsfw: bool,
    #[serde(deserialize_with = "lenient")]
    pub nsfw_flags: u32,
    #[serde(deserialize_with = "lenient")]
    pub nsfw_summary: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub duration: u32,
    #[serde(deserialize_with = "lenient")]
    pub views: u64,
    #[serde(deserialize_with = "lenient")]
    pub viewers: u64,
    #[serde(deserialize_with = "lenient")]
    pub likes: u64,
    #[serde(deserialize_with = "lenient")]
    pub dislikes: u64,
    #[serde(deserialize_with = "lenient")]
    pub comments: u64,
    #[serde(deserialize_with = "lenient")]
    pub created_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub updated_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub published_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub originally_published_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub thumbnail_path: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub preview_path: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub embed_path: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub account: Option<WireActor>,
    #[serde(deserialize_with = "lenient")]
    pub channel: Option<WireActor>,
}

/// What `GET /api/v1/videos/{uuid}` adds to the list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireDetail {
    #[serde(deserialize_with = "lenient")]
    pub privacy: Option<WireLabelled<i64>>,
    #[serde(deserialize_with = "lenient")]
    pub description: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub tags: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    pub account: Option<WireSaid>,
    #[serde(deserialize_with = "lenient")]
    pub channel: Option<WireSaid>,
}

/// What an account or a channel says about itself beside one of its videos.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct WireSaid {
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub description: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, bound(deserialize = "T: DeserializeOwned + Default"))]
pub struct WireLabelled<T> {
    #[serde(deserialize_with = "lenient")]
    pub id: Option<T>,
    #[serde(deserialize_with = "lenient")]
    pub label: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireActor {
    #[serde(deserialize_with = "lenient")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub url: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub host: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub avatars: Option<Vec<WireAvatar>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireAvatar {
    #[serde(deserialize_with = "lenient")]
    pub path: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub width: Option<u32>,
    #[serde(deserialize_with = "lenient")]
    pub created_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub updated_at: Option<Timestamp>,
}

/// An entry of a list of channels.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireChannel {
    #[serde(flatten)]
    pub actor: WireActor,
    #[serde(flatten)]
    pub profile: WireProfile,
    #[serde(deserialize_with = "lenient")]
    pub support: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub banners: Option<Vec<WireAvatar>>,
    #[serde(deserialize_with = "lenient")]
    pub owner_account: Option<WireOwner>,
}

/// The account of a channel.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct WireOwner {
    #[serde(flatten)]
    pub actor: WireActor,
    #[serde(flatten)]
    pub profile: WireProfile,
}

/// What is said about accounts and channels where they are more than a name below a video.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireProfile {
    #[serde(deserialize_with = "lenient")]
    pub description: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub following_count: u64,
    #[serde(deserialize_with = "lenient")]
    pub followers_count: u64,
    #[serde(deserialize_with = "lenient")]
    pub created_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub updated_at: Option<Timestamp>,
}

/// An entry of a list of playlists.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WirePlaylist {
    #[serde(deserialize_with = "lenient")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "lenient")]
    pub uuid: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub display_name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub description: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub privacy: Option<WireLabelled<i64>>,
    #[serde(deserialize_with = "lenient")]
    pub r#type: Option<WireLabelled<i64>>,
    #[serde(deserialize_with = "lenient")]
    pub videos_length: u64,
    #[serde(deserialize_with = "lenient")]
    pub thumbnail_path: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub embed_path: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub created_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub updated_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub owner_account: Option<WireActor>,
    #[serde(deserialize_with = "lenient")]
    pub video_channel: Option<WireActor>,
}

/// An entry of a video's list of captions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireCaption {
    #[serde(deserialize_with = "lenient")]
    pub language: Option<WireLabelled<String>>,
    #[serde(deserialize_with = "lenient")]
    pub automatically_generated: bool,
    #[serde(deserialize_with = "lenient")]
    pub caption_path: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub updated_at: Option<String>,
}

/// Reads a value, or its default if it has another shape.
fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let raw = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(raw).unwrap_or_default())
}
