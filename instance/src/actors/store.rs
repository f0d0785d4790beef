//! SQL for actors.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use sqlx::types::Json;

use super::{Actor, ActorId, NewActor, fold_name};
use crate::{accounts::AccountId, channels::ChannelId};

macro_rules! actor {
    () => {
        "SELECT id, kind, url, username, host, is_local, inbox_url, shared_inbox_url, outbox_url, \
         public_key_pem, private_key_pem, created_at, refreshed_at, followers_url, following_url, moved_to_url, moved_at, \
         also_known_as, is_indexable, refresh_failures FROM actors"
    };
}

/// The actor at an address.
pub async fn find_by_url(connection: &mut Connection, url: &str) -> Result<Option<Actor>, DbError> {
    connection.query(sql!(concat!(actor!(), " WHERE url = $1"))).bind(url.to_owned()).fetch_optional().await
}

/// The actor of a row.
pub async fn find(connection: &mut Connection, id: ActorId) -> Result<Option<Actor>, DbError> {
    connection.query(sql!(concat!(actor!(), " WHERE id = $1"))).bind(id).fetch_optional().await
}

/// The local actor of a name, whatever its case.
pub async fn find_local(connection: &mut Connection, username: &str) -> Result<Option<Actor>, DbError> {
    connection
        .query(sql!(concat!(actor!(), " WHERE username_folded = $1 AND is_local = TRUE")))
        .bind(fold_name(username))
        .fetch_optional()
        .await
}

/// The actor of a name and host, whatever the case of the name.
pub async fn find_by_handle(connection: &mut Connection, username: &str, host: &str) -> Result<Option<Actor>, DbError> {
    connection
        .query(sql!(concat!(actor!(), " WHERE username_folded = $1 AND host = $2")))
        .bind(fold_name(username))
        .bind(host.to_owned())
        .fetch_optional()
        .await
}

/// Adds an actor, or brings what is known of it up to date. Its address is its identity.
pub async fn upsert(tx: &mut Tx, actor: &NewActor, now: Timestamp) -> Result<ActorId, DbError> {
    tx.query(sql!(
        "INSERT INTO actors (kind, url, username, username_folded, host, is_local, inbox_url, shared_inbox_url, \
         outbox_url, followers_url, following_url, public_key_pem, private_key_pem, created_at, updated_at, refreshed_at, \
         playlists_url, moved_to_url, also_known_as, published_at, is_indexable) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15, $16, $17, $18, $19, $20) \
         ON CONFLICT (url) DO UPDATE SET kind = excluded.kind, username = excluded.username, \
         username_folded = excluded.username_folded, inbox_url = excluded.inbox_url, \
         shared_inbox_url = excluded.shared_inbox_url, outbox_url = excluded.outbox_url, \
         followers_url = excluded.followers_url, following_url = excluded.following_url, \
         public_key_pem = excluded.public_key_pem, updated_at = excluded.updated_at, \
         refreshed_at = excluded.refreshed_at, playlists_url = excluded.playlists_url, \
         moved_to_url = excluded.moved_to_url, also_known_as = excluded.also_known_as, \
         published_at = excluded.published_at, is_indexable = excluded.is_indexable, refresh_failures = 0 RETURNING id"
    ))
    .bind(actor.kind.name())
    .bind(actor.url.to_string())
    .bind(actor.username.clone())
    .bind(fold_name(&actor.username))
    .bind(actor.host.clone())
    .bind(actor.is_local)
    .bind(actor.inbox_url.clone())
    .bind(actor.shared_inbox_url.clone())
    .bind(actor.outbox_url.clone())
    .bind(actor.followers_url.clone())
    .bind(actor.following_url.clone())
    .bind(actor.public_key_pem.clone())
    .bind(actor.private_key_pem.clone())
    .bind(now)
    .bind(actor.refreshed_at)
    .bind(actor.playlists_url.clone())
    .bind(actor.moved_to_url.clone())
    .bind(Json(actor.also_known_as.clone()))
    .bind(actor.published_at)
    .bind(actor.is_indexable)
    .fetch_scalar()
    .await
}

