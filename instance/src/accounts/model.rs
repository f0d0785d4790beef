use platform::clock::Timestamp;

use crate::{
    actors::{ActorId, images::ActorImage, page_path},
    users::UserId,
};

/// Identity of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct AccountId(pub i64);

/// An account with the parts of its actor that are shown.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Account {
    /// Its row.
    pub id: AccountId,
    /// Its actor.
    pub actor_id: ActorId,
    /// Who logs in to it; `None` for remote accounts and the server's own.
    pub user_id: Option<UserId>,
    /// Name to show.
    pub display_name: String,
    /// What its owner says of it, Markdown.
    pub description: Option<String>,
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
    /// Its followers: accepted ones of a local account, as many as its server says of a remote one.
    pub followers_count: i64,
    /// Whom it follows, likewise.
    pub following_count: i64,
    /// Where it lives now, if it moved away.
    pub moved_to_url: Option<String>,
    /// Its picture in each of its sizes, the narrowest first.
    #[sqlx(skip)]
    pub avatars: Vec<ActorImage>,
    /// Its banner in each of its sizes, the narrowest first; accounts of other programs have them.
    #[sqlx(skip)]
    pub banners: Vec<ActorImage>,
}

impl Account {
    /// The path of its page here.
    pub fn page_path(&self) -> String {
        page_path(false, &self.username, &self.host, self.is_local)
    }
}
