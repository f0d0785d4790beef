//! The actor and its follows, as rows.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use url::Url;

use super::model::{FollowState, Target};

/// The actor as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct StoredActor {
    pub url: String,
    pub private_key_pem: String,
    pub created_at: Timestamp,
}

/// The actor; `None` if the index never was one.
pub(super) async fn actor(conn: &mut Connection) -> Result<Option<StoredActor>, DbError> {
    conn.query(sql!("SELECT url, private_key_pem, created_at FROM index_actor WHERE id = 1")).fetch_optional().await
}

/// Makes the index an actor, or gives the actor another address; it keeps its key.
pub(super) async fn save_actor(tx: &mut Tx, actor: &StoredActor) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO index_actor (id, url, private_key_pem, created_at) VALUES (1, $1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET url = excluded.url"
    ))
    .bind(actor.url.clone())
    .bind(actor.private_key_pem.clone())
    .bind(actor.created_at)
    .execute()
    .await
    .map(drop)
}

/// A follow with whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredFollow {
    pub state: FollowState,
    /// Nobody, if nobody could be asked.
    pub target: Option<Target>,
}

#[derive(sqlx::FromRow)]
struct FollowRow {
    state: String,
    actor_url: Option<String>,
    inbox_url: Option<String>,
}

impl FollowRow {
    fn into_follow(self) -> Option<StoredFollow> {
        let url = |text: Option<String>| Url::parse(&text?).ok();
        let target = url(self.actor_url).zip(url(self.inbox_url)).map(|(actor, inbox)| Target { actor, inbox });
        Some(StoredFollow { state: FollowState::parse(&self.state)?, target })
    }
}

/// The follow of an instance; `None` if it was never asked.
pub(super) async fn find(conn: &mut Connection, host: &str) -> Result<Option<StoredFollow>, DbError> {
    let row = conn
        .query(sql!("SELECT state, actor_url, inbox_url FROM index_follows WHERE host = $1"))
        .bind(host)
        .fetch_optional::<FollowRow>()
        .await?;
    Ok(row.and_then(FollowRow::into_follow))
}

/// Notes that an instance is being asked.
pub(super) async fn save_question(tx: &mut Tx, host: &str, target: &Target, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO index_follows (host, state, since, actor_url, inbox_url) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (host) DO UPDATE SET state = excluded.state, since = excluded.since,
             actor_url = excluded.actor_url, inbox_url = excluded.inbox_url, error = NULL"
    ))
    .bind(host)
    .bind(FollowState::Asked.name())
    .bind(now)
    .bind(target.actor.to_string())
    .bind(target.inbox.to_string())
    .execute()
    .await
    .map(drop)
}

/// Notes that nobody could be asked, and why.
pub(super) async fn save_failure(tx: &mut Tx, host: &str, error: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO index_follows (host, state, since, error) VALUES ($1, $2, $3, $4)
         ON CONFLICT (host) DO UPDATE SET state = excluded.state, since = excluded.since, error = excluded.error"
    ))
    .bind(host)
    .bind(FollowState::Unavailable.name())
    .bind(now)
    .bind(error.to_owned())
    .execute()
    .await
    .map(drop)
}

/// Notes what an instance answered.
pub(super) async fn set_state(tx: &mut Tx, host: &str, state: FollowState, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_follows SET state = $1, since = $2 WHERE host = $3"))
        .bind(state.name())
        .bind(now)
        .bind(host)
        .execute()
        .await
        .map(drop)
}

/// Forgets a follow.
pub(super) async fn delete(tx: &mut Tx, host: &str) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM index_follows WHERE host = $1")).bind(host).execute().await.map(drop)
}

/// Forgets all of them: they were an actor's that is no longer there.
pub(super) async fn delete_all(tx: &mut Tx) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM index_follows")).execute().await.map(drop)
}

/// The instances that tell the index what is new, or were asked to.
pub(super) async fn followed(conn: &mut Connection) -> Result<Vec<String>, DbError> {
    conn.query(sql!("SELECT host FROM index_follows WHERE state IN ('asked', 'accepted') ORDER BY host"))
        .fetch_all_scalars()
        .await
}

/// Whether an instance is listened to: it is on the list, may be indexed, and lets itself be followed.
pub(super) async fn is_heard(conn: &mut Connection, host: &str) -> Result<bool, DbError> {
    let found: Option<String> = conn
        .query(sql!(
            "SELECT h.host FROM index_hosts h JOIN index_follows f ON f.host = h.host
             WHERE h.host = $1 AND h.state <> 'refused' AND f.state = 'accepted'"
        ))
        .bind(host)
        .fetch_optional_scalar()
        .await?;
    Ok(found.is_some())
}

/// Whether an instance may be asked: it is on the list, was asked for its consent, and may be indexed.
pub(super) async fn may_be_asked(conn: &mut Connection, host: &str) -> Result<bool, DbError> {
    let found: Option<String> = conn
        .query(sql!(
            "SELECT host FROM index_hosts WHERE host = $1 AND state <> 'refused' AND consent_checked_at IS NOT NULL"
        ))
        .bind(host)
        .fetch_optional_scalar()
        .await?;
    Ok(found.is_some())
}

/// The instances that may be asked and were not, or could not be at the time, or have not answered since; without the one
/// at `here`, at most `limit`.
pub(super) async fn unasked(
    conn: &mut Connection,
    here: &str,
    unavailable_before: Timestamp,
    asked_before: Timestamp,
    limit: i64,
) -> Result<Vec<String>, DbError> {
    conn.query(sql!(
        "SELECT h.host FROM index_hosts h LEFT JOIN index_follows f ON f.host = h.host
         WHERE h.host <> $1 AND h.state <> 'refused' AND h.consent_checked_at IS NOT NULL
             AND (f.host IS NULL OR (f.state = 'unavailable' AND f.since < $2) OR (f.state = 'asked' AND f.since < $3))
         ORDER BY f.since NULLS FIRST, h.host LIMIT $4"
    ))
    .bind(here)
    .bind(unavailable_before)
    .bind(asked_before)
    .bind(limit)
    .fetch_all_scalars()
    .await
}
