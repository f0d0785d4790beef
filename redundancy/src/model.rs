//! A mirror and its files, as they are stored.

use std::fmt;

use platform::{
    clock::Timestamp,
    storage::{InvalidKey, Key},
};
use uuid::Uuid;

/// The row of a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct MirrorId(pub i64);

/// What became of the latest attempt to copy a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MirrorState {
    /// Space is reserved; a worker will take it.
    Waiting,
    /// A worker is at it, or will go on with it after a restart.
    Copying,
    /// Everything is here and checked.
    Complete,
    /// Given up for now; the error says why.
    Failed,
    /// Not wanted or no room; the error says why.
    Skipped,
}

impl MirrorState {
    /// Its name in the database and in interfaces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Copying => "copying",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl TryFrom<String> for MirrorState {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        [Self::Waiting, Self::Copying, Self::Complete, Self::Failed, Self::Skipped]
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| format!("`{name}` is no state of a mirror"))
    }
}

/// A video of another server that is, was or shall be copied.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Mirror {
    /// Its row.
    pub id: MirrorId,
    /// The video.
    pub video_uuid: Uuid,
    /// The origin's host.
    pub origin_host: String,
    /// The video's ActivityPub id.
    pub video_url: String,
    /// The ActivityPub id of the account that published it.
    pub account_url: String,
    /// The master playlist of the origin that is wanted.
    pub playlist_url: String,
    /// The master playlist of which a complete copy is served; older than [`Mirror::playlist_url`] while a changed video is
    /// being copied again.
    pub copied_playlist_url: Option<String>,
    /// How the latest attempt stands.
    #[sqlx(try_from = "String")]
    pub state: MirrorState,
    /// What the served copy takes.
    pub size_bytes: i64,
    /// What the copy in progress may take.
    pub reserved_bytes: i64,
    /// How much of the copy in progress is here.
    pub bytes_done: i64,
    /// What went wrong, or why there is no copy, in one sentence for the operator.
    pub error: Option<String>,
    /// When the video was first considered.
    pub created_at: Timestamp,
    /// When this row last changed, progress included.
    pub updated_at: Timestamp,
    /// When the served copy became complete.
    pub completed_at: Option<Timestamp>,
    /// When all its files last agreed with their hashes.
    pub verified_at: Option<Timestamp>,
    /// When it may be removed; `None` for never.
    pub expires_at: Option<Timestamp>,
}

impl Mirror {
    /// Whether a complete copy is served.
    pub fn has_copy(&self) -> bool {
        self.copied_playlist_url.is_some()
    }

    /// Whether the served copy is the one that is wanted.
    pub fn is_current(&self) -> bool {
        self.copied_playlist_url.as_ref() == Some(&self.playlist_url)
    }
}

/// What a file of a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Master,
    Playlist,
    Hashes,
    Media,
    Picture(crate::PictureKind),
}

impl FileKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Playlist => "playlist",
            Self::Hashes => "hashes",
            Self::Media => "media",
            Self::Picture(kind) => kind.name(),
        }
    }
}

/// A file of a complete copy.
#[derive(Debug, Clone)]
pub(crate) struct CopiedFile {
    pub(crate) name: FileName,
    pub(crate) kind: FileKind,
    pub(crate) size_bytes: u64,
    /// In hexadecimal digits.
    pub(crate) sha256: String,
}

/// A file name that names a file and nothing else: ASCII letters, digits, `.`, `_` and `-`, not beginning with a dot.
///
/// Names in playlists come from strangers and end up in paths and URLs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

impl FileName {
    const MAX_BYTES: usize = 200;

    /// Accepts a flat file name; `None` for anything with a folder, a scheme, a query or an unusual character.
    pub fn new(text: &str) -> Option<Self> {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_name = !text.is_empty()
            && text.len() <= Self::MAX_BYTES
            && !text.starts_with(['.', '-'])
            && text.bytes().all(is_safe);
        is_name.then(|| Self(text.to_owned()))
    }

    /// The last component of a URL's path.
    pub fn of_url(url: &url::Url) -> Option<Self> {
        Self::new(url.path_segments()?.next_back()?)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the file of a copy is stored.
    pub(crate) fn key(&self, video_uuid: Uuid) -> Result<Key, InvalidKey> {
        Key::new(format!("{}/{self}", storage_folder(video_uuid)))
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The folder of a copy in storage.
pub(crate) fn storage_folder(video_uuid: Uuid) -> String {
    format!("redundancy/hls/{video_uuid}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for text in [
            "",
            ".",
            "..",
            "../a.mp4",
            "a/b.mp4",
            "/etc/passwd",
            "a\\b",
            "https://x.test/a",
            "a.mp4?x",
            "a%2fb",
            "a b",
            "-rf",
            ".part",
        ] {
            assert_eq!(FileName::new(text), None, "{text}");
        }
        assert_eq!(FileName::new(&"a".repeat(201)), None);
    }

    #[test]
    fn the_name_of_a_url_is_its_last_component() {
        let url = "https://origin.test/static/hls/8d43d876-480-fragmented.mp4?x=1".parse().unwrap();
        assert_eq!(FileName::of_url(&url).unwrap().as_str(), "8d43d876-480-fragmented.mp4");
        assert_eq!(FileName::of_url(&"https://origin.test/".parse().unwrap()), None);
    }

    proptest! {
        #[test]
        fn every_name_makes_a_storage_key_directly_below_its_folder(text in "[a-z./\\\\%A-Z0-9 _-]{0,30}") {
            if let Some(name) = FileName::new(&text) {
                let key = name.key(Uuid::nil()).unwrap();
                prop_assert_eq!(key.file_name(), name.as_str());
            }
        }
    }
}
