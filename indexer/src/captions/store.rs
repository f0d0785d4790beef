//! Captions as rows.

use std::collections::HashMap;

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use sqlx::types::Json;
use uuid::Uuid;

use super::{Caption, Passage};
use crate::{document::VideoId, store::Revision};

/// A video whose captions are to be read.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Due {
    /// Its number in the index.
    pub id: VideoId,
    /// Its identity.
    pub uuid: Uuid,
}

/// The videos of a host that were never asked for captions, or not since their details were last read; newest first, at
/// most `limit`.
pub async fn due(conn: &mut Connection, host: &str, limit: i64) -> Result<Vec<Due>, DbError> {
    conn.query(sql!(
        "SELECT id, uuid FROM index_videos
         WHERE host = $1 AND removed_at IS NULL AND (captions_read_at IS NULL OR captions_read_at < detailed_at)
         ORDER BY captions_read_at NULLS FIRST, id DESC LIMIT $2"
    ))
    .bind(host)
    .bind(limit)
    .fetch_all()
    .await
}

/// What is kept of a video's captions, by language: how to tell whether the file has changed.
pub async fn sources(conn: &mut Connection, id: VideoId) -> Result<HashMap<String, String>, DbError> {
    let rows = conn
        .query(sql!("SELECT language, source FROM index_captions WHERE video_id = $1"))
        .bind(id)
        .fetch_all::<(String, String)>()
        .await?;
    Ok(rows.into_iter().collect())
}

/// Removes the captions of a video of a host.
pub async fn remove_of(tx: &mut Tx, host: &str, uuid: Uuid) -> Result<(), DbError> {
    tx.query(sql!(
        "DELETE FROM index_captions WHERE video_id IN (SELECT id FROM index_videos WHERE host = $1 AND uuid = $2)"
    ))
    .bind(host)
    .bind(uuid)
    .execute()
    .await
    .map(drop)
}

/// Writes the captions of a video in one language, over what was there.
pub async fn save(tx: &mut Tx, id: VideoId, caption: &Caption, source: &str) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO index_captions (video_id, language, label, is_automatic, source, passages)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (video_id, language) DO UPDATE SET label = excluded.label, is_automatic = excluded.is_automatic,
             source = excluded.source, passages = excluded.passages"
    ))
    .bind(id)
    .bind(caption.language.clone())
    .bind(caption.label.clone())
    .bind(caption.is_automatic)
    .bind(source.to_owned())
    .bind(Json(caption.passages.clone()))
    .execute()
    .await
    .map(drop)
}

/// Removes the captions of a video in one language.
pub async fn remove(tx: &mut Tx, id: VideoId, language: &str) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM index_captions WHERE video_id = $1 AND language = $2"))
        .bind(id)
        .bind(language)
        .execute()
        .await
        .map(drop)
}

/// Notes that a video was asked for its captions. `false` if it is gone.
pub async fn mark_read(tx: &mut Tx, id: VideoId, now: Timestamp) -> Result<bool, DbError> {
    let marked = tx
        .query(sql!("UPDATE index_videos SET captions_read_at = $1 WHERE id = $2 AND removed_at IS NULL"))
        .bind(now)
        .bind(id)
        .execute()
        .await?;
    Ok(marked > 0)
}

/// Has the index take a video in anew, because its captions have changed.
pub async fn announce(tx: &mut Tx, id: VideoId, revision: Revision) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_videos SET revision = $1 WHERE id = $2"))
        .bind(revision)
        .bind(id)
        .execute()
        .await
        .map(drop)
}

/// Removes the captions of those videos of a host that a pass did not see.
pub async fn remove_unseen(tx: &mut Tx, host: &str, pass: i64) -> Result<(), DbError> {
    tx.query(sql!(
        "DELETE FROM index_captions WHERE video_id IN
             (SELECT id FROM index_videos WHERE host = $1 AND removed_at IS NULL AND seen_pass < $2)"
    ))
    .bind(host)
    .bind(pass)
    .execute()
    .await
    .map(drop)
}

#[derive(sqlx::FromRow)]
struct CaptionRow {
    video_id: VideoId,
    language: String,
    label: String,
    is_automatic: bool,
    passages: Json<Vec<Passage>>,
}

/// The captions of some videos; those without any are absent.
pub async fn of_videos(conn: &mut Connection, ids: &[VideoId]) -> Result<HashMap<VideoId, Vec<Caption>>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = conn.build(sql!(fragment
        "SELECT video_id, language, label, is_automatic, passages FROM index_captions WHERE video_id IN "
    ));
    query.bind_list(ids.iter().copied()).push(" ORDER BY video_id, language");
    let mut captions: HashMap<VideoId, Vec<Caption>> = HashMap::new();
    for row in query.fetch_all::<CaptionRow>().await? {
        let CaptionRow { video_id, language, label, is_automatic, passages } = row;
        captions.entry(video_id).or_default().push(Caption { language, label, is_automatic, passages: passages.0 });
    }
    Ok(captions)
}
