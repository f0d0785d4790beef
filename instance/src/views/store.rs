//! SQL for views, downloads, and what was watched.

use federation::signature::digest;
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use sqlx::types::Json;
use url::Url;
use uuid::Uuid;

use super::model::Section;
use crate::videos::VideoId;

/// The most that is kept of what was watched, all videos together.
const MAX_WATCHES: i64 = 1_000_000;
/// The most activities that are remembered to have been counted.
const MAX_COUNTED: i64 = 1_000_000;

/// What has to be known of a video to which a statistic belongs.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct Seen {
    /// The video.
    pub id: VideoId,
    /// Whether it was published here.
    pub is_local: bool,
    /// In seconds.
    pub duration_s: i64,
}

/// The video at an address, if strangers may see it.
pub async fn find(connection: &mut Connection, url: &str) -> Result<Option<Seen>, DbError> {
    connection
        .query(sql!("SELECT id, is_local, duration_s FROM videos WHERE url = $1 AND privacy <= 2"))
        .bind(url.to_owned())
        .fetch_optional()
        .await
}

/// Adds to the views of one of our videos.
pub async fn add_views(tx: &mut Tx, video: VideoId, views: u32) -> Result<(), DbError> {
    tx.query(sql!("UPDATE videos SET views = views + $2 WHERE id = $1 AND is_local = TRUE"))
        .bind(video)
        .bind(i64::from(views))
        .execute()
        .await
        .map(drop)
}

/// Adds to the downloads of one of our videos.
pub async fn add_downloads(tx: &mut Tx, video: VideoId, downloads: u32) -> Result<(), DbError> {
    tx.query(sql!("UPDATE videos SET downloads = downloads + $2 WHERE id = $1 AND is_local = TRUE"))
        .bind(video)
        .bind(i64::from(downloads))
        .execute()
        .await
        .map(drop)
}

/// Remembers that an activity is counted, and tells whether it was not before.
pub async fn count_once(tx: &mut Tx, activity: &Url, now: Timestamp) -> Result<bool, DbError> {
    let inserted = tx
        .query(sql!(
            "INSERT INTO counted_activities (fingerprint, counted_at) VALUES ($1, $2) ON CONFLICT (fingerprint) DO NOTHING"
        ))
        .bind(digest::of(activity.as_str().as_bytes()))
        .bind(now)
        .execute()
        .await?;
    Ok(inserted > 0)
}

/// Keeps a view that another server told of until it is added to the others, once.
pub async fn keep_view(tx: &mut Tx, activity: &Url, video: VideoId, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO counted_activities (fingerprint, counted_at, video_id) VALUES ($1, $2, $3) \
         ON CONFLICT (fingerprint) DO NOTHING"
    ))
    .bind(digest::of(activity.as_str().as_bytes()))
    .bind(now)
    .bind(video)
    .execute()
    .await
    .map(drop)
}

/// Videos whose views elsewhere are kept and not added yet.
pub async fn videos_with_kept_views(connection: &mut Connection, limit: i64) -> Result<Vec<VideoId>, DbError> {
    connection
        .query(sql!(
            "SELECT DISTINCT video_id FROM counted_activities WHERE video_id IS NOT NULL ORDER BY video_id LIMIT $1"
        ))
        .bind(limit)
        .fetch_all_scalars()
        .await
}

/// Takes the views of a video that are kept, to be added in the same transaction: how many. That they were counted stays
/// known.
pub async fn take_kept_views(tx: &mut Tx, video: VideoId) -> Result<u64, DbError> {
    tx.query(sql!("UPDATE counted_activities SET video_id = NULL WHERE video_id = $1")).bind(video).execute().await
}

/// Forgets which activities were counted before a moment, and the oldest of those that are too many.
pub async fn purge_counted(tx: &mut Tx, before: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM counted_activities WHERE counted_at < $1")).bind(before).execute().await?;
    tx.query(sql!("DELETE FROM counted_activities WHERE id <= (SELECT max(id) FROM counted_activities) - $1"))
        .bind(MAX_COUNTED)
        .execute()
        .await
        .map(drop)
}

/// What somebody watched.
#[derive(Debug, Clone)]
pub struct NewWatch {
    /// The same on every server.
    pub uuid: Uuid,
    /// Its address.
    pub url: String,
    /// What was watched.
    pub video: VideoId,
    /// From when.
    pub started_at: Timestamp,
    /// Until when.
    pub ended_at: Timestamp,
    /// How long in all.
    pub watched_s: i64,
    /// Two letters.
    pub country: Option<String>,
    /// A part of the country.
    pub region: Option<String>,
    /// Which parts.
    pub sections: Vec<Section>,
}

/// Keeps what somebody watched. What is known already stays as it is.
pub async fn insert_watch(tx: &mut Tx, watch: &NewWatch, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO video_watches (uuid, url, video_id, started_at, ended_at, watched_s, country, region, sections, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
    ))
    .bind(watch.uuid)
    .bind(watch.url.clone())
    .bind(watch.video)
    .bind(watch.started_at)
    .bind(watch.ended_at)
    .bind(watch.watched_s)
    .bind(watch.country.clone())
    .bind(watch.region.clone())
    .bind(Json(watch.sections.clone()))
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// What somebody here watched.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredWatch {
    /// Where the video is.
    pub video_url: String,
    /// Where its owner is.
    pub account_url: String,
    /// From when.
    pub started_at: Timestamp,
    /// Until when.
    pub ended_at: Timestamp,
    /// How long in all.
    pub watched_s: i64,
    /// Which parts.
    pub sections: Json<Vec<Section>>,
}

/// What was watched here under an address.
pub async fn find_watch(connection: &mut Connection, url: &str) -> Result<Option<StoredWatch>, DbError> {
    connection
        .query(sql!(
            "SELECT v.url AS video_url, r.url AS account_url, w.started_at, w.ended_at, w.watched_s, w.sections \
             FROM video_watches w JOIN videos v ON v.id = w.video_id JOIN video_channels c ON c.id = v.channel_id \
             JOIN accounts a ON a.id = c.account_id JOIN actors r ON r.id = a.actor_id WHERE w.url = $1"
        ))
        .bind(url.to_owned())
        .fetch_optional()
        .await
}

/// Forgets what was watched before a moment, and the oldest of what is too much.
pub async fn purge_watches(tx: &mut Tx, before: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_watches WHERE created_at < $1")).bind(before).execute().await?;
    tx.query(sql!("DELETE FROM video_watches WHERE id <= (SELECT max(id) FROM video_watches) - $1"))
        .bind(MAX_WATCHES)
        .execute()
        .await
        .map(drop)
}
