use std::time::Duration;

use sqlx::types::Json;

use super::{Job, Lane};
use crate::{
    clock::Timestamp,
    db::{Connection, Db, DbError, Dialect, DynamicQuery, Tx},
    sql,
};

/// Identity of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct JobId(pub i64);

impl std::fmt::Display for JobId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

pub(super) struct NewJob {
    kind: &'static str,
    lane: Lane,
    priority: i64,
    dedupe_key: Option<String>,
    party: Option<String>,
    payload: serde_json::Value,
    created_at: Timestamp,
    run_at: Timestamp,
}

impl NewJob {
    pub(super) fn of<J: Job>(job: &J, payload: serde_json::Value, created_at: Timestamp, run_at: Timestamp) -> Self {
        let (dedupe_key, party) = (job.dedupe_key(), job.party());
        Self { kind: J::KIND, lane: J::LANE, priority: J::PRIORITY, dedupe_key, party, payload, created_at, run_at }
    }
}

pub(super) async fn insert(tx: &mut Tx, job: &NewJob) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO jobs (kind, lane, priority, dedupe_key, party, payload, run_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (kind, dedupe_key) WHERE state = 'waiting' AND dedupe_key IS NOT NULL \
         DO UPDATE SET run_at = CASE WHEN excluded.run_at < jobs.run_at THEN excluded.run_at ELSE jobs.run_at END"
    ))
    .bind(job.kind)
    .bind(job.lane.name())
    .bind(job.priority)
    .bind(job.dedupe_key.clone())
    .bind(job.party.clone())
    .bind(Json(job.payload.clone()))
    .bind(job.run_at)
    .bind(job.created_at)
    .execute()
    .await
    .map(drop)
}

#[derive(sqlx::FromRow)]
pub(super) struct Claimed {
    pub(super) id: JobId,
    pub(super) kind: String,
    pub(super) party: Option<String>,
    pub(super) payload: Json<serde_json::Value>,
    pub(super) attempts: i64,
    pub(super) created_at: Timestamp,
}

impl Claimed {
    pub(super) fn held_by<'a>(&self, owner: &'a str) -> Held<'a> {
        Held { id: self.id, owner, attempts: self.attempts }
    }
}

/// A job as one worker holds it. A worker whose lease ran out, and whose job another has taken since, holds nothing any
/// more: what it still says about the job changes nothing.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    id: JobId,
    owner: &'a str,
    attempts: i64,
}

pub(super) struct Claim<'a> {
    pub(super) lane: Lane,
    pub(super) kinds: &'a [&'static str],
    /// Parties that have their share of the workers already.
    pub(super) crowded: &'a [String],
    pub(super) owner: &'a str,
    pub(super) now: Timestamp,
    pub(super) lease: Duration,
}

/// Whether there is anything to claim, without taking the lock of the database.
pub(super) async fn has_due(connection: &mut Connection, claim: &Claim<'_>) -> Result<bool, DbError> {
    let mut query = connection.build(sql!(fragment "SELECT EXISTS (SELECT 1 FROM jobs WHERE lane = "));
    query.bind(claim.lane.name()).push(" AND ((state = 'waiting' AND run_at <= ").bind(claim.now);
    query.push(") OR (state = 'running' AND lease_until < ").bind(claim.now).push("))");
    push_uncrowded(&mut query, claim);
    query.push(")");
    query.fetch_scalar::<bool>().await
}

fn push_uncrowded(query: &mut DynamicQuery<'_>, claim: &Claim<'_>) {
    if !claim.crowded.is_empty() {
        query.push(" AND (party IS NULL OR party NOT IN ").bind_list(claim.crowded.iter().cloned()).push(")");
    }
}

