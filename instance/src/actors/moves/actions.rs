use chrono::TimeDelta;
use federation::{
    origin::{Host, same_host},
    webfinger::Handle,
};
use platform::{
    db::{DbError, Tx},
    jobs::{JobError, enqueue},
};
use url::Url;

use super::{federate as wire, jobs::FollowMove, store as moves};
use crate::{
    App,
    actors::{self, Actor, ActorId, federate, store},
    follows,
};

/// An actor moves at most once in this time.
pub const COOLDOWN: TimeDelta = TimeDelta::days(7);
/// Followers that move in one transaction.
const AT_A_TIME: i64 = 50;
/// Who else one can be, at most.
const MAX_ALIASES: usize = 10;

/// Why an actor cannot move, or be known by another name.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The text names nobody.
    #[error("{0:?} is no handle like name@host, and no address of an actor")]
    BadName(String),
    /// Nobody is there.
    #[error("{0} cannot be found: {1}")]
    Unknown(String, String),
    /// The new actor does not say that it was the old one.
    #[error("{0} does not say that it is also {1}: add this alias there first")]
    NotAnAlias(String, String),
    /// It is the same, or has moved itself.
    #[error("{0} cannot be moved to")]
    BadTarget(String),
    /// It has moved a short time ago.
    #[error("this has moved less than a week ago: wait a little")]
    TooSoon,
    /// Too many aliases.
    #[error("there are at most {MAX_ALIASES} aliases")]
    TooMany,
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Says who else one of our actors is, so that these may move to it.
pub async fn set_aliases(app: &App, actor: &Actor, names: &[String]) -> Result<Vec<String>, MoveError> {
    if names.len() > MAX_ALIASES {
        return Err(MoveError::TooMany);
    }
    let mut aliases = vec![];
    for name in names {
        let url = address_of(app, name, is_channel(actor)).await?;
        if url.as_str() == actor.url() {
            return Err(MoveError::BadTarget(name.clone()));
        }
        if !aliases.contains(&url.to_string()) {
            aliases.push(url.to_string());
        }
    }
    let mut tx = app.platform.db.begin().await?;
    store::set_aliases(&mut tx, actor.id, aliases.clone()).await?;
    federate::send_update(app, &mut tx, actor.id).await?;
    tx.commit().await?;
    Ok(aliases)
}

/// Moves one of our actors: says where it lives from now on, and sends its followers there.
pub async fn move_away(app: &App, actor: &Actor, to: &str) -> Result<Url, MoveError> {
    let now = app.platform.clock.now();
    let url = address_of(app, to, is_channel(actor)).await?;
    let target = fetch(app, &url).await.map_err(|error| MoveError::Unknown(to.to_owned(), error.to_string()))?;
    if target.id == actor.id || target.moved_to_url.is_some() {
        return Err(MoveError::BadTarget(to.to_owned()));
    }
    if !target.aliases().iter().any(|alias| alias == actor.url()) {
        return Err(MoveError::NotAnAlias(target.url().to_owned(), actor.url().to_owned()));
    }
    let mut tx = app.platform.db.begin().await?;
    let current = store::find(&mut tx, actor.id).await?.ok_or_else(|| MoveError::BadTarget(to.to_owned()))?;
    if current.moved_at.is_some_and(|then| now - then < COOLDOWN) {
        return Err(MoveError::TooSoon);
    }
    let target_url = Url::parse(target.url()).map_err(|_| MoveError::BadTarget(to.to_owned()))?;
    store::set_moved(&mut tx, actor.id, Some(target_url.to_string()), Some(now)).await?;
    federate::send_update(app, &mut tx, actor.id).await?;
    wire::send_move(app, &mut tx, actor, &target_url).await?;
    enqueue(&mut tx, now, &FollowMove { actor_id: actor.id.0, target: target_url.clone() }).await?;
    tx.commit().await?;
    Ok(target_url)
}

/// One of our actors lives here after all. Followers who have left do not come back by themselves, and it cannot move again
/// before its time.
pub async fn stay(app: &App, actor: &Actor) -> Result<(), MoveError> {
    let mut tx = app.platform.db.begin().await?;
    store::set_moved(&mut tx, actor.id, None, actor.moved_at).await?;
    federate::send_update(app, &mut tx, actor.id).await?;
    tx.commit().await?;
    Ok(())
}

fn is_channel(actor: &Actor) -> bool {
    actor.kind() == actors::ActorKind::Group
}

