use crate::{channels::ChannelId, videos::VideoId};

/// Looks of PeerTube's player.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// What the server that shows it likes.
    #[default]
    InstanceDefault,
    /// What the channel likes (videos only).
    ChannelDefault,
    /// The one up to PeerTube 7.
    Galaxy,
    /// The one since PeerTube 8.
    Lucide,
}

impl Theme {
    /// What this server likes.
    pub const OURS: Self = Self::Lucide;

    const ALL: [Self; 4] = [Self::InstanceDefault, Self::ChannelDefault, Self::Galaxy, Self::Lucide];

    /// Its name, in documents, in the API and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::InstanceDefault => "instance-default",
            Self::ChannelDefault => "channel-default",
            Self::Galaxy => "galaxy",
            Self::Lucide => "lucide",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// Whose player it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dressed {
    /// That of a video.
    Video(VideoId),
    /// That of all videos of a channel.
    Channel(ChannelId),
}

impl Dressed {
    /// The video, or none.
    pub(super) fn video(self) -> Option<VideoId> {
        match self {
            Self::Video(id) => Some(id),
            Self::Channel(_) => None,
        }
    }

    /// The channel, or none.
    pub(super) fn channel(self) -> Option<ChannelId> {
        match self {
            Self::Video(_) => None,
            Self::Channel(id) => Some(id),
        }
    }

    /// What holds where nothing was chosen.
    pub fn default_theme(self) -> Theme {
        match self {
            Self::Video(_) => Theme::ChannelDefault,
            Self::Channel(_) => Theme::InstanceDefault,
        }
    }

    /// A choice as it can be for this: a channel has no channel to follow.
    pub(super) fn admits(self, theme: Theme) -> bool {
        matches!(self, Self::Video(_)) || theme != Theme::ChannelDefault
    }
}
