use platform::clock::Timestamp;

use crate::actors::{ActorId, ActorKind};

/// Identity of a follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct FollowId(pub i64);

/// How far a follow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowState {
    /// The followed has not answered.
    Pending,
    /// The followed has agreed.
    Accepted,
    /// The followed has refused, or ended it.
    Rejected,
}

impl FollowState {
    /// Its name in the database and in PeerTube's API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the name, as the API and pages write it.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Pending, Self::Accepted, Self::Rejected].into_iter().find(|state| state.name() == name)
    }

    /// Reads the name in the database; unknown ones carry nothing.
    pub fn from_name(name: &str) -> Self {
        Self::parse(name).unwrap_or(Self::Pending)
    }
}

/// A follow with the addresses of both sides.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Follow {
    /// Its row.
    pub id: FollowId,
    /// Its address at the follower's server.
    pub url: String,
    state: String,
    /// Who follows.
    pub follower_id: ActorId,
    /// Address of who follows.
    pub follower_url: String,
    /// The name in its handle.
    pub follower_username: String,
    /// Its host.
    pub follower_host: String,
    /// Who is followed.
    pub target_id: ActorId,
    /// Its address.
    pub target_url: String,
    /// The name in its handle.
    pub target_username: String,
    /// Its host.
    pub target_host: String,
    /// Whether it lives here.
    pub target_is_local: bool,
    target_kind: String,
    /// Whether the videos that come by it stand in the lists of this server.
    pub is_listed: bool,
    /// Whether they may be mirrored.
    pub is_mirrored: bool,
    /// Whether they may be indexed.
    pub is_indexed: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Follow {
    /// How far it is.
    pub fn state(&self) -> FollowState {
        FollowState::from_name(&self.state)
    }

    /// What is followed.
    pub fn target_kind(&self) -> ActorKind {
        ActorKind::from_name(&self.target_kind)
    }

    /// What it is for.
    pub fn choices(&self) -> Choices {
        Choices { is_listed: self.is_listed, is_mirrored: self.is_mirrored, is_indexed: self.is_indexed }
    }
}

/// What a follow of the server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choices {
    /// Showing the videos in the lists of this server.
    pub is_listed: bool,
    /// Mirroring them.
    pub is_mirrored: bool,
    /// Indexing them.
    pub is_indexed: bool,
}

/// Which follows a list shows: those that somebody sent, or those that some of our actors received.
#[derive(Debug, Clone)]
pub enum Side {
    /// Sent by this actor.
    Following(ActorId),
    /// Received by any of these actors.
    Followers(Vec<ActorId>),
}

/// The order of a list of follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FollowSort {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// By state, then the newest first.
    State,
    /// By state in the other direction, then the newest first.
    StateDescending,
}

impl FollowSort {
    /// Reads PeerTube's names. Those that order by what is the same for all follows here are the newest first.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "createdAt" => Self::Oldest,
            "-createdAt" | "score" | "-score" | "redundancyAllowed" | "-redundancyAllowed" => Self::Newest,
            "state" => Self::State,
            "-state" => Self::StateDescending,
            _ => return None,
        })
    }
}

/// What a list of follows is asked for.
#[derive(Debug, Clone)]
pub struct FollowQuery {
    /// Whose.
    pub side: Side,
    /// Only those in this state.
    pub state: Option<FollowState>,
    /// Only those whose other side has this in its handle.
    pub search: Option<String>,
    /// Only those whose other side is of this kind.
    pub kind: Option<ActorKind>,
    /// In what order.
    pub sort: FollowSort,
    /// How many to leave out at the beginning.
    pub start: i64,
    /// How many at most.
    pub count: i64,
}

impl FollowQuery {
    /// The first fifteen.
    pub fn new(side: Side) -> Self {
        Self { side, state: None, search: None, kind: None, sort: FollowSort::default(), start: 0, count: 15 }
    }
}
