//! Our videos on the wire: PeerTube's `Video` objects and the activities about them. What others say is
//! [`intake`](super::intake)'s.
//!
//! **Invariant:** of a video that the moderators have taken back from the federation nothing is said but that it is gone,
//! whoever asks for more: anything else would bring it back.

use std::time::Duration;

use federation::{
    ids,
    wire::{self, Action, Activity, Audience, Object, Undone, video_parts::TagKind},
};
use p2p::{
    InfoHash,
    infohash::{self, StreamKind},
};
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
};
use serde_json::Value;
use url::Url;

use super::{
    Privacy, Video, VideoFile, labels,
    model::{LiveFacts, SensitiveKind, StoredFile},
    store,
};
use crate::{
    App,
    actors::{self, ActorId},
    captions, chapters,
    federation::broadcast,
    moderation::video_blocks::is_unfederated,
    shares, storyboards,
};

const THUMBNAIL: (u32, u32) = (280, 157);
const PREVIEW: (u32, u32) = (850, 480);

/// Whether other servers that have its address may read a video of ours, and hear what is said of it.
pub async fn is_told(connection: &mut Connection, video: &Video) -> Result<bool, DbError> {
    Ok(video.is_open() && !is_unfederated(connection, video.id).await?)
}

/// Tells the federation of a new public video: its account creates it, its channel and the server share it. New videos
/// reach the followers of the server by the latter.
pub async fn send_new_video(app: &App, tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    if is_unfederated(tx, video.id).await? {
        return Ok(());
    }
    let (account, channel) = (app.ids.account(&video.account_username), app.ids.channel(&video.channel_username));
    let create = create(app, tx, video).await?;
    send(app, tx, video.account_actor_id, &account, create).await?;
    send_announce(app, tx, video, video.channel_actor_id, &channel).await?;
    let server = app.ids.instance_actor();
    if let Some(me) = actors::store::find_by_url(tx, server.as_str()).await? {
        send_announce(app, tx, video, me.id, &server).await?;
    }
    Ok(())
}

async fn create(app: &App, connection: &mut Connection, video: &Video) -> Result<Activity, DbError> {
    let object = to_wire(app, connection, video).await?;
    let account = app.ids.account(&video.account_username);
    Ok(Activity::new(ids::create(&object.id), account, Action::Create(Object::Video(Box::new(object)))))
}

/// The document of the activity with which one of our public videos was published.
pub async fn creation_document(app: &App, connection: &mut Connection, video: &Video) -> Result<Value, DbError> {
    let followers = ids::under(&app.ids.account(&video.account_username), "followers");
    Ok(create(app, connection, video).await?.addressed(Audience::public([followers])).to_document())
}

/// Tells the federation what a public video is like now.
pub async fn send_update(app: &App, tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    let update = update(app, tx, video).await?;
    send_to_all_followers(app, tx, video, &update.actor.clone(), update).await
}

async fn update(app: &App, connection: &mut Connection, video: &Video) -> Result<Activity, DbError> {
    let object = to_wire(app, connection, video).await?;
    let account = app.ids.account(&video.account_username);
    let id = ids::update(&object.id, app.platform.clock.now());
    Ok(Activity::new(id, account, Action::Update(Object::Video(Box::new(object)))))
}

/// Tells the federation that a public video is in another channel now: the old one shares it no longer, the new one does,
/// and whoever follows either hears what the video is like.
pub async fn send_change_of_channel(app: &App, tx: &mut Tx, before: &Video, after: &Video) -> Result<(), DbError> {
    if is_unfederated(tx, after.id).await? {
        return Ok(());
    }
    send_undo_announce(app, tx, before, before.channel_actor_id, &app.ids.channel(&before.channel_username)).await?;
    send_announce(app, tx, after, after.channel_actor_id, &app.ids.channel(&after.channel_username)).await?;
    let update = update(app, tx, after).await?;
    let update = addressed(&update.actor.clone(), update);
    let concerned = [after.account_actor_id, before.channel_actor_id, after.channel_actor_id];
    broadcast::to_followers(app, tx, &concerned, &update).await
}

