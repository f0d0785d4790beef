use platform::db::DbError;
use sqlx::types::Json;

use super::{
    Privacy, VideoFile, VideoState,
    model::{FileLinks, LiveFacts, RemoteLinks, VideoDraft, VideoFacts},
    store::{self, NewPlaylist},
};
use crate::{App, accounts, channels, users};

/// Adds published videos that have rows but no files: what a benchmark of lists needs.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn seed(app: &App, count: u32) -> Result<(), DbError> {
    let mut tx = app.platform.db.begin().await?;
    let Some(user) = users::store::find_by_login(&mut tx, "root").await? else { return Ok(()) };
    let Some(account) = accounts::store::find_by_user(&mut tx, user.id).await? else { return Ok(()) };
    let channels = channels::store::of_account(&mut tx, account.id).await?;
    let Some(channel) = channels.first() else { return Ok(()) };
    let now = app.platform.clock.now();
    for number in 0..count {
        let uuid = app.platform.random.uuid();
        let url = |name: &str| {
            app.platform.public_url.join(&format!("/static/{}/{name}", super::stream_folder(uuid))).to_string()
        };
        let facts = VideoFacts {
            uuid,
            url: app.ids.video(uuid).to_string(),
            is_local: true,
            channel_id: channel.id,
            name: format!("Seeded video {number} about ocean robots and galaxies"),
            description: Some("A description of the length that many videos have. ".repeat(8)),
            support: None,
            category: Some(15),
            licence: Some(1),
            language: Some("en".to_owned()),
            privacy: Privacy::Public,
            state: VideoState::Published,
            is_nsfw: false,
            nsfw_flags: 0,
            nsfw_summary: None,
            is_live: false,
            live: LiveFacts::default(),
            duration_s: 60 + i64::from(number),
            aspect_ratio: Some(1.7778),
            views: i64::from(number * 7 % 1_000),
            downloads: 0,
            comments_policy: 1,
            download_enabled: true,
            wait_transcoding: true,
            tracker_urls: Json(vec![]),
            published_at: now - std::time::Duration::from_secs(60 * u64::from(number)),
            originally_published_at: None,
        };
        let draft = VideoDraft {
            facts,
            remote_thumbnail_url: None,
            remote_preview_url: None,
            refreshed_at: None,
            updated_at: None,
            links: RemoteLinks::default(),
            tags: vec!["seed".to_owned(), format!("tag{}", number % 10)],
        };
        let id = store::upsert(&mut tx, &draft, now).await?;
        let file = VideoFile {
            resolution: 720,
            width: Some(1280),
            height: Some(720),
            fps: 30,
            size_bytes: 10_000_000,
            file_url: url("x-720-fragmented.mp4"),
            has_audio: true,
            has_video: true,
            links: FileLinks::default(),
        };
        let playlist = NewPlaylist {
            playlist_url: url("x-master.m3u8"),
            segments_sha256_url: Some(url("x-segments-sha256.json")),
            files: vec![file],
        };
        store::replace_playlist(&mut tx, id, &playlist, now).await?;
    }
    tx.commit().await
}
