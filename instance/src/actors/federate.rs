//! Actors on the wire: ours as documents, and others' as rows.

use chrono::TimeDelta;
use courier::FetchError;
use federation::{
    ids,
    origin::{Host, ensure_same_host, same_host},
    webfinger::Handle,
    wire::{self, Action, Activity, Attribution, Audience, Collection, Image, Object},
};
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    ids::Random,
    jobs::{JobError, enqueue},
};
use serde_json::Value;
use url::Url;

use super::{
    Actor, ActorId, ActorKind, NewActor, fold_name,
    images::{self, ActorImage, ImageKind, RemoteImage},
    jobs::{CountFollowers, RefreshActor},
    removal, store,
};
use crate::{
    App,
    accounts::{self, AccountId},
    channels::{self, store::ChannelTexts},
    federation::broadcast,
    player_settings, servers,
};

/// What is known of a remote actor is asked for again after this time, when it is needed.
const FRESH_FOR: TimeDelta = TimeDelta::hours(48);
/// When a server does not answer, it is asked again after this time, then after twice as much.
const FIRST_RETRY: TimeDelta = TimeDelta::hours(1);

/// Why a remote actor cannot be known.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Its server did not give it.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its server gave something else.
    #[error("{0} is no usable actor: {1}")]
    Unusable(Url, String),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl ResolveError {
    fn unusable(url: &Url, reason: &impl std::fmt::Display) -> Self {
        Self::Unusable(url.clone(), reason.to_string())
    }

    /// Whether its server says that it was removed for good.
    pub fn is_removed(&self) -> bool {
        matches!(self, Self::Fetch(error) if error.is_deletion())
    }
}

impl From<ResolveError> for JobError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Fetch(error) => error.into(),
            ResolveError::Unusable(..) => Self::fail(error),
            ResolveError::Db(error) => error.into(),
        }
    }
}

/// Whether an actor need not be asked for again yet.
pub fn is_fresh(actor: &Actor, now: Timestamp) -> bool {
    actor.is_local || actor.refreshed_at.is_some_and(|then| now - then < FRESH_FOR)
}

/// The actor at an address, asked for at its server if it is unknown or was last asked for long ago. A channel comes with
/// its owner.
pub async fn resolve(app: &App, url: &Url) -> Result<Actor, ResolveError> {
    let known = store::find_by_url(&mut app.platform.db.read().await?, url.as_str()).await?;
    let Some(actor) = known else { return refresh(app, url).await };
    if is_fresh(&actor, app.platform.clock.now()) {
        return Ok(actor);
    }
    match Box::pin(refresh(app, url)).await {
        Ok(actor) => Ok(actor),
        Err(error) => {
            note_failure(app, &actor, &error).await?;
            // An outdated actor is better than none: its server may be gone for now.
            if error.is_removed() { Err(error) } else { Ok(actor) }
        }
    }
}

/// Asks the server of an actor for it, however lately it was asked.
pub async fn refresh(app: &App, url: &Url) -> Result<Actor, ResolveError> {
    let document = fetch_actor(app, url).await?;
    let owner = fetch_owner(app, &document).await?;
    let outdated = holder_to_rename(app, &document).await?;
    let outdated_owner = match &owner {
        Some(owner) => holder_to_rename(app, owner).await?,
        None => None,
    };
    let mut tx = app.platform.db.begin().await?;
    let now = app.platform.clock.now();
    for holder in [outdated, outdated_owner].into_iter().flatten() {
        store::release_name(&mut tx, holder.id).await?;
        if let Ok(url) = Url::parse(holder.url()) {
            enqueue(&mut tx, now, &RefreshActor { url }).await?;
        }
    }
    let random = &app.platform.random;
    let id = match owner {
        Some(owner) => {
            let (owner_id, account) = save_account(&mut tx, random, &owner, now).await?;
            let id = save_channel(&mut tx, random, &document, account, now).await?;
            let host = document.id.host_str().unwrap_or_default();
            for actor in [owner_id, id] {
                let job = CountFollowers { actor_id: actor.0, host: host.to_owned() };
                enqueue(&mut tx, now, &job).await?;
            }
            id
        }
        None => save_account(&mut tx, random, &document, now).await?.0,
    };
    let actor = store::find(&mut tx, id).await?;
    tx.commit().await?;
    actor.ok_or_else(|| ResolveError::unusable(url, &"it could not be stored"))
}

/// A server was asked for an actor in vain. If it said that the actor was removed, everything of it goes; silence removes
/// nothing.
pub async fn note_failure(app: &App, actor: &Actor, error: &ResolveError) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let doublings = actor.refresh_failures.clamp(0, 6);
    let wait = (FIRST_RETRY * (1 << doublings)).min(FRESH_FOR);
    let mut tx = app.platform.db.begin().await?;
    store::count_failure(&mut tx, actor.id, now - FRESH_FOR + wait).await?;
    if error.is_removed() && !actor.is_local {
        removal::begin(&mut tx, actor.id, now).await?;
    }
    tx.commit().await
}

