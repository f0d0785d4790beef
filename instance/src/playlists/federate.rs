//! Playlists on the wire: ours as PeerTube's `Playlist` objects and the activities about them, and others' as rows.

use courier::FetchError;
use federation::{
    ids,
    origin::{ensure_same_host, same_host},
    wire::{self, Action, Activity, Attribution, Audience, Image, Object, lenient},
};
use futures::StreamExt;
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::{JobError, enqueue},
};
use serde_json::Value;
use tracing::debug;
use url::Url;
use uuid::Uuid;

pub use super::jobs::RefreshPlaylist;
use super::{
    Element, MAX_ELEMENTS, MAX_NEW_VIDEOS, MAX_PER_ACCOUNT, NewElement, NewPlaylist, Playlist, PlaylistId,
    PlaylistKind, PlaylistPrivacy, actions, element_store, jobs::FetchPicture, store,
};
use crate::{
    App, accounts,
    actors::{self, Actor, ActorId, federate::ResolveError},
    channels,
    federation::broadcast,
    follows,
    videos::{self, Video, intake::Reason},
};

const THUMBNAIL: (u32, u32) = (280, 157);
/// Elements that are asked for at a time.
const ELEMENTS_AT_ONCE: usize = 4;

/// Tells the federation of a playlist that is new, or was of another privacy before.
pub(super) async fn tell(
    app: &App,
    tx: &mut Tx,
    playlist: &Playlist,
    before: Option<PlaylistPrivacy>,
) -> Result<(), DbError> {
    let is_open = playlist.privacy != PlaylistPrivacy::Private;
    let was_open = before.is_some_and(|privacy| privacy != PlaylistPrivacy::Private);
    let object = to_wire(app, playlist);
    let audience = object.audience.clone();
    let (id, action) = match (was_open, is_open) {
        (false, false) => return Ok(()),
        (true, false) => return send_delete(app, tx, playlist).await,
        (false, true) => (ids::create(&object.id), Action::Create(Object::Playlist(Box::new(object)))),
        (true, true) => {
            (ids::update(&object.id, app.platform.clock.now()), Action::Update(Object::Playlist(Box::new(object))))
        }
    };
    send(app, tx, playlist, Activity::new(id, app.ids.account(&playlist.account_username), action).addressed(audience))
        .await
}

/// Tells the federation that a playlist is gone.
pub(super) async fn send_delete(app: &App, tx: &mut Tx, playlist: &Playlist) -> Result<(), DbError> {
    let object = app.ids.playlist(playlist.uuid);
    let account = app.ids.account(&playlist.account_username);
    let audience = Audience::public([ids::under(&account, "followers")]);
    send(app, tx, playlist, Activity::new(ids::delete(&object), account, Action::Delete(object)).addressed(audience))
        .await
}

/// To the followers of the account, the channel and the server.
async fn send(app: &App, tx: &mut Tx, playlist: &Playlist, activity: Activity) -> Result<(), DbError> {
    let speakers: Vec<ActorId> =
        [Some(playlist.account_actor_id), playlist.channel_actor_id].into_iter().flatten().collect();
    let inboxes = broadcast::inboxes_around(app, tx, &speakers).await?;
    let (now, actor) = (app.platform.clock.now(), activity.actor.clone());
    // Servers ask again for playlists that they know. Of a new one, a server that was away would never know.
    if matches!(activity.action, Action::Create(_)) {
        return courier::deliver_surely(tx, now, &actor, &inboxes, &activity).await;
    }
    courier::deliver(tx, now, &actor, &inboxes, &activity).await
}