/// Takes the first due job of the lane, or one whose lease has run out.
pub(super) async fn claim(tx: &mut Tx, claim: &Claim<'_>) -> Result<Option<Claimed>, DbError> {
    let dialect = tx.dialect();
    let mut query =
        tx.build(sql!(fragment "UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_owner = "));
    query.bind(claim.owner.to_owned()).push(", lease_until = ").bind(claim.now + claim.lease);
    query.push(" WHERE id = (SELECT id FROM jobs AS candidate WHERE lane = ").bind(claim.lane.name());
    query.push(" AND kind IN ").bind_list(claim.kinds.iter().copied());
    query.push(" AND ((state = 'waiting' AND run_at <= ").bind(claim.now);
    query.push(") OR (state = 'running' AND lease_until < ").bind(claim.now);
    query.push("))");
    push_uncrowded(&mut query, claim);
    query.push(" AND (dedupe_key IS NULL OR NOT EXISTS (SELECT 1 FROM jobs AS twin WHERE twin.kind = candidate.kind");
    query.push(" AND twin.dedupe_key = candidate.dedupe_key AND twin.id <> candidate.id AND twin.state = 'running'");
    query.push(" AND twin.lease_until >= ").bind(claim.now);
    query.push(")) ORDER BY priority DESC, run_at, id LIMIT 1");
    if dialect == Dialect::Postgres {
        query.push(" FOR UPDATE SKIP LOCKED");
    }
    query.push(") RETURNING id, kind, party, payload, attempts, created_at");
    query.fetch_optional().await
}

/// Removes a job that is done. `false` if another worker has it now.
pub(super) async fn finish(tx: &mut Tx, held: Held<'_>) -> Result<bool, DbError> {
    let deleted = tx
        .query(sql!("DELETE FROM jobs WHERE id = $1 AND lease_owner = $2 AND attempts = $3 AND state = 'running'"))
        .bind(held.id)
        .bind(held.owner.to_owned())
        .bind(held.attempts)
        .execute()
        .await?;
    Ok(deleted == 1)
}

/// Puts a job back, to be tried at `run_at`. When a twin is waiting already, that one does the work. `false` if another
/// worker has the job now.
pub(super) async fn put_back(
    tx: &mut Tx,
    held: Held<'_>,
    run_at: Timestamp,
    error: Option<&str>,
    attempts: i64,
) -> Result<bool, DbError> {
    let updated = tx
        .query(sql!(
            "UPDATE jobs SET state = 'waiting', run_at = $2, error = $3, attempts = $4, lease_owner = NULL, \
             lease_until = NULL WHERE id = $1 AND lease_owner = $5 AND attempts = $6 AND state = 'running' \
             AND NOT EXISTS (SELECT 1 FROM jobs AS twin WHERE twin.kind = jobs.kind \
             AND twin.dedupe_key = jobs.dedupe_key AND twin.state = 'waiting' AND twin.id <> jobs.id)"
        ))
        .bind(held.id)
        .bind(run_at)
        .bind(error.map(str::to_owned))
        .bind(attempts)
        .bind(held.owner.to_owned())
        .bind(held.attempts)
        .execute()
        .await?;
    if updated == 1 { Ok(true) } else { finish(tx, held).await }
}

/// Gives a job up, and keeps why. `false` if another worker has it now.
pub(super) async fn give_up(tx: &mut Tx, held: Held<'_>, error: &str, now: Timestamp) -> Result<bool, DbError> {
    let updated = tx
        .query(sql!(
            "UPDATE jobs SET state = 'failed', error = $2, finished_at = $3, lease_owner = NULL, lease_until = NULL \
             WHERE id = $1 AND lease_owner = $4 AND attempts = $5 AND state = 'running'"
        ))
        .bind(held.id)
        .bind(error.to_owned())
        .bind(now)
        .bind(held.owner.to_owned())
        .bind(held.attempts)
        .execute()
        .await?;
    Ok(updated == 1)
}

/// Holds on to a job. `false` if another worker has it now.
pub(super) async fn renew(tx: &mut Tx, held: Held<'_>, until: Timestamp) -> Result<bool, DbError> {
    let updated = tx
        .query(sql!(
            "UPDATE jobs SET lease_until = $4 \
             WHERE id = $1 AND lease_owner = $2 AND attempts = $3 AND state = 'running'"
        ))
        .bind(held.id)
        .bind(held.owner.to_owned())
        .bind(held.attempts)
        .bind(until)
        .execute()
        .await?;
    Ok(updated == 1)
}

/// Frees what an earlier process held when it died. Only for a database that no other process works on.
pub(super) async fn release_all(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    tx.query(sql!("UPDATE jobs SET lease_until = $1 WHERE state = 'running'"))
        .bind(now - Duration::from_secs(1))
        .execute()
        .await
}

