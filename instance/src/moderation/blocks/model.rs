use platform::clock::Timestamp;

use crate::{accounts::AccountId, actors::ActorId};

/// Who blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocker {
    /// The moderators, for everybody.
    Server,
    /// A user, for themselves.
    User(AccountId),
}

/// A blocked account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct AccountBlock {
    /// Its actor.
    pub actor_id: ActorId,
    /// Since when.
    pub created_at: Timestamp,
}

/// A blocked server.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ServerBlock {
    /// Its host.
    pub host: String,
    /// Since when.
    pub created_at: Timestamp,
}