async fn send_announce(app: &App, tx: &mut Tx, video: &Video, by: ActorId, actor: &Url) -> Result<(), DbError> {
    let id = app.ids.announce(video.uuid, by.0);
    store::insert_share(tx, video.id, by, id.as_str(), app.platform.clock.now()).await?;
    send(app, tx, by, actor, announce(app, video, id, actor)).await
}

fn announce(app: &App, video: &Video, id: Url, actor: &Url) -> Activity {
    Activity::new(id, actor.clone(), Action::Announce(app.ids.video(video.uuid)))
}

/// One of our actors shares a video no longer: everybody hears of it who may have heard of the sharing, some from others
/// than the actor. A server that is away hears of it when it is back.
async fn send_undo_announce(app: &App, tx: &mut Tx, video: &Video, by: ActorId, actor: &Url) -> Result<(), DbError> {
    let id = app.ids.announce(video.uuid, by.0);
    if shares::store::delete_by_url(tx, id.as_str(), by).await?.is_none() {
        return Ok(());
    }
    let undone = addressed(actor, announce(app, video, id, actor));
    let id = ids::undo(&undone.id);
    let undo = addressed(actor, Activity::new(id, actor.clone(), Action::Undo(Undone::Activity(Box::new(undone)))));
    let inboxes = broadcast::inboxes_around(app, tx, &[video.account_actor_id, by]).await?;
    courier::deliver_surely(tx, app.platform.clock.now(), actor, &inboxes, &undo).await
}

/// Tells the federation that a video which was public no longer is: nobody shares it, and it is gone there.
pub async fn send_withdrawal(app: &App, tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    let channel = app.ids.channel(&video.channel_username);
    send_undo_announce(app, tx, video, video.channel_actor_id, &channel).await?;
    let server = app.ids.instance_actor();
    if let Some(me) = actors::store::find_by_url(tx, server.as_str()).await? {
        send_undo_announce(app, tx, video, me.id, &server).await?;
    }
    send_delete(app, tx, video).await
}

/// Tells the federation that a video is gone.
pub async fn send_delete(app: &App, tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    let object = app.ids.video(video.uuid);
    let account = app.ids.account(&video.account_username);
    let delete = Activity::new(ids::delete(&object), account.clone(), Action::Delete(object));
    send_around(app, tx, video, &account, delete).await
}

/// To the followers of one of our actors.
async fn send(app: &App, tx: &mut Tx, of: ActorId, actor: &Url, activity: Activity) -> Result<(), DbError> {
    broadcast::to_followers_of(app, tx, of, &addressed(actor, activity)).await
}

/// To everybody, and to an actor's followers.
fn addressed(actor: &Url, activity: Activity) -> Activity {
    activity.addressed(Audience::public([ids::under(actor, "followers")]))
}

/// Tells the followers of the account, the channel and the server something about a video that is there: each server once.
pub(crate) async fn send_to_all_followers(
    app: &App,
    tx: &mut Tx,
    video: &Video,
    actor: &Url,
    activity: Activity,
) -> Result<(), DbError> {
    if is_unfederated(tx, video.id).await? {
        return Ok(());
    }
    send_around(app, tx, video, actor, activity).await
}

