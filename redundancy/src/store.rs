//! SQL of mirrors, and nothing but SQL.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use uuid::Uuid;

use crate::{
    catalogue::MirrorSource,
    model::{CopiedFile, Mirror, MirrorId, MirrorState},
};

macro_rules! select_mirrors {
    ($($rest:literal)?) => {
        concat!(
            "SELECT id, video_uuid, origin_host, video_url, account_url, playlist_url, copied_playlist_url, state, size_bytes, \
             reserved_bytes, bytes_done, error, created_at, updated_at, completed_at, verified_at, expires_at FROM mirrors ",
            $($rest)?
        )
    };
}

pub(crate) async fn find(conn: &mut Connection, video_uuid: Uuid) -> Result<Option<Mirror>, DbError> {
    conn.query(sql!(select_mirrors!("WHERE video_uuid = $1"))).bind(video_uuid).fetch_optional().await
}

pub(crate) async fn find_all(conn: &mut Connection, video_uuids: &[Uuid]) -> Result<Vec<Mirror>, DbError> {
    let mut query = conn.build(sql!(fragment select_mirrors!("WHERE video_uuid IN ")));
    query.bind_list(video_uuids.iter().copied());
    query.fetch_all().await
}

pub(crate) async fn page(conn: &mut Connection, start: i64, count: i64) -> Result<Vec<Mirror>, DbError> {
    conn.query(sql!(select_mirrors!("ORDER BY id DESC LIMIT $1 OFFSET $2"))).bind(count).bind(start).fetch_all().await
}

pub(crate) async fn count(conn: &mut Connection) -> Result<i64, DbError> {
    conn.query(sql!("SELECT COUNT(*) FROM mirrors")).fetch_scalar().await
}

/// Complete copies whose last check was before the given time, longest ago first.
pub(crate) async fn due_for_verification(
    conn: &mut Connection,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Uuid>, DbError> {
    conn.query(sql!(
        "SELECT video_uuid FROM mirrors WHERE state = 'complete' AND verified_at < $1 ORDER BY verified_at LIMIT $2"
    ))
    .bind(before)
    .bind(limit)
    .fetch_all_scalars()
    .await
}

/// Makes other nodes wait until this transaction has ended before they reserve space.
pub(crate) async fn lock_budget(tx: &mut Tx) -> Result<(), DbError> {
    tx.query(sql!("UPDATE mirror_budget SET reservations = reservations + 1 WHERE id = 1")).execute().await.map(drop)
}

/// What all copies take, and what those in progress may still take.
pub(crate) async fn used_bytes(conn: &mut Connection) -> Result<u64, DbError> {
    let used: i64 = conn
        .query(sql!("SELECT CAST(COALESCE(SUM(size_bytes + reserved_bytes), 0) AS BIGINT) FROM mirrors"))
        .fetch_scalar()
        .await?;
    Ok(used.max(0) as u64)
}

/// How many copies are served, and how many files they have.
pub(crate) async fn count_copies(conn: &mut Connection) -> Result<(i64, i64), DbError> {
    let videos =
        conn.query(sql!("SELECT COUNT(*) FROM mirrors WHERE copied_playlist_url IS NOT NULL")).fetch_scalar().await?;
    let files = conn.query(sql!("SELECT COUNT(*) FROM mirror_files WHERE kind = 'media'")).fetch_scalar().await?;
    Ok((videos, files))
}

/// What a mirror's row shall say after a decision.
pub(crate) struct Decision<'s> {
    pub(crate) source: &'s MirrorSource,
    pub(crate) state: MirrorState,
    pub(crate) reserved_bytes: u64,
    pub(crate) error: Option<String>,
}

/// Writes a decision about a video, and gives its row back. The served copy stays as it is.
pub(crate) async fn decide(tx: &mut Tx, decision: &Decision<'_>, now: Timestamp) -> Result<Mirror, DbError> {
    let source = decision.source;
    tx.query(sql!(
        "INSERT INTO mirrors (video_uuid, origin_host, video_url, account_url, playlist_url, state, reserved_bytes, error, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) \
         ON CONFLICT (video_uuid) DO UPDATE SET origin_host = excluded.origin_host, video_url = excluded.video_url, \
         account_url = excluded.account_url, playlist_url = excluded.playlist_url, state = excluded.state, \
         reserved_bytes = excluded.reserved_bytes, bytes_done = 0, error = excluded.error, updated_at = excluded.updated_at"
    ))
    .bind(source.uuid)
    .bind(source.origin_host.clone())
    .bind(source.video_url.clone())
    .bind(source.account_url.clone())
    .bind(source.playlist_url.to_string())
    .bind(decision.state.name())
    .bind(decision.reserved_bytes as i64)
    .bind(decision.error.clone())
    .bind(now)
    .execute()
    .await?;
    tx.query(sql!(select_mirrors!("WHERE video_uuid = $1"))).bind(source.uuid).fetch_one().await
}

/// Notes how far a copy is; `false` if nobody wants it any more.
pub(crate) async fn save_progress(
    tx: &mut Tx,
    mirror: &Mirror,
    bytes_done: u64,
    now: Timestamp,
) -> Result<bool, DbError> {
    let rows = tx
        .query(sql!(
            "UPDATE mirrors SET bytes_done = $1, updated_at = $2 WHERE id = $3 AND state = 'copying' AND playlist_url = $4"
        ))
        .bind(bytes_done as i64)
        .bind(now)
        .bind(mirror.id)
        .bind(mirror.playlist_url.clone())
        .execute()
        .await?;
    Ok(rows > 0)
}

