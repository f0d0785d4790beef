//! SQL for channels.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::{Channel, ChannelId};
use crate::{
    accounts::AccountId,
    actors::{ActorId, fold_name},
};

macro_rules! channel {
    () => {
        "SELECT c.id, a.actor_id AS owner_actor_id, c.display_name, c.description, c.support, \
         r.username, r.host, r.url, r.is_local, c.created_at, c.updated_at, \
         (SELECT count(*) FROM follows f WHERE f.target_id = r.id AND f.state = 'accepted') AS followers_count \
         FROM video_channels c JOIN actors r ON r.id = c.actor_id JOIN accounts a ON a.id = c.account_id"
    };
}

/// What a channel says of itself.
#[derive(Debug, Clone, Default)]
pub struct ChannelTexts {
    /// Name to show.
    pub display_name: String,
    /// What its owner says of it, Markdown.
    pub description: Option<String>,
    /// How to support it, Markdown.
    pub support: Option<String>,
}

/// Adds a channel for an actor, or brings it up to date.
pub async fn upsert(
    tx: &mut Tx,
    actor: ActorId,
    account: AccountId,
    texts: &ChannelTexts,
    now: Timestamp,
) -> Result<ChannelId, DbError> {
    tx.query(sql!(
        "INSERT INTO video_channels (actor_id, account_id, display_name, description, support, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (actor_id) DO UPDATE SET account_id = excluded.account_id, \
         display_name = excluded.display_name, description = excluded.description, support = excluded.support, \
         updated_at = excluded.updated_at RETURNING id"
    ))
    .bind(actor)
    .bind(account)
    .bind(texts.display_name.clone())
    .bind(texts.description.clone())
    .bind(texts.support.clone())
    .bind(now)
    .fetch_scalar()
    .await
}

/// The channel of a row.
pub async fn find(connection: &mut Connection, id: ChannelId) -> Result<Option<Channel>, DbError> {
    connection.query(sql!(concat!(channel!(), " WHERE c.id = $1"))).bind(id).fetch_optional().await
}

/// The channel of an actor.
pub async fn find_by_actor(connection: &mut Connection, actor: ActorId) -> Result<Option<Channel>, DbError> {
    connection.query(sql!(concat!(channel!(), " WHERE c.actor_id = $1"))).bind(actor).fetch_optional().await
}

/// The channel of a name and host, whatever the case of the name.
pub async fn find_by_handle(
    connection: &mut Connection,
    username: &str,
    host: &str,
) -> Result<Option<Channel>, DbError> {
    connection
        .query(sql!(concat!(channel!(), " WHERE r.username_folded = $1 AND r.host = $2")))
        .bind(fold_name(username))
        .bind(host.to_owned())
        .fetch_optional()
        .await
}

/// The channels of an account, oldest first; at most 100.
pub async fn of_account(connection: &mut Connection, account: AccountId) -> Result<Vec<Channel>, DbError> {
    connection
        .query(sql!(concat!(channel!(), " WHERE c.account_id = $1 ORDER BY c.id LIMIT 100")))
        .bind(account)
        .fetch_all()
        .await
}
