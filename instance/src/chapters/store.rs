//! SQL for chapters.

use platform::{
    db::{Connection, DbError, Tx},
    sql,
};

use super::Chapter;
use crate::videos::VideoId;

/// The chapters of a video.
pub async fn of_video(connection: &mut Connection, video: VideoId) -> Result<Vec<Chapter>, DbError> {
    connection
        .query(sql!("SELECT start_s, title FROM video_chapters WHERE video_id = $1 ORDER BY start_s"))
        .bind(video)
        .fetch_all()
        .await
}

/// Sets the chapters of a video, in place of earlier ones.
pub async fn replace(tx: &mut Tx, video: VideoId, chapters: &[Chapter]) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_chapters WHERE video_id = $1")).bind(video).execute().await?;
    for chapter in chapters {
        tx.query(sql!("INSERT INTO video_chapters (video_id, start_s, title) VALUES ($1, $2, $3)"))
            .bind(video)
            .bind(chapter.start_s)
            .bind(chapter.title.clone())
            .execute()
            .await?;
    }
    Ok(())
}