/// How far a job has come, in units of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all; 0 while unknown.
    pub total: u64,
}

pub(super) async fn save_progress(db: &Db, id: JobId, progress: Progress) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    tx.query(sql!("UPDATE jobs SET progress_done = $2, progress_total = $3 WHERE id = $1"))
        .bind(id)
        .bind(i64::try_from(progress.done).unwrap_or(i64::MAX))
        .bind(i64::try_from(progress.total).unwrap_or(i64::MAX))
        .execute()
        .await?;
    tx.commit().await
}

/// How far the unfinished job with this kind and dedupe key has come. `None` when there is none.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn progress_of<J: Job>(connection: &mut Connection, dedupe_key: &str) -> Result<Option<Progress>, DbError> {
    let row: Option<(i64, i64)> = connection
        .query(sql!(
            "SELECT progress_done, progress_total FROM jobs \
             WHERE kind = $1 AND dedupe_key = $2 AND state IN ('waiting', 'running') ORDER BY id LIMIT 1"
        ))
        .bind(J::KIND)
        .bind(dedupe_key.to_owned())
        .fetch_optional()
        .await?;
    Ok(row.map(|(done, total)| Progress { done: done.unsigned_abs(), total: total.unsigned_abs() }))
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FailedJob {
    /// The job.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// Why, in words.
    pub error: String,
    /// When.
    pub finished_at: Timestamp,
}

/// The jobs that were given up most recently, at most 100.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn failed_jobs(connection: &mut Connection) -> Result<Vec<FailedJob>, DbError> {
    connection
        .query(sql!(
            "SELECT id, kind, COALESCE(error, '') AS error, finished_at FROM jobs WHERE state = 'failed' \
             AND finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 100"
        ))
        .fetch_all()
        .await
}

/// A job of one kind that is not done.
#[derive(Debug, Clone)]
pub struct OpenJob<J> {
    /// Its row.
    pub id: JobId,
    /// What is to be done.
    pub job: J,
    /// How often that was tried.
    pub attempts: u32,
    /// Why it did not work the last time.
    pub error: Option<String>,
    /// Whether it was given up; otherwise it waits or runs.
    pub is_given_up: bool,
}

#[derive(sqlx::FromRow)]
struct OpenRow {
    id: JobId,
    payload: Json<serde_json::Value>,
    attempts: i64,
    error: Option<String>,
    state: String,
}

impl OpenRow {
    fn into_job<J: Job>(self) -> Option<OpenJob<J>> {
        Some(OpenJob {
            id: self.id,
            job: serde_json::from_value(self.payload.0).ok()?,
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX),
            error: self.error,
            is_given_up: self.state == "failed",
        })
    }
}

/// The newest jobs of a kind that are not done and whose dedupe keys begin like this. Those that cannot be read (any more)
/// are left out.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn open_jobs<J: Job>(
    connection: &mut Connection,
    key_prefix: &str,
    limit: i64,
) -> Result<Vec<OpenJob<J>>, DbError> {
    let rows: Vec<OpenRow> = connection
        .query(sql!(
            "SELECT id, payload, attempts, error, state FROM jobs WHERE kind = $1 \
             AND substr(dedupe_key, 1, length($2)) = $2 \
             AND state IN ('waiting', 'running', 'failed') ORDER BY id DESC LIMIT $3"
        ))
        .bind(J::KIND)
        .bind(key_prefix.to_owned())
        .bind(limit)
        .fetch_all()
        .await?;
    Ok(rows.into_iter().filter_map(OpenRow::into_job).collect())
}

/// How many jobs of a kind wait or run whose dedupe keys begin like this.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn count_unfinished<J: Job>(connection: &mut Connection, key_prefix: &str) -> Result<i64, DbError> {
    connection
        .query(sql!(
            "SELECT count(*) FROM jobs WHERE kind = $1 AND substr(dedupe_key, 1, length($2)) = $2 \
             AND state IN ('waiting', 'running')"
        ))
        .bind(J::KIND)
        .bind(key_prefix.to_owned())
        .fetch_scalar()
        .await
}

