use std::ops::Deref;

use platform::{clock::Timestamp, ids::short_uuid};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{accounts::AccountId, actors::ActorId, channels::ChannelId};

/// Identity of a video on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct VideoId(pub i64);

/// Who may see a video, with PeerTube's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Everybody; listed and federated.
    Public,
    /// Everybody who has the address.
    Unlisted,
    /// Its owner.
    Private,
    /// Those who are logged in here.
    Internal,
}

impl Privacy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Public, Self::Unlisted, Self::Private, Self::Internal];

    /// Whether whoever has its address may see it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Public | Self::Unlisted)
    }

    /// PeerTube's number.
    pub fn number(self) -> i64 {
        match self {
            Self::Public => 1,
            Self::Unlisted => 2,
            Self::Private => 3,
            Self::Internal => 4,
        }
    }

    /// Reads the number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|privacy| privacy.number() == number)
    }

    /// PeerTube's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Public => "Public",
            Self::Unlisted => "Unlisted",
            Self::Private => "Private",
            Self::Internal => "Internal",
        }
    }
}

/// How far a video is, with PeerTube's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoState {
    /// It can be watched.
    Published,
    /// It is waiting for its renditions, or they are being made.
    ToTranscode,
    /// A live stream that has not begun, or is between two sessions.
    WaitingForLive,
    /// A live stream that is over and left no recording.
    LiveEnded,
    /// No renditions could be made; `failure` says why.
    TranscodingFailed,
}

impl VideoState {
    /// PeerTube's number.
    pub fn number(self) -> i64 {
        match self {
            Self::Published => 1,
            Self::ToTranscode => 2,
            Self::WaitingForLive => 4,
            Self::LiveEnded => 5,
            Self::TranscodingFailed => 7,
        }
    }

    /// Whether there is something to see for everybody: the video, or the words that a stream begins later or is over.
    pub fn is_presentable(self) -> bool {
        matches!(self, Self::Published | Self::WaitingForLive | Self::LiveEnded)
    }

    /// PeerTube's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Published => "Published",
            Self::ToTranscode => "To transcode",
            Self::WaitingForLive => "Waiting for livestream",
            Self::LiveEnded => "Livestream ended",
            Self::TranscodingFailed => "Transcoding failed",
        }
    }
}

impl From<i64> for Privacy {
    /// What the database says; what cannot be read is private.
    fn from(number: i64) -> Self {
        Self::from_number(number).unwrap_or(Self::Private)
    }
}

impl From<i64> for VideoState {
    /// What the database says; anything that is not published here is not ready.
    fn from(number: i64) -> Self {
        match number {
            1 => Self::Published,
            4 => Self::WaitingForLive,
            5 => Self::LiveEnded,
            7 => Self::TranscodingFailed,
            _ => Self::ToTranscode,
        }
    }
}

/// What a video is, as its origin says.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct VideoFacts {
    /// Its identity everywhere.
    pub uuid: Uuid,
    /// Its address at its origin.
    pub url: String,
    /// Whether it was published here.
    pub is_local: bool,
    /// Its channel.
    pub channel_id: ChannelId,
    /// Title.
    pub name: String,
    /// Description, Markdown.
    pub description: Option<String>,
    /// How to support its makers, Markdown.
    pub support: Option<String>,
    /// PeerTube's number of the category.
    pub category: Option<i64>,
    /// PeerTube's number of the licence.
    pub licence: Option<i64>,
    /// Code of the language spoken in it.
    pub language: Option<String>,
    /// Who may see it.
    #[sqlx(try_from = "i64")]
    pub privacy: Privacy,
    /// How far it is.
    #[sqlx(try_from = "i64")]
    pub state: VideoState,
    /// Whether it is marked as sensitive.
    pub is_nsfw: bool,
    /// What makes it sensitive: the sum of [`SensitiveKind`]'s numbers.
    pub nsfw_flags: i64,
    /// What makes it sensitive, in its owner's words.
    pub nsfw_summary: Option<String>,
    /// Whether it is a live stream.
    pub is_live: bool,
    /// What a live stream is like.
    #[sqlx(flatten)]
    pub live: LiveFacts,
    /// Length in seconds.
    pub duration_s: i64,
    /// Width by height.
    pub aspect_ratio: Option<f64>,
    /// Views, as its origin counts.
    pub views: i64,
    /// Downloads, as its origin counts.
    pub downloads: i64,
    /// PeerTube's number: 1 open, 2 closed, 3 with approval.
    pub comments_policy: i64,
    /// Whether files are offered for download.
    pub download_enabled: bool,
    /// Whether it is held back until it is transcoded.
    pub wait_transcoding: bool,
    /// Where its viewers find each other.
    pub tracker_urls: Json<Vec<String>>,
    /// When it was published at its origin.
    pub published_at: Timestamp,
    /// When it was first published anywhere, as its owner says.
    pub originally_published_at: Option<Timestamp>,
}

