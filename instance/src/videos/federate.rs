//! Videos on the wire: ours as PeerTube's `Video` objects and the activities about them, and others' as rows.

use federation::{
    ids,
    origin::ensure_same_host,
    wire::{self, Action, Activity, Audience, Object},
};
use p2p::{
    InfoHash,
    infohash::{self, StreamKind},
};
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    jobs::{Job, JobContext, JobError, JobSet, enqueue},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use url::Url;

use super::{
    Privacy, Video, VideoFile, VideoState, actions,
    jobs::FetchPictures,
    labels,
    model::{StoredFile, VideoDraft, VideoFacts},
    store::{self, NewPlaylist},
};
use crate::{
    App,
    actors::{self, Actor, ActorId},
    channels,
    compose::RoleName,
    follows, rates,
};

const THUMBNAIL: (u32, u32) = (280, 157);
const PREVIEW: (u32, u32) = (850, 480);

/// Tells the federation of a new public video: its account creates it, its channel and the server share it. New videos
/// reach the followers of the server by the latter.
pub async fn send_new_video(app: &App, tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    let object = to_wire(app, tx, video).await?;
    let (account, channel) = (app.ids.account(&video.account_username), app.ids.channel(&video.channel_username));
    let create =
        Activity::new(ids::create(&object.id), account.clone(), Action::Create(Object::Video(Box::new(object))));
    send(app, tx, video.account_actor_id, &account, create).await?;
    send_announce(app, tx, video, video.channel_actor_id, &channel).await?;
    let server = app.ids.instance_actor();
    if let Some(me) = actors::store::find_by_url(tx, server.as_str()).await? {
        send_announce(app, tx, video, me.id, &server).await?;
    }
    Ok(())
}

/// Tells the federation what a public video is like now.
pub async fn send_update(app: &App, tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    let object = to_wire(app, tx, video).await?;
    let account = app.ids.account(&video.account_username);
    let id = ids::update(&object.id, app.platform.clock.now());
    let update = Activity::new(id, account.clone(), Action::Update(Object::Video(Box::new(object))));
    send_to_all_followers(app, tx, video, &account, update).await
}

async fn send_announce(app: &App, tx: &mut Tx, video: &Video, by: ActorId, actor: &Url) -> Result<(), DbError> {
    let id = app.ids.announce(video.uuid, by.0);
    store::insert_share(tx, video.id, by, id.as_str(), app.platform.clock.now()).await?;
    send(app, tx, by, actor, Activity::new(id, actor.clone(), Action::Announce(app.ids.video(video.uuid)))).await
}

/// Tells the federation that a video is gone.
pub async fn send_delete(app: &App, tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    let object = app.ids.video(video.uuid);
    let account = app.ids.account(&video.account_username);
    let delete = Activity::new(ids::delete(&object), account.clone(), Action::Delete(object));
    send_to_all_followers(app, tx, video, &account, delete).await
}

/// To the followers of one of our actors.
async fn send(app: &App, tx: &mut Tx, of: ActorId, actor: &Url, activity: Activity) -> Result<(), DbError> {
    let inboxes = inboxes_of(tx, &[of]).await?;
    let activity = activity.addressed(Audience::public([ids::under(actor, "followers")]));
    courier::deliver(tx, app.platform.clock.now(), actor, &inboxes, &activity).await
}

/// To the followers of the account, the channel and the server: to each server once.
pub(crate) async fn send_to_all_followers(
    app: &App,
    tx: &mut Tx,
    video: &Video,
    actor: &Url,
    activity: Activity,
) -> Result<(), DbError> {
    let mut speakers = vec![video.account_actor_id, video.channel_actor_id];
    if let Some(me) = actors::store::find_by_url(tx, app.ids.instance_actor().as_str()).await? {
        speakers.push(me.id);
    }
    let inboxes = inboxes_of(tx, &speakers).await?;
    let activity = activity.addressed(Audience::public([ids::under(actor, "followers")]));
    courier::deliver(tx, app.platform.clock.now(), actor, &inboxes, &activity).await
}