/// The address of who is meant: by address, or by handle.
async fn address_of(app: &App, name: &str, is_channel: bool) -> Result<Url, MoveError> {
    let name = name.trim();
    let bad = || MoveError::BadName(name.chars().take(100).collect());
    if name.starts_with("https://") || name.starts_with("http://") {
        return Url::parse(name).map_err(|_| bad());
    }
    let handle: Handle = name.parse().map_err(|_| bad())?;
    if handle.host.as_str() == app.platform.public_url.host() {
        return Ok(if is_channel { app.ids.channel(&handle.name) } else { app.ids.account(&handle.name) });
    }
    app.courier.look_up(&handle).await.map_err(|error| MoveError::Unknown(name.to_owned(), error.to_string()))
}

/// An actor as its server describes it at this moment.
async fn fetch(app: &App, url: &Url) -> Result<Actor, federate::ResolveError> {
    if !same_host(url, &app.ids.instance_actor()) {
        return federate::refresh(app, url).await;
    }
    let found = store::find_by_url(&mut app.platform.db.read().await?, url.as_str()).await?;
    found.ok_or_else(|| federate::ResolveError::Unusable(url.clone(), "nobody here has that name".to_owned()))
}

/// Sees whether an actor has moved as it says: both sides, if so.
pub(super) async fn verify(app: &App, old: ActorId, target: &Url) -> Result<Option<(Actor, Actor)>, JobError> {
    let Some(old) = store::find(&mut app.platform.db.read().await?, old).await? else { return Ok(None) };
    let new = match fetch(app, target).await {
        Ok(new) => new,
        Err(federate::ResolveError::Fetch(error)) if !error.is_permanent() => return Err(error.into()),
        Err(federate::ResolveError::Db(error)) => return Err(error.into()),
        Err(error) => {
            tracing::info!(%error, "an actor moved to where nobody is");
            return Ok(None);
        }
    };
    let is_confirmed = new.aliases().iter().any(|alias| alias == old.url());
    if !is_confirmed || new.id == old.id || new.moved_to_url.is_some() {
        tracing::info!(actor.url = old.url(), target.url = new.url(), "a move was not confirmed by its target");
        return Ok(None);
    }
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let Some(old) = store::find(&mut tx, old.id).await? else { return Ok(None) };
    let is_known = old.moved_to_url.as_deref() == Some(new.url()) && old.moved_at.is_some();
    if !is_known {
        if old.moved_at.is_some_and(|then| now - then < COOLDOWN) {
            tracing::info!(actor.url = old.url(), "an actor moves too often: it is not followed");
            return Ok(None);
        }
        store::set_moved(&mut tx, old.id, Some(new.url().to_owned()), Some(now)).await?;
    }
    tx.commit().await?;
    Ok(Some((old, new)))
}

/// Has some of our actors follow an actor to where it moved; `true` once none is left.
pub(super) async fn take_some_along(app: &App, old: &Actor, new: &Actor) -> Result<bool, DbError> {
    let mut tx = app.platform.db.begin().await?;
    let followers = moves::local_followers(&mut tx, old.id, AT_A_TIME).await?;
    let is_last = followers.is_empty();
    for follower in followers {
        take_along(app, &mut tx, ActorId(follower), old, new).await?;
    }
    tx.commit().await?;
    Ok(is_last)
}

async fn take_along(app: &App, tx: &mut Tx, follower: ActorId, old: &Actor, new: &Actor) -> Result<(), DbError> {
    let Some(before) = follows::store::find_pair(tx, follower, old.id).await? else { return Ok(()) };
    let Some(follower) = store::find(tx, follower).await? else { return Ok(()) };
    let is_wanted = before.state() != follows::FollowState::Rejected && follower.id != new.id;
    // The server itself does not follow its own channels: it has their videos.
    let is_needed = !(new.is_local && follower.kind() == actors::ActorKind::Application);
    let is_new = follows::store::find_pair(tx, follower.id, new.id).await?.is_none();
    if is_wanted
        && is_needed
        && is_new
        && let Some(follow) = follows::federate::send_follow(app, tx, &follower, new).await?
    {
        moves::copy_choices(tx, before.id, follow).await?;
    }
    if !old.is_local {
        follows::federate::send_undo(app, tx, &before).await?;
    }
    follows::store::delete(tx, before.id).await
}

/// A handle for people, of an address: `@name@host` if it is known here.
pub async fn handle_of(app: &App, url: &str) -> Result<Option<String>, DbError> {
    let found = store::find_by_url(&mut app.platform.db.read().await?, url).await?;
    let known = found.map(|actor| format!("@{}@{}", actor.username, actor.host));
    Ok(known.or_else(|| Some(Host::of(&Url::parse(url).ok()?)?.to_string())))
}
