//! SQL for videos.

use indexer::text::fold;
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use uuid::Uuid;

use super::{
    ListQuery, Video, VideoFile, VideoId, VideoState,
    listing::Filters,
    model::{Redundancy, RemoteLinks, StoredFile, StreamingPlaylist, VideoDraft, VideoFacts},
};
use crate::{actors::ActorId, channels::ChannelId, tracker, users::UserId};

macro_rules! video {
    () => {
        "SELECT v.id, v.uuid, v.url, v.is_local, v.channel_id, v.name, v.description, v.support, v.category, v.licence, \
         v.language, v.privacy, v.state, v.failure, v.is_nsfw, v.nsfw_flags, v.nsfw_summary, v.is_live, \
         v.is_permanent_live, v.saves_replay, v.latency_mode, v.dvr_window_s, v.scheduled_starts, v.duration_s, \
         v.aspect_ratio, v.views, v.downloads, v.likes, v.dislikes, v.comments, v.comments_policy, v.download_enabled, \
         v.wait_transcoding, v.thumbnail_file, v.preview_file, v.tracker_urls, v.created_at, v.updated_at, \
         v.published_at, v.originally_published_at, v.refreshed_at, \
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

/// The videos of rows, in no order.
pub async fn of_ids(connection: &mut Connection, ids: &[VideoId]) -> Result<Vec<Video>, DbError> {
    let mut statement = connection.build(sql!(fragment concat!(video!(), " WHERE v.id IN ")));
    statement.bind_list(ids.iter().copied());
    statement.fetch_all().await
}

/// Videos that fit a query, in its order.
pub async fn list(connection: &mut Connection, query: &ListQuery) -> Result<Vec<Video>, DbError> {
    let mut statement = connection.build(sql!(fragment concat!(video!(), " WHERE v.state = 1 AND v.privacy = 1")));
    query.filters.push_to(&mut statement);
    query.push_page_to(&mut statement);
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

/// Videos of a user that have the words that were looked for, in the order of a query, whatever their state and privacy.
pub async fn list_of_user(connection: &mut Connection, user: UserId, query: &ListQuery) -> Result<Vec<Video>, DbError> {
    let mut statement = connection.build(sql!(fragment concat!(video!(), " WHERE a.user_id = ")));
    statement.bind(user);
    query.filters.push_words_to(&mut statement);
    query.push_page_to(&mut statement);
    statement.fetch_all().await
}

/// How many videos [`list_of_user`] would give without bounds.
pub async fn count_of_user(connection: &mut Connection, user: UserId, filters: &Filters) -> Result<i64, DbError> {
    let mut statement = connection.build(sql!(fragment
        "SELECT count(*) FROM videos v JOIN video_channels c ON c.id = v.channel_id \
         JOIN accounts a ON a.id = c.account_id WHERE a.user_id = "
    ));
    statement.bind(user);
    filters.push_words_to(&mut statement);
    statement.fetch_scalar().await
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
            "SELECT id, resolution, width, height, fps, size_bytes, file_url, has_audio, has_video, media_type, \
             torrent_url, magnet_uri, metadata_url FROM video_files \
             WHERE streaming_playlist_id = $1 ORDER BY resolution DESC, id"
        ))
        .bind(playlist)
        .fetch_all()
        .await
}

/// Files that play by themselves, without a stream, the largest first.
pub async fn web_files(connection: &mut Connection, id: VideoId) -> Result<Vec<StoredFile>, DbError> {
    connection
        .query(sql!(
            "SELECT id, resolution, width, height, fps, size_bytes, file_url, has_audio, has_video, media_type, \
             torrent_url, magnet_uri, metadata_url FROM video_files \
             WHERE video_id = $1 AND streaming_playlist_id IS NULL ORDER BY resolution DESC, id"
        ))
        .bind(id)
        .fetch_all()
        .await
}

/// Where the rest of a remote video is.
pub async fn links(connection: &mut Connection, id: VideoId) -> Result<Option<RemoteLinks>, DbError> {
    connection
        .query(sql!(
            "SELECT remote_thumbnails, embed_url, likes_url, dislikes_url, shares_url, comments_url, chapters_url, \
             player_settings_url FROM videos WHERE id = $1"
        ))
        .bind(id)
        .fetch_optional()
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
            "INSERT INTO videos (uuid, url, is_local, channel_id, name, name_folded, description, support, \
             category, licence, language, privacy, state, is_nsfw, nsfw_flags, nsfw_summary, is_live, \
             is_permanent_live, saves_replay, latency_mode, dvr_window_s, scheduled_starts, duration_s, \
             aspect_ratio, views, downloads, comments_policy, download_enabled, wait_transcoding, tracker_urls, \
             published_at, originally_published_at, remote_thumbnail_url, remote_preview_url, remote_thumbnails, \
             embed_url, likes_url, dislikes_url, shares_url, comments_url, chapters_url, player_settings_url, \
             refreshed_at, updated_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, \
             $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, \
             $41, $42, $43, $44, $45) \
             ON CONFLICT (url) DO UPDATE SET channel_id = excluded.channel_id, name = excluded.name, name_folded \
             = excluded.name_folded, description = excluded.description, support = excluded.support, category = \
             excluded.category, licence = excluded.licence, language = excluded.language, privacy = \
             excluded.privacy, state = excluded.state, is_nsfw = excluded.is_nsfw, nsfw_flags = \
             excluded.nsfw_flags, nsfw_summary = excluded.nsfw_summary, is_live = excluded.is_live, \
             is_permanent_live = excluded.is_permanent_live, saves_replay = excluded.saves_replay, latency_mode = \
             excluded.latency_mode, dvr_window_s = excluded.dvr_window_s, scheduled_starts = \
             excluded.scheduled_starts, duration_s = excluded.duration_s, aspect_ratio = excluded.aspect_ratio, \
             views = excluded.views, downloads = excluded.downloads, comments_policy = excluded.comments_policy, \
             download_enabled = excluded.download_enabled, wait_transcoding = excluded.wait_transcoding, \
             tracker_urls = excluded.tracker_urls, published_at = excluded.published_at, originally_published_at \
             = excluded.originally_published_at, remote_thumbnail_url = excluded.remote_thumbnail_url, \
             remote_preview_url = excluded.remote_preview_url, remote_thumbnails = excluded.remote_thumbnails, \
             embed_url = excluded.embed_url, likes_url = excluded.likes_url, dislikes_url = \
             excluded.dislikes_url, shares_url = excluded.shares_url, comments_url = excluded.comments_url, \
             chapters_url = excluded.chapters_url, player_settings_url = excluded.player_settings_url, \
             refreshed_at = excluded.refreshed_at, updated_at = excluded.updated_at, refresh_failures = 0 \
             RETURNING id"
        ))
        .bind(facts.uuid)
        .bind(facts.url.clone())
        .bind(facts.is_local)
        .bind(facts.channel_id)
        .bind(facts.name.clone())
        .bind(fold(&facts.name))
        .bind(facts.description.clone())
        .bind(facts.support.clone())
        .bind(facts.category)
        .bind(facts.licence)
        .bind(facts.language.clone())
        .bind(facts.privacy.number())
        .bind(facts.state.number())
        .bind(facts.is_nsfw)
        .bind(facts.nsfw_flags)
        .bind(facts.nsfw_summary.clone())
        .bind(facts.is_live)
        .bind(facts.live.is_permanent_live)
        .bind(facts.live.saves_replay)
        .bind(facts.live.latency_mode)
        .bind(facts.live.dvr_window_s)
        .bind(facts.live.scheduled_starts.clone())
        .bind(facts.duration_s)
        .bind(facts.aspect_ratio)
        .bind(facts.views)
        .bind(facts.downloads)
        .bind(facts.comments_policy)
        .bind(facts.download_enabled)
        .bind(facts.wait_transcoding)
        .bind(facts.tracker_urls.clone())
        .bind(facts.published_at)
        .bind(facts.originally_published_at)
        .bind(draft.remote_thumbnail_url.clone())
        .bind(draft.remote_preview_url.clone())
        .bind(draft.links.remote_thumbnails.clone())
        .bind(draft.links.embed_url.clone())
        .bind(draft.links.likes_url.clone())
        .bind(draft.links.dislikes_url.clone())
        .bind(draft.links.shares_url.clone())
        .bind(draft.links.comments_url.clone())
        .bind(draft.links.chapters_url.clone())
        .bind(draft.links.player_settings_url.clone())
        .bind(draft.refreshed_at)
        .bind(draft.updated_at.unwrap_or(now))
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

