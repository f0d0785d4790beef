use platform::clock::Timestamp;

use crate::users::UserId;

/// Identity of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct AccountId(pub i64);

/// An account with the parts of its actor that are shown.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Account {
    /// Its row.
    pub id: AccountId,
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
    /// Accepted followers that are known here.
    pub followers_count: i64,
    /// Accepted follows of its own that are known here.
    pub following_count: i64,
}
