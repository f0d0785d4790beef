//! Pictures: avatars, banners, thumbnails.

use serde::{Deserialize, Serialize};
use url::Url;

use super::lenient;

/// A picture and its size in pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Always `Image`.
    #[serde(rename = "type", default = "kind", deserialize_with = "always_image")]
    kind: String,
    /// Where it is.
    #[serde(deserialize_with = "lenient::url")]
    pub url: Url,
    /// Such as `image/jpeg`.
    #[serde(default, deserialize_with = "lenient::text::<100, _>", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// In pixels.
    #[serde(default, deserialize_with = "lenient::optional_small", skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// In pixels.
    #[serde(default, deserialize_with = "lenient::optional_small", skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

impl Image {
    /// A picture of known size.
    pub fn new(url: Url, media_type: impl Into<String>, width: u32, height: u32) -> Self {
        Self { kind: kind(), url, media_type: Some(media_type.into()), width: Some(width), height: Some(height) }
    }
}

fn kind() -> String {
    "Image".to_owned()
}

fn always_image<'de, D: serde::Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    serde::de::IgnoredAny::deserialize(source)?;
    Ok(kind())
}

/// The widest of some pictures.
pub fn widest(images: &[Image]) -> Option<&Image> {
    images.iter().max_by_key(|image| image.width)
}

/// The narrowest of some pictures.
pub fn narrowest(images: &[Image]) -> Option<&Image> {
    images.iter().min_by_key(|image| image.width)
}
