//! Instances as rows.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, DynamicQuery, Tx},
    sql,
};

use super::{
    Origin,
    model::{HostCounts, HostFilter, HostRow, HostState, HostStatus, Source},
};

/// Puts an instance on the list, or writes why and under which address it is there.
pub async fn save(tx: &mut Tx, origin: &Origin, source: Source, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO index_hosts (host, origin, source, added_at, next_crawl_at) VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT (host) DO UPDATE SET origin = excluded.origin, source = excluded.source"
    ))
    .bind(origin.host())
    .bind(origin.to_string())
    .bind(source.name())
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Writes why an instance is on the list.
pub async fn set_source(tx: &mut Tx, host: &str, source: Source) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_hosts SET source = $1 WHERE host = $2"))
        .bind(source.name())
        .bind(host)
        .execute()
        .await
        .map(drop)
}

/// Why an instance is on the list; `None` if it is not.
pub async fn source_of(conn: &mut Connection, host: &str) -> Result<Option<Source>, DbError> {
    let name: Option<String> =
        conn.query(sql!("SELECT source FROM index_hosts WHERE host = $1")).bind(host).fetch_optional_scalar().await?;
    Ok(name.as_deref().map(Source::parse))
}

/// Waits for whoever is writing about an instance, and has the next one wait until this transaction ends.
pub async fn lock(tx: &mut Tx, host: &str) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_hosts SET host = host WHERE host = $1")).bind(host).execute().await.map(drop)
}

/// The same for who writes a video of an instance: gives the number of its present or last reading. `None` if it is not on
/// the list, or does not want to be indexed.
pub async fn lock_for_video(tx: &mut Tx, host: &str) -> Result<Option<i64>, DbError> {
    tx.query(sql!("UPDATE index_hosts SET host = host WHERE host = $1 AND state <> 'refused' RETURNING pass"))
        .bind(host)
        .fetch_optional_scalar()
        .await
}

/// Counts the indexed videos of an instance anew.
pub async fn recount(tx: &mut Tx, host: &str) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE index_hosts
         SET video_count = (SELECT COUNT(*) FROM index_videos v WHERE v.host = index_hosts.host AND v.removed_at IS NULL)
         WHERE host = $1"
    ))
    .bind(host)
    .execute()
    .await
    .map(drop)
}

/// Takes an instance off the list.
pub async fn delete(tx: &mut Tx, host: &str) -> Result<bool, DbError> {
    Ok(tx.query(sql!("DELETE FROM index_hosts WHERE host = $1")).bind(host).execute().await? > 0)
}

/// The instances that are listed for a reason.
pub async fn of_source(conn: &mut Connection, source: Source) -> Result<Vec<String>, DbError> {
    conn.query(sql!("SELECT host FROM index_hosts WHERE source = $1 ORDER BY host"))
        .bind(source.name())
        .fetch_all_scalars()
        .await
}

/// The base URL of an instance on the list.
pub async fn origin_of(conn: &mut Connection, host: &str) -> Result<Option<String>, DbError> {
    conn.query(sql!("SELECT origin FROM index_hosts WHERE host = $1")).bind(host).fetch_optional_scalar().await
}

/// All instances with their state.
pub async fn all(conn: &mut Connection) -> Result<Vec<HostStatus>, DbError> {
    list(conn, &HostFilter::default(), 0, i64::MAX).await
}

/// The instances that a filter lets through, by name.
pub async fn list(
    conn: &mut Connection,
    filter: &HostFilter,
    start: i64,
    count: i64,
) -> Result<Vec<HostStatus>, DbError> {
    let mut query = conn.build(sql!(fragment
        "SELECT h.host, origin, source, added_at, h.state, video_count, rejected_count, pass_started_at, next_start,
                last_crawl_at, last_success_at, next_crawl_at, last_error, hidden_at,
                f.state AS follow_state, f.since AS follow_since, f.error AS follow_error
         FROM index_hosts h LEFT JOIN index_follows f ON f.host = h.host WHERE 1 = 1"
    ));
    restrict(&mut query, filter);
    query.push(" ORDER BY h.host LIMIT ").bind(count).push(" OFFSET ").bind(start);
    let rows = query.fetch_all::<HostRow>().await?;
    Ok(rows.into_iter().map(HostStatus::from).collect())
}

