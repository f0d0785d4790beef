//! Videos of others, from the wire.

use federation::{
    origin::{ensure_same_host, same_host, without_fragment},
    wire,
};
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::{JobError, enqueue},
};
use serde_json::Value;
use sqlx::types::Json;
use tracing::debug;
use url::Url;

use super::{
    actions::BringError,
    jobs::{FetchChapters, Reason, RefreshVideo},
    store,
};
use crate::{
    App,
    actors::{self, Actor, ActorId},
    captions, channels, chapters, comments,
    compose::RoleName,
    follows, player_settings, rates, shares, storyboards,
    videos::{
        self, Privacy, Video, VideoFile, VideoId, VideoState,
        jobs::FetchPictures,
        model::{FileLinks, LiveFacts, RemoteLinks, RemotePicture, SensitiveKind, VideoDraft, VideoFacts},
        store::NewPlaylist,
    },
};

const MAX_FILES: usize = 50;
const MAX_TRACKERS: usize = 10;
const MAX_TAGS: usize = 20;
const MAX_PICTURES: usize = 10;

/// Why a document cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// What is wrong with it.
    #[error("{0}")]
    Unusable(String),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Somebody sends a video, new or changed. From its own host it is taken as it is, if its channel is known; otherwise its
/// origin is asked.
pub async fn receive_video(app: &App, tx: &mut Tx, speaker: &Actor, object: &wire::Video) -> Result<(), DbError> {
    let known = videos::store::find_by_url(tx, object.id.as_str()).await?;
    if !is_welcome(tx, speaker, known.as_ref()).await? {
        debug!(actor.host = speaker.host, video.url = %object.id, "a video that nobody here asked for was ignored");
        return Ok(());
    }
    let speaks_for_it = Url::parse(speaker.url()).is_ok_and(|url| same_host(&url, &object.id));
    let channel = match object.channel() {
        Some(url) if speaks_for_it => actors::store::find_by_url(tx, url.as_str()).await?,
        _ => None,
    };
    let Some(channel) = channel else { return request(app, tx, &object.id, None).await };
    if known.is_some_and(|known| is_older(object, &known)) {
        return Ok(());
    }
    match save(app, tx, object, &channel, Reason::Pushed).await {
        Ok(_) => Ok(()),
        Err(SaveError::Unusable(reason)) => {
            app.courier.note_ignored(&object.id, &reason).await;
            Ok(())
        }
        Err(SaveError::Db(error)) => Err(error),
    }
}

/// Somebody says that what is at an address has changed: if that is a video that is known here, its origin is asked.
pub async fn receive_reference(app: &App, tx: &mut Tx, url: &Url) -> Result<(), DbError> {
    if videos::store::find_by_url(tx, url.as_str()).await?.is_none() {
        return Ok(());
    }
    request(app, tx, url, None).await
}

/// Whether what comes was said before what is known: the way here may be longer for one than for the other.
fn is_older(object: &wire::Video, known: &Video) -> bool {
    object.updated.is_some_and(|updated| platform_moment(updated) < known.updated_at)
}

/// A server or channel shares a video.
pub async fn receive_announce(
    app: &App,
    tx: &mut Tx,
    speaker: &Actor,
    activity: &Url,
    object: &Url,
) -> Result<(), DbError> {
    let object = without_fragment(object);
    let known = videos::store::find_by_url(tx, object.as_str()).await?;
    if !is_welcome(tx, speaker, known.as_ref()).await? {
        debug!(actor.host = speaker.host, video.url = %object, "a video that nobody here asked for was ignored");
        return Ok(());
    }
    if app.border.refuses_url(&object) {
        return Ok(());
    }
    let Some(video) = known else {
        return request(app, tx, &object, Some((speaker.id.0, activity.to_string()))).await;
    };
    let now = app.platform.clock.now();
    videos::store::insert_share(tx, video.id, speaker.id, activity.as_str(), now).await?;
    store::relist_video(tx, video.id).await
}

/// A server or channel passes on that something was deleted: if that is a video or a comment that is known here, its origin
/// is asked. Whoever passes a deletion on shares nothing.
pub async fn receive_announced_delete(app: &App, tx: &mut Tx, object: &Url) -> Result<(), DbError> {
    if app.border.refuses_url(object) || !comments::is_known(tx, object).await? {
        return Ok(());
    }
    request(app, tx, object, None).await
}