/// Forgets an actor and everything that hangs on it.
pub async fn delete(tx: &mut Tx, id: ActorId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM actors WHERE id = $1")).bind(id).execute().await.map(drop)
}

/// Takes its name away from an actor, so that the one who bears it now can have it.
pub async fn release_name(tx: &mut Tx, id: ActorId) -> Result<(), DbError> {
    tx.query(sql!("UPDATE actors SET username_folded = $2 WHERE id = $1"))
        .bind(id)
        // No name has this character.
        .bind(format!("~{}", id.0))
        .execute()
        .await
        .map(drop)
}

/// Notes that the server of an actor was asked in vain; `refreshed_at` says when it counts as asked, which is earlier than
/// now so that it is asked again sooner.
pub async fn count_failure(tx: &mut Tx, id: ActorId, refreshed_at: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE actors SET refresh_failures = refresh_failures + 1, refreshed_at = $2 WHERE id = $1"))
        .bind(id)
        .bind(refreshed_at)
        .execute()
        .await
        .map(drop)
}

/// Keeps what the server of a remote actor says of the number of its followers and of those whom it follows.
pub async fn set_counts(tx: &mut Tx, id: ActorId, followers: i64, following: i64) -> Result<(), DbError> {
    tx.query(sql!("UPDATE actors SET followers_count = $2, following_count = $3 WHERE id = $1"))
        .bind(id)
        .bind(followers)
        .bind(following)
        .execute()
        .await
        .map(drop)
}

/// Sets where an actor lives now.
pub async fn set_moved(
    tx: &mut Tx,
    id: ActorId,
    target: Option<String>,
    moved_at: Option<Timestamp>,
) -> Result<(), DbError> {
    tx.query(sql!("UPDATE actors SET moved_to_url = $2, moved_at = $3 WHERE id = $1"))
        .bind(id)
        .bind(target)
        .bind(moved_at)
        .execute()
        .await
        .map(drop)
}

/// Sets who else an actor says it is.
pub async fn set_aliases(tx: &mut Tx, id: ActorId, aliases: Vec<String>) -> Result<(), DbError> {
    tx.query(sql!("UPDATE actors SET also_known_as = $2 WHERE id = $1"))
        .bind(id)
        .bind(Json(aliases))
        .execute()
        .await
        .map(drop)
}

/// The public playlists of an account, newest first.
pub async fn playlists_of_account(
    connection: &mut Connection,
    account: AccountId,
    limit: i64,
    offset: i64,
) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!(
            "SELECT url FROM video_playlists WHERE account_id = $1 AND privacy = 1 AND is_local = TRUE \
             ORDER BY id DESC LIMIT $2 OFFSET $3"
        ))
        .bind(account)
        .bind(limit)
        .bind(offset)
        .fetch_all_scalars()
        .await
}

/// How many public playlists an account has.
pub async fn count_playlists_of_account(connection: &mut Connection, account: AccountId) -> Result<i64, DbError> {
    connection
        .query(sql!("SELECT count(*) FROM video_playlists WHERE account_id = $1 AND privacy = 1 AND is_local = TRUE"))
        .bind(account)
        .fetch_scalar()
        .await
}

/// The public playlists of a channel, in its order.
pub async fn playlists_of_channel(
    connection: &mut Connection,
    channel: ChannelId,
    limit: i64,
    offset: i64,
) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!(
            "SELECT url FROM video_playlists WHERE channel_id = $1 AND privacy = 1 AND is_local = TRUE \
             ORDER BY channel_position, id LIMIT $2 OFFSET $3"
        ))
        .bind(channel)
        .bind(limit)
        .bind(offset)
        .fetch_all_scalars()
        .await
}

/// How many public playlists a channel has.
pub async fn count_playlists_of_channel(connection: &mut Connection, channel: ChannelId) -> Result<i64, DbError> {
    connection
        .query(sql!("SELECT count(*) FROM video_playlists WHERE channel_id = $1 AND privacy = 1 AND is_local = TRUE"))
        .bind(channel)
        .fetch_scalar()
        .await
}
