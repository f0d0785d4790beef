//! SQL for videos.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use uuid::Uuid;

use super::{
    ListQuery, Video, VideoFile, VideoId, VideoState,
    listing::Filters,
    model::{Redundancy, StoredFile, StreamingPlaylist, VideoDraft},
};
use crate::{channels::ChannelId, tracker, users::UserId};

macro_rules! video {
    () => {
        "SELECT v.id, v.uuid, v.url, v.is_local, v.channel_id, v.name, v.description, v.support, v.category, v.licence, \
         v.language, v.privacy, v.state, v.failure, v.is_nsfw, v.is_live, v.duration_s, v.aspect_ratio, v.views, v.likes, \
         v.dislikes, v.comments_policy, v.download_enabled, v.wait_transcoding, v.thumbnail_file, v.preview_file, \
         v.tracker_urls, v.created_at, v.updated_at, v.published_at, v.originally_published_at, \
         c.actor_id AS channel_actor_id, c.display_name AS channel_display_name, cr.username AS channel_username, \
         cr.url AS channel_url, cr.host AS host, a.id AS account_id, a.actor_id AS account_actor_id, \
         a.display_name AS account_display_name, ar.username AS account_username, ar.url AS account_url, \
         ar.host AS account_host \
         FROM videos v JOIN video_channels c ON c.id = v.channel_id JOIN actors cr ON cr.id = c.actor_id \
         JOIN accounts a ON a.id = c.account_id JOIN actors ar ON ar.id = a.actor_id"
    };
}

/// The video of a row.
pub async fn find(connection: &mut Connection, id: VideoId) -> Result<Option<Video>, DbError> {
    connection.query(sql!(concat!(video!(), " WHERE v.id = $1"))).bind(id).fetch_optional().await
}

/// The videos of rows, in no order; those that are gone are left out.
pub async fn find_all(connection: &mut Connection, ids: &[VideoId]) -> Result<Vec<Video>, DbError> {
    let mut statement = connection.build(sql!(fragment concat!(video!(), " WHERE v.id IN ")));
    statement.bind_list(ids.iter().copied());
    statement.fetch_all().await
}

/// The video of a UUID.
pub async fn find_by_uuid(connection: &mut Connection, uuid: Uuid) -> Result<Option<Video>, DbError> {
    connection.query(sql!(concat!(video!(), " WHERE v.uuid = $1"))).bind(uuid).fetch_optional().await
}

/// The video at an address.
pub async fn find_by_url(connection: &mut Connection, url: &str) -> Result<Option<Video>, DbError> {
    connection.query(sql!(concat!(video!(), " WHERE v.url = $1"))).bind(url.to_owned()).fetch_optional().await
}

/// Videos that fit a query, in its order.
pub async fn list(connection: &mut Connection, query: &ListQuery) -> Result<Vec<Video>, DbError> {
    let mut statement = connection.build(sql!(fragment concat!(video!(), " WHERE v.state = 1 AND v.privacy = 1")));
    query.filters.push_to(&mut statement);
    statement
        .push(" ORDER BY ")
        .push(query.sort.sql())
        .push(" LIMIT ")
        .bind(query.count)
        .push(" OFFSET ")
        .bind(query.start);
    statement.fetch_all().await
}

/// How many videos fit a query.
pub async fn count(connection: &mut Connection, filters: &Filters) -> Result<i64, DbError> {
    let mut statement = connection.build(sql!(fragment
        "SELECT count(*) FROM videos v JOIN video_channels c ON c.id = v.channel_id \
         JOIN actors cr ON cr.id = c.actor_id WHERE v.state = 1 AND v.privacy = 1"
    ));
    filters.push_to(&mut statement);
    statement.fetch_scalar().await
}

/// All videos of a user, newest first, whatever their state and privacy; at most 200.
pub async fn of_user(connection: &mut Connection, user: UserId) -> Result<Vec<Video>, DbError> {
    connection
        .query(sql!(concat!(video!(), " WHERE a.user_id = $1 ORDER BY v.id DESC LIMIT 200")))
        .bind(user)
        .fetch_all()
        .await
}

/// How many listed local videos there are.
pub async fn count_local_listed(connection: &mut Connection) -> Result<i64, DbError> {
    connection
        .query(sql!("SELECT count(*) FROM videos WHERE state = 1 AND privacy = 1 AND is_local = TRUE"))
        .fetch_scalar()
        .await
}

/// Tags of a video, in its owner's order.
pub async fn tags(connection: &mut Connection, id: VideoId) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!("SELECT name FROM video_tags WHERE video_id = $1 ORDER BY position"))
        .bind(id)
        .fetch_all_scalars()
        .await
}

/// The stream of a video.
pub async fn playlist(connection: &mut Connection, id: VideoId) -> Result<Option<StreamingPlaylist>, DbError> {
    connection
        .query(sql!("SELECT id, playlist_url, segments_sha256_url FROM video_streaming_playlists WHERE video_id = $1"))
        .bind(id)
        .fetch_optional()
        .await
}

