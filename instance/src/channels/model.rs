use platform::clock::Timestamp;

use crate::actors::ActorId;

/// Identity of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct ChannelId(pub i64);

/// A channel with the parts of its actor that are shown.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Channel {
    /// Its row.
    pub id: ChannelId,
    /// The owner's actor.
    pub owner_actor_id: ActorId,
    /// Name to show.
    pub display_name: String,
    /// What its owner says of it, Markdown.
    pub description: Option<String>,
    /// How to support it, Markdown.
    pub support: Option<String>,
    /// The name in its handle.
    pub username: String,
    /// Its host.
    pub host: String,
    /// Its address.
    pub url: String,
    /// Whether it lives here.
    pub is_local: bool,
    /// When it was made or first seen.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Accepted followers that are known here.
    pub followers_count: i64,
}