async fn fetch_actor(app: &App, url: &Url) -> Result<wire::Actor, ResolveError> {
    let document = app.courier.fetch(url).await?;
    let actor = wire::Actor::from_value(&document).map_err(|error| ResolveError::unusable(url, &error))?;
    ensure_same_host(&actor.inbox, url).map_err(|error| ResolveError::unusable(url, &error))?;
    if same_host(&actor.id, &app.ids.instance_actor()) {
        return Err(ResolveError::unusable(url, &"it claims to live on this server"));
    }
    Ok(actor)
}

/// The account that owns a channel. A group of another program has none: it is an account by itself.
async fn fetch_owner(app: &App, document: &wire::Actor) -> Result<Option<wire::Actor>, ResolveError> {
    let Some(owner) = document.owner().filter(|owner| is_owned_by(document, owner)) else { return Ok(None) };
    match fetch_actor(app, &owner.clone()).await {
        Ok(owner) if owner.kind != wire::ActorKind::Group => Ok(Some(owner)),
        Ok(_) | Err(ResolveError::Unusable(..)) => Ok(None),
        Err(ResolveError::Fetch(error)) if error.is_permanent() => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_owned_by(document: &wire::Actor, owner: &Url) -> bool {
    document.kind == wire::ActorKind::Group && same_host(owner, &document.id)
}

/// Who is known here under the name that another actor of its server bears now. Its server decides whose the name is, by
/// WebFinger, and where it does not know that, the one that is still there keeps it.
async fn holder_to_rename(app: &App, document: &wire::Actor) -> Result<Option<Actor>, ResolveError> {
    let host = host_of(&document.id);
    let name = &document.preferred_username;
    let holder = store::find_by_handle(&mut app.platform.db.read().await?, name, &host).await?;
    let Some(holder) = holder.filter(|holder| holder.url() != document.id.as_str()) else { return Ok(None) };
    let taken = || ResolveError::unusable(&document.id, &format!("{name}@{host} is {}", holder.url()));
    let Ok(host) = host.parse::<Host>() else { return Err(taken()) };
    match app.courier.look_up(&Handle::new(name.clone(), host)).await {
        Ok(url) if url == document.id => return Ok(Some(holder)),
        Ok(_) => return Err(taken()),
        Err(error) => tracing::debug!(%error, "whose name it is cannot be told"),
    }
    let url = Url::parse(holder.url()).map_err(|_| taken())?;
    match fetch_actor(app, &url).await {
        Ok(actor) if fold_name(&actor.preferred_username) == fold_name(name) => Err(taken()),
        Ok(_) => Ok(Some(holder)),
        Err(ResolveError::Fetch(error)) if error.is_gone() => Ok(Some(holder)),
        Err(_) => Err(taken()),
    }
}

async fn save_account(
    tx: &mut Tx,
    random: &Random,
    actor: &wire::Actor,
    now: Timestamp,
) -> Result<(ActorId, AccountId), DbError> {
    let id = save_actor(tx, random, actor, now).await?;
    let account = accounts::store::insert(tx, id, None, actor.display_name(), now).await?;
    accounts::store::set_description(tx, account, actor.summary.clone()).await?;
    Ok((id, account))
}

async fn save_channel(
    tx: &mut Tx,
    random: &Random,
    actor: &wire::Actor,
    owner: AccountId,
    now: Timestamp,
) -> Result<ActorId, DbError> {
    let is_new = store::find_by_url(tx, actor.id.as_str()).await?.is_none();
    let id = save_actor(tx, random, actor, now).await?;
    let texts = ChannelTexts {
        display_name: actor.display_name().to_owned(),
        description: actor.summary.clone(),
        support: actor.support.clone(),
    };
    channels::store::upsert(tx, id, owner, &texts, now).await?;
    if let Some(url) = actor.player_settings.as_ref().filter(|url| same_host(url, &actor.id)) {
        player_settings::federate::follow(tx, now, url, is_new).await?;
    }
    Ok(id)
}

async fn save_actor(tx: &mut Tx, random: &Random, actor: &wire::Actor, now: Timestamp) -> Result<ActorId, DbError> {
    let row = row(actor, now);
    let id = store::upsert(tx, &row, now).await?;
    for (kind, pictures) in [(ImageKind::Avatar, &actor.icon), (ImageKind::Banner, &actor.image)] {
        let named: Vec<RemoteImage> = pictures.iter().map(remote_image).collect();
        images::actions::adopt(tx, random, id, kind, &named, now).await?;
    }
    courier::introduce(tx, &actor.id, &actor.public_key.pem, now).await?;
    servers::saw(tx, &row.host, now).await?;
    Ok(id)
}

fn remote_image(image: &Image) -> RemoteImage {
    RemoteImage { url: image.url.clone(), width: image.width.map(i64::from), height: image.height.map(i64::from) }
}

fn host_of(url: &Url) -> String {
    Host::of(url).map(|host| host.as_str().to_owned()).unwrap_or_default()
}

fn row(actor: &wire::Actor, now: Timestamp) -> NewActor {
    let text = |url: &Option<Url>| url.as_ref().map(Url::to_string);
    NewActor {
        kind: ActorKind::from_name(actor.kind.as_str()),
        url: actor.id.clone(),
        username: actor.preferred_username.clone(),
        host: host_of(&actor.id),
        is_local: false,
        inbox_url: actor.inbox.to_string(),
        shared_inbox_url: text(&actor.endpoints.shared_inbox),
        outbox_url: text(&actor.outbox),
        followers_url: text(&actor.followers),
        following_url: text(&actor.following),
        public_key_pem: actor.public_key.pem.clone(),
        private_key_pem: None,
        refreshed_at: Some(now),
        playlists_url: text(&actor.playlists),
        moved_to_url: text(&actor.moved_to),
        also_known_as: actor.also_known_as.iter().map(Url::to_string).collect(),
        published_at: actor.published.and_then(|then| Timestamp::from_timestamp_millis(then.timestamp_millis())),
        is_indexable: actor.indexable.unwrap_or(true),
    }
}

/// An actor of another server has changed. What it says of itself is kept as it says; when another actor of its server
/// says so, or when more must be known than it says, its server is asked.
pub async fn receive_update(app: &App, tx: &mut Tx, speaker: &Actor, object: &wire::Actor) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    if same_host(&object.id, &app.ids.instance_actor()) {
        return Ok(());
    }
    let host = host_of(&object.id);
    let holder = store::find_by_handle(tx, &object.preferred_username, &host).await?;
    let is_own = object.id.as_str() == speaker.url() && holder.is_some_and(|holder| holder.id == speaker.id);
    if !is_own {
        return enqueue(tx, now, &RefreshActor { url: object.id.clone() }).await;
    }
    let random = &app.platform.random;
    match object.owner().filter(|owner| is_owned_by(object, owner)) {
        None => save_account(tx, random, object, now).await.map(drop),
        Some(owner) => {
            let owner = match store::find_by_url(tx, owner.as_str()).await? {
                Some(owner) => accounts::store::find_by_actor(tx, owner.id).await?,
                None => None,
            };
            match owner {
                Some(owner) => save_channel(tx, random, object, owner.id, now).await.map(drop),
                None => enqueue(tx, now, &RefreshActor { url: object.id.clone() }).await,
            }
        }
    }
}

/// Something at an address has changed: if it is an actor that is known here, its server is asked.
pub async fn receive_update_of(app: &App, tx: &mut Tx, url: &Url) -> Result<bool, DbError> {
    let Some(known) = store::find_by_url(tx, url.as_str()).await? else { return Ok(false) };
    if !known.is_local {
        enqueue(tx, app.platform.clock.now(), &RefreshActor { url: url.clone() }).await?;
    }
    Ok(true)
}

/// An actor of another server says that it, or a channel of its own, is gone.
pub async fn receive_delete(app: &App, tx: &mut Tx, speaker: &Actor, url: &Url) -> Result<bool, DbError> {
    let Some(deleted) = store::find_by_url(tx, url.as_str()).await? else { return Ok(false) };
    if deleted.is_local || speaker.is_local {
        return Ok(true);
    }
    let channel = channels::store::find_by_actor(tx, deleted.id).await?;
    if deleted.id == speaker.id || channel.is_some_and(|channel| channel.owner_actor_id == speaker.id) {
        removal::begin(tx, deleted.id, app.platform.clock.now()).await?;
    }
    Ok(true)
}

/// How many items the collections of followers and of those whom it follows have, as its server says; `None` where it
/// does not say.
pub async fn fetch_counts(app: &App, actor: &Actor) -> (Option<i64>, Option<i64>) {
    let total = async |url: &Option<String>| {
        let url = Url::parse(url.as_deref()?).ok()?;
        ensure_same_host(&url, &Url::parse(actor.url()).ok()?).ok()?;
        let collection = Collection::from_value(&app.courier.fetch(&url).await.ok()?).ok()?;
        Some(i64::try_from(collection.total_items).unwrap_or(i64::MAX))
    };
    (total(&actor.followers_url).await, total(&actor.following_url).await)
}

/// The document of one of our actors; `None` if it has been deleted.
pub async fn document(app: &App, connection: &mut Connection, actor: &Actor) -> Result<Option<Value>, DbError> {
    Ok(to_wire(app, connection, actor).await?.map(|document| document.to_document()))
}

async fn to_wire(app: &App, connection: &mut Connection, actor: &Actor) -> Result<Option<wire::Actor>, DbError> {
    let Ok(url) = Url::parse(actor.url()) else { return Ok(None) };
    let Some(kind) = wire::ActorKind::parse(actor.kind().name()) else { return Ok(None) };
    let mut document =
        wire::Actor::local(kind, url, actor.username.clone(), app.ids.shared_inbox(), &actor.public_key_pem);
    document.published = Some(actor.created_at);
    document.indexable = Some(actor.is_indexable);
    document.discoverable = Some(true);
    document.moved_to = actor.moved_to_url.as_deref().and_then(|url| Url::parse(url).ok());
    document.also_known_as = actor.aliases().iter().filter_map(|url| Url::parse(url).ok()).collect();
    // One only: PeerTube before version 8 refuses an actor with a list of links.
    document.pages = vec![app.platform.public_url.join(&actor.page_path())];
    if actor.kind() == ActorKind::Group {
        let Some(channel) = channels::store::find_by_actor(connection, actor.id).await? else { return Ok(None) };
        document.name = Some(channel.display_name);
        document.summary = channel.description;
        document.support = channel.support;
        document.posting_restricted_to_mods = Some(true);
        let owner = store::find(connection, channel.owner_actor_id).await?;
        let owner = owner.and_then(|owner| Url::parse(owner.url()).ok());
        document.attributed_to = owner.map(Attribution::account).into_iter().collect();
        document.player_settings = Some(app.ids.channel_player_settings(&actor.username));
        document.icon = pictures(app, &channel.avatars);
        document.image = pictures(app, &channel.banners);
    } else {
        let Some(account) = accounts::store::find_by_actor(connection, actor.id).await? else { return Ok(None) };
        document.name = Some(account.display_name);
        document.summary = account.description;
        document.icon = pictures(app, &account.avatars);
    }
    Ok(Some(document))
}

/// The picture of the size that is shown most comes first, because some read no further.
fn pictures(app: &App, images: &[ActorImage]) -> Vec<Image> {
    const FIRST: [i64; 2] = [120, 1920];
    let mut images: Vec<&ActorImage> = images.iter().collect();
    images.sort_by_key(|image| !image.width.is_some_and(|width| FIRST.contains(&width)));
    let side = |pixels: Option<i64>| pixels.and_then(|pixels| u32::try_from(pixels).ok()).unwrap_or_default();
    images
        .into_iter()
        .filter_map(|image| {
            let url = app.platform.public_url.join(&image.path()?);
            Some(Image::new(url, "image/jpeg", side(image.width), side(image.height)))
        })
        .collect()
}

/// Tells the federation that one of our actors has changed: its own followers, and those of the server, who may have
/// something of it.
pub async fn send_update(app: &App, tx: &mut Tx, id: ActorId) -> Result<(), DbError> {
    let Some(actor) = store::find(tx, id).await?.filter(|actor| actor.is_local) else { return Ok(()) };
    let Some(document) = to_wire(app, tx, &actor).await? else { return Ok(()) };
    let now = app.platform.clock.now();
    let url = document.id.clone();
    let update = Activity::new(ids::update(&url, now), url.clone(), Action::Update(Object::Actor(Box::new(document))));
    let update = update.addressed(Audience::public([ids::under(&url, "followers")]));
    let inboxes = broadcast::inboxes_around(app, tx, &[id]).await?;
    courier::deliver(tx, now, &url, &inboxes, &update).await
}

/// Tells the federation that one of our actors is gone.
pub async fn send_delete(app: &App, tx: &mut Tx, actor: &Actor, inboxes: &[Url]) -> Result<(), DbError> {
    let Ok(url) = Url::parse(actor.url()) else { return Ok(()) };
    let delete = Activity::new(ids::delete(&url), url.clone(), Action::Delete(url.clone()));
    let delete = delete.addressed(Audience::public([ids::under(&url, "followers")]));
    courier::deliver(tx, app.platform.clock.now(), &url, inboxes, &delete).await
}

/// What is left of one of our actors.
pub fn tombstone(actor: &Actor, deleted_at: Timestamp) -> Option<Value> {
    let id = Url::parse(actor.url()).ok()?;
    let tombstone = wire::Tombstone {
        id,
        former_type: Some(actor.kind().name().to_owned()),
        in_reply_to: None,
        published: None,
        updated: None,
        deleted: Some(deleted_at),
    };
    Some(tombstone.to_document())
}