/// Brings what the owner of a local video says of it up to date, tags included.
pub async fn update_local(
    tx: &mut Tx,
    id: VideoId,
    facts: &VideoFacts,
    tags: &[String],
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE videos SET channel_id = $2, name = $3, name_folded = $4, description = $5, support = $6, category = $7, \
         licence = $8, language = $9, privacy = $10, is_nsfw = $11, nsfw_flags = $12, nsfw_summary = $13, \
         comments_policy = $14, download_enabled = $15, wait_transcoding = $16, published_at = $17, \
         originally_published_at = $18, updated_at = $19 WHERE id = $1"
    ))
    .bind(id)
    .bind(facts.channel_id)
    .bind(facts.name.clone())
    .bind(fold(&facts.name))
    .bind(facts.description.clone())
    .bind(facts.support.clone())
    .bind(facts.category)
    .bind(facts.licence)
    .bind(facts.language.clone())
    .bind(facts.privacy.number())
    .bind(facts.is_nsfw)
    .bind(facts.nsfw_flags)
    .bind(facts.nsfw_summary.clone())
    .bind(facts.comments_policy)
    .bind(facts.download_enabled)
    .bind(facts.wait_transcoding)
    .bind(facts.published_at)
    .bind(facts.originally_published_at)
    .bind(now)
    .execute()
    .await?;
    replace_tags(tx, id, tags).await
}