/// Perhaps with repetitions: each inbox is delivered to once all the same.
async fn inboxes_of(tx: &mut Tx, actors: &[ActorId]) -> Result<Vec<Url>, DbError> {
    let mut inboxes = vec![];
    for actor in actors {
        for inbox in follows::store::follower_inboxes(tx, *actor).await? {
            inboxes.extend(Url::parse(&inbox));
        }
    }
    Ok(inboxes)
}

/// The document of one of our public videos.
pub async fn document(app: &App, connection: &mut Connection, video: &Video) -> Result<Value, DbError> {
    Ok(to_wire(app, connection, video).await?.to_document())
}

async fn to_wire(app: &App, connection: &mut Connection, video: &Video) -> Result<wire::Video, DbError> {
    let id = app.ids.video(video.uuid);
    let (account, channel) = (app.ids.account(&video.account_username), app.ids.channel(&video.channel_username));
    let term =
        |identifier: String, name: Option<&str>| name.map(|name| wire::Term { identifier, name: name.to_owned() });
    let mut object = wire::Video::new(id.clone(), video.uuid, video.name.clone(), video.published_at);
    object.audience = match video.privacy {
        Privacy::Public => Audience::public([ids::under(&account, "followers")]),
        _ => Audience::unlisted(),
    };
    object.duration = std::time::Duration::from_secs(video.duration_s.unsigned_abs());
    object.category = video.category.and_then(|number| term(number.to_string(), labels::category(number)));
    object.licence = video.licence.and_then(|number| term(number.to_string(), labels::licence(number)));
    object.language = video.language.as_deref().and_then(|code| term(code.to_owned(), labels::language(code)));
    object.views = video.views.unsigned_abs();
    object.sensitive = video.is_nsfw;
    object.wait_transcoding = video.wait_transcoding;
    object.comments_policy =
        wire::CommentsPolicy::from_number(video.comments_policy.unsigned_abs()).unwrap_or_default();
    object.download_enabled = video.download_enabled;
    object.originally_published_at = video.originally_published_at;
    object.updated = Some(video.updated_at);
    object.upload_date = Some(video.created_at);
    object.tags = store::tags(connection, video.id).await?.into_iter().map(wire::Tag::hashtag).collect();
    object.content.clone_from(&video.description);
    object.support.clone_from(&video.support);
    object.icon = icons(app, video);
    object.aspect_ratio = video.aspect_ratio;
    object.urls = urls(app, connection, video).await?;
    object.likes = Some(ids::under(&id, "likes"));
    object.dislikes = Some(ids::under(&id, "dislikes"));
    object.shares = Some(ids::under(&id, "announces"));
    object.comments = Some(ids::under(&id, "comments"));
    object.embed_url = Some(app.ids.video_embed(video.uuid));
    object.attributed_to = vec![wire::Attribution::account(account), wire::Attribution::channel(channel.clone())];
    object.community = Some(channel);
    Ok(object)
}

fn icons(app: &App, video: &Video) -> Vec<wire::Image> {
    let image = |path: Option<String>, (width, height)| {
        path.map(|path| wire::Image::new(app.platform.public_url.join(&path), "image/jpeg", width, height))
    };
    [image(video.thumbnail_path(), THUMBNAIL), image(video.preview_path(), PREVIEW)].into_iter().flatten().collect()
}

async fn urls(app: &App, connection: &mut Connection, video: &Video) -> Result<wire::VideoUrls, DbError> {
    let mut urls = wire::VideoUrls { pages: vec![app.ids.video(video.uuid)], ..wire::VideoUrls::default() };
    let Some(playlist) = store::playlist(connection, video.id).await? else { return Ok(urls) };
    let Ok(href) = Url::parse(&playlist.playlist_url) else { return Ok(urls) };
    let files = store::files(connection, playlist.id).await?;
    urls.hls = Some(wire::HlsPlaylist {
        infohashes: infohashes(&playlist.playlist_url, &files),
        sha256_url: playlist.segments_sha256_url.as_deref().and_then(|url| Url::parse(url).ok()),
        files: files.iter().filter_map(|file| file_link(file)).collect(),
        href,
    });
    for tracker in &video.tracker_urls.0 {
        if let Ok(url) = Url::parse(tracker) {
            urls.trackers.push(if url.scheme().starts_with("ws") {
                wire::Tracker::WebSocket(url)
            } else {
                wire::Tracker::Http(url)
            });
        }
    }
    Ok(urls)
}

