use platform::clock::Timestamp;

use crate::{
    accounts::AccountId,
    actors::{ActorId, images::ActorImage, page_path},
};

/// Identity of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct ChannelId(pub i64);

/// A channel with the parts of its actor that are shown.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Channel {
    /// Its row.
    pub id: ChannelId,
    /// Its actor.
    pub actor_id: ActorId,
    /// The owner.
    pub account_id: AccountId,
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
    /// Its followers: accepted ones of a local channel, as many as its server says of a remote one.
    pub followers_count: i64,
    /// Whom it follows, likewise.
    pub following_count: i64,
    /// Where it lives now, if it moved away.
    pub moved_to_url: Option<String>,
    /// Its picture in each of its sizes, the narrowest first.
    #[sqlx(skip)]
    pub avatars: Vec<ActorImage>,
    /// Its banner in each of its sizes, the narrowest first.
    #[sqlx(skip)]
    pub banners: Vec<ActorImage>,
}

impl Channel {
    /// The path of its page here.
    pub fn page_path(&self) -> String {
        page_path(true, &self.username, &self.host, self.is_local)
    }
}
