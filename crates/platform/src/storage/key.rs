//! What can an object be called?
//!
//! A [`Key`] is safe everywhere without escaping: as a path below a folder, as an S3 object name and in a URL. Parse once,
//! and no backend has to look for `..` again.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// S3 allows 1,024 bytes; half of that leaves room for a prefix.
const MAX_KEY_BYTES: usize = 512;
/// What file systems allow for one name.
const MAX_SEGMENT_BYTES: usize = 255;

/// The name of an object: a relative path such as `web-videos/7f0c….mp4`.
///
/// Segments are not empty, do not start with a dot (those names belong to the backends) and consist of ASCII letters,
/// digits and `. _ - ~ + = , @`. A key is never also the folder of another key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no storage key: {reason}")]
pub struct InvalidKey {
    text: String,
    reason: &'static str,
}

impl Key {
    /// Accepts a valid key.
    ///
    /// # Errors
    /// [`InvalidKey`] says what is wrong with it.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidKey> {
        let text = text.into();
        match problem_with(&text) {
            None => Ok(Self(text)),
            Some(reason) => Err(InvalidKey { text: text.chars().take(80).collect(), reason }),
        }
    }

    /// The key of something below this one: `Key("hls/abc").join("master.m3u8")`.
    ///
    /// # Errors
    /// [`InvalidKey`] if the result is none.
    pub fn join(&self, below: &str) -> Result<Self, InvalidKey> {
        Self::new(format!("{self}/{below}"))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.as_str(), |(_, name)| name)
    }

    /// Whether this key lies below that folder.
    pub(super) fn is_below(&self, folder: &Key) -> bool {
        self.0.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        Self::new(text)
    }
}

impl TryFrom<String> for Key {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        Self::new(text)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0
    }
}

fn problem_with(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > MAX_KEY_BYTES {
        return Some("it is longer than 512 bytes");
    }
    text.split('/').find_map(problem_with_segment)
}

fn problem_with_segment(segment: &str) -> Option<&'static str> {
    if segment.is_empty() {
        return Some("a segment is empty");
    }
    if segment.starts_with('.') {
        return Some("a segment starts with a dot");
    }
    if segment.len() > MAX_SEGMENT_BYTES {
        return Some("a segment is longer than 255 bytes");
    }
    (!segment.bytes().all(is_safe)).then_some("a character is not safe everywhere")
}

fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-~+=,@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_keys_pass() {
        for text in ["a", "streaming-playlists/hls/0c7e/0c7e-720.mp4", "thumbnails/1@2x.jpg", "v1.0_final~2+3=5,6"] {
            assert_eq!(Key::new(text).expect("a key").as_str(), text);
        }
    }

    #[test]
    fn whatever_could_lead_elsewhere_is_refused() {
        for text in [
            "",
            "/",
            "/etc/passwd",
            "a/",
            "a//b",
            "..",
            "a/../b",
            "./a",
            "a/.",
            ".hidden",
            "a/.incoming",
            "a\\b",
            "C:\\x",
            "a b",
            "a\0",
            "a\n",
            "é",
            "a%2f",
            "a?b",
            "a#b",
            "~/x/*",
            "a:b",
        ] {
            assert!(Key::new(text).is_err(), "{text:?}");
        }
        assert!(Key::new("a".repeat(256)).is_err());
        assert!(Key::new("a/".repeat(256) + "a").is_err());
    }

    #[test]
    fn a_key_lies_below_its_folders_only() {
        let key = Key::new("hls/abc/master.m3u8").expect("a key");
        assert!(key.is_below(&Key::new("hls/abc").expect("a key")));
        assert!(!key.is_below(&Key::new("hls/ab").expect("a key")));
        assert!(!key.is_below(&key));
        assert_eq!(key.file_name(), "master.m3u8");
    }

    #[test]
    fn a_key_read_from_json_is_checked_too() {
        assert!(serde_json::from_str::<Key>("\"a/b\"").is_ok());
        assert!(serde_json::from_str::<Key>("\"../b\"").is_err());
    }

    proptest! {
        #[test]
        fn every_key_is_a_plain_relative_path(text in "[a-zA-Z0-9._~/\\\\: -]{1,60}") {
            if let Ok(key) = Key::new(text) {
                let all_normal = Path::new(key.as_str()).components().all(|component| matches!(component, Component::Normal(_)));
                prop_assert!(all_normal, "{}", key);
            }
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,600}") {
            let _ = Key::new(text);
        }
    }
}
