//! SQL for who shares what.

use platform::{
    db::{Connection, DbError, Tx},
    sql,
};

use crate::{actors::ActorId, videos::VideoId};

/// How many share a video.
pub async fn count(connection: &mut Connection, video: VideoId) -> Result<i64, DbError> {
    connection.query(sql!("SELECT count(*) FROM video_shares WHERE video_id = $1")).bind(video).fetch_scalar().await
}

/// The addresses of the announcements of a video, the newest first.
pub async fn urls(
    connection: &mut Connection,
    video: VideoId,
    limit: i64,
    offset: i64,
) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!("SELECT url FROM video_shares WHERE video_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3"))
        .bind(video)
        .bind(limit)
        .bind(offset)
        .fetch_all_scalars()
        .await
}

/// The address of a local actor who shares a video.
pub async fn sharer(connection: &mut Connection, video: VideoId, actor: ActorId) -> Result<Option<String>, DbError> {
    connection
        .query(sql!(
            "SELECT a.url FROM video_shares s JOIN actors a ON a.id = s.actor_id \
             WHERE s.video_id = $1 AND s.actor_id = $2 AND a.is_local = TRUE"
        ))
        .bind(video)
        .bind(actor)
        .fetch_optional_scalar()
        .await
}

/// Forgets what an actor shares by the announcement at an address, and tells which video that was.
pub async fn delete_by_url(tx: &mut Tx, url: &str, actor: ActorId) -> Result<Option<VideoId>, DbError> {
    tx.query(sql!("DELETE FROM video_shares WHERE url = $1 AND actor_id = $2 RETURNING video_id"))
        .bind(url.to_owned())
        .bind(actor)
        .fetch_optional_scalar()
        .await
}