/// How many instances a filter lets through.
pub async fn count_listed(conn: &mut Connection, filter: &HostFilter) -> Result<i64, DbError> {
    let mut query = conn.build(sql!(fragment "SELECT COUNT(*) FROM index_hosts h WHERE 1 = 1"));
    restrict(&mut query, filter);
    query.fetch_scalar().await
}

fn restrict(query: &mut DynamicQuery<'_>, filter: &HostFilter) {
    if !filter.search.is_empty() {
        query.push(" AND h.host LIKE ").bind(pattern_of(&filter.search)).push(" ESCAPE '!'");
    }
    if let Some(state) = filter.state {
        query.push(" AND h.state = ").bind(state.name());
    }
}

/// What contains the text, with `!` before what would be a wildcard.
fn pattern_of(text: &str) -> String {
    let escaped = text.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

/// One instance with its state.
pub async fn find(conn: &mut Connection, host: &str) -> Result<Option<HostStatus>, DbError> {
    let row = conn
        .query(sql!(
            "SELECT h.host, origin, source, added_at, h.state, video_count, rejected_count, pass_started_at, next_start,
                    last_crawl_at, last_success_at, next_crawl_at, last_error, hidden_at,
                    f.state AS follow_state, f.since AS follow_since, f.error AS follow_error
             FROM index_hosts h LEFT JOIN index_follows f ON f.host = h.host WHERE h.host = $1"
        ))
        .bind(host)
        .fetch_optional::<HostRow>()
        .await?;
    Ok(row.map(HostStatus::from))
}

/// What the list comes to.
pub async fn counts(conn: &mut Connection) -> Result<HostCounts, DbError> {
    conn.query(sql!(
        "SELECT COUNT(*) AS listed,
                COUNT(CASE WHEN state = 'indexed' THEN 1 END) AS indexed,
                COUNT(CASE WHEN state = 'failing' THEN 1 END) AS failing,
                COUNT(CASE WHEN state = 'refused' THEN 1 END) AS refused,
                CAST(COALESCE(SUM(video_count), 0) AS BIGINT) AS videos
         FROM index_hosts"
    ))
    .fetch_one()
    .await
}

/// The names of all instances.
pub async fn names(conn: &mut Connection) -> Result<Vec<String>, DbError> {
    conn.query(sql!("SELECT host FROM index_hosts ORDER BY host")).fetch_all_scalars().await
}

/// The instances whose consent file was not looked at since a moment, at most `limit`.
pub async fn unchecked(conn: &mut Connection, since: Timestamp, limit: i64) -> Result<Vec<String>, DbError> {
    conn.query(sql!(
        "SELECT host FROM index_hosts WHERE consent_checked_at IS NULL OR consent_checked_at < $1
         ORDER BY consent_checked_at LIMIT $2"
    ))
    .bind(since)
    .bind(limit)
    .fetch_all_scalars()
    .await
}

/// Notes that the consent file of an instance was looked at, or could not be.
pub async fn note_check(tx: &mut Tx, host: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_hosts SET consent_checked_at = $1 WHERE host = $2"))
        .bind(now)
        .bind(host)
        .execute()
        .await
        .map(drop)
}

/// The instances whose time has come, at most `limit`. One that was not asked for its consent yet is not among them.
pub async fn due(conn: &mut Connection, now: Timestamp, limit: i64) -> Result<Vec<String>, DbError> {
    conn.query(sql!(
        "SELECT host FROM index_hosts WHERE next_crawl_at <= $1 AND consent_checked_at IS NOT NULL
         ORDER BY next_crawl_at LIMIT $2"
    ))
    .bind(now)
    .bind(limit)
    .fetch_all_scalars()
    .await
}

/// The instances that do not tell what is new, and that were neither read nor glanced at since a moment; at most `limit`.
pub async fn due_for_glance(conn: &mut Connection, since: Timestamp, limit: i64) -> Result<Vec<String>, DbError> {
    conn.query(sql!(
        "SELECT h.host FROM index_hosts h LEFT JOIN index_follows f ON f.host = h.host
         WHERE h.state = 'indexed' AND h.last_success_at < $1 AND (h.glanced_at IS NULL OR h.glanced_at < $1)
             AND (f.state IS NULL OR f.state <> 'accepted')
         ORDER BY h.glanced_at NULLS FIRST LIMIT $2"
    ))
    .bind(since)
    .bind(limit)
    .fetch_all_scalars()
    .await
}

/// Notes that an instance is being glanced at.
pub async fn note_glance(tx: &mut Tx, host: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_hosts SET glanced_at = $1 WHERE host = $2"))
        .bind(now)
        .bind(host)
        .execute()
        .await
        .map(drop)
}

/// How many instances were read completely at least once.
pub async fn count_indexed(conn: &mut Connection) -> Result<i64, DbError> {
    conn.query(sql!("SELECT COUNT(*) FROM index_hosts WHERE last_success_at IS NOT NULL AND state <> 'refused'"))
        .fetch_scalar()
        .await
}

/// Sets when an instance is next tried.
pub async fn postpone(tx: &mut Tx, host: &str, until: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_hosts SET next_crawl_at = $1 WHERE host = $2"))
        .bind(until)
        .bind(host)
        .execute()
        .await
        .map(drop)
}

/// A reading of an instance's whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Pass {
    /// Counts the readings of this instance.
    #[sqlx(rename = "pass")]
    pub number: i64,
    /// How many entries of the list were read.
    #[sqlx(rename = "next_start")]
    pub start: i64,
}

