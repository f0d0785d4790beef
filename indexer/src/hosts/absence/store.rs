//! Instances that are away, as rows.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

/// The instances that could not be read since a moment and are found all the same, at most `limit`.
pub async fn vanished(conn: &mut Connection, since: Timestamp, limit: i64) -> Result<Vec<String>, DbError> {
    conn.query(sql!(
        "SELECT host FROM index_hosts WHERE failing_since < $1 AND hidden_at IS NULL ORDER BY failing_since LIMIT $2"
    ))
    .bind(since)
    .bind(limit)
    .fetch_all_scalars()
    .await
}

/// The hidden instances that could not be read since a moment and of which something is kept, at most `limit`.
pub async fn long_vanished(conn: &mut Connection, since: Timestamp, limit: i64) -> Result<Vec<String>, DbError> {
    conn.query(sql!(
        "SELECT host FROM index_hosts WHERE failing_since < $1 AND hidden_at IS NOT NULL AND video_count > 0
         ORDER BY failing_since LIMIT $2"
    ))
    .bind(since)
    .bind(limit)
    .fetch_all_scalars()
    .await
}

/// Hides an instance that is not hidden; tells whether it was not.
pub async fn hide(tx: &mut Tx, host: &str, now: Timestamp) -> Result<bool, DbError> {
    let hidden = tx
        .query(sql!("UPDATE index_hosts SET hidden_at = $1 WHERE host = $2 AND hidden_at IS NULL"))
        .bind(now)
        .bind(host)
        .execute()
        .await?;
    Ok(hidden > 0)
}

/// Shows an instance that is hidden; tells whether it was.
pub async fn unhide(tx: &mut Tx, host: &str) -> Result<bool, DbError> {
    let shown = tx
        .query(sql!("UPDATE index_hosts SET hidden_at = NULL WHERE host = $1 AND hidden_at IS NOT NULL"))
        .bind(host)
        .execute()
        .await?;
    Ok(shown > 0)
}
