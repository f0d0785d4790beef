//! The `CacheFile` object: "I keep a copy of this video, take it from here too".
//!
//! For a streaming playlist the URL is the folder that the copied files lie in, without any playlist behind it: a player
//! puts a file's own name under it. Up to PeerTube 7.0 there was also a form for web videos, which names one file.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::{Audience, WireError, kind_of, lenient, link::Link, members, moment, read, video_urls::HLS_MEDIA_TYPE};
use crate::{context::Context, origin};

/// The `type` of the object.
pub const KIND: &str = "CacheFile";

/// A mirror of a video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CacheFile {
    /// To whom it is addressed: the account that made the video.
    #[serde(flatten)]
    pub audience: Audience,
    /// Its URL, at the server that mirrors.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// The video, at its origin.
    #[serde(rename = "object", deserialize_with = "lenient::url")]
    pub video: Url,
    /// Until when it is kept. `None` if it is kept until further notice.
    #[serde(default, with = "moment::optional")]
    pub expires: Option<DateTime<Utc>>,
    /// Where the copy is.
    pub url: CacheFileUrl,
}

/// Where a copy is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Link", into = "Link")]
pub enum CacheFileUrl {
    /// A folder of the files of a streaming playlist.
    Hls {
        /// The folder, without a slash at its end.
        base: Url,
    },
    /// One web video.
    WebVideo {
        /// The file.
        href: Url,
        /// Such as `video/mp4`.
        media_type: String,
        /// In pixels.
        height: u32,
        /// Length of the file.
        size_bytes: u64,
        /// Pictures per second.
        fps: Option<u32>,
    },
}

impl CacheFile {
    /// A mirror of a streaming playlist.
    pub fn hls(id: Url, video: Url, base: Url, expires: Option<DateTime<Utc>>, audience: Audience) -> Self {
        Self { audience, id, video, expires, url: CacheFileUrl::Hls { base } }
    }

    /// Reads a mirror.
    ///
    /// # Errors
    /// If it is none, if a member is missing, or if the copy lies on another host than the one that announces it.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        if kind_of(value) != Some(KIND) {
            return Err(WireError::kind(KIND, value));
        }
        let cache_file: Self = read(KIND, value)?;
        origin::ensure_same_host(cache_file.url.href(), &cache_file.id)
            .map_err(|error| WireError::malformed(KIND, error))?;
        Ok(cache_file)
    }

    /// The members as they stand inside another document.
    pub fn to_members(&self) -> Map<String, Value> {
        let mut members = members(self);
        members.insert("type".to_owned(), KIND.into());
        members
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        Context::CacheFile.document(self.to_members())
    }

    /// The folder of a mirrored streaming playlist.
    pub fn hls_base(&self) -> Option<&Url> {
        match &self.url {
            CacheFileUrl::Hls { base } => Some(base),
            CacheFileUrl::WebVideo { .. } => None,
        }
    }
}

impl CacheFileUrl {
    /// The folder or file.
    pub fn href(&self) -> &Url {
        match self {
            Self::Hls { base } => base,
            Self::WebVideo { href, .. } => href,
        }
    }
}

impl TryFrom<Link> for CacheFileUrl {
    type Error = &'static str;

    fn try_from(link: Link) -> Result<Self, &'static str> {
        let href = link.href.as_deref().and_then(lenient::parse_web_url).ok_or("a web address is missing")?;
        if link.is(HLS_MEDIA_TYPE) {
            return Ok(Self::Hls { base: href });
        }
        let media_type = link.media_type.filter(|kind| kind.starts_with("video/")).ok_or("a media type is missing")?;
        Ok(Self::WebVideo {
            href,
            media_type,
            height: link.height.unwrap_or_default(),
            size_bytes: link.size.unwrap_or_default(),
            fps: link.fps,
        })
    }
}

impl From<CacheFileUrl> for Link {
    fn from(url: CacheFileUrl) -> Self {
        match url {
            CacheFileUrl::Hls { base } => Self::new(HLS_MEDIA_TYPE, base),
            CacheFileUrl::WebVideo { href, media_type, height, size_bytes, fps } => {
                Self { height: Some(height), size: Some(size_bytes), fps, ..Self::new(&media_type, href) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::any_json::{any_json, spoiled};

    fn recorded() -> Value {
        let text = include_str!("../../fixtures/peertube-6.3/wire/Create-CacheFile-HLS.json");
        serde_json::from_str::<Value>(text).unwrap()["body"]["object"].clone()
    }

    #[test]
    fn a_recorded_mirror_is_understood() {
        let mirror = CacheFile::from_value(&recorded()).unwrap();
        assert_eq!(mirror.hls_base().unwrap().path(), "/static/redundancy/hls/242f72df-994a-4af0-a301-952702b680e1");
        assert_eq!(mirror.video.port(), Some(9002));
        assert!(mirror.expires.is_some());
    }

    #[test]
    fn nobody_announces_copies_on_another_host() {
        let mut foreign = recorded();
        foreign["url"]["href"] = "https://victim.test/".into();
        assert!(CacheFile::from_value(&foreign).is_err());
    }

    #[test]
    fn a_mirror_without_end_says_so() {
        let mut mirror = CacheFile::from_value(&recorded()).unwrap();
        mirror.expires = None;
        assert_eq!(mirror.to_members()["expires"], Value::Null);
        assert_eq!(CacheFile::from_value(&mirror.to_document()).unwrap(), mirror);
    }

    proptest! {
        #[test]
        fn any_json_is_read_without_panic(value in any_json()) {
            let _ = CacheFile::from_value(&value);
        }

        #[test]
        fn a_spoiled_mirror_is_refused_or_written_as_it_was_read(value in spoiled(recorded())) {
            if let Ok(mirror) = CacheFile::from_value(&value) {
                prop_assert_eq!(CacheFile::from_value(&mirror.to_document()).unwrap(), mirror);
            }
        }
    }
}
