//! Neighbours as rows.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

/// The instances that were read, and whose neighbours were not since a moment; at most `limit`.
pub async fn due(conn: &mut Connection, since: Timestamp, limit: i64) -> Result<Vec<String>, DbError> {
    conn.query(sql!(
        "SELECT host FROM index_hosts
         WHERE state = 'indexed' AND (neighbours_read_at IS NULL OR neighbours_read_at < $1)
         ORDER BY neighbours_read_at NULLS FIRST LIMIT $2"
    ))
    .bind(since)
    .bind(limit)
    .fetch_all_scalars()
    .await
}

/// Notes that the neighbours of an instance are being read.
pub async fn note_reading(tx: &mut Tx, host: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_hosts SET neighbours_read_at = $1 WHERE host = $2"))
        .bind(now)
        .bind(host)
        .execute()
        .await
        .map(drop)
}

/// Whether nobody knows a server yet: it is not on the list, and was not tried.
pub async fn is_new(conn: &mut Connection, host: &str) -> Result<bool, DbError> {
    let known: Option<String> = conn
        .query(sql!(
            "SELECT host FROM index_hosts WHERE host = $1 UNION ALL SELECT host FROM index_neighbours WHERE host = $1 LIMIT 1"
        ))
        .bind(host)
        .fetch_optional_scalar()
        .await?;
    Ok(known.is_none())
}

/// Notes that a server is being tried; tells whether it was not before.
pub async fn note_trial(tx: &mut Tx, host: &str, now: Timestamp) -> Result<bool, DbError> {
    let noted = tx
        .query(sql!("INSERT INTO index_neighbours (host, tried_at) VALUES ($1, $2) ON CONFLICT (host) DO NOTHING"))
        .bind(host)
        .bind(now)
        .execute()
        .await?;
    Ok(noted > 0)
}

/// Forgets who was tried.
pub async fn delete_all(tx: &mut Tx) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM index_neighbours")).execute().await.map(drop)
}
