use platform::clock::Timestamp;
use url::Url;

use crate::{accounts::AccountId, actors::ActorId, videos::VideoId};

/// The longest text of a comment, in characters; PeerTube's own bound.
pub const MAX_TEXT: usize = 10_000;
/// Comments in one thread. Deletions follow replies row by row in the database, which allows about a thousand.
pub const MAX_PER_THREAD: i64 = 900;
/// Comments under one video.
pub const MAX_PER_VIDEO: i64 = 50_000;
/// Replies to replies to replies.
pub const MAX_DEPTH: usize = 100;

/// Identity of a comment on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct CommentId(pub i64);

/// A comment with what is shown of its author.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Comment {
    /// Its row.
    pub id: CommentId,
    /// Its address, which is its identity in the federation.
    pub url: String,
    /// What it is about.
    pub video_id: VideoId,
    /// Who wrote it; `None` for a stone.
    pub account_id: Option<AccountId>,
    /// What it answers; `None` if that is the video.
    pub in_reply_to_id: Option<CommentId>,
    /// The first comment of its thread; `None` if it is that one.
    pub thread_id: Option<CommentId>,
    /// Whether it was written here.
    pub is_local: bool,
    /// Markdown; empty for a stone.
    pub text: String,
    /// Whether it waits for approval.
    pub is_held: bool,
    /// Where the owner of the video approved it.
    pub reply_approval_url: Option<String>,
    /// Comments in its thread besides it, if it is the first of one.
    pub replies: i64,
    /// Those of them that the owner of the video wrote.
    pub replies_by_owner: i64,
    /// When it was deleted: then it is a stone.
    pub deleted_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The author's actor.
    pub author_actor_id: Option<ActorId>,
    /// The author's name to show.
    pub author_display_name: Option<String>,
    /// The name in the author's handle.
    pub author_username: Option<String>,
    /// The author's host.
    pub author_host: Option<String>,
    /// The author's address.
    pub author_url: Option<String>,
    /// The smallest picture of the author that is kept here.
    pub author_avatar_file: Option<String>,
}

impl Comment {
    /// The first comment of its thread.
    pub fn thread(&self) -> CommentId {
        self.thread_id.unwrap_or(self.id)
    }

    /// Whether it was deleted and stays for its replies.
    pub fn is_stone(&self) -> bool {
        self.deleted_at.is_some()
    }
}

/// A comment before it has a row.
#[derive(Debug, Clone)]
pub struct NewComment {
    /// Its address.
    pub url: String,
    /// What it is about.
    pub video_id: VideoId,
    /// Who wrote it; `None` for a stone.
    pub account_id: Option<AccountId>,
    /// What it answers, and the thread of that.
    pub parent: Option<(CommentId, CommentId)>,
    /// Whether it was written here.
    pub is_local: bool,
    /// Markdown.
    pub text: String,
    /// Whether it waits for approval.
    pub is_held: bool,
    /// Where it was approved.
    pub reply_approval_url: Option<String>,
    /// When it was deleted, for a stone.
    pub deleted_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A comment as another server tells it, safe to keep.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Its address.
    pub url: Url,
    /// Who wrote it; `None` if it is gone and only its place is left.
    pub author: Option<Url>,
    /// What it answers.
    pub in_reply_to: Url,
    /// Markdown; not empty, unless the comment is gone.
    pub text: String,
    /// Where it says that it was approved.
    pub approval: Option<Url>,
    /// Its own list of answers, in programs that have one.
    pub replies: Option<Url>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Who may comment, with PeerTube's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Everybody.
    Open,
    /// Nobody.
    Closed,
    /// Everybody, and the owner looks at it first.
    Approval,
}

impl From<i64> for Policy {
    fn from(number: i64) -> Self {
        match number {
            2 => Self::Closed,
            3 => Self::Approval,
            _ => Self::Open,
        }
    }
}

/// The order of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// Those with most replies first.
    MostReplies,
    /// Those with fewest replies first.
    FewestReplies,
}

impl Sort {
    /// Reads PeerTube's names.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "-createdAt" => Self::Newest,
            "createdAt" => Self::Oldest,
            "-totalReplies" => Self::MostReplies,
            "totalReplies" => Self::FewestReplies,
            _ => return None,
        })
    }

    /// PeerTube's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Newest => "-createdAt",
            Self::Oldest => "createdAt",
            Self::MostReplies => "-totalReplies",
            Self::FewestReplies => "totalReplies",
        }
    }

    /// The text after `ORDER BY`; the row breaks ties, so that pages never overlap.
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Newest => "c.created_at DESC, c.id DESC",
            Self::Oldest => "c.created_at, c.id",
            Self::MostReplies => "c.replies DESC, c.created_at DESC, c.id DESC",
            Self::FewestReplies => "c.replies, c.created_at DESC, c.id DESC",
        }
    }
}

/// Who looks at comments, which decides what they see.
#[derive(Debug, Clone, Default)]
pub struct Viewer {
    /// Their account.
    pub account: Option<AccountId>,
    /// Whether they see what waits for approval: moderators, and the owner of the video.
    pub sees_held: bool,
    /// Accounts whose blocks count for them: the server's, and their own.
    pub blockers: Vec<AccountId>,
}

/// Which comments the lists of moderators and owners show.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Under videos of this account.
    pub owner: Option<AccountId>,
    /// Under this video.
    pub video: Option<VideoId>,
    /// Under videos of this channel.
    pub channel: Option<crate::channels::ChannelId>,
    /// Written here, or elsewhere.
    pub is_local: Option<bool>,
    /// Under videos of this server, or of others.
    pub on_local_video: Option<bool>,
    /// Waiting for approval, or not.
    pub is_held: Option<bool>,
    /// Somewhere in the text, the author's names, or the title.
    pub search: Option<String>,
    /// In the author's names.
    pub search_account: Option<String>,
    /// In the title of the video.
    pub search_video: Option<String>,
}

/// A comment with the video that it is about.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct CommentOnVideo {
    /// The comment.
    #[sqlx(flatten)]
    pub comment: Comment,
    /// The video's UUID.
    pub video_uuid: uuid::Uuid,
    /// The video's title.
    pub video_name: String,
    /// The video's channel.
    pub video_channel_id: crate::channels::ChannelId,
    /// The same as an actor.
    pub video_channel_actor_id: ActorId,
    /// The channel's name to show.
    pub video_channel_display_name: String,
    /// The name in the channel's handle.
    pub video_channel_username: String,
    /// The channel's address.
    pub video_channel_url: String,
    /// The channel's host.
    pub video_channel_host: String,
}