/// A server or channel shares a video no longer.
pub async fn receive_undo_announce(tx: &mut Tx, speaker: &Actor, object: &Url) -> Result<(), DbError> {
    let object = without_fragment(object);
    let Some(video) = videos::store::find_by_url(tx, object.as_str()).await? else { return Ok(()) };
    store::delete_share(tx, video.id, speaker.id).await?;
    store::relist_video(tx, video.id).await
}

/// As [`receive_undo_announce`], from those who name only the address of the announcement. Tells whether there was one.
pub async fn receive_undo_announce_by_id(tx: &mut Tx, speaker: &Actor, id: &Url) -> Result<bool, DbError> {
    let Some(video) = shares::store::delete_by_url(tx, id.as_str(), speaker.id).await? else { return Ok(false) };
    store::relist_video(tx, video).await?;
    Ok(true)
}

/// Whoever is followed by nobody here may tell of changes to what is known, but bring nothing new.
async fn is_welcome(tx: &mut Tx, speaker: &Actor, known: Option<&Video>) -> Result<bool, DbError> {
    Ok(known.is_some() || follows::store::follows_host(tx, &speaker.host).await?)
}

async fn request(app: &App, tx: &mut Tx, url: &Url, shared_by: Option<(i64, String)>) -> Result<(), DbError> {
    let job = RefreshVideo { url: without_fragment(url), shared_by, reason: Reason::Pushed };
    enqueue(tx, app.platform.clock.now(), &job).await
}

/// Whether a document says that what was there is deleted.
pub(super) fn is_tombstone(document: &Value) -> bool {
    wire::Tombstone::from_value(document).is_ok()
}