fn to_wire(app: &App, playlist: &Playlist) -> wire::Playlist {
    let account = app.ids.account(&playlist.account_username);
    let mut object = wire::Playlist::new(
        app.ids.playlist(playlist.uuid),
        playlist.uuid,
        playlist.name.clone(),
        playlist.created_at,
        playlist.length.unsigned_abs(),
    );
    object.audience = match playlist.privacy {
        PlaylistPrivacy::Public => Audience::public([ids::under(&account, "followers")]),
        _ => Audience::unlisted(),
    };
    object.content.clone_from(&playlist.description);
    object.updated = Some(playlist.updated_at);
    // A plain address, as PeerTube writes it here.
    let channel = playlist.channel_username.as_ref().map(|name| Attribution { kind: None, id: app.ids.channel(name) });
    object.attributed_to = channel.into_iter().collect();
    object.video_channel_position = playlist.channel_position.and_then(|position| u32::try_from(position).ok());
    let (width, height) = THUMBNAIL;
    let picture = playlist.picture_path().map(|path| app.platform.public_url.join(&path));
    object.icon = picture.map(|url| Image::new(url, "image/jpeg", width, height));
    object
}

/// The document of one of our playlists.
pub(super) fn document(app: &App, playlist: &Playlist) -> Value {
    to_wire(app, playlist).to_document()
}

/// The document of a page of one of our playlists; pages count from 1.
pub(super) fn page_document(app: &App, playlist: &Playlist, page: u64, elements: &[Element]) -> Value {
    let urls: Vec<Url> = elements.iter().map(|element| app.ids.playlist_element(playlist.uuid, element.id.0)).collect();
    to_wire(app, playlist).page_document(page, &urls)
}

/// The document of an element of one of our playlists. A video of ours that is gone or not for everybody is not named.
pub(super) fn element_document(app: &App, playlist: &Playlist, element: &Element, video: Option<&Video>) -> Value {
    let small = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    let url = Url::parse(&element.video_url).ok();
    let is_open = match video {
        Some(video) => video.privacy.is_open(),
        None => url.as_ref().is_some_and(|url| !same_host(url, &app.ids.instance_actor())),
    };
    let object = wire::PlaylistElement {
        id: app.ids.playlist_element(playlist.uuid, element.id.0),
        video: url.filter(|_| is_open),
        position: u32::try_from(element.position).unwrap_or_default(),
        start_timestamp: small(element.start_s),
        stop_timestamp: small(element.stop_s),
    };
    object.to_document()
}

/// What is left of one of our playlists.
pub(super) fn tombstone_document(url: Url, deleted_at: Timestamp) -> Value {
    let stone = wire::Tombstone {
        id: url,
        former_type: Some(wire::playlist::KIND.to_owned()),
        in_reply_to: None,
        published: None,
        updated: None,
        deleted: Some(deleted_at),
    };
    stone.to_document()
}

/// Somebody made or changed a playlist. It counts if it is known here, or this server follows somebody of theirs; its
/// origin is asked for it.
pub async fn receive(app: &App, tx: &mut Tx, actor: &Actor, playlist: &wire::Playlist) -> Result<(), DbError> {
    let is_known = store::find_by_url(tx, playlist.id.as_str()).await?.is_some();
    if !is_known && !follows::store::follows_host(tx, &actor.host).await? {
        debug!(actor.host, "a playlist of a server that nobody here follows was ignored");
        return Ok(());
    }
    enqueue(tx, app.platform.clock.now(), &RefreshPlaylist { url: playlist.id.clone() }).await
}

/// A playlist is gone at its origin.
pub async fn receive_delete(app: &App, tx: &mut Tx, url: &Url) -> Result<bool, DbError> {
    let Some(playlist) = store::find_by_url(tx, url.as_str()).await? else { return Ok(false) };
    if !playlist.is_local {
        actions::delete_in(app, tx, &playlist).await?;
    }
    Ok(true)
}

