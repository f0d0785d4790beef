use std::{net::IpAddr, time::Duration};

use courier::FetchError;
use federation::{ids::LocalId, origin::same_host, webfinger::Handle, wire};
use platform::{
    db::{Connection, DbError},
    ids::parse_uuid,
    jobs::JobError,
};
use tokio::time::timeout;
use url::Url;
use uuid::Uuid;

use super::{Reference, RemoteLookup};
use crate::{
    App,
    actors::{self, Actor, ActorKind, federate::ResolveError, page_path},
    backfill, follows,
    playlists::{self, FetchPlaylistError},
    users::User,
    videos::{
        self,
        intake::{self, Reason, SaveError},
    },
};

/// A look-up takes no longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A video.
    Video(Uuid),
    /// A channel, by name and host.
    Channel(String, String),
    /// An account or a server, by name and host.
    Account(String, String),
    /// A playlist.
    Playlist(Uuid),
}

impl Found {
    /// Its page here.
    pub fn path(&self) -> String {
        match self {
            Self::Video(uuid) => format!("/w/{}", platform::ids::short_uuid(*uuid)),
            Self::Channel(name, host) => page_path(true, name, host, false),
            Self::Account(name, host) => page_path(false, name, host, false),
            Self::Playlist(uuid) => format!("/w/p/{}", platform::ids::short_uuid(*uuid)),
        }
    }

    fn actor(actor: &Actor) -> Self {
        let (name, host) = (actor.username.clone(), actor.host.clone());
        if actor.kind() == ActorKind::Group { Self::Channel(name, host) } else { Self::Account(name, host) }
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The user, if they are logged in.
    pub user: Option<User>,
    /// From where.
    pub address: IpAddr,
}

/// Why something was not brought here. The words are for people.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The operator does not want that.
    #[error("log in to bring videos and channels of other servers here")]
    NotAllowed,
    /// Too often.
    #[error("too many look-ups: try again in {} s", .0.as_secs().max(1))]
    TooMany(Duration),
    /// There is nothing, or nothing for the public.
    #[error("nothing that could be shown was found there")]
    NotFound,
    /// The other server did not do its part.
    #[error("the other server did not answer as it should: {0}")]
    Unreachable(String),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<FetchError> for LookupError {
    fn from(error: FetchError) -> Self {
        if error.is_gone() { Self::NotFound } else { Self::Unreachable(error.to_string()) }
    }
}

impl From<ResolveError> for LookupError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Fetch(error) => error.into(),
            ResolveError::Unusable(..) => Self::NotFound,
            ResolveError::Db(error) => error.into(),
        }
    }
}

impl From<JobError> for LookupError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Fail(_) => Self::NotFound,
            other => Self::Unreachable(other.to_string()),
        }
    }
}

impl From<FetchPlaylistError> for LookupError {
    fn from(error: FetchPlaylistError) -> Self {
        match error {
            FetchPlaylistError::Fetch(error) => error.into(),
            FetchPlaylistError::Channel(error) => error.into(),
            FetchPlaylistError::Unusable(..) => Self::NotFound,
            FetchPlaylistError::Db(error) => error.into(),
        }
    }
}

impl From<SaveError> for LookupError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Unusable(_) => Self::NotFound,
            SaveError::Db(error) => error.into(),
        }
    }
}

/// What a text names, if it is an address or a handle: known here, or else brought here. `None` for words.
///
/// # Errors
/// [`LookupError`] if it is unknown here and could not be brought.
pub async fn look_up(app: &App, asker: &Asker, text: &str) -> Result<Option<Found>, LookupError> {
    let Some(reference) = Reference::read(text) else { return Ok(None) };
    if let Some(found) = find_here(app, &mut app.platform.db.read().await?, &reference).await? {
        return Ok(Some(found));
    }
    if is_ours(app, &reference) {
        return Err(LookupError::NotFound);
    }
    admit(app, asker)?;
    Box::pin(resolve(app, &reference)).await.map(Some)
}

fn admit(app: &App, asker: &Asker) -> Result<(), LookupError> {
    let may = app.border.settings().remote_lookup.allows(asker.user.is_some());
    if !may {
        return Err(LookupError::NotAllowed);
    }
    count(app, asker)
}

fn count(app: &App, asker: &Asker) -> Result<(), LookupError> {
    let user = asker.user.as_ref().map(|user| user.id);
    app.lookups.begin(user, asker.address, app.platform.clock.now()).map_err(LookupError::TooMany)
}

