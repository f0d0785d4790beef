//! SQL for servers.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

/// When a server was last taken note of.
pub async fn last_seen(connection: &mut Connection, host: &str) -> Result<Option<Timestamp>, DbError> {
    connection
        .query(sql!("SELECT last_seen_at FROM servers WHERE host = $1"))
        .bind(host.to_owned())
        .fetch_optional_scalar()
        .await
}

/// Takes note of a server.
pub async fn upsert(tx: &mut Tx, host: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO servers (host, first_seen_at, last_seen_at) VALUES ($1, $2, $2) \
         ON CONFLICT (host) DO UPDATE SET last_seen_at = excluded.last_seen_at"
    ))
    .bind(host.to_owned())
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Keeps what software a server runs.
pub async fn set_software(tx: &mut Tx, host: &str, software: &str, version: &str) -> Result<(), DbError> {
    tx.query(sql!("UPDATE servers SET software = $2, software_version = $3 WHERE host = $1"))
        .bind(host.to_owned())
        .bind(software.to_owned())
        .bind(version.to_owned())
        .execute()
        .await
        .map(drop)
}
