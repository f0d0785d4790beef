//! SQL for follows.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::{Follow, FollowId, FollowState};
use crate::{actors::ActorId, moderation::store::server_account};

macro_rules! follow {
    () => {
        "SELECT f.id, f.url, f.state, a.url AS follower_url, a.username AS follower_username, \
         a.host AS follower_host, f.target_id, t.url AS target_url, t.username AS target_username, t.host AS target_host, \
         f.created_at, f.updated_at FROM follows f JOIN actors a ON a.id = f.follower_id JOIN actors t ON t.id = f.target_id"
    };
}

/// The follow between two actors.
pub async fn find_pair(
    connection: &mut Connection,
    follower: ActorId,
    target: ActorId,
) -> Result<Option<Follow>, DbError> {
    connection
        .query(sql!(concat!(follow!(), " WHERE f.follower_id = $1 AND f.target_id = $2")))
        .bind(follower)
        .bind(target)
        .fetch_optional()
        .await
}

/// Whom an actor follows, newest first.
pub async fn following(
    connection: &mut Connection,
    follower: ActorId,
    limit: i64,
    offset: i64,
) -> Result<Vec<Follow>, DbError> {
    connection
        .query(sql!(concat!(follow!(), " WHERE f.follower_id = $1 ORDER BY f.id DESC LIMIT $2 OFFSET $3")))
        .bind(follower)
        .bind(limit)
        .bind(offset)
        .fetch_all()
        .await
}

/// Who follows an actor, newest first.
pub async fn followers(
    connection: &mut Connection,
    target: ActorId,
    limit: i64,
    offset: i64,
) -> Result<Vec<Follow>, DbError> {
    connection
        .query(sql!(concat!(follow!(), " WHERE f.target_id = $1 ORDER BY f.id DESC LIMIT $2 OFFSET $3")))
        .bind(target)
        .bind(limit)
        .bind(offset)
        .fetch_all()
        .await
}

/// How many follows an actor has sent, whatever their state.
pub async fn count_following(connection: &mut Connection, follower: ActorId) -> Result<i64, DbError> {
    connection.query(sql!("SELECT count(*) FROM follows WHERE follower_id = $1")).bind(follower).fetch_scalar().await
}

/// How many follows an actor has received, whatever their state.
pub async fn count_followers(connection: &mut Connection, target: ActorId) -> Result<i64, DbError> {
    connection.query(sql!("SELECT count(*) FROM follows WHERE target_id = $1")).bind(target).fetch_scalar().await
}

/// The inboxes of an actor's accepted remote followers whom the server does not block, each once.
pub async fn follower_inboxes(connection: &mut Connection, target: ActorId) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!(concat!(
            "SELECT DISTINCT COALESCE(a.shared_inbox_url, a.inbox_url) FROM follows f \
             JOIN actors a ON a.id = f.follower_id \
             WHERE f.target_id = $1 AND f.state = 'accepted' AND a.is_local = FALSE \
             AND NOT EXISTS (SELECT 1 FROM account_blocks b JOIN accounts ba ON ba.id = b.target_account_id \
             WHERE ba.actor_id = a.id AND b.account_id = ",
            server_account!(),
            ")"
        )))
        .bind(target)
        .fetch_all_scalars()
        .await
}

/// Whether one of this server's actors follows anyone on a host, with the other's consent.
pub async fn follows_host(connection: &mut Connection, host: &str) -> Result<bool, DbError> {
    connection
        .query(sql!(
            "SELECT EXISTS (SELECT 1 FROM follows f JOIN actors me ON me.id = f.follower_id \
             JOIN actors t ON t.id = f.target_id \
             WHERE me.is_local = TRUE AND f.state = 'accepted' AND t.host = $1)"
        ))
        .bind(host.to_owned())
        .fetch_scalar()
        .await
}

/// Adds a follow, or gives the one that exists between the two a new address and state.
pub async fn upsert(
    tx: &mut Tx,
    follower: ActorId,
    target: ActorId,
    url: &str,
    state: FollowState,
    now: Timestamp,
) -> Result<FollowId, DbError> {
    tx.query(sql!(
        "INSERT INTO follows (follower_id, target_id, url, state, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) \
         ON CONFLICT (follower_id, target_id) DO UPDATE SET url = excluded.url, state = excluded.state, \
         updated_at = excluded.updated_at RETURNING id"
    ))
    .bind(follower)
    .bind(target)
    .bind(url.to_owned())
    .bind(state.name())
    .bind(now)
    .fetch_scalar()
    .await
}

/// Sets the address of a follow, once its number is known.
pub async fn set_url(tx: &mut Tx, id: FollowId, url: &str) -> Result<(), DbError> {
    tx.query(sql!("UPDATE follows SET url = $2 WHERE id = $1")).bind(id).bind(url.to_owned()).execute().await.map(drop)
}

/// Sets how far a follow is.
pub async fn set_state(tx: &mut Tx, id: FollowId, state: FollowState, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE follows SET state = $2, updated_at = $3 WHERE id = $1"))
        .bind(id)
        .bind(state.name())
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Forgets a follow.
pub async fn delete(tx: &mut Tx, id: FollowId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM follows WHERE id = $1")).bind(id).execute().await.map(drop)
}