async fn send_around(app: &App, tx: &mut Tx, video: &Video, actor: &Url, activity: Activity) -> Result<(), DbError> {
    let activity = addressed(actor, activity);
    broadcast::to_followers(app, tx, &[video.account_actor_id, video.channel_actor_id], &activity).await
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
    object.duration = Duration::from_secs(video.duration_s.unsigned_abs());
    object.category = video.category.and_then(|number| term(number.to_string(), labels::category(number)));
    object.licence = video.licence.and_then(|number| term(number.to_string(), labels::licence(number)));
    object.language = video.language.as_deref().and_then(|code| term(code.to_owned(), labels::language(code)));
    object.views = video.views.unsigned_abs();
    object.downloads = Some(video.downloads.unsigned_abs());
    object.sensitive = video.is_nsfw;
    object.summary.clone_from(&video.nsfw_summary);
    object.state = u32::try_from(video.state.number()).ok();
    object.wait_transcoding = video.wait_transcoding;
    object.comments_policy =
        wire::CommentsPolicy::from_number(video.comments_policy.unsigned_abs()).unwrap_or_default();
    object.download_enabled = video.download_enabled;
    object.originally_published_at = video.originally_published_at;
    object.updated = Some(video.updated_at);
    object.upload_date = Some(video.created_at);
    object.tags = store::tags(connection, video.id).await?.into_iter().map(wire::Tag::hashtag).collect();
    let kinds = SensitiveKind::of_flags(video.nsfw_flags).filter(|_| video.is_nsfw);
    object.tags.extend(kinds.map(|kind| wire::Tag { kind: TagKind::SensitiveTag, name: kind.name().to_owned() }));
    object.captions = captions::federate::of_video(app, connection, video.id).await?;
    object.storyboard = storyboards::federate::of_video(app, connection, video.id).await?;
    object.has_parts = Some(app.ids.chapters(video.uuid));
    object.player_settings = Some(app.ids.video_player_settings(video.uuid));
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
    if video.is_live {
        describe_live(&mut object, &video.live);
    }
    Ok(object)
}

fn describe_live(object: &mut wire::Video, live: &LiveFacts) {
    object.is_live_broadcast = true;
    object.live_save_replay = Some(live.saves_replay);
    object.permanent_live = Some(live.is_permanent_live);
    object.latency_mode = live.latency_mode.and_then(|mode| u32::try_from(mode).ok());
    object.dvr_window = live.dvr_window_s.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
    let schedule = |start_date: &Timestamp| wire::video::Schedule { start_date: *start_date };
    object.schedules = live.starts().iter().map(schedule).collect();
}

/// The document of the chapters of one of our public videos.
pub async fn chapters_document(app: &App, connection: &mut Connection, video: &Video) -> Result<Value, DbError> {
    let starts = chapters::store::of_video(connection, video.id).await?;
    let starts = starts.into_iter().map(|chapter| (chapter.title, u32::try_from(chapter.start_s).unwrap_or(u32::MAX)));
    let duration_s = u32::try_from(video.duration_s).unwrap_or(u32::MAX);
    Ok(wire::Chapters::new(app.ids.chapters(video.uuid), starts, duration_s).to_document())
}

/// What is left of a video of ours that was deleted.
pub fn tombstone_document(id: Url, deleted: Timestamp) -> Value {
    let tombstone = wire::Tombstone {
        id,
        former_type: Some(wire::video::KIND.to_owned()),
        in_reply_to: None,
        published: None,
        updated: Some(deleted),
        deleted: Some(deleted),
    };
    tombstone.to_document()
}

fn icons(app: &App, video: &Video) -> Vec<wire::Image> {
    let image = |path: Option<String>, (width, height)| {
        path.map(|path| wire::Image::new(app.platform.public_url.join(&path), "image/jpeg", width, height))
    };
    [image(video.thumbnail_path(), THUMBNAIL), image(video.preview_path(), PREVIEW)].into_iter().flatten().collect()
}

async fn urls(app: &App, connection: &mut Connection, video: &Video) -> Result<wire::VideoUrls, DbError> {
    let mut urls = wire::VideoUrls { pages: vec![app.ids.video(video.uuid)], ..wire::VideoUrls::default() };
    urls.web_files = store::web_files(connection, video.id).await?.iter().filter_map(|file| file_link(file)).collect();
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
        media_type: file.links.media_type.clone(),
        width: file.width.and_then(small),
        height: file.height.and_then(small).unwrap_or_default(),
        size_bytes: file.size_bytes.unsigned_abs(),
        fps: small(file.fps),
        streams: Some(wire::Streams { audio: file.has_audio, video: file.has_video }),
        metadata_url: file.links.metadata_url.as_deref().and_then(|url| Url::parse(url).ok()),
        torrent_url: file.links.torrent_url.as_deref().and_then(|url| Url::parse(url).ok()),
        magnet: file.links.magnet_uri.clone(),
    })
}