/// Goes on with the reading that was interrupted, if it began after `oldest`; else begins a new one. `None` if the
/// instance is not on the list.
pub async fn begin_pass(tx: &mut Tx, host: &str, now: Timestamp, oldest: Timestamp) -> Result<Option<Pass>, DbError> {
    tx.query(sql!(
        "UPDATE index_hosts SET pass = pass + 1, next_start = 0, pass_started_at = $1
         WHERE host = $2 AND (pass_started_at IS NULL OR pass_started_at < $3)"
    ))
    .bind(now)
    .bind(host)
    .bind(oldest)
    .execute()
    .await?;
    tx.query(sql!("UPDATE index_hosts SET last_crawl_at = $1 WHERE host = $2 RETURNING pass, next_start"))
        .bind(now)
        .bind(host)
        .fetch_optional()
        .await
}

/// Notes that a part of the list was read. `false` if somebody else has moved the pass, or the instance is gone.
pub async fn advance_pass(tx: &mut Tx, host: &str, pass: Pass, start: i64) -> Result<bool, DbError> {
    let moved = tx
        .query(sql!("UPDATE index_hosts SET next_start = $1 WHERE host = $2 AND pass = $3 AND next_start = $4"))
        .bind(start)
        .bind(host)
        .bind(pass.number)
        .bind(pass.start)
        .execute()
        .await?;
    Ok(moved > 0)
}

/// Notes that the whole list was read.
pub async fn finish_pass(
    tx: &mut Tx,
    host: &str,
    videos: i64,
    rejected: i64,
    now: Timestamp,
    next: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE index_hosts SET pass_started_at = NULL, next_start = 0, state = $1, last_success_at = $2, next_crawl_at = $3,
             last_error = NULL, failures = 0, failing_since = NULL, video_count = $4, rejected_count = $5
         WHERE host = $6"
    ))
    .bind(HostState::Indexed.name())
    .bind(now)
    .bind(next)
    .bind(videos)
    .bind(rejected)
    .bind(host)
    .execute()
    .await
    .map(drop)
}

/// Notes that a reading failed, and tells how many have failed in a row. `None` if the instance is gone.
pub async fn note_failure(tx: &mut Tx, host: &str, error: &str, now: Timestamp) -> Result<Option<i64>, DbError> {
    tx.query(sql!(
        "UPDATE index_hosts SET state = $1, last_error = $2, failures = failures + 1,
             failing_since = COALESCE(failing_since, $3)
         WHERE host = $4 RETURNING failures"
    ))
    .bind(HostState::Failing.name())
    .bind(error)
    .bind(now)
    .bind(host)
    .fetch_optional_scalar()
    .await
}

/// Notes that the instance does not want to be indexed.
pub async fn note_refusal(tx: &mut Tx, host: &str, reason: &str, next: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE index_hosts SET state = $1, last_error = $2, next_crawl_at = $3, pass_started_at = NULL, next_start = 0,
             failures = 0, failing_since = NULL, hidden_at = NULL, video_count = 0
         WHERE host = $4"
    ))
    .bind(HostState::Refused.name())
    .bind(reason)
    .bind(next)
    .bind(host)
    .execute()
    .await
    .map(drop)
}