/// Notes why an attempt failed that will be repeated.
pub(crate) async fn save_error(tx: &mut Tx, id: MirrorId, error: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE mirrors SET error = $1, updated_at = $2 WHERE id = $3"))
        .bind(error)
        .bind(now)
        .bind(id)
        .execute()
        .await
        .map(drop)
}

/// Gives an attempt up, and its reservation back.
pub(crate) async fn give_up(
    tx: &mut Tx,
    id: MirrorId,
    state: MirrorState,
    error: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE mirrors SET state = $1, error = $2, reserved_bytes = 0, bytes_done = 0, updated_at = $3 WHERE id = $4"
    ))
    .bind(state.name())
    .bind(error)
    .bind(now)
    .bind(id)
    .execute()
    .await
    .map(drop)
}

/// Makes a finished copy the served one; `false` if nobody wants it any more.
pub(crate) async fn complete(
    tx: &mut Tx,
    mirror: &Mirror,
    files: &[CopiedFile],
    now: Timestamp,
) -> Result<bool, DbError> {
    let size_bytes: u64 = files.iter().map(|file| file.size_bytes).sum();
    let rows = tx
        .query(sql!(
            "UPDATE mirrors SET state = 'complete', copied_playlist_url = playlist_url, size_bytes = $1, bytes_done = $1, \
             reserved_bytes = 0, error = NULL, completed_at = $2, verified_at = $2, updated_at = $2 \
             WHERE id = $3 AND state = 'copying' AND playlist_url = $4"
        ))
        .bind(size_bytes as i64)
        .bind(now)
        .bind(mirror.id)
        .bind(mirror.playlist_url.clone())
        .execute()
        .await?;
    if rows == 0 {
        return Ok(false);
    }
    delete_files(tx, mirror.id).await?;
    for file in files {
        insert_file(tx, mirror.id, file).await?;
    }
    Ok(true)
}

/// Takes a damaged copy out of service, so that it is made anew. Its space stays reserved: most of it is still in use.
pub(crate) async fn take_out_of_service(tx: &mut Tx, id: MirrorId, error: &str, now: Timestamp) -> Result<(), DbError> {
    delete_files(tx, id).await?;
    tx.query(sql!(
        "UPDATE mirrors SET state = 'waiting', copied_playlist_url = NULL, reserved_bytes = size_bytes, size_bytes = 0, \
         error = $1, completed_at = NULL, verified_at = NULL, updated_at = $2 WHERE id = $3"
    ))
    .bind(error)
    .bind(now)
    .bind(id)
    .execute()
    .await
    .map(drop)
}

pub(crate) async fn save_verified(tx: &mut Tx, id: MirrorId, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE mirrors SET verified_at = $1, updated_at = $1 WHERE id = $2"))
        .bind(now)
        .bind(id)
        .execute()
        .await
        .map(drop)
}

/// Forgets a mirror; `false` if there was none.
pub(crate) async fn delete(tx: &mut Tx, video_uuid: Uuid) -> Result<bool, DbError> {
    let rows = tx.query(sql!("DELETE FROM mirrors WHERE video_uuid = $1")).bind(video_uuid).execute().await?;
    Ok(rows > 0)
}

/// A file of a served copy, as it stands in the database.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct FileRow {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) size_bytes: i64,
    pub(crate) sha256: String,
}

pub(crate) async fn files(conn: &mut Connection, id: MirrorId) -> Result<Vec<FileRow>, DbError> {
    conn.query(sql!("SELECT name, kind, size_bytes, sha256 FROM mirror_files WHERE mirror_id = $1 ORDER BY name"))
        .bind(id)
        .fetch_all()
        .await
}

/// Whether this is a file of a complete copy.
pub(crate) async fn is_served(conn: &mut Connection, video_uuid: Uuid, name: &str) -> Result<bool, DbError> {
    let size: Option<i64> = conn
        .query(sql!(
            "SELECT mirror_files.size_bytes FROM mirrors JOIN mirror_files ON mirror_files.mirror_id = mirrors.id \
             WHERE mirrors.video_uuid = $1 AND mirror_files.name = $2 AND mirrors.copied_playlist_url IS NOT NULL"
        ))
        .bind(video_uuid)
        .bind(name)
        .fetch_optional_scalar()
        .await?;
    Ok(size.is_some())
}

async fn insert_file(tx: &mut Tx, id: MirrorId, file: &CopiedFile) -> Result<(), DbError> {
    tx.query(sql!("INSERT INTO mirror_files (mirror_id, name, kind, size_bytes, sha256) VALUES ($1, $2, $3, $4, $5)"))
        .bind(id)
        .bind(file.name.as_str())
        .bind(file.kind.name())
        .bind(file.size_bytes as i64)
        .bind(file.sha256.clone())
        .execute()
        .await
        .map(drop)
}

async fn delete_files(tx: &mut Tx, id: MirrorId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM mirror_files WHERE mirror_id = $1")).bind(id).execute().await.map(drop)
}
