//! SQL for uploaded files.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
    storage::{Key, StorageError},
};

use crate::videos::VideoId;

/// An uploaded file.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Source {
    /// Where it is kept.
    pub storage_key: String,
    /// What its owner called it.
    pub file_name: String,
    /// Its length.
    pub size_bytes: i64,
}

impl Source {
    /// Where it is kept.
    ///
    /// # Errors
    /// [`StorageError`] if the database holds something that is no key.
    pub fn key(&self) -> Result<Key, StorageError> {
        Ok(Key::new(self.storage_key.clone())?)
    }
}

/// The uploaded file of a video, while it is kept.
pub async fn find_source(connection: &mut Connection, video: VideoId) -> Result<Option<Source>, DbError> {
    connection
        .query(sql!("SELECT storage_key, file_name, size_bytes FROM video_sources WHERE video_id = $1"))
        .bind(video)
        .fetch_optional()
        .await
}

/// Remembers the uploaded file of a video.
pub async fn insert_source(tx: &mut Tx, video: VideoId, source: &Source, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO video_sources (video_id, storage_key, file_name, size_bytes, created_at) VALUES ($1, $2, $3, $4, $5)"
    ))
    .bind(video)
    .bind(source.storage_key.clone())
    .bind(source.file_name.clone())
    .bind(source.size_bytes)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Forgets the uploaded file of a video.
pub async fn delete_source(tx: &mut Tx, video: VideoId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_sources WHERE video_id = $1")).bind(video).execute().await.map(drop)
}

/// Whether a stored file belongs to a video.
pub async fn is_source(connection: &mut Connection, storage_key: &str) -> Result<bool, DbError> {
    connection
        .query(sql!("SELECT EXISTS (SELECT 1 FROM video_sources WHERE storage_key = $1)"))
        .bind(storage_key.to_owned())
        .fetch_scalar()
        .await
}