/// What a reference names, if it is known here. Nobody is asked.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn find_here(
    app: &App,
    connection: &mut Connection,
    reference: &Reference,
) -> Result<Option<Found>, DbError> {
    let url = match reference {
        Reference::Handle(handle) => {
            let found = follows::actions::find_by_handle(connection, &handle.name, handle.host.as_str()).await?;
            return Ok(found.as_ref().map(Found::actor));
        }
        Reference::Url(url) => url,
    };
    let open = |video: videos::Video| video.is_open().then_some(Found::Video(video.uuid));
    if let Some(video) = videos::store::find_by_url(connection, url.as_str()).await? {
        return Ok(open(video));
    }
    // Who may see it is for its page to say, which has the same name in its address.
    if let Some(playlist) = playlists::store::find_by_url(connection, url.as_str()).await? {
        return Ok(Some(Found::Playlist(playlist.uuid)));
    }
    if let Some(actor) = actors::store::find_by_url(connection, url.as_str()).await? {
        return Ok(Some(Found::actor(&actor)));
    }
    if !same_host(url, &app.ids.instance_actor()) {
        return Ok(None);
    }
    match own_page(app, url) {
        Some(OwnPage::Playlist(uuid)) => {
            let playlist = playlists::store::find_by_uuid(connection, uuid).await?;
            Ok(playlist.map(|playlist| Found::Playlist(playlist.uuid)))
        }
        Some(OwnPage::Video(uuid)) => Ok(videos::store::find_by_uuid(connection, uuid).await?.and_then(open)),
        Some(OwnPage::Actor(name)) => {
            Ok(actors::store::find_local(connection, &name).await?.as_ref().map(Found::actor))
        }
        None => Ok(None),
    }
}

enum OwnPage {
    Playlist(Uuid),
    Video(Uuid),
    Actor(String),
}

fn own_page(app: &App, url: &Url) -> Option<OwnPage> {
    match app.ids.read(url) {
        Some(LocalId::Video(uuid)) => return Some(OwnPage::Video(uuid)),
        Some(LocalId::Account(name) | LocalId::Channel(name)) => return Some(OwnPage::Actor(name)),
        _ => {}
    }
    let segments: Vec<&str> = url.path_segments()?.collect();
    match segments.as_slice() {
        ["w", "p", id] | ["videos", "watch" | "embed", "playlist", id] => parse_uuid(id).map(OwnPage::Playlist),
        ["w", id] | ["videos", "watch" | "embed", id] => parse_uuid(id).map(OwnPage::Video),
        ["a" | "c", name, ..] => Some(OwnPage::Actor((*name).to_owned())),
        _ => None,
    }
}

fn is_ours(app: &App, reference: &Reference) -> bool {
    match reference {
        Reference::Handle(handle) => handle.host.as_str() == app.platform.public_url.host(),
        Reference::Url(url) => same_host(url, &app.ids.instance_actor()),
    }
}

/// Asks the server of a reference for it, and keeps what it says. Whoever calls this has decided that it may be done;
/// [`look_up`] decides by the asker.
///
/// # Errors
/// [`LookupError`] if it could not be brought.
pub async fn resolve(app: &App, reference: &Reference) -> Result<Found, LookupError> {
    let slow = || LookupError::Unreachable("it takes too long".to_owned());
    timeout(PATIENCE, async {
        let _seat = app.lookups.seats().acquire().await.map_err(|_| slow())?;
        Box::pin(fetch(app, reference)).await
    })
    .await
    .map_err(|_| slow())?
}

async fn fetch(app: &App, reference: &Reference) -> Result<Found, LookupError> {
    let url = match reference {
        Reference::Handle(handle) => return bring_actor(app, &app.courier.look_up(handle).await?).await,
        Reference::Url(url) => url,
    };
    let document = app.courier.fetch(url).await?;
    match wire::kind_of(&document) {
        Some("Video") => {
            let video = wire::Video::from_value(&document).map_err(|_| LookupError::NotFound)?;
            bring_video(app, &video).await
        }
        Some("Playlist") => {
            let playlist = wire::Playlist::from_value(&document).map_err(|_| LookupError::NotFound)?;
            Ok(Found::Playlist(Box::pin(playlists::federate::bring(app, &playlist)).await?))
        }
        Some(kind) if wire::ActorKind::parse(kind).is_some() => {
            let actor = wire::Actor::from_value(&document).map_err(|_| LookupError::NotFound)?;
            bring_actor(app, &actor.id).await
        }
        _ => Err(LookupError::NotFound),
    }
}

async fn bring_video(app: &App, video: &wire::Video) -> Result<Found, LookupError> {
    let channel = backfill::channel_of(app, video).await?;
    let mut tx = app.platform.db.begin().await?;
    let kept = intake::save(app, &mut tx, video, &channel, Reason::Wanted).await?;
    tx.commit().await?;
    kept.map(|_| Found::Video(video.uuid)).ok_or(LookupError::NotFound)
}

/// With the newest that it has published, so that its page is not empty.
async fn bring_actor(app: &App, url: &Url) -> Result<Found, LookupError> {
    let actor = actors::federate::resolve(app, url).await?;
    let mut tx = app.platform.db.begin().await?;
    backfill::peek(&mut tx, app.platform.clock.now(), actor.id).await?;
    tx.commit().await?;
    Ok(Found::actor(&actor))
}

/// Where somebody with an account elsewhere can follow something of ours.
///
/// # Errors
/// [`LookupError`] if their server does not say.
pub async fn subscribe_url(app: &App, asker: &Asker, handle: &Handle, uri: &str) -> Result<Url, LookupError> {
    if app.border.settings().remote_lookup == RemoteLookup::Nobody {
        return Err(LookupError::NotAllowed);
    }
    count(app, asker)?;
    let slow = || LookupError::Unreachable("it takes too long".to_owned());
    timeout(PATIENCE, app.courier.subscribe_url(handle, uri)).await.map_err(|_| slow())?.map_err(LookupError::from)
}
