//! Playlists: a collection that describes itself, whose items are the URLs of its elements, each of which names a video.
//!
//! A page of a playlist repeats the whole description under the page's own URL, with `type` still `Playlist`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use super::{
    Attribution, Audience, Image, WireError,
    collection::{PAGE_SIZE, page_url},
    kind_of, lenient, members, moment, read,
};
use crate::{context::Context, origin};

/// The `type` of a playlist.
pub const KIND: &str = "Playlist";
/// The `type` of an element.
pub const ELEMENT_KIND: &str = "PlaylistElement";

const MAX_NAME: usize = 120;
const MAX_CONTENT: usize = 1000;
const MAX_ACTORS: usize = 20;

/// A playlist as its origin describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Playlist {
    /// To whom it is addressed: public or unlisted.
    #[serde(flatten)]
    pub audience: Audience,
    /// Its URL, which is also its page.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// Title.
    #[serde(deserialize_with = "lenient::required_text::<MAX_NAME, _>")]
    pub name: String,
    /// Description, in Markdown.
    #[serde(default, deserialize_with = "lenient::text::<MAX_CONTENT, _>")]
    pub content: Option<String>,
    /// The same on every server.
    pub uuid: Uuid,
    /// When it was made.
    #[serde(with = "moment")]
    pub published: DateTime<Utc>,
    /// When it last changed.
    #[serde(default, with = "moment::optional", skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
    /// The channel that shows it; empty if no channel does.
    #[serde(default, deserialize_with = "lenient::list::<Attribution, MAX_ACTORS, _>")]
    pub attributed_to: Vec<Attribution>,
    /// Thumbnail.
    #[serde(default, deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    pub icon: Option<Image>,
    /// Where it stands among the playlists of its channel (PeerTube 7.3).
    #[serde(default, deserialize_with = "lenient::optional_small", skip_serializing_if = "Option::is_none")]
    pub video_channel_position: Option<u32>,
    /// How many elements there are.
    #[serde(default, deserialize_with = "lenient::count")]
    pub total_items: u64,
    /// The first page of its elements.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub first: Option<Url>,
}

/// One entry of a playlist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaylistElement {
    /// Its URL.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// The video. `None` if it was deleted.
    #[serde(rename = "url", default, deserialize_with = "lenient::optional_url")]
    pub video: Option<Url>,
    /// Where it stands, from 1.
    #[serde(default, deserialize_with = "lenient::small")]
    pub position: u32,
    /// The second to begin at.
    #[serde(default, deserialize_with = "lenient::optional_small", skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<u32>,
    /// The second to end at.
    #[serde(default, deserialize_with = "lenient::optional_small", skip_serializing_if = "Option::is_none")]
    pub stop_timestamp: Option<u32>,
}

impl Playlist {
    /// A public playlist with everything optional left out.
    pub fn new(id: Url, uuid: Uuid, name: impl Into<String>, published: DateTime<Utc>, total_items: u64) -> Self {
        Self {
            audience: Audience::public([]),
            name: name.into(),
            content: None,
            uuid,
            published,
            updated: Some(published),
            attributed_to: Vec::new(),
            icon: None,
            video_channel_position: None,
            total_items,
            first: (total_items > 0).then(|| page_url(&id, 1)),
            id,
        }
    }

    /// Reads a playlist.
    ///
    /// # Errors
    /// If it is none or only a page of one, if its id, name, UUID or date is missing, or if its channel lives on another
    /// host.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        if kind_of(value) != Some(KIND) || value.get("partOf").is_some() {
            return Err(WireError::kind(KIND, value));
        }
        let playlist: Self = read(KIND, value)?;
        for attribution in &playlist.attributed_to {
            origin::ensure_same_host(&attribution.id, &playlist.id)
                .map_err(|error| WireError::malformed(KIND, error))?;
        }
        Ok(playlist)
    }

    /// The members as they stand inside another document.
    pub fn to_members(&self) -> Map<String, Value> {
        let mut members = members(self);
        members.insert("type".to_owned(), KIND.into());
        members.insert("mediaType".to_owned(), "text/markdown".into());
        members
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        Context::Playlist.document(self.to_members())
    }

    /// The document of one of its pages, which count from 1. It is read as a
    /// [`CollectionPage`](super::CollectionPage).
    pub fn page_document(&self, page: u64, elements: &[Url]) -> Value {
        let mut members = self.to_members();
        members.remove("first");
        members.insert("id".to_owned(), json!(page_url(&self.id, page)));
        members.insert("partOf".to_owned(), json!(self.id));
        members.insert("orderedItems".to_owned(), json!(elements));
        if page < self.total_items.div_ceil(PAGE_SIZE) {
            members.insert("next".to_owned(), json!(page_url(&self.id, page + 1)));
        }
        if page > 1 {
            members.insert("prev".to_owned(), json!(page_url(&self.id, page - 1)));
        }
        Context::Playlist.document(members)
    }

    /// The channel that shows it.
    pub fn channel(&self) -> Option<&Url> {
        self.attributed_to.first().map(|attribution| &attribution.id)
    }
}

impl PlaylistElement {
    /// Reads an element.
    ///
    /// # Errors
    /// If it is none, or has no id.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        if kind_of(value) != Some(ELEMENT_KIND) {
            return Err(WireError::kind(ELEMENT_KIND, value));
        }
        read(ELEMENT_KIND, value)
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        let mut members = members(self);
        members.insert("type".to_owned(), ELEMENT_KIND.into());
        Context::Playlist.document(members)
    }
}

#[cfg(test)]
mod tests;
