use platform::clock::Timestamp;
use sqlx::types::Json;

use crate::{accounts::AccountId, videos::VideoId};

/// Identity of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct AbuseId(pub i64);

/// How far a report is, with PeerTube's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbuseState {
    /// Nobody has decided.
    Pending,
    /// Nothing is wrong.
    Rejected,
    /// It was right.
    Accepted,
}

impl AbuseState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Rejected, Self::Accepted];

    /// PeerTube's number.
    pub fn number(self) -> i64 {
        match self {
            Self::Pending => 1,
            Self::Rejected => 2,
            Self::Accepted => 3,
        }
    }

    /// Reads the number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// PeerTube's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Rejected => "Rejected",
            Self::Accepted => "Accepted",
        }
    }
}

/// Why something is reported, in PeerTube's words, with words for people.
pub const PREDEFINED_REASONS: [(&str, &str); 8] = [
    ("violentOrRepulsive", "Violent or repulsive"),
    ("hatefulOrAbusive", "Hateful or abusive"),
    ("spamOrMisleading", "Spam or misleading"),
    ("privacy", "Privacy"),
    ("rights", "Copyright or other rights"),
    ("serverRules", "Against the rules of the server"),
    ("thumbnails", "Thumbnail"),
    ("captions", "Captions"),
];

/// Whether PeerTube has this reason.
pub fn is_predefined_reason(name: &str) -> bool {
    PREDEFINED_REASONS.iter().any(|(reason, _)| *reason == name)
}

/// A report as stored. What is gone meanwhile is `None`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Abuse {
    /// Its row.
    pub id: AbuseId,
    /// Who reported; `None` for servers that do not say.
    pub reporter_account_id: Option<AccountId>,
    /// Whose deed it is.
    pub flagged_account_id: Option<AccountId>,
    /// The video.
    pub video_id: Option<VideoId>,
    /// The comment.
    pub comment_id: Option<i64>,
    /// `video`, `comment` or `account`.
    pub subject: String,
    /// What it was called, or said.
    pub subject_text: String,
    /// Why, in the reporter's words.
    pub reason: String,
    /// Why, in PeerTube's.
    pub predefined_reasons: Json<Vec<String>>,
    /// From which second of the video.
    pub start_s: Option<i64>,
    /// To which second of the video.
    pub end_s: Option<i64>,
    state: i64,
    /// What moderators note for themselves.
    pub moderation_comment: Option<String>,
    /// When it came.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// How much was said about it.
    pub messages: i64,
}

impl Abuse {
    /// How far it is.
    pub fn state(&self) -> AbuseState {
        AbuseState::from_number(self.state).unwrap_or(AbuseState::Pending)
    }
}

/// Something that reporter and moderators said to each other.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct AbuseMessage {
    /// Its row.
    pub id: i64,
    /// Who said it; `None` if the account is gone.
    pub account_id: Option<AccountId>,
    /// Whether they said it as a moderator.
    pub by_moderator: bool,
    /// What.
    pub message: String,
    /// When.
    pub created_at: Timestamp,
}

/// A comment, as far as reports show it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ReportedComment {
    /// Its row.
    pub id: i64,
    /// Its address.
    pub url: String,
    /// The video under which it stands.
    pub video_id: VideoId,
    /// Who wrote it; `None` if it was deleted.
    pub account_id: Option<AccountId>,
    /// The first comment of its thread; `None` for that one itself.
    pub thread_id: Option<i64>,
    /// Whether it was written here.
    pub is_local: bool,
    /// What it says.
    pub text: String,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}