/// Takes out a job, for whoever has a better use for it. One that runs goes on, and is [no longer wanted](is_wanted). `None`
/// if it is not there, or was taken back before.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn take_out<J: Job>(tx: &mut Tx, id: JobId) -> Result<Option<J>, DbError> {
    let deleted: Option<Json<serde_json::Value>> = tx
        .query(sql!(
            "DELETE FROM jobs WHERE id = $1 AND kind = $2 AND state IN ('waiting', 'failed') RETURNING payload"
        ))
        .bind(id)
        .bind(J::KIND)
        .fetch_optional_scalar()
        .await?;
    let payload = match deleted {
        Some(payload) => Some(payload),
        None => {
            tx.query(sql!(
                "UPDATE jobs SET dedupe_key = NULL WHERE id = $1 AND kind = $2 AND state = 'running' \
                 AND dedupe_key IS NOT NULL RETURNING payload"
            ))
            .bind(id)
            .bind(J::KIND)
            .fetch_optional_scalar::<Json<serde_json::Value>>()
            .await?
        }
    };
    Ok(payload.and_then(|Json(payload)| serde_json::from_value(payload).ok()))
}

/// Forgets that a job was given up: the same is to be tried anew.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn forget_failed<J: Job>(tx: &mut Tx, job: &J) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM jobs WHERE state = 'failed' AND kind = $1 AND dedupe_key = $2"))
        .bind(J::KIND)
        .bind(job.dedupe_key())
        .execute()
        .await
        .map(drop)
}

/// Takes back a job, and tells whether there was one: nobody wants it any more. One that runs loses its key, and has to ask
/// whether it [is wanted](is_wanted) before it changes anything.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn take_back<J: Job>(tx: &mut Tx, job: &J) -> Result<bool, DbError> {
    let deleted = tx
        .query(sql!("DELETE FROM jobs WHERE state IN ('waiting', 'failed') AND kind = $1 AND dedupe_key = $2"))
        .bind(J::KIND)
        .bind(job.dedupe_key())
        .execute()
        .await?;
    let disowned = tx
        .query(sql!("UPDATE jobs SET dedupe_key = NULL WHERE state = 'running' AND kind = $1 AND dedupe_key = $2"))
        .bind(J::KIND)
        .bind(job.dedupe_key())
        .execute()
        .await?;
    Ok(deleted + disowned > 0)
}

/// Whether a job with a key that runs was not taken back meanwhile. Until the transaction ends, nobody can take it back.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn is_wanted(tx: &mut Tx, id: JobId) -> Result<bool, DbError> {
    // Whoever takes it back at this moment is waited for: a question would be answered from before that.
    let updated = tx
        .query(sql!("UPDATE jobs SET dedupe_key = dedupe_key WHERE id = $1 AND dedupe_key IS NOT NULL"))
        .bind(id)
        .execute()
        .await?;
    Ok(updated > 0)
}

/// How many jobs of each lane are waiting or running.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn unfinished(connection: &mut Connection) -> Result<Vec<(String, i64)>, DbError> {
    connection
        .query(sql!("SELECT lane, count(*) FROM jobs WHERE state IN ('waiting', 'running') GROUP BY lane"))
        .fetch_all()
        .await
}

/// Forgets jobs that were given up before the given moment.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn purge_finished(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    tx.query(sql!("DELETE FROM jobs WHERE state = 'failed' AND finished_at < $1")).bind(before).execute().await
}

pub(super) async fn next_run(connection: &mut Connection, name: &str) -> Result<Option<Timestamp>, DbError> {
    connection
        .query(sql!("SELECT next_run_at FROM schedules WHERE name = $1"))
        .bind(name.to_owned())
        .fetch_optional_scalar()
        .await
}

/// Moves a schedule on, unless another node has done so.
pub(super) async fn advance_schedule(
    tx: &mut Tx,
    name: &str,
    from: Option<Timestamp>,
    to: Timestamp,
) -> Result<bool, DbError> {
    let changed = match from {
        None => {
            tx.query(sql!("INSERT INTO schedules (name, next_run_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"))
                .bind(name.to_owned())
                .bind(to)
                .execute()
                .await?
        }
        Some(from) => {
            tx.query(sql!("UPDATE schedules SET next_run_at = $3 WHERE name = $1 AND next_run_at = $2"))
                .bind(name.to_owned())
                .bind(from)
                .bind(to)
                .execute()
                .await?
        }
    };
    Ok(changed == 1)
}
