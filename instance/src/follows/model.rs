use platform::clock::Timestamp;

use crate::actors::ActorId;

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

    /// Reads the name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "accepted" => Self::Accepted,
            "rejected" => Self::Rejected,
            _ => Self::Pending,
        }
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
}
