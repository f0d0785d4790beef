//! SQL for captions.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::Caption;
use crate::{moderation::store::is_spoken_with, videos::VideoId};

/// The captions of a video, by language.
pub async fn of_video(connection: &mut Connection, video: VideoId) -> Result<Vec<Caption>, DbError> {
    connection
        .query(sql!(
            "SELECT language, label, file, remote_url, playlist_url, is_automatic, updated_at FROM video_captions \
             WHERE video_id = $1 AND file IS NOT NULL ORDER BY language"
        ))
        .bind(video)
        .fetch_all()
        .await
}

/// Where the file of this name is at its origin; `None` if there is no such caption, or its server is not spoken with.
pub async fn remote_url(connection: &mut Connection, file: &str) -> Result<Option<Option<String>>, DbError> {
    connection
        .query(sql!(concat!(
            "SELECT f.remote_url FROM video_captions f JOIN videos v ON v.id = f.video_id \
             JOIN video_channels c ON c.id = v.channel_id JOIN actors cr ON cr.id = c.actor_id WHERE f.file = $1 AND ",
            is_spoken_with!("cr")
        )))
        .bind(file.to_owned())
        .fetch_optional_scalar()
        .await
}

/// Adds a caption, or puts it in the place of the one in its language.
pub async fn upsert(tx: &mut Tx, video: VideoId, caption: &Caption, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO video_captions (video_id, language, label, file, remote_url, playlist_url, is_automatic, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
         ON CONFLICT (video_id, language) DO UPDATE SET label = excluded.label, file = excluded.file, \
         remote_url = excluded.remote_url, playlist_url = excluded.playlist_url, is_automatic = excluded.is_automatic, \
         updated_at = excluded.updated_at"
    ))
    .bind(video)
    .bind(caption.language.clone())
    .bind(caption.label.clone())
    .bind(caption.file.clone())
    .bind(caption.remote_url.clone())
    .bind(caption.playlist_url.clone())
    .bind(caption.is_automatic)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Forgets the caption in a language.
pub async fn delete(tx: &mut Tx, video: VideoId, language: &str) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_captions WHERE video_id = $1 AND language = $2"))
        .bind(video)
        .bind(language.to_owned())
        .execute()
        .await
        .map(drop)
}