/// Renditions of a stream, the largest first.
pub async fn files(connection: &mut Connection, playlist: i64) -> Result<Vec<StoredFile>, DbError> {
    connection
        .query(sql!(
            "SELECT id, resolution, width, height, fps, size_bytes, file_url, has_audio, has_video FROM video_files \
             WHERE streaming_playlist_id = $1 ORDER BY resolution DESC, id"
        ))
        .bind(playlist)
        .fetch_all()
        .await
}

/// Copies of a video that other servers have told us about and that have not expired.
pub async fn redundancies(
    connection: &mut Connection,
    id: VideoId,
    now: Timestamp,
) -> Result<Vec<Redundancy>, DbError> {
    connection
        .query(sql!(
            "SELECT base_url FROM video_redundancies WHERE video_id = $1 AND (expires_at IS NULL OR expires_at > $2) \
             ORDER BY id LIMIT 50"
        ))
        .bind(id)
        .bind(now)
        .fetch_all()
        .await
}

/// Adds a video, or brings a known one (the same address) up to date, tags included.
pub async fn upsert(tx: &mut Tx, draft: &VideoDraft, now: Timestamp) -> Result<VideoId, DbError> {
    let facts = &draft.facts;
    let id: VideoId = tx
        .query(sql!(
            "INSERT INTO videos (uuid, url, is_local, channel_id, name, description, support, category, licence, language, \
             privacy, state, is_nsfw, is_live, duration_s, aspect_ratio, views, comments_policy, download_enabled, \
             wait_transcoding, remote_thumbnail_url, remote_preview_url, tracker_urls, published_at, \
             originally_published_at, refreshed_at, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
             $23, $24, $25, $26, $27, $27) \
             ON CONFLICT (url) DO UPDATE SET channel_id = excluded.channel_id, name = excluded.name, \
             description = excluded.description, support = excluded.support, category = excluded.category, \
             licence = excluded.licence, language = excluded.language, privacy = excluded.privacy, state = excluded.state, \
             is_nsfw = excluded.is_nsfw, is_live = excluded.is_live, duration_s = excluded.duration_s, \
             aspect_ratio = excluded.aspect_ratio, views = excluded.views, comments_policy = excluded.comments_policy, \
             download_enabled = excluded.download_enabled, wait_transcoding = excluded.wait_transcoding, \
             remote_thumbnail_url = excluded.remote_thumbnail_url, remote_preview_url = excluded.remote_preview_url, \
             tracker_urls = excluded.tracker_urls, published_at = excluded.published_at, \
             originally_published_at = excluded.originally_published_at, refreshed_at = excluded.refreshed_at, \
             updated_at = excluded.updated_at RETURNING id"
        ))
        .bind(facts.uuid)
        .bind(facts.url.clone())
        .bind(facts.is_local)
        .bind(facts.channel_id)
        .bind(facts.name.clone())
        .bind(facts.description.clone())
        .bind(facts.support.clone())
        .bind(facts.category)
        .bind(facts.licence)
        .bind(facts.language.clone())
        .bind(facts.privacy.number())
        .bind(facts.state.number())
        .bind(facts.is_nsfw)
        .bind(facts.is_live)
        .bind(facts.duration_s)
        .bind(facts.aspect_ratio)
        .bind(facts.views)
        .bind(facts.comments_policy)
        .bind(facts.download_enabled)
        .bind(facts.wait_transcoding)
        .bind(draft.remote_thumbnail_url.clone())
        .bind(draft.remote_preview_url.clone())
        .bind(facts.tracker_urls.clone())
        .bind(facts.published_at)
        .bind(facts.originally_published_at)
        .bind(draft.refreshed_at)
        .bind(now)
        .fetch_scalar()
        .await?;
    replace_tags(tx, id, &draft.tags).await?;
    Ok(id)
}

async fn replace_tags(tx: &mut Tx, id: VideoId, tags: &[String]) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_tags WHERE video_id = $1")).bind(id).execute().await?;
    for (position, name) in (0_i64..).zip(tags) {
        tx.query(sql!("INSERT INTO video_tags (video_id, position, name) VALUES ($1, $2, $3)"))
            .bind(id)
            .bind(position)
            .bind(name.clone())
            .execute()
            .await?;
    }
    Ok(())
}