/// Keeps a video as its origin gave it.
pub(super) async fn take(
    app: &App,
    document: &Value,
    shared_by: Option<(ActorId, &str)>,
    reason: Reason,
) -> Result<Option<VideoId>, BringError> {
    let unusable = |error: &dyn std::fmt::Display| BringError::Unusable(error.to_string());
    let object = wire::Video::from_value(document).map_err(|error| unusable(&error))?;
    let channel_url = object.channel().cloned().ok_or_else(|| unusable(&"a video without a channel"))?;
    ensure_same_host(&channel_url, &object.id).map_err(|error| unusable(&error))?;
    let channel = actors::federate::resolve(app, &channel_url).await?;
    let mut tx = app.platform.db.begin().await?;
    let id = save(app, &mut tx, &object, &channel, reason).await?;
    if let (Some(id), Some((actor, url))) = (id, shared_by) {
        videos::store::insert_share(&mut tx, id, actor, url, app.platform.clock.now()).await?;
        store::relist_video(&mut tx, id).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Keeps what the origin of a video says of it. What is unlisted is kept if it is known, or wanted by somebody who has its
/// address; what is for fewer is not kept, and forgotten if it was.
pub async fn save(
    app: &App,
    tx: &mut Tx,
    object: &wire::Video,
    channel: &Actor,
    reason: Reason,
) -> Result<Option<VideoId>, SaveError> {
    let now = app.platform.clock.now();
    let unusable = |reason: &str| SaveError::Unusable(format!("{} {reason}", object.id));
    let channel_url = Url::parse(channel.url()).map_err(|_| unusable("has a channel without an address"))?;
    if channel.is_local || !same_host(&channel_url, &object.id) {
        return Err(unusable("names a channel on another server"));
    }
    if let Some(known) = videos::store::find_by_uuid(tx, object.uuid).await?
        && (known.is_local || known.url != object.id.as_str())
    {
        return Err(unusable("has the UUID of another video"));
    }
    let before = videos::store::find_by_url(tx, object.id.as_str()).await?;
    let privacy = match privacy_of(object) {
        Some(Privacy::Unlisted) if before.is_none() && reason != Reason::Wanted => return Ok(None),
        Some(privacy) => privacy,
        None => {
            if let Some(known) = before {
                videos::delete_in(app, tx, &known).await?;
            }
            return Ok(None);
        }
    };
    let Some(channel) = channels::store::find_by_actor(tx, channel.id).await? else {
        return Err(unusable("belongs to something that is no channel"));
    };
    let pictures_before = match &before {
        Some(video) => videos::store::remote_pictures(tx, video.id).await?,
        None => None,
    };
    let is_new = before.is_none();
    let draft = draft(object, channel.id, privacy, now);
    let id = videos::store::upsert(tx, &draft, now).await?;
    save_parts(app, tx, id, object, now).await?;
    store::relist_video(tx, id).await?;
    let host = object.id.host_str().unwrap_or_default().to_owned();
    if pictures_before != Some((draft.remote_thumbnail_url, draft.remote_preview_url)) {
        enqueue(tx, now, &FetchPictures { video_id: id.0, host: host.clone() }).await?;
    }
    if draft.links.chapters_url.is_some() {
        enqueue(tx, now, &FetchChapters { video_id: id.0, host }).await?;
    } else {
        chapters::store::replace(tx, id, &[]).await?;
    }
    if let Some(url) = own(object.player_settings.as_ref(), &object.id) {
        player_settings::federate::follow(tx, now, url, is_new).await?;
    }
    rates::federate::follow_counters(app, tx, id, object, is_new).await?;
    // A node that plays this role finds the video with its hourly check if the one that took it in does not.
    if app.roles.has(RoleName::Redundancy) {
        redundancy::consider(tx, now, object.uuid).await?;
    }
    Ok(Some(id))
}

async fn save_parts(app: &App, tx: &mut Tx, id: VideoId, object: &wire::Video, now: Timestamp) -> Result<(), DbError> {
    match playlist_of(object) {
        Some(playlist) => videos::store::replace_playlist(tx, id, &playlist, now).await?,
        None => videos::store::delete_playlist(tx, id).await?,
    }
    let web_files: Vec<_> = object.web_files().iter().take(MAX_FILES).map(file_of).collect();
    videos::store::replace_web_files(tx, id, &web_files).await?;
    captions::federate::replace_remote(app, tx, id, object).await?;
    storyboards::federate::replace_remote(app, tx, id, object).await
}

/// `None` if it is neither for everybody nor for whoever has its address.
fn privacy_of(object: &wire::Video) -> Option<Privacy> {
    match &object.audience {
        audience if audience.is_public() => Some(Privacy::Public),
        audience if audience.is_unlisted() => Some(Privacy::Unlisted),
        _ => None,
    }
}

fn draft(object: &wire::Video, channel_id: channels::ChannelId, privacy: Privacy, now: Timestamp) -> VideoDraft {
    let number = |term: &Option<wire::Term>| term.as_ref().and_then(|term| term.identifier.parse().ok());
    let trackers = object.urls.trackers.iter().map(|tracker| tracker.url().to_string()).take(MAX_TRACKERS).collect();
    let facts = VideoFacts {
        uuid: object.uuid,
        url: object.id.to_string(),
        is_local: false,
        channel_id,
        name: object.name.clone(),
        description: object.content.clone(),
        support: object.support.clone(),
        category: number(&object.category),
        licence: number(&object.licence),
        language: object.language.as_ref().map(|term| term.identifier.clone()),
        privacy,
        state: state_of(object),
        is_nsfw: object.sensitive,
        nsfw_flags: SensitiveKind::flags_of(object.sensitive_tags()),
        nsfw_summary: object.summary.clone(),
        is_live: object.is_live_broadcast,
        live: live_of(object),
        duration_s: count(object.duration.as_secs()),
        aspect_ratio: object.aspect_ratio,
        views: count(object.views),
        downloads: object.downloads.map(count).unwrap_or_default(),
        comments_policy: object.comments_policy.number().into(),
        download_enabled: object.download_enabled,
        wait_transcoding: object.wait_transcoding,
        tracker_urls: Json(trackers),
        published_at: platform_moment(object.published),
        originally_published_at: object.originally_published_at.map(platform_moment),
    };
    VideoDraft {
        facts,
        remote_thumbnail_url: object.thumbnail().map(|image| image.url.to_string()),
        remote_preview_url: object.preview().map(|image| image.url.to_string()),
        refreshed_at: Some(now),
        // A clock that is ahead must not shut out what comes later.
        updated_at: Some(object.updated.map_or(now, platform_moment).min(now)),
        tags: object.hashtags().map(str::to_owned).take(MAX_TAGS).collect(),
        links: links_of(object),
    }
}

/// States that only its own server has to do with (moving files, editing) are "not ready" to others.
fn state_of(object: &wire::Video) -> VideoState {
    object.state.map_or(VideoState::Published, |state| VideoState::from(i64::from(state)))
}

fn live_of(object: &wire::Video) -> LiveFacts {
    if !object.is_live_broadcast {
        return LiveFacts::default();
    }
    let starts: Vec<_> = object.schedules.iter().map(|schedule| platform_moment(schedule.start_date)).collect();
    LiveFacts {
        is_permanent_live: object.permanent_live.unwrap_or_default(),
        saves_replay: object.live_save_replay.unwrap_or_default(),
        latency_mode: object.latency_mode.map(i64::from),
        dvr_window_s: object.dvr_window.map(|window| count(window.as_secs())),
        scheduled_starts: (!starts.is_empty()).then_some(Json(starts)),
    }
}

/// Whoever hosts a video answers for what hangs on it; other hosts are not asked.
fn own<'u>(url: Option<&'u Url>, video: &Url) -> Option<&'u Url> {
    url.filter(|url| same_host(url, video))
}