/// What a live stream is like; all empty for recordings.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct LiveFacts {
    /// Whether it comes back after it has ended.
    pub is_permanent_live: bool,
    /// Whether a recording stays.
    pub saves_replay: bool,
    /// PeerTube's number for how far behind viewers are: 1 as usual, 2 far, 3 close.
    pub latency_mode: Option<i64>,
    /// How far back viewers can go, in seconds.
    pub dvr_window_s: Option<i64>,
    /// When it is planned to start.
    pub scheduled_starts: Option<Json<Vec<Timestamp>>>,
}

impl LiveFacts {
    /// When it is planned to start.
    pub fn starts(&self) -> &[Timestamp] {
        self.scheduled_starts.as_ref().map_or(&[], |starts| &starts.0)
    }
}

/// What makes a video sensitive, with PeerTube's numbers and names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensitiveKind {
    /// Violence.
    Violent,
    /// Sex.
    ExplicitSex,
}

impl SensitiveKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Violent, Self::ExplicitSex];

    /// PeerTube's number, a power of two.
    pub fn number(self) -> i64 {
        match self {
            Self::Violent => 1,
            Self::ExplicitSex => 2,
        }
    }

    /// PeerTube's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Violent => "violent",
            Self::ExplicitSex => "explicitSex",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Violent => "violence",
            Self::ExplicitSex => "explicit sex",
        }
    }

    /// Those in a sum.
    pub fn of_flags(flags: i64) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |kind| flags & kind.number() != 0)
    }

    /// The sum of those that are named.
    pub fn flags_of<'n>(names: impl IntoIterator<Item = &'n str>) -> i64 {
        names.into_iter().fold(0, |flags, name| {
            flags | Self::ALL.into_iter().find(|kind| kind.name() == name).map_or(0, Self::number)
        })
    }
}

/// A picture of a remote video at its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemotePicture {
    /// Where it is.
    pub url: String,
    /// In pixels.
    pub width: Option<u32>,
    /// In pixels.
    pub height: Option<u32>,
}

/// Where at its origin the rest of a remote video is found.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct RemoteLinks {
    /// All pictures.
    pub remote_thumbnails: Option<Json<Vec<RemotePicture>>>,
    /// The page that embeds it.
    pub embed_url: Option<String>,
    /// Collection of likes.
    pub likes_url: Option<String>,
    /// Collection of dislikes.
    pub dislikes_url: Option<String>,
    /// Collection of announcements.
    pub shares_url: Option<String>,
    /// Collection of comments.
    pub comments_url: Option<String>,
    /// Document of chapters.
    pub chapters_url: Option<String>,
    /// Document of player settings.
    pub player_settings_url: Option<String>,
}

/// A video with the names of its channel and account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Video {
    /// Its row.
    pub id: VideoId,
    /// What it is.
    #[sqlx(flatten)]
    pub facts: VideoFacts,
    /// Why it could not be transcoded, in words for its owner.
    pub failure: Option<String>,
    /// Likes.
    pub likes: i64,
    /// Dislikes.
    pub dislikes: i64,
    /// Comments that are known here.
    pub comments: i64,
    /// File name of the small picture, when it is kept here.
    pub thumbnail_file: Option<String>,
    /// File name of the large picture, when it is kept here.
    pub preview_file: Option<String>,
    /// When it was made or first seen here.
    pub created_at: Timestamp,
    /// When it last changed, as its origin says.
    pub updated_at: Timestamp,
    /// When its origin was last asked for it; `None` for local videos.
    pub refreshed_at: Option<Timestamp>,
    /// The channel's actor.
    pub channel_actor_id: ActorId,
    /// The channel's name to show.
    pub channel_display_name: String,
    /// The name in the channel's handle.
    pub channel_username: String,
    /// The channel's address.
    pub channel_url: String,
    /// The channel's host, which is the video's.
    pub host: String,
    /// The owner.
    pub account_id: AccountId,
    /// The owner's actor.
    pub account_actor_id: ActorId,
    /// The owner's name to show.
    pub account_display_name: String,
    /// The name in the owner's handle.
    pub account_username: String,
    /// The owner's address.
    pub account_url: String,
    /// The owner's host.
    pub account_host: String,
}

impl Deref for Video {
    type Target = VideoFacts;

    fn deref(&self) -> &VideoFacts {
        &self.facts
    }
}

impl Video {
    /// Whether everybody may find it.
    pub fn is_listed(&self) -> bool {
        self.privacy == Privacy::Public && self.state == VideoState::Published
    }