/// Moves a video to another state.
pub async fn set_state(
    tx: &mut Tx,
    id: VideoId,
    state: VideoState,
    failure: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!("UPDATE videos SET state = $2, failure = $3, updated_at = $4 WHERE id = $1"))
        .bind(id)
        .bind(state.number())
        .bind(failure.map(str::to_owned))
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Marks a local video as published at a moment.
pub async fn set_published(tx: &mut Tx, id: VideoId, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE videos SET state = 1, failure = NULL, published_at = $2, updated_at = $2 WHERE id = $1"))
        .bind(id)
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// What is known of a local video once it has been decoded.
pub async fn set_measures(tx: &mut Tx, id: VideoId, duration_s: i64, aspect_ratio: Option<f64>) -> Result<(), DbError> {
    tx.query(sql!("UPDATE videos SET duration_s = $2, aspect_ratio = $3 WHERE id = $1"))
        .bind(id)
        .bind(duration_s)
        .bind(aspect_ratio)
        .execute()
        .await
        .map(drop)
}

/// The pictures that are kept here.
pub async fn set_pictures(
    tx: &mut Tx,
    id: VideoId,
    thumbnail_file: Option<&str>,
    preview_file: Option<&str>,
) -> Result<(), DbError> {
    tx.query(sql!("UPDATE videos SET thumbnail_file = $2, preview_file = $3 WHERE id = $1"))
        .bind(id)
        .bind(thumbnail_file.map(str::to_owned))
        .bind(preview_file.map(str::to_owned))
        .execute()
        .await
        .map(drop)
}

/// Where the pictures of a remote video are: small, large.
pub async fn remote_pictures(
    connection: &mut Connection,
    id: VideoId,
) -> Result<Option<(Option<String>, Option<String>)>, DbError> {
    connection
        .query(sql!("SELECT remote_thumbnail_url, remote_preview_url FROM videos WHERE id = $1"))
        .bind(id)
        .fetch_optional()
        .await
}

/// What a stream is made of.
#[derive(Debug, Clone)]
pub struct NewPlaylist {
    /// Address of the master playlist at the origin.
    pub playlist_url: String,
    /// Address of the hash list at the origin.
    pub segments_sha256_url: Option<String>,
    /// Renditions.
    pub files: Vec<VideoFile>,
}

/// Sets the stream of a video and the swarms of its viewers, in place of earlier ones.
pub async fn replace_playlist(tx: &mut Tx, id: VideoId, playlist: &NewPlaylist, now: Timestamp) -> Result<(), DbError> {
    let playlist_id: i64 = tx
        .query(sql!(
            "INSERT INTO video_streaming_playlists (video_id, playlist_url, segments_sha256_url, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $4) ON CONFLICT (video_id) DO UPDATE SET playlist_url = excluded.playlist_url, \
             segments_sha256_url = excluded.segments_sha256_url, updated_at = excluded.updated_at RETURNING id"
        ))
        .bind(id)
        .bind(playlist.playlist_url.clone())
        .bind(playlist.segments_sha256_url.clone())
        .bind(now)
        .fetch_scalar()
        .await?;
    tx.query(sql!("DELETE FROM video_files WHERE streaming_playlist_id = $1")).bind(playlist_id).execute().await?;
    for file in &playlist.files {
        insert_file(tx, id, playlist_id, file).await?;
    }
    tracker::name_swarms(tx, id, playlist).await
}

async fn insert_file(tx: &mut Tx, video: VideoId, playlist: i64, file: &VideoFile) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO video_files (video_id, streaming_playlist_id, resolution, width, height, fps, size_bytes, file_url, \
         has_audio, has_video) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    ))
    .bind(video)
    .bind(playlist)
    .bind(file.resolution)
    .bind(file.width)
    .bind(file.height)
    .bind(file.fps)
    .bind(file.size_bytes)
    .bind(file.file_url.clone())
    .bind(file.has_audio)
    .bind(file.has_video)
    .execute()
    .await
    .map(drop)
}

/// Forgets a video and everything that hangs on it.
pub async fn delete(tx: &mut Tx, id: VideoId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM videos WHERE id = $1")).bind(id).execute().await.map(drop)
}

/// The user whose video this is; `None` for remote videos.
pub async fn owner(connection: &mut Connection, id: VideoId) -> Result<Option<UserId>, DbError> {
    connection
        .query(sql!(
            "SELECT a.user_id FROM videos v JOIN video_channels c ON c.id = v.channel_id \
             JOIN accounts a ON a.id = c.account_id WHERE v.id = $1 AND a.user_id IS NOT NULL"
        ))
        .bind(id)
        .fetch_optional_scalar()
        .await
}

/// Remembers that an actor shared a video.
pub async fn insert_share(
    tx: &mut Tx,
    video: VideoId,
    actor: crate::actors::ActorId,
    url: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO video_shares (video_id, actor_id, url, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
    ))
    .bind(video)
    .bind(actor)
    .bind(url.to_owned())
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Whether a channel is a user's own.
pub async fn is_channel_of_user(
    connection: &mut Connection,
    channel: ChannelId,
    user: UserId,
) -> Result<bool, DbError> {
    connection
        .query(sql!(
            "SELECT EXISTS (SELECT 1 FROM video_channels c JOIN accounts a ON a.id = c.account_id \
             WHERE c.id = $1 AND a.user_id = $2)"
        ))
        .bind(channel)
        .bind(user)
        .fetch_scalar()
        .await
}
