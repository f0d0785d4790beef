//! Playlists as PeerTube's REST API shows them, and what of their elements somebody may see.

use std::collections::HashMap;

use platform::{
    db::{Connection, DbError},
    ids::short_uuid,
};
use serde_json::{Value, json};

use super::{Element, Playlist};
use crate::{
    App,
    actors::images::Avatars,
    users::User,
    videos::{self, Summary, Video, VideoId, iso, may_see},
};

/// What there is at a place of a playlist, for somebody.
#[derive(Debug)]
pub(super) enum Shown {
    /// A video.
    Video(Box<Video>),
    /// A video of ours that is gone.
    Deleted,
    /// A video that is not for whoever asks.
    Private,
    /// A video of another server that is not known here (yet).
    Unavailable,
}

impl Shown {
    fn video(&self) -> Option<&Video> {
        match self {
            Self::Video(video) => Some(video),
            Self::Deleted | Self::Private | Self::Unavailable => None,
        }
    }

    /// PeerTube's number.
    fn number(&self) -> i64 {
        match self {
            Self::Video(_) => 0,
            Self::Deleted => 1,
            Self::Private => 2,
            Self::Unavailable => 3,
        }
    }

    /// What a page says in place of the title.
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Video(video) => &video.name,
            Self::Deleted => "This video was deleted",
            Self::Private => "This video is private",
            Self::Unavailable => "This video is not known here yet",
        }
    }
}

/// What somebody sees in place of each element.
pub(super) async fn look_at(
    app: &App,
    connection: &mut Connection,
    elements: &[Element],
    user: Option<&User>,
) -> Result<Vec<Shown>, DbError> {
    let ids: Vec<VideoId> = elements.iter().filter_map(|element| element.video_id).collect();
    let found = videos::store::find_all(connection, &ids).await?;
    let videos: HashMap<VideoId, Video> = found.into_iter().map(|video| (video.id, video)).collect();
    let here = app.ids.instance_actor();
    let mut shown = Vec::with_capacity(elements.len());
    for element in elements {
        let video = element.video_id.and_then(|id| videos.get(&id));
        shown.push(match video {
            Some(video) if may_see(connection, video, user).await? => Shown::Video(Box::new(video.clone())),
            Some(_) => Shown::Private,
            None if is_on(&element.video_url, &here) => Shown::Deleted,
            None => Shown::Unavailable,
        });
    }
    Ok(shown)
}

fn is_on(url: &str, server: &url::Url) -> bool {
    url::Url::parse(url).is_ok_and(|url| federation::origin::same_host(&url, server))
}

/// Playlists as lists and their own addresses show them.
pub(super) async fn playlists_json(
    app: &App,
    connection: &mut Connection,
    playlists: impl IntoIterator<Item = &Playlist> + Clone,
) -> Result<Vec<Value>, DbError> {
    let of = |playlist: &Playlist| [Some(playlist.account_actor_id), playlist.channel_actor_id];
    let avatars = Avatars::of(connection, playlists.clone().into_iter().flat_map(of).flatten()).await?;
    Ok(playlists.into_iter().map(|playlist| playlist_json(app, playlist, &avatars)).collect())
}

fn playlist_json(app: &App, playlist: &Playlist, avatars: &Avatars) -> Value {
    let absolute = |path: &str| app.platform.public_url.join(path).to_string();
    let thumbnail_path = playlist.picture_path();
    let thumbnails: Vec<Value> = thumbnail_path
        .iter()
        .map(|path| json!({ "width": 280, "height": 157, "aspectRatio": "16:9", "fileUrl": absolute(path) }))
        .collect();
    let embed_path = format!("/video-playlists/embed/{}", playlist.uuid);
    let owner = json!({
        "id": playlist.account_id.0,
        "name": playlist.account_username,
        "displayName": playlist.account_display_name,
        "url": playlist.account_url,
        "host": playlist.account_host,
        "avatars": avatars.json(playlist.account_actor_id, &playlist.account_url),
    });
    let channel = playlist.channel_id.zip(playlist.channel_actor_id).map(|(channel, actor)| {
        json!({
            "id": channel.0,
            "name": playlist.channel_username,
            "displayName": playlist.channel_display_name,
            "url": playlist.channel_url,
            "host": playlist.channel_host,
            "avatars": avatars.json(actor, playlist.channel_url.as_deref().unwrap_or_default()),
        })
    });
    json!({
        "id": playlist.id.0,
        "uuid": playlist.uuid,
        "shortUUID": short_uuid(playlist.uuid),
        "isLocal": playlist.is_local,
        "url": playlist.url,
        "displayName": playlist.name,
        "description": playlist.description,
        "privacy": { "id": playlist.privacy.number(), "label": playlist.privacy.label() },
        "thumbnailUrl": thumbnail_path.as_deref().map(absolute),
        "thumbnailPath": thumbnail_path,
        "thumbnails": thumbnails,
        "embedUrl": absolute(&embed_path),
        "embedPath": embed_path,
        "type": { "id": playlist.kind.number(), "label": playlist.kind.label() },
        "videosLength": playlist.length,
        "createdAt": iso(playlist.created_at).to_string(),
        "updatedAt": iso(playlist.updated_at).to_string(),
        "ownerAccount": owner,
        "videoChannel": channel,
        "videoChannelPosition": playlist.channel_position,
    })
}

/// Elements as the list of a playlist's videos shows them.
pub(super) async fn elements_json(
    app: &App,
    connection: &mut Connection,
    elements: &[Element],
    shown: &[Shown],
) -> Result<Vec<Value>, DbError> {
    let videos: Vec<&Video> = shown.iter().filter_map(Shown::video).collect();
    let mut summaries = videos::summaries(connection, videos).await?.into_iter();
    let base = app.platform.public_url.as_str();
    let in_place = elements.iter().zip(shown).map(|(element, shown)| {
        let video = shown.video().and_then(|_| summaries.next()).map(|video| video.at(base));
        element_json(element, shown, video)
    });
    Ok(in_place.collect())
}

fn element_json(element: &Element, shown: &Shown, video: Option<Summary<'_>>) -> Value {
    let mut object = json!({
        "id": element.id.0,
        "position": element.position,
        "startTimestamp": element.start_s,
        "stopTimestamp": element.stop_s,
        "type": shown.number(),
    });
    if let (Some(video), Some(object)) = (video, object.as_object_mut()) {
        object.insert("video".to_owned(), serde_json::to_value(video).unwrap_or_default());
    }
    object
}