/// A video has changed in what hangs on it: captions, chapters, pictures.
pub async fn touch(tx: &mut Tx, id: VideoId, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE videos SET updated_at = $2 WHERE id = $1")).bind(id).bind(now).execute().await.map(drop)
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
        insert_file(tx, id, Some(playlist_id), file).await?;
    }
    tracker::name_swarms(tx, id, playlist).await
}

/// Forgets the stream of a video.
pub async fn delete_playlist(tx: &mut Tx, id: VideoId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_streaming_playlists WHERE video_id = $1")).bind(id).execute().await.map(drop)
}

/// Sets the files that play by themselves, in place of earlier ones.
pub async fn replace_web_files(tx: &mut Tx, id: VideoId, files: &[VideoFile]) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_files WHERE video_id = $1 AND streaming_playlist_id IS NULL"))
        .bind(id)
        .execute()
        .await?;
    for file in files {
        insert_file(tx, id, None, file).await?;
    }
    Ok(())
}

async fn insert_file(tx: &mut Tx, video: VideoId, playlist: Option<i64>, file: &VideoFile) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO video_files (video_id, streaming_playlist_id, resolution, width, height, fps, size_bytes, file_url, \
         has_audio, has_video, media_type, torrent_url, magnet_uri, metadata_url) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
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
    .bind(file.links.media_type.clone())
    .bind(file.links.torrent_url.clone())
    .bind(file.links.magnet_uri.clone())
    .bind(file.links.metadata_url.clone())
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

/// Videos of an account or a channel, by the row of its actor, at most so many.
pub async fn of_actor(connection: &mut Connection, actor: ActorId, limit: i64) -> Result<Vec<Video>, DbError> {
    connection
        .query(sql!(concat!(video!(), " WHERE c.actor_id = $1 OR a.actor_id = $1 ORDER BY v.id LIMIT $2")))
        .bind(actor)
        .bind(limit)
        .fetch_all()
        .await
}

/// Remembers that an actor shared a video.
pub async fn insert_share(
    tx: &mut Tx,
    video: VideoId,
    actor: ActorId,
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

#[cfg(test)]
mod tests;
