//! What does the host know of remote videos? The role imports no host: a host implements [`Catalogue`].

use async_trait::async_trait;
use platform::{clock::Timestamp, db::DbError};
use url::Url;
use uuid::Uuid;

/// The remote videos that a host knows.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// The video, if it is remote, public, finished (no live stream), on a followed server, and has an HLS playlist with
    /// a list of segment hashes. `None` if any of that is not so, or the video is gone.
    async fn mirrorable_video(&self, uuid: Uuid) -> Result<Option<MirrorSource>, DbError>;

    /// A page of the videos that [`Catalogue::mirrorable_video`] would return, by ascending UUID, after the given one.
    async fn videos_of_followed_servers(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Candidate>, DbError>;
}

/// A video that could be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The video.
    pub uuid: Uuid,
    /// Its master playlist, as the origin announces it.
    pub playlist_url: String,
    /// All its HLS files together, as declared.
    pub size_bytes: u64,
    /// When the origin published it.
    pub published_at: Timestamp,
}

/// Everything that is needed to copy a video and to tell its origin.
#[derive(Debug, Clone)]
pub struct MirrorSource {
    /// The video.
    pub uuid: Uuid,
    /// The origin's host, with its port if unusual.
    pub origin_host: String,
    /// The video's ActivityPub id.
    pub video_url: String,
    /// The ActivityPub id of the account that published it.
    pub account_url: String,
    /// The master playlist.
    pub playlist_url: Url,
    /// The list of segment hashes.
    pub segments_sha256_url: Url,
    /// Its HLS files, separate audio included.
    pub files: Vec<SourceFile>,
    /// Its pictures.
    pub pictures: Vec<SourcePicture>,
}

/// A file that the origin declares.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Where it is.
    pub url: Url,
    /// How large it is said to be.
    pub size_bytes: u64,
}

/// A picture that the origin declares.
#[derive(Debug, Clone)]
pub struct SourcePicture {
    /// What it is for.
    pub kind: PictureKind,
    /// Where it is.
    pub url: Url,
}

/// What a picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// The small one of lists.
    Thumbnail,
    /// The large one behind the play button.
    Preview,
    /// The sheet of frames over the seek bar.
    Storyboard,
}

impl PictureKind {
    /// The name of its file, without extension, and of its kind in the database.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Thumbnail => "thumbnail",
            Self::Preview => "preview",
            Self::Storyboard => "storyboard",
        }
    }
}