    /// Whether it can be seen by whoever has its address, as far as its owner decides that.
    pub fn is_open(&self) -> bool {
        self.privacy.is_open() && self.state.is_presentable()
    }

    /// How far a live stream is, in a word or two. `None` for any other video, and for a stream that became one.
    pub fn live_badge(&self) -> Option<&'static str> {
        let comes_back = self.live.is_permanent_live && self.live.starts().is_empty();
        match self.state {
            _ if !self.is_live => None,
            VideoState::Published => Some("live"),
            VideoState::WaitingForLive if comes_back => Some("off air"),
            VideoState::WaitingForLive => Some("upcoming"),
            VideoState::LiveEnded => Some("ended"),
            VideoState::ToTranscode | VideoState::TranscodingFailed => None,
        }
    }

    /// Where its pictures are kept in storage.
    pub fn picture_keys(&self) -> impl Iterator<Item = String> {
        let keys = [("thumbnails", &self.thumbnail_file), ("previews", &self.preview_file)];
        keys.into_iter().filter_map(|(folder, file)| file.as_ref().map(|file| format!("{folder}/{file}")))
    }

    /// Path of its watch page here.
    pub fn watch_path(&self) -> String {
        format!("/w/{}", short_uuid(self.uuid))
    }

    /// Path of its small picture, when it is kept here.
    pub fn thumbnail_path(&self) -> Option<String> {
        self.thumbnail_file.as_ref().map(|file| format!("/lazy-static/thumbnails/{file}"))
    }

    /// Path of its large picture, when it is kept here.
    pub fn preview_path(&self) -> Option<String> {
        self.preview_file.as_ref().map(|file| format!("/lazy-static/previews/{file}"))
    }
}

impl RemoteLinks {
    /// Whether other sites may show the video in theirs. Who restricts that names no address for it, and neither does
    /// a PeerTube before 8.1, which knows no restriction: nor did it have settings for players for long.
    pub fn is_embeddable(&self) -> bool {
        self.embed_url.is_some() || self.player_settings_url.is_none()
    }
}

/// A new or changed video.
#[derive(Debug, Clone)]
pub struct VideoDraft {
    /// What it is.
    pub facts: VideoFacts,
    /// Where a remote video's small picture is.
    pub remote_thumbnail_url: Option<String>,
    /// Where a remote video's large picture is.
    pub remote_preview_url: Option<String>,
    /// When its origin was last asked; `None` for local videos.
    pub refreshed_at: Option<Timestamp>,
    /// When it last changed, as its origin says; `None` for now.
    pub updated_at: Option<Timestamp>,
    /// What it is about, at most 5 for local videos.
    pub tags: Vec<String>,
    /// Where the rest of a remote video is.
    pub links: RemoteLinks,
}

/// The stream of a video: a master playlist and its hash list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StreamingPlaylist {
    /// Its row.
    pub id: i64,
    /// Address of the master playlist at the origin. It names the swarm.
    pub playlist_url: String,
    /// Address of the hash list at the origin.
    pub segments_sha256_url: Option<String>,
}

/// One rendition.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct VideoFile {
    /// Length of the shorter side in pixels; 0 for sound alone.
    pub resolution: i64,
    /// In pixels.
    pub width: Option<i64>,
    /// In pixels.
    pub height: Option<i64>,
    /// Pictures per second.
    pub fps: i64,
    /// Length of the file.
    pub size_bytes: i64,
    /// Address at the origin.
    pub file_url: String,
    /// Whether there is sound.
    pub has_audio: bool,
    /// Whether there are pictures.
    pub has_video: bool,
    /// What else there is of it.
    #[sqlx(flatten)]
    pub links: FileLinks,
}

/// Of what kind a file is, and what its origin offers besides.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FileLinks {
    /// Such as `video/mp4`.
    pub media_type: String,
    /// Its torrent file.
    pub torrent_url: Option<String>,
    /// Its magnet link.
    pub magnet_uri: Option<String>,
    /// What ffprobe says of it.
    pub metadata_url: Option<String>,
}

impl Default for FileLinks {
    fn default() -> Self {
        Self { media_type: "video/mp4".to_owned(), torrent_url: None, magnet_uri: None, metadata_url: None }
    }
}

impl VideoFile {
    /// Whether it is nothing but sound: a variant like others, or the sound of the others.
    pub fn is_audio_only(&self) -> bool {
        self.has_audio && !self.has_video
    }
}

/// A rendition with its row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredFile {
    /// Its row.
    pub id: i64,
    /// What it is.
    #[sqlx(flatten)]
    pub file: VideoFile,
}

impl Deref for StoredFile {
    type Target = VideoFile;

    fn deref(&self) -> &VideoFile {
        &self.file
    }
}

/// A copy of the video on another server.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Redundancy {
    /// The folder with the files.
    pub base_url: String,
}
