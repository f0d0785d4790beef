//! SQL for accounts.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::{Account, AccountId};
use crate::{
    actors::{ActorId, fold_name},
    users::UserId,
};

macro_rules! account {
    () => {
        "SELECT a.id, a.user_id, a.display_name, a.description, r.username, r.host, r.url, r.is_local, a.created_at, \
         a.updated_at, \
         (SELECT count(*) FROM follows f WHERE f.target_id = r.id AND f.state = 'accepted') AS followers_count, \
         (SELECT count(*) FROM follows f WHERE f.follower_id = r.id AND f.state = 'accepted') AS following_count \
         FROM accounts a JOIN actors r ON r.id = a.actor_id"
    };
}

/// Adds an account for an actor, or brings its names up to date.
pub async fn insert(
    tx: &mut Tx,
    actor: ActorId,
    user: Option<UserId>,
    display_name: &str,
    now: Timestamp,
) -> Result<AccountId, DbError> {
    tx.query(sql!(
        "INSERT INTO accounts (actor_id, user_id, display_name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) \
         ON CONFLICT (actor_id) DO UPDATE SET display_name = excluded.display_name, updated_at = excluded.updated_at \
         RETURNING id"
    ))
    .bind(actor)
    .bind(user)
    .bind(display_name.to_owned())
    .bind(now)
    .fetch_scalar()
    .await
}

/// Sets what the owner of an account says of it.
pub async fn set_description(tx: &mut Tx, id: AccountId, description: Option<String>) -> Result<(), DbError> {
    tx.query(sql!("UPDATE accounts SET description = $2 WHERE id = $1"))
        .bind(id)
        .bind(description)
        .execute()
        .await
        .map(drop)
}

/// The account of an actor.
pub async fn find_by_actor(connection: &mut Connection, actor: ActorId) -> Result<Option<Account>, DbError> {
    connection.query(sql!(concat!(account!(), " WHERE a.actor_id = $1"))).bind(actor).fetch_optional().await
}

/// The account of a name and host, whatever the case of the name.
pub async fn find_by_handle(
    connection: &mut Connection,
    username: &str,
    host: &str,
) -> Result<Option<Account>, DbError> {
    connection
        .query(sql!(concat!(account!(), " WHERE r.username_folded = $1 AND r.host = $2")))
        .bind(fold_name(username))
        .bind(host.to_owned())
        .fetch_optional()
        .await
}

/// The account of a user.
pub async fn find_by_user(connection: &mut Connection, user: UserId) -> Result<Option<Account>, DbError> {
    connection.query(sql!(concat!(account!(), " WHERE a.user_id = $1"))).bind(user).fetch_optional().await
}
