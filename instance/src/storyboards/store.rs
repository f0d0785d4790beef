//! SQL for storyboards.

use platform::{
    db::{Connection, DbError, Tx},
    sql,
};

use super::Storyboard;
use crate::{moderation::store::is_spoken_with, videos::VideoId};

/// The storyboard of a video.
pub async fn of_video(connection: &mut Connection, video: VideoId) -> Result<Option<Storyboard>, DbError> {
    connection
        .query(sql!(
            "SELECT file, remote_url, total_width, total_height, sprite_width, sprite_height, sprite_duration_s \
             FROM video_storyboards WHERE video_id = $1 AND file IS NOT NULL"
        ))
        .bind(video)
        .fetch_optional()
        .await
}

/// Where the file of this name is at its origin; `None` if there is no such storyboard, or its server is not spoken with.
pub async fn remote_url(connection: &mut Connection, file: &str) -> Result<Option<Option<String>>, DbError> {
    connection
        .query(sql!(concat!(
            "SELECT f.remote_url FROM video_storyboards f JOIN videos v ON v.id = f.video_id \
             JOIN video_channels c ON c.id = v.channel_id JOIN actors cr ON cr.id = c.actor_id WHERE f.file = $1 AND ",
            is_spoken_with!("cr")
        )))
        .bind(file.to_owned())
        .fetch_optional_scalar()
        .await
}

/// Sets the storyboard of a video.
pub async fn upsert(tx: &mut Tx, video: VideoId, board: &Storyboard) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO video_storyboards (video_id, file, remote_url, total_width, total_height, sprite_width, \
         sprite_height, sprite_duration_s) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (video_id) DO UPDATE SET file = excluded.file, remote_url = excluded.remote_url, \
         total_width = excluded.total_width, total_height = excluded.total_height, \
         sprite_width = excluded.sprite_width, sprite_height = excluded.sprite_height, \
         sprite_duration_s = excluded.sprite_duration_s"
    ))
    .bind(video)
    .bind(board.file.clone())
    .bind(board.remote_url.clone())
    .bind(board.total_width)
    .bind(board.total_height)
    .bind(board.sprite_width)
    .bind(board.sprite_height)
    .bind(board.sprite_duration_s)
    .execute()
    .await
    .map(drop)
}

/// Forgets the storyboard of a video.
pub async fn delete(tx: &mut Tx, video: VideoId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_storyboards WHERE video_id = $1")).bind(video).execute().await.map(drop)
}
