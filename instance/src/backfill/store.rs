//! SQL for readings of what others have published.

use std::collections::HashMap;

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::{
    Backfill, Source,
    model::{BackfillState, Cut, Position},
};
use crate::actors::ActorId;

macro_rules! backfill {
    () => {
        "SELECT actor_id, state, source, cursor, next_url, mark_url, done, total, failures, error, finished_at \
         FROM backfills"
    };
}

/// The reading of an actor.
pub async fn find(connection: &mut Connection, actor: ActorId) -> Result<Option<Backfill>, DbError> {
    connection.query(sql!(concat!(backfill!(), " WHERE actor_id = $1"))).bind(actor).fetch_optional().await
}

/// The readings of some actors.
pub async fn of_actors(connection: &mut Connection, actors: &[ActorId]) -> Result<Vec<Backfill>, DbError> {
    let mut query = connection.build(sql!(fragment concat!(backfill!(), " WHERE actor_id IN ")));
    query.bind_list(actors.iter().copied());
    query.fetch_all().await
}

/// Readings that go on or begin anew now.
pub async fn due(connection: &mut Connection, now: Timestamp, limit: i64) -> Result<Vec<Backfill>, DbError> {
    connection
        .query(sql!(concat!(
            backfill!(),
            " WHERE state IN ('finished', 'failed') AND next_at <= $1 ORDER BY next_at LIMIT $2"
        )))
        .bind(now)
        .bind(limit)
        .fetch_all()
        .await
}

/// Begins a reading from the newest, unless one goes on or is paused.
pub async fn begin(tx: &mut Tx, actor: ActorId, now: Timestamp) -> Result<bool, DbError> {
    let changed = tx
        .query(sql!(
            "INSERT INTO backfills (actor_id, state, source, started_at, updated_at) VALUES ($1, 'reading', 'unknown', $2, $2) \
             ON CONFLICT (actor_id) DO UPDATE SET state = 'reading', source = 'unknown', cursor = 0, next_url = NULL, mark_url = NULL, \
             done = 0, new_videos = 0, failures = 0, error = NULL, next_at = NULL, started_at = excluded.started_at, \
             updated_at = excluded.updated_at WHERE backfills.state NOT IN ('reading', 'paused')"
        ))
        .bind(actor)
        .bind(now)
        .execute()
        .await?;
    Ok(changed > 0)
}

/// Sets how far a reading is, if it is not so already.
pub async fn set_state(tx: &mut Tx, actor: ActorId, state: BackfillState, now: Timestamp) -> Result<bool, DbError> {
    let changed = tx
        .query(sql!(
            "UPDATE backfills SET state = $2, next_at = NULL, updated_at = $3 WHERE actor_id = $1 AND state <> $2"
        ))
        .bind(actor)
        .bind(state.name())
        .bind(now)
        .execute()
        .await?;
    Ok(changed > 0)
}

/// Remembers how the videos are listed.
pub async fn set_source(tx: &mut Tx, actor: ActorId, source: Source, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE backfills SET source = $2, updated_at = $3 WHERE actor_id = $1"))
        .bind(actor)
        .bind(source.name())
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// What dealing with one page has changed.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Where the page began: if the reading is elsewhere by now, nothing is written.
    pub from: i64,
    /// Where the next one begins.
    pub next: Position,
    /// Videos on it.
    pub done: i64,
    /// Those that were unknown or had changed.
    pub new_videos: i64,
    /// How many videos there are in all, if the page said so.
    pub total: Option<i64>,
}

/// Writes progress. `false` if the reading was stopped, or began anew, in the meantime.
pub async fn advance(tx: &mut Tx, actor: ActorId, progress: &Progress, now: Timestamp) -> Result<bool, DbError> {
    let changed = tx
        .query(sql!(
            "UPDATE backfills SET cursor = $3, next_url = $4, done = done + $5, new_videos = new_videos + $6, \
             total = COALESCE($7, total), failures = 0, error = NULL, updated_at = $8, mark_url = $9 \
             WHERE actor_id = $1 AND cursor = $2 AND state = 'reading'"
        ))
        .bind(actor)
        .bind(progress.from)
        .bind(progress.next.cursor)
        .bind(progress.next.next_url.as_ref().map(ToString::to_string))
        .bind(progress.done)
        .bind(progress.new_videos)
        .bind(progress.total)
        .bind(now)
        .bind(progress.next.mark_url.as_ref().map(ToString::to_string))
        .execute()
        .await?;
    Ok(changed > 0)
}

/// Everything has been read, or all that is read of a listing without an end.
pub async fn finish(
    tx: &mut Tx,
    actor: ActorId,
    cut: Option<Cut>,
    next_at: Timestamp,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE backfills SET state = 'finished', finished_at = $2, next_at = $3, error = $4, updated_at = $2 \
         WHERE actor_id = $1 AND state = 'reading'"
    ))
    .bind(actor)
    .bind(now)
    .bind(next_at)
    .bind(cut.map(|cut| cut.to_string()))
    .execute()
    .await
    .map(drop)
}

/// The other server did not do its part.
pub async fn fail(tx: &mut Tx, actor: ActorId, error: &str, next_at: Timestamp, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE backfills SET state = 'failed', failures = failures + 1, error = $2, next_at = $3, updated_at = $4 \
         WHERE actor_id = $1 AND state = 'reading'"
    ))
    .bind(actor)
    .bind(error.to_owned())
    .bind(next_at)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Forgets a reading.
pub async fn delete(tx: &mut Tx, actor: ActorId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM backfills WHERE actor_id = $1")).bind(actor).execute().await.map(drop)
}

/// When the videos at these addresses were last asked for; those that are not known are missing.
pub async fn refreshed_at(
    connection: &mut Connection,
    urls: &[String],
) -> Result<HashMap<String, Option<Timestamp>>, DbError> {
    let mut query = connection.build(sql!(fragment "SELECT url, refreshed_at FROM videos WHERE url IN "));
    query.bind_list(urls.iter().cloned());
    let rows: Vec<(String, Option<Timestamp>)> = query.fetch_all().await?;
    Ok(rows.into_iter().collect())
}