fn links_of(object: &wire::Video) -> RemoteLinks {
    let picture =
        |image: &wire::Image| RemotePicture { url: image.url.to_string(), width: image.width, height: image.height };
    let own = |url: &Option<Url>| own(url.as_ref(), &object.id).map(Url::to_string);
    RemoteLinks {
        remote_thumbnails: Some(Json(object.icon.iter().take(MAX_PICTURES).map(picture).collect())),
        embed_url: own(&object.embed_url),
        likes_url: own(&object.likes),
        dislikes_url: own(&object.dislikes),
        shares_url: own(&object.shares),
        comments_url: own(&object.comments),
        chapters_url: own(&object.has_parts),
        player_settings_url: own(&object.player_settings),
    }
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Moments from elsewhere, cut to the milliseconds that are kept here.
fn platform_moment(moment: Timestamp) -> Timestamp {
    Timestamp::from_timestamp_millis(moment.timestamp_millis()).unwrap_or(moment)
}

fn playlist_of(object: &wire::Video) -> Option<NewPlaylist> {
    let hls = object.hls()?;
    Some(NewPlaylist {
        playlist_url: hls.href.to_string(),
        segments_sha256_url: hls.sha256_url.as_ref().map(Url::to_string),
        files: hls.files.iter().take(MAX_FILES).map(file_of).collect(),
    })
}

fn file_of(file: &wire::MediaFile) -> VideoFile {
    VideoFile {
        resolution: file.width.map_or(file.height, |width| width.min(file.height)).into(),
        width: file.width.map(i64::from),
        height: Some(file.height.into()),
        fps: file.fps.unwrap_or_default().into(),
        size_bytes: count(file.size_bytes),
        file_url: file.href.to_string(),
        has_audio: file.streams.is_none_or(|streams| streams.audio),
        has_video: file.streams.is_none_or(|streams| streams.video),
        links: FileLinks {
            media_type: file.media_type.chars().take(100).collect(),
            torrent_url: file.torrent_url.as_ref().map(Url::to_string),
            magnet_uri: file.magnet.clone(),
            metadata_url: file.metadata_url.as_ref().map(Url::to_string),
        },
    }
}

/// Asks for the chapters of a video and keeps them. Where there are none, those that were known go.
pub(super) async fn fetch_chapters(app: &App, id: VideoId) -> Result<(), JobError> {
    let links = videos::store::links(&mut app.platform.db.read().await?, id).await?;
    let url = links.and_then(|links| links.chapters_url);
    let Some(url) = url.and_then(|url| Url::parse(&url).ok()) else { return Ok(()) };
    let found = match app.courier.fetch(&url).await {
        Ok(document) => wire::Chapters::from_value(&document).map(|found| found.chapters).unwrap_or_default(),
        Err(error) if error.is_permanent() => vec![],
        Err(error) => return Err(error.into()),
    };
    let chapters = chapters::Chapter::sorted(
        found
            .into_iter()
            .map(|chapter| chapters::Chapter { start_s: chapter.start_offset.into(), title: chapter.name }),
    );
    let mut tx = app.platform.db.begin().await?;
    if videos::store::find(&mut tx, id).await?.is_some() {
        chapters::store::replace(&mut tx, id, &chapters).await?;
        tx.commit().await?;
    }
    Ok(())
}
