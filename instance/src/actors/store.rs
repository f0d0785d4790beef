//! SQL for actors.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::{Actor, ActorId, NewActor, fold_name};

macro_rules! actor {
    () => {
        "SELECT id, kind, url, username, host, is_local, inbox_url, shared_inbox_url, outbox_url, \
         public_key_pem, private_key_pem, created_at, refreshed_at FROM actors"
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

/// Adds an actor, or brings what is known of it up to date. Its address is its identity.
pub async fn upsert(tx: &mut Tx, actor: &NewActor, now: Timestamp) -> Result<ActorId, DbError> {
    tx.query(sql!(
        "INSERT INTO actors (kind, url, username, username_folded, host, is_local, inbox_url, shared_inbox_url, \
         outbox_url, followers_url, following_url, public_key_pem, private_key_pem, created_at, updated_at, refreshed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15) \
         ON CONFLICT (url) DO UPDATE SET kind = excluded.kind, username = excluded.username, \
         username_folded = excluded.username_folded, inbox_url = excluded.inbox_url, \
         shared_inbox_url = excluded.shared_inbox_url, outbox_url = excluded.outbox_url, \
         followers_url = excluded.followers_url, following_url = excluded.following_url, \
         public_key_pem = excluded.public_key_pem, updated_at = excluded.updated_at, \
         refreshed_at = excluded.refreshed_at RETURNING id"
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
    .fetch_scalar()
    .await
}

/// Forgets an actor and everything that hangs on it.
pub async fn delete(tx: &mut Tx, id: ActorId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM actors WHERE id = $1")).bind(id).execute().await.map(drop)
}
