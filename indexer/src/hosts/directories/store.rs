//! Directories as rows, and whom each names.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::DirectoryStatus;

/// Remembers a directory.
pub async fn insert(tx: &mut Tx, address: &str) -> Result<(), DbError> {
    tx.query(sql!("INSERT INTO index_directories (address) VALUES ($1) ON CONFLICT (address) DO NOTHING"))
        .bind(address)
        .execute()
        .await
        .map(drop)
}

/// Forgets a directory and whom it named.
pub async fn delete(tx: &mut Tx, address: &str) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM index_directory_hosts WHERE directory = $1")).bind(address).execute().await?;
    tx.query(sql!("DELETE FROM index_directories WHERE address = $1")).bind(address).execute().await.map(drop)
}

/// All directories with how reading them goes.
pub async fn all(conn: &mut Connection) -> Result<Vec<DirectoryStatus>, DbError> {
    conn.query(sql!(
        "SELECT address, read_at, read_completely_at, tried_at, last_error, host_count
         FROM index_directories ORDER BY address"
    ))
    .fetch_all()
    .await
}

/// One directory; `None` if it is no longer followed.
pub async fn find(conn: &mut Connection, address: &str) -> Result<Option<DirectoryStatus>, DbError> {
    conn.query(sql!(
        "SELECT address, read_at, read_completely_at, tried_at, last_error, host_count
         FROM index_directories WHERE address = $1"
    ))
    .bind(address)
    .fetch_optional()
    .await
}

/// Notes that a directory is about to be read.
pub async fn note_try(tx: &mut Tx, address: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_directories SET tried_at = $1 WHERE address = $2"))
        .bind(now)
        .bind(address)
        .execute()
        .await
        .map(drop)
}

/// Notes that a directory was read, from beginning to end or only what was new, and what is odd about it.
pub async fn note_reading(
    tx: &mut Tx,
    address: &str,
    is_complete: bool,
    complaint: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE index_directories
         SET read_at = $1, read_completely_at = CASE WHEN $2 THEN $1 ELSE read_completely_at END, last_error = $3,
             host_count = (SELECT COUNT(*) FROM index_directory_hosts h WHERE h.directory = index_directories.address)
         WHERE address = $4"
    ))
    .bind(now)
    .bind(is_complete)
    .bind(complaint.map(str::to_owned))
    .bind(address)
    .execute()
    .await
    .map(drop)
}

/// Notes that a directory could not be read.
pub async fn note_failure(tx: &mut Tx, address: &str, error: &str) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_directories SET last_error = $1 WHERE address = $2"))
        .bind(error)
        .bind(address)
        .execute()
        .await
        .map(drop)
}

/// Whom a directory named when it was last read.
pub async fn hosts_of(conn: &mut Connection, address: &str) -> Result<Vec<String>, DbError> {
    conn.query(sql!("SELECT host FROM index_directory_hosts WHERE directory = $1"))
        .bind(address)
        .fetch_all_scalars()
        .await
}

/// Notes that a directory names an instance.
pub async fn add_host(tx: &mut Tx, address: &str, host: &str) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO index_directory_hosts (directory, host) VALUES ($1, $2) ON CONFLICT (directory, host) DO NOTHING"
    ))
    .bind(address)
    .bind(host)
    .execute()
    .await
    .map(drop)
}

/// Notes that a directory no longer names an instance.
pub async fn remove_host(tx: &mut Tx, address: &str, host: &str) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM index_directory_hosts WHERE directory = $1 AND host = $2"))
        .bind(address)
        .bind(host)
        .execute()
        .await
        .map(drop)
}

/// Whether any directory names an instance.
pub async fn names_host(conn: &mut Connection, host: &str) -> Result<bool, DbError> {
    let found: Option<String> = conn
        .query(sql!("SELECT host FROM index_directory_hosts WHERE host = $1 LIMIT 1"))
        .bind(host)
        .fetch_optional_scalar()
        .await?;
    Ok(found.is_some())
}

/// The instances that were listed because of a directory, and that none names any more.
pub async fn orphans(conn: &mut Connection) -> Result<Vec<String>, DbError> {
    conn.query(sql!(
        "SELECT host FROM index_hosts
         WHERE source = 'directory'
             AND NOT EXISTS (SELECT 1 FROM index_directory_hosts d WHERE d.host = index_hosts.host)
         ORDER BY host"
    ))
    .fetch_all_scalars()
    .await
}
