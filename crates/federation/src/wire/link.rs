//! Links as they stand in a document, before anybody made sense of them.
//!
//! PeerTube puts everything that can be fetched for a video into one flat list, told apart by media type and relation.
//! [`VideoUrls`](super::VideoUrls) is the same list, understood.

use serde::{Deserialize, Serialize};

use super::lenient::{self, MAX_URL_LENGTH};

const MAX_ATTACHMENTS: usize = 20;
const MAX_TAGS: usize = 500;
const MAX_MAGNET_LENGTH: usize = 8000;

/// A link, or one of the things that PeerTube hangs on a link (`Infohash`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// `Link` or `Infohash`.
    #[serde(rename = "type", default = "link", deserialize_with = "kind")]
    pub kind: String,
    /// A name, such as `sha256` or the infohash itself.
    #[serde(default, deserialize_with = "lenient::text::<200, _>", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Relations, such as `metadata` or `tracker`.
    #[serde(default, deserialize_with = "lenient::texts::<100, 10, _>", skip_serializing_if = "Vec::is_empty")]
    pub rel: Vec<String>,
    /// What is behind it.
    #[serde(default, deserialize_with = "lenient::text::<200, _>", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Where it leads; magnet links are longer than URLs may be.
    #[serde(
        default,
        deserialize_with = "lenient::text::<MAX_MAGNET_LENGTH, _>",
        skip_serializing_if = "Option::is_none"
    )]
    pub href: Option<String>,
    /// Of the picture, in pixels.
    #[serde(default, deserialize_with = "lenient::optional_small", skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Of the picture, in pixels.
    #[serde(default, deserialize_with = "lenient::optional_small", skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// In bytes.
    #[serde(default, deserialize_with = "lenient::optional_count", skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Pictures per second.
    #[serde(default, deserialize_with = "lenient::optional_small", skip_serializing_if = "Option::is_none")]
    pub fps: Option<u32>,
    /// Facts about the file.
    #[serde(
        default,
        deserialize_with = "lenient::list::<PropertyValue, MAX_ATTACHMENTS, _>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub attachment: Vec<PropertyValue>,
    /// What hangs on it: the files of a streaming playlist.
    #[serde(default, deserialize_with = "lenient::list::<Link, MAX_TAGS, _>", skip_serializing_if = "Vec::is_empty")]
    pub tag: Vec<Link>,
}

/// A fact about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyValue {
    /// Always `PropertyValue`.
    #[serde(rename = "type", deserialize_with = "lenient::required_text::<50, _>")]
    pub kind: String,
    /// Which fact.
    #[serde(deserialize_with = "lenient::required_text::<100, _>")]
    pub name: String,
    /// What is true.
    #[serde(deserialize_with = "lenient::required_text::<MAX_URL_LENGTH, _>")]
    pub value: String,
}

impl PropertyValue {
    /// A fact.
    pub fn new(name: &str, value: &str) -> Self {
        Self { kind: "PropertyValue".to_owned(), name: name.to_owned(), value: value.to_owned() }
    }
}

impl Link {
    /// A link of a media type.
    pub fn new(media_type: &str, href: impl Into<String>) -> Self {
        Self { kind: link(), media_type: Some(media_type.to_owned()), href: Some(href.into()), ..Self::default() }
    }

    /// Whether it has this media type.
    pub fn is(&self, media_type: &str) -> bool {
        self.media_type.as_deref() == Some(media_type)
    }

    /// Whether it stands in this relation.
    pub fn has_relation(&self, relation: &str) -> bool {
        self.rel.iter().any(|candidate| candidate == relation)
    }
}

fn link() -> String {
    "Link".to_owned()
}

fn kind<'de, D: serde::Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    Ok(lenient::text::<50, D>(source)?.unwrap_or_else(link))
}
