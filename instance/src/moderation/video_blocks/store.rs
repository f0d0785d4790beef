//! SQL for blocked videos.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::VideoBlock;
use crate::{moderation::ListOptions, videos::VideoId};

/// The block of a video.
pub async fn find(connection: &mut Connection, video: VideoId) -> Result<Option<VideoBlock>, DbError> {
    connection
        .query(sql!(
            "SELECT id, video_id, reason, is_unfederated, created_at, updated_at FROM video_blocks WHERE video_id = $1"
        ))
        .bind(video)
        .fetch_optional()
        .await
}

/// Whether the federation was told that a video is gone.
pub async fn is_unfederated(connection: &mut Connection, video: VideoId) -> Result<bool, DbError> {
    connection
        .query(sql!("SELECT EXISTS (SELECT 1 FROM video_blocks WHERE video_id = $1 AND is_unfederated = TRUE)"))
        .bind(video)
        .fetch_scalar()
        .await
}

/// The blocked videos.
pub(crate) async fn list(connection: &mut Connection, options: &ListOptions) -> Result<Vec<VideoBlock>, DbError> {
    let mut query = connection.build(sql!(fragment
        "SELECT b.id, b.video_id, b.reason, b.is_unfederated, b.created_at, b.updated_at FROM video_blocks b \
         JOIN videos v ON v.id = b.video_id WHERE TRUE"
    ));
    if let Some(pattern) = options.pattern() {
        query.push(" AND lower(v.name) LIKE ").bind(pattern).push(" ESCAPE '!'");
    }
    query.push(match options.order() {
        ("name", false) => " ORDER BY v.name, b.id",
        ("name", true) => " ORDER BY v.name DESC, b.id DESC",
        ("duration", false) => " ORDER BY v.duration_s, b.id",
        ("duration", true) => " ORDER BY v.duration_s DESC, b.id DESC",
        ("views", false) => " ORDER BY v.views, b.id",
        ("views", true) => " ORDER BY v.views DESC, b.id DESC",
        (_, false) => " ORDER BY b.id",
        (_, true) => " ORDER BY b.id DESC",
    });
    options.push_range(&mut query);
    query.fetch_all().await
}

/// How many there are.
pub(crate) async fn count(connection: &mut Connection, options: &ListOptions) -> Result<i64, DbError> {
    let mut query = connection
        .build(sql!(fragment "SELECT count(*) FROM video_blocks b JOIN videos v ON v.id = b.video_id WHERE TRUE"));
    if let Some(pattern) = options.pattern() {
        query.push(" AND lower(v.name) LIKE ").bind(pattern).push(" ESCAPE '!'");
    }
    query.fetch_scalar().await
}

/// Blocks a video; `false` if it is blocked already.
pub async fn insert(
    tx: &mut Tx,
    video: VideoId,
    reason: Option<&str>,
    is_unfederated: bool,
    now: Timestamp,
) -> Result<bool, DbError> {
    let inserted = tx
        .query(sql!(
            "INSERT INTO video_blocks (video_id, reason, is_unfederated, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $4) ON CONFLICT (video_id) DO NOTHING"
        ))
        .bind(video)
        .bind(reason.map(str::to_owned))
        .bind(is_unfederated)
        .bind(now)
        .execute()
        .await?;
    Ok(inserted > 0)
}

/// Sets why; `false` if the video is not blocked.
pub async fn set_reason(tx: &mut Tx, video: VideoId, reason: Option<&str>, now: Timestamp) -> Result<bool, DbError> {
    let changed = tx
        .query(sql!("UPDATE video_blocks SET reason = $2, updated_at = $3 WHERE video_id = $1"))
        .bind(video)
        .bind(reason.map(str::to_owned))
        .bind(now)
        .execute()
        .await?;
    Ok(changed > 0)
}

/// Unblocks a video.
pub async fn delete(tx: &mut Tx, video: VideoId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_blocks WHERE video_id = $1")).bind(video).execute().await.map(drop)
}
