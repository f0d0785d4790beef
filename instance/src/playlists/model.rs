use platform::{clock::Timestamp, ids::short_uuid};
use uuid::Uuid;

use crate::{
    accounts::AccountId,
    actors::ActorId,
    channels::ChannelId,
    users::{Role, User, UserId},
    videos::VideoId,
};

/// Identity of a playlist on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct PlaylistId(pub i64);

/// Identity of an element of a playlist on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct ElementId(pub i64);

/// Who may see a playlist, with PeerTube's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaylistPrivacy {
    /// Everybody; listed.
    Public,
    /// Everybody who has the address.
    Unlisted,
    /// Its owner.
    Private,
}

impl PlaylistPrivacy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Public, Self::Unlisted, Self::Private];

    /// PeerTube's number.
    pub fn number(self) -> i64 {
        match self {
            Self::Public => 1,
            Self::Unlisted => 2,
            Self::Private => 3,
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
        }
    }
}

impl From<i64> for PlaylistPrivacy {
    /// What the database says; what cannot be read is private.
    fn from(number: i64) -> Self {
        Self::from_number(number).unwrap_or(Self::Private)
    }
}

/// What a playlist is for, with PeerTube's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaylistKind {
    /// Whatever its owner wants.
    Regular,
    /// What its owner wants to watch later: each account has one, which stays private.
    WatchLater,
}

impl PlaylistKind {
    /// PeerTube's number.
    pub fn number(self) -> i64 {
        match self {
            Self::Regular => 1,
            Self::WatchLater => 2,
        }
    }

    /// PeerTube's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Regular => "Regular",
            Self::WatchLater => "Watch later",
        }
    }
}

impl From<i64> for PlaylistKind {
    fn from(number: i64) -> Self {
        if number == 2 { Self::WatchLater } else { Self::Regular }
    }
}

/// A playlist with the names of its owner and channel.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Playlist {
    /// Its row.
    pub id: PlaylistId,
    /// Its identity everywhere.
    pub uuid: Uuid,
    /// Its address at its origin.
    pub url: String,
    /// Whether it was made here.
    pub is_local: bool,
    /// Title.
    pub name: String,
    /// Description, Markdown.
    pub description: Option<String>,
    /// Who may see it.
    #[sqlx(try_from = "i64")]
    pub privacy: PlaylistPrivacy,
    /// What it is for.
    #[sqlx(try_from = "i64")]
    pub kind: PlaylistKind,
    /// File of the picture of its own, if it has one.
    pub thumbnail_file: Option<String>,
    /// File of the picture that stands for it: its own, or that of its first public video.
    pub picture_file: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it or its elements last changed.
    pub updated_at: Timestamp,
    /// When its origin was last asked; `None` for local ones.
    pub refreshed_at: Option<Timestamp>,
    /// How many elements it has.
    pub length: i64,
    /// Its owner.
    pub account_id: AccountId,
    /// The user who owns it; `None` for remote ones.
    pub user_id: Option<UserId>,
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
    /// The channel that shows it.
    pub channel_id: Option<ChannelId>,
    /// Where it stands among the playlists of the channel, from 1.
    pub channel_position: Option<i64>,
    /// The channel's actor.
    pub channel_actor_id: Option<ActorId>,
    /// The channel's name to show.
    pub channel_display_name: Option<String>,
    /// The name in the channel's handle.
    pub channel_username: Option<String>,
    /// The channel's address.
    pub channel_url: Option<String>,
    /// The channel's host.
    pub channel_host: Option<String>,
}

impl Playlist {
    /// Path of its page here.
    pub fn page_path(&self) -> String {
        format!("/w/p/{}", short_uuid(self.uuid))
    }

    /// Path of the picture that stands for it.
    pub fn picture_path(&self) -> Option<String> {
        self.picture_file.as_ref().map(|file| format!("/lazy-static/thumbnails/{file}"))
    }

    /// Whether somebody may know that it exists.
    pub fn may_be_seen_by(&self, user: Option<&User>) -> bool {
        self.privacy != PlaylistPrivacy::Private || user.is_some_and(|user| self.user_id == Some(user.id))
    }

    /// Whether somebody may change or remove it: its owner, or those who look after the server if they can see it.
    pub fn may_be_changed_by(&self, user: &User) -> bool {
        let looks_after_it = user.role() != Role::User && self.privacy != PlaylistPrivacy::Private;
        self.is_local && (self.user_id == Some(user.id) || looks_after_it)
    }
}

/// What a playlist is, before it has a row or when it changes.
#[derive(Debug, Clone)]
pub struct NewPlaylist {
    /// Its identity everywhere.
    pub uuid: Uuid,
    /// Its address at its origin.
    pub url: String,
    /// Whether it was made here.
    pub is_local: bool,
    /// Its owner.
    pub account_id: AccountId,
    /// The channel that shows it.
    pub channel_id: Option<ChannelId>,
    /// Where it stands among the playlists of the channel, from 1.
    pub channel_position: Option<i64>,
    /// Title.
    pub name: String,
    /// Description, Markdown.
    pub description: Option<String>,
    /// Who may see it.
    pub privacy: PlaylistPrivacy,
    /// What it is for.
    pub kind: PlaylistKind,
    /// Where a remote playlist's picture is.
    pub remote_thumbnail_url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its origin was asked; `None` for local ones.
    pub refreshed_at: Option<Timestamp>,
}

/// An entry of a playlist.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Element {
    /// Its row.
    pub id: ElementId,
    /// The address of its video.
    pub video_url: String,
    /// The video, if it is known here.
    pub video_id: Option<VideoId>,
    /// Where it stands, from 1.
    pub position: i64,
    /// The second to begin at.
    pub start_s: Option<i64>,
    /// The second to end at.
    pub stop_s: Option<i64>,
}

/// An entry before it has a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewElement {
    /// Its address at its origin.
    pub url: String,
    /// The address of its video.
    pub video_url: String,
    /// The second to begin at.
    pub start_s: Option<i64>,
    /// The second to end at.
    pub stop_s: Option<i64>,
}