/// The swarms that players of PeerTube 7.1 and later join; the tracker knows those of older ones, too.
fn infohashes(playlist_url: &str, files: &[StoredFile]) -> Vec<String> {
    let main = (0..files.len()).map(|index| infohash::v2(playlist_url, StreamKind::Main, index));
    let has_sound_alone = files.iter().any(|file| file.is_audio_only());
    let sound = has_sound_alone.then(|| infohash::v2(playlist_url, StreamKind::Secondary, 0));
    main.chain(sound).map(InfoHash::to_hex).collect()
}

fn file_link(file: &VideoFile) -> Option<wire::MediaFile> {
    let small = |number: i64| u32::try_from(number).ok();
    Some(wire::MediaFile {
        href: Url::parse(&file.file_url).ok()?,
        media_type: "video/mp4".to_owned(),
        width: file.width.and_then(small),
        height: file.height.and_then(small).unwrap_or_default(),
        size_bytes: file.size_bytes.unsigned_abs(),
        fps: small(file.fps),
        streams: Some(wire::Streams { audio: file.has_audio, video: file.has_video }),
        metadata_url: None,
        torrent_url: None,
        magnet: None,
    })
}

/// Asks the origin of a video for it, and keeps what it says.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshVideo {
    /// Its address.
    pub url: Url,
    /// Row of the actor who shared it and the address of the sharing, if that is why.
    pub shared_by: Option<(i64, String)>,
}

impl Job for RefreshVideo {
    const KIND: &'static str = "video_refresh";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{} {}", self.url, self.shared_by.as_ref().map_or(0, |(actor, _)| *actor)))
    }
}

/// The jobs of this file.
pub fn job_set(app: &App) -> JobSet {
    let app = app.clone();
    JobSet::new().on::<RefreshVideo, _, _>(move |job, context| refresh(app.clone(), job, context))
}