/// Why a remote playlist cannot be known.
#[derive(Debug, thiserror::Error)]
pub enum FetchPlaylistError {
    /// Its server did not give it.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its channel cannot be known.
    #[error(transparent)]
    Channel(#[from] ResolveError),
    /// Its server gave something else.
    #[error("{0} is no usable playlist: {1}")]
    Unusable(Url, String),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<FetchPlaylistError> for JobError {
    fn from(error: FetchPlaylistError) -> Self {
        match error {
            FetchPlaylistError::Fetch(error) => error.into(),
            FetchPlaylistError::Channel(error) => error.into(),
            FetchPlaylistError::Unusable(..) => Self::fail(error),
            FetchPlaylistError::Db(error) => error.into(),
        }
    }
}

/// Keeps a playlist as its origin gave it: its description now, its elements soon, in a job.
///
/// # Errors
/// [`FetchPlaylistError`] if it cannot be shown here.
pub async fn bring(app: &App, object: &wire::Playlist) -> Result<Uuid, FetchPlaylistError> {
    let channel = resolve_channel(app, object).await?;
    let mut tx = app.platform.db.begin().await?;
    let saved = save(app, &mut tx, object, &channel).await?;
    if saved.is_some() {
        enqueue(&mut tx, app.platform.clock.now(), &RefreshPlaylist { url: object.id.clone() }).await?;
    }
    tx.commit().await?;
    saved.map(|_| object.uuid).ok_or_else(|| unusable(&object.id, "it is private"))
}

/// Asks the origin of a playlist for everything, and keeps what it says. Only 410 or a `Tombstone` says that it is gone: a
/// server that is being moved or repaired finds nothing for a while.
pub(super) async fn refresh(app: &App, url: &Url) -> Result<(), FetchPlaylistError> {
    let Some(object) = fetch_description(app, url).await? else {
        let mut tx = app.platform.db.begin().await?;
        receive_delete(app, &mut tx, url).await?;
        return Ok(tx.commit().await?);
    };
    let channel = resolve_channel(app, &object).await?;
    let elements = fetch_elements(app, &object).await?;
    let mut tx = app.platform.db.begin().await?;
    if let Some(id) = save(app, &mut tx, &object, &channel).await? {
        element_store::replace(&mut tx, id, &elements).await?;
        ask_for_videos(app, &mut tx, id).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn unusable(url: &Url, reason: impl std::fmt::Display) -> FetchPlaylistError {
    FetchPlaylistError::Unusable(url.clone(), reason.to_string())
}

/// `None` if it was deleted.
async fn fetch_description(app: &App, url: &Url) -> Result<Option<wire::Playlist>, FetchPlaylistError> {
    let document = match app.courier.fetch(url).await {
        Ok(document) => document,
        Err(error) if error.is_deletion() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if wire::Tombstone::from_value(&document).is_ok() {
        return Ok(None);
    }
    wire::Playlist::from_value(&document).map(Some).map_err(|error| unusable(url, error))
}

async fn resolve_channel(app: &App, object: &wire::Playlist) -> Result<Actor, FetchPlaylistError> {
    if same_host(&object.id, &app.ids.instance_actor()) {
        return Err(unusable(&object.id, "it is on this server"));
    }
    let channel = object.channel().ok_or_else(|| unusable(&object.id, "it has no channel"))?;
    Ok(actors::federate::resolve(app, channel).await?)
}

/// Keeps what the origin of a playlist says of it. What is neither public nor unlisted is not kept, and forgotten if it was.
async fn save(
    app: &App,
    tx: &mut Tx,
    object: &wire::Playlist,
    channel: &Actor,
) -> Result<Option<PlaylistId>, FetchPlaylistError> {
    let now = app.platform.clock.now();
    let known = store::find_by_uuid(tx, object.uuid).await?;
    if known.as_ref().is_some_and(|known| known.is_local || known.url != object.id.as_str()) {
        return Err(unusable(&object.id, "it has the UUID of another playlist"));
    }
    let privacy = if object.audience.is_public() {
        PlaylistPrivacy::Public
    } else if object.audience.is_unlisted() {
        PlaylistPrivacy::Unlisted
    } else {
        receive_delete(app, tx, &object.id).await?;
        return Ok(None);
    };
    let no_channel = || unusable(&object.id, "it belongs to something that is no channel");
    let channel = channels::store::find_by_actor(tx, channel.id).await?.ok_or_else(no_channel)?;
    let owner = accounts::store::find_by_actor(tx, channel.owner_actor_id).await?.ok_or_else(no_channel)?;
    if known.is_none() && store::count_of_account(tx, owner.id).await? >= MAX_PER_ACCOUNT {
        return Err(unusable(&object.id, "its owner has too many"));
    }
    let picture_before = match &known {
        Some(known) => store::remote_picture(tx, known.id).await?,
        None => None,
    };
    let playlist = NewPlaylist {
        uuid: object.uuid,
        url: object.id.to_string(),
        is_local: false,
        account_id: owner.id,
        channel_id: Some(channel.id),
        channel_position: object.video_channel_position.map(i64::from),
        name: object.name.clone(),
        description: object.content.clone(),
        privacy,
        kind: PlaylistKind::Regular,
        remote_thumbnail_url: object.icon.as_ref().map(|icon| icon.url.to_string()),
        created_at: platform_moment(object.published),
        updated_at: platform_moment(object.updated.unwrap_or(object.published)),
        refreshed_at: Some(now),
    };
    let id = store::upsert(tx, &playlist).await?;
    if picture_before != playlist.remote_thumbnail_url {
        let host = object.id.host_str().unwrap_or_default().to_owned();
        enqueue(tx, now, &FetchPicture { playlist_id: id.0, host }).await?;
    }
    Ok(Some(id))
}

/// Moments from elsewhere, cut to the milliseconds that are kept here.
fn platform_moment(moment: Timestamp) -> Timestamp {
    Timestamp::from_timestamp_millis(moment.timestamp_millis()).unwrap_or(moment)
}

/// The elements of a playlist in its order, each asked for by itself as PeerTube has it. Those that its server does not
/// give are left out.
async fn fetch_elements(app: &App, object: &wire::Playlist) -> Result<Vec<NewElement>, FetchPlaylistError> {
    if object.first.is_none() {
        return Ok(vec![]);
    }
    let most = usize::try_from(MAX_ELEMENTS).unwrap_or(usize::MAX);
    let items = app.courier.fetch_collection(&object.id, most).await?;
    let urls = items.iter().filter_map(lenient::as_url).filter(|url| ensure_same_host(url, &object.id).is_ok());
    let mut answers = futures::stream::iter(urls.collect::<Vec<_>>())
        .map(|url| {
            let app = app.clone();
            async move { app.courier.fetch(&url).await }
        })
        .buffered(ELEMENTS_AT_ONCE);
    let mut elements = vec![];
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(document) => elements.extend(read_element(&document)),
            Err(error) if error.is_gone() || error.is_permanent() => debug!(%error, "an element was left out"),
            Err(error) => return Err(error.into()),
        }
    }
    elements.sort_by_key(|(position, _)| *position);
    Ok(elements.into_iter().map(|(_, element)| element).collect())
}

fn read_element(document: &Value) -> Option<(u32, NewElement)> {
    let element = wire::PlaylistElement::from_value(document).ok()?;
    let video_url = element.video?.to_string();
    let (start_s, stop_s) = (element.start_timestamp.map(i64::from), element.stop_timestamp.map(i64::from));
    Some((element.position, NewElement { url: element.id.to_string(), video_url, start_s, stop_s }))
}

/// Has videos asked for that a playlist names and nobody here knows.
async fn ask_for_videos(app: &App, tx: &mut Tx, id: PlaylistId) -> Result<(), DbError> {
    let elements = element_store::list(tx, id, MAX_ELEMENTS, 0).await?;
    let unknown = elements.iter().filter(|element| element.video_id.is_none());
    let foreign = unknown.filter_map(|element| Url::parse(&element.video_url).ok());
    let foreign = foreign.filter(|url| !same_host(url, &app.ids.instance_actor()));
    for url in foreign.take(MAX_NEW_VIDEOS) {
        videos::intake::want(app, tx, &url, Reason::Wanted).await?;
    }
    Ok(())
}

/// The video of an element, if it is known here.
pub(super) async fn video_of(
    connection: &mut platform::db::Connection,
    element: &Element,
) -> Result<Option<Video>, DbError> {
    match element.video_id {
        Some(id) => videos::store::find(connection, id).await,
        None => Ok(None),
    }
}