async fn refresh(app: App, job: RefreshVideo, _: JobContext) -> Result<(), JobError> {
    if federation::origin::same_host(&job.url, &app.ids.instance_actor()) {
        return Ok(());
    }
    let document = match app.courier.fetch(&job.url).await {
        Ok(document) => document,
        Err(error) if error.is_refused() && error.is_permanent() => return Ok(()),
        Err(error) if error.is_gone() => return remove_remote(&app, &job.url).await.map_err(JobError::from),
        Err(error) => return Err(error.into()),
    };
    let object = wire::Video::from_value(&document).map_err(JobError::fail)?;
    let channel_url = object.channel().cloned().ok_or_else(|| JobError::fail("a video without a channel"))?;
    ensure_same_host(&channel_url, &object.id).map_err(JobError::fail)?;
    let channel = actors::federate::resolve(&app, &channel_url).await?;
    let mut tx = app.platform.db.begin().await?;
    if let Some(id) = save(&app, &mut tx, &object, &channel).await?
        && let Some((actor, url)) = job.shared_by
    {
        store::insert_share(&mut tx, id, ActorId(actor), &url, app.platform.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Keeps what the origin of a video says of it. What is not public is not kept, and forgotten if it was.
pub async fn save(
    app: &App,
    tx: &mut Tx,
    object: &wire::Video,
    channel: &Actor,
) -> Result<Option<super::VideoId>, JobError> {
    let now = app.platform.clock.now();
    if let Some(known) = store::find_by_uuid(tx, object.uuid).await?
        && (known.is_local || known.url != object.id.as_str())
    {
        return Err(JobError::fail(format!("{} has the UUID of another video", object.id)));
    }
    if !object.audience.is_public() {
        if let Some(known) = store::find_by_url(tx, object.id.as_str()).await? {
            actions::delete_in(app, tx, &known).await?;
        }
        return Ok(None);
    }
    let Some(channel) = channels::store::find_by_actor(tx, channel.id).await? else {
        return Err(JobError::fail(format!("{} belongs to something that is no channel", object.id)));
    };
    let before = store::find_by_url(tx, object.id.as_str()).await?;
    let pictures_before = match &before {
        Some(video) => store::remote_pictures(tx, video.id).await?,
        None => None,
    };
    let draft = draft(object, channel.id, now);
    let id = store::upsert(tx, &draft, now).await?;
    if let Some(playlist) = playlist_of(object) {
        store::replace_playlist(tx, id, &playlist, now).await?;
    }
    if pictures_before != Some((draft.remote_thumbnail_url, draft.remote_preview_url)) {
        enqueue(tx, now, &FetchPictures { video_id: id.0 }).await?;
    }
    rates::federate::follow_counters(app, tx, id, object, before.is_none()).await?;
    // A node that plays this role finds the video with its hourly check if the one that took it in does not.
    if app.roles.has(RoleName::Redundancy) {
        redundancy::consider(tx, now, object.uuid).await?;
    }
    Ok(Some(id))
}

fn draft(object: &wire::Video, channel_id: channels::ChannelId, now: Timestamp) -> VideoDraft {
    let number = |term: &Option<wire::Term>| term.as_ref().and_then(|term| term.identifier.parse().ok());
    let trackers = object.urls.trackers.iter().map(|tracker| tracker.url().to_string()).take(10).collect();
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
        privacy: Privacy::Public,
        state: if object.is_published() { VideoState::Published } else { VideoState::ToTranscode },
        is_nsfw: object.sensitive,
        is_live: object.is_live_broadcast,
        duration_s: i64::try_from(object.duration.as_secs()).unwrap_or(i64::MAX),
        aspect_ratio: object.aspect_ratio,
        views: i64::try_from(object.views).unwrap_or(i64::MAX),
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
        tags: object.tags.iter().map(|tag| tag.name.clone()).take(20).collect(),
    }
}

/// Moments from elsewhere, cut to the milliseconds that are kept here.
fn platform_moment(moment: Timestamp) -> Timestamp {
    Timestamp::from_timestamp_millis(moment.timestamp_millis()).unwrap_or(moment)
}

fn playlist_of(object: &wire::Video) -> Option<NewPlaylist> {
    let hls = object.hls()?;
    let files = hls.files.iter().take(50).map(|file| VideoFile {
        resolution: file.width.map_or(file.height, |width| width.min(file.height)).into(),
        width: file.width.map(i64::from),
        height: Some(file.height.into()),
        fps: file.fps.unwrap_or_default().into(),
        size_bytes: i64::try_from(file.size_bytes).unwrap_or(i64::MAX),
        file_url: file.href.to_string(),
        has_audio: file.streams.is_none_or(|streams| streams.audio),
        has_video: file.streams.is_none_or(|streams| streams.video),
    });
    Some(NewPlaylist {
        playlist_url: hls.href.to_string(),
        segments_sha256_url: hls.sha256_url.as_ref().map(Url::to_string),
        files: files.collect(),
    })
}

/// A video is gone at its origin.
pub async fn receive_delete(app: &App, tx: &mut Tx, url: &Url) -> Result<bool, DbError> {
    let Some(video) = store::find_by_url(tx, url.as_str()).await? else { return Ok(false) };
    if !video.is_local {
        actions::delete_in(app, tx, &video).await?;
    }
    Ok(true)
}

async fn remove_remote(app: &App, url: &Url) -> Result<(), DbError> {
    let mut tx = app.platform.db.begin().await?;
    receive_delete(app, &mut tx, url).await?;
    tx.commit().await
}
