use platform::{
    db::{Connection, DbError, Tx},
    jobs::{JobId, OpenJob, count_unfinished, enqueue, forget_failed, open_jobs, take_back, take_out},
};
use url::Url;

use super::{
    Choices, Follow, FollowId, FollowState, Target, federate,
    jobs::{FollowActor, TellIndex, WithdrawCopies},
    store,
    target::TargetError,
};
use crate::{
    App, accounts,
    actors::{self, Actor, ActorId, ActorKind},
    backfill, channels,
    compose::RoleName,
    mirrors,
    users::User,
    videos,
};

/// Why a follow cannot be made, answered or ended.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The text names nobody.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Nobody can follow themselves.
    #[error("nobody can follow themselves")]
    Myself,
    /// Nobody of that name is here.
    #[error("there is no {0} here")]
    Unknown(String),
    /// There is no such follow.
    #[error("there is no follow of {0}")]
    NotFound(String),
    /// Somebody looks for many who do not answer.
    #[error(
        "you are looking for {MAX_SEARCHES_OF_USER} accounts and channels already: unsubscribe from one of them first"
    )]
    TooManySearches,
    /// The follow has been answered already.
    #[error("this follow is {0} already")]
    NotPending(&'static str),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The actor of this server.
///
/// # Errors
/// [`FollowError`] if it is missing.
pub async fn instance_actor(app: &App, connection: &mut Connection) -> Result<Actor, FollowError> {
    let url = app.ids.instance_actor();
    let actor = actors::store::find_by_url(connection, url.as_str()).await?;
    actor.ok_or_else(|| FollowError::Unknown(url.to_string()))
}

/// The actor of a user's account.
///
/// # Errors
/// [`FollowError`] if it is missing.
pub async fn actor_of_user(connection: &mut Connection, user: &User) -> Result<Actor, FollowError> {
    let missing = || FollowError::Unknown(user.username.clone());
    let account = accounts::store::find_by_user(connection, user.id).await?.ok_or_else(missing)?;
    actors::store::find_by_url(connection, &account.url).await?.ok_or_else(missing)
}

/// Has the server follow somebody.
///
/// # Errors
/// [`FollowError`] if the text names nobody, or this server.
pub async fn follow_as_server(app: &App, target: &Target) -> Result<(), FollowError> {
    let me = instance_actor(app, &mut app.platform.db.read().await?).await?;
    follow(app, &me, target).await
}

/// Has a user's account follow somebody.
///
/// # Errors
/// [`FollowError`] if the text names nobody.
pub async fn subscribe(app: &App, user: &User, target: &Target) -> Result<(), FollowError> {
    let me = actor_of_user(&mut app.platform.db.read().await?, user).await?;
    follow(app, &me, target).await
}

/// Asks to follow. Whoever is known is asked at once; finding others takes a request, so that happens in a job.
async fn follow(app: &App, me: &Actor, target: &Target) -> Result<(), FollowError> {
    let is_here = target.host().is_some_and(|host| host.as_str() == app.platform.public_url.host());
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    match find_known(app, &mut tx, target).await? {
        Some(known) if known.id == me.id => return Err(FollowError::Myself),
        Some(known) => federate::send_follow(app, &mut tx, me, &known).await.map(drop)?,
        None if is_here => return Err(FollowError::Unknown(target.to_string())),
        None => {
            let job = FollowActor::new(me.id, target);
            forget_failed(&mut tx, &job).await?;
            enqueue(&mut tx, now, &job).await?;
            let searches = count_unfinished::<FollowActor>(&mut tx, &FollowActor::key_prefix(me.id)).await?;
            if me.kind() != ActorKind::Application && searches > MAX_SEARCHES_OF_USER {
                return Err(FollowError::TooManySearches);
            }
        }
    }
    tx.commit().await?;
    Ok(())
}

/// So many searches of the server are shown.
const MAX_SEARCHES: i64 = 500;
/// So many searches of a user go on at a time: each asks another server for days.
const MAX_SEARCHES_OF_USER: i64 = 100;

/// Whom the server wants to follow and has not found: the search goes on, or was given up.
///
/// # Errors
/// [`FollowError`] if the database refuses.
pub async fn searches(app: &App, connection: &mut Connection) -> Result<Vec<OpenJob<FollowActor>>, FollowError> {
    let me = instance_actor(app, connection).await?;
    Ok(open_jobs::<FollowActor>(connection, &FollowActor::key_prefix(me.id), MAX_SEARCHES).await?)
}

/// Ends a search of the server, and begins it anew if that is wanted.
///
/// # Errors
/// [`FollowError::NotFound`] if the server searches no such thing.
pub async fn end_search(app: &App, id: JobId, begins_anew: bool) -> Result<(), FollowError> {
    let mut tx = app.platform.db.begin().await?;
    let me = instance_actor(app, &mut tx).await?;
    let job = take_out::<FollowActor>(&mut tx, id).await?.filter(|job| job.follower == me.id.0);
    let job = job.ok_or_else(|| FollowError::NotFound(format!("search {id}")))?;
    if begins_anew {
        enqueue(&mut tx, app.platform.clock.now(), &job).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The actor that a target names, if it is known here already.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn find_known(app: &App, connection: &mut Connection, target: &Target) -> Result<Option<Actor>, DbError> {
    match target {
        Target::Server(host) if host.as_str() == app.platform.public_url.host() => {
            actors::store::find_by_url(connection, app.ids.instance_actor().as_str()).await
        }
        Target::Server(_) => Ok(None),
        Target::Handle(handle) => find_by_handle(connection, &handle.name, handle.host.as_str()).await,
        Target::Url(url) => actors::store::find_by_url(connection, url.as_str()).await,
    }
}

/// The account or channel with this handle.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn find_by_handle(connection: &mut Connection, name: &str, host: &str) -> Result<Option<Actor>, DbError> {
    let url = match channels::store::find_by_handle(connection, name, host).await? {
        Some(channel) => Some(channel.url),
        None => accounts::store::find_by_handle(connection, name, host).await?.map(|account| account.url),
    };
    match url {
        Some(url) => actors::store::find_by_url(connection, &url).await,
        None => Ok(None),
    }
}

/// Ends a follow of the server: of a host (its own actor), or of a handle. A search for them ends, too.
///
/// # Errors
/// [`FollowError::NotFound`] if there is none.
pub async fn unfollow_as_server(app: &App, host_or_handle: &str) -> Result<(), FollowError> {
    let not_found = || FollowError::NotFound(host_or_handle.to_owned());
    let target: Target = host_or_handle.parse()?;
    let mut tx = app.platform.db.begin().await?;
    let me = instance_actor(app, &mut tx).await?;
    let was_searched = take_back(&mut tx, &FollowActor::new(me.id, &target)).await?;
    let mut query = super::model::FollowQuery::new(super::model::Side::Following(me.id));
    query.search = target.host().map(|host| format!("@{host}"));
    query.count = 10_000;
    let follows = store::list(&mut tx, &query).await?;
    let is_meant = |follow: &&Follow| match &target {
        Target::Server(host) => follow.target_host == host.as_str() && follow.target_kind() == ActorKind::Application,
        Target::Handle(handle) => {
            follow.target_host == handle.host.as_str()
                && actors::fold_name(&follow.target_username) == actors::fold_name(&handle.name)
        }
        Target::Url(url) => follow.target_url == url.as_str(),
    };
    match follows.iter().find(is_meant) {
        Some(follow) => unfollow_in(app, &mut tx, follow).await?,
        None if was_searched => {}
        None => return Err(not_found()),
    }
    tx.commit().await?;
    Ok(())
}

/// Ends a user's follow of the account or channel with this handle. A search for them ends, too.
///
/// # Errors
/// [`FollowError::NotFound`] if there is none.
pub async fn unsubscribe(app: &App, user: &User, target: &Target) -> Result<(), FollowError> {
    let not_found = || FollowError::NotFound(target.to_string());
    let mut tx = app.platform.db.begin().await?;
    let me = actor_of_user(&mut tx, user).await?;
    let was_searched = take_back(&mut tx, &FollowActor::new(me.id, target)).await?;
    let follow = match find_known(app, &mut tx, target).await? {
        Some(known) => store::find_pair(&mut tx, me.id, known.id).await?,
        None => None,
    };
    match follow {
        Some(follow) => unfollow_in(app, &mut tx, &follow).await?,
        None if was_searched => {}
        None => return Err(not_found()),
    }
    tx.commit().await?;
    Ok(())
}

/// Ends a follow of the server by its number.
///
/// # Errors
/// [`FollowError::NotFound`] if the server has sent no such follow.
pub async fn unfollow_by_id(app: &App, id: FollowId) -> Result<(), FollowError> {
    let mut tx = app.platform.db.begin().await?;
    let follow = sent_by_server(app, &mut tx, id).await?;
    unfollow_in(app, &mut tx, &follow).await?;
    tx.commit().await?;
    Ok(())
}

/// Sets what a follow of the server is for. Copies that are not wanted any more are given back.
///
/// # Errors
/// [`FollowError::NotFound`] if the server has sent no such follow.
pub async fn choose(app: &App, id: FollowId, choices: Choices) -> Result<(), FollowError> {
    let mut tx = app.platform.db.begin().await?;
    let follow = sent_by_server(app, &mut tx, id).await?;
    store::set_choices(&mut tx, follow.id, choices, app.platform.clock.now()).await?;
    videos::intake::relist(&mut tx, follow.target_id).await?;
    tell_index(app, &mut tx).await?;
    if follow.is_mirrored && !choices.is_mirrored {
        give_copies_back(app, &mut tx, &follow.target_host).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn sent_by_server(app: &App, tx: &mut Tx, id: FollowId) -> Result<Follow, FollowError> {
    let me = instance_actor(app, tx).await?;
    let follow = store::find(tx, id).await?.filter(|follow| follow.follower_id == me.id);
    follow.ok_or_else(|| FollowError::NotFound(id.0.to_string()))
}

/// Ends a follow of one of our actors and tells the followed. What came by it stays; copies are given back, and reading
/// what the followed published ends, unless another follow is a reason to go on. Nor does a search follow them anew, by
/// whatever name it looks for them.
async fn unfollow_in(app: &App, tx: &mut Tx, follow: &Follow) -> Result<(), DbError> {
    for target in Target::all_of(follow) {
        take_back(tx, &FollowActor::new(follow.follower_id, &target)).await?;
    }
    if follow.state() != FollowState::Rejected && !follow.target_is_local {
        federate::send_undo(app, tx, follow).await?;
    }
    store::delete(tx, follow.id).await?;
    videos::intake::relist(tx, follow.target_id).await?;
    tell_index(app, tx).await?;
    if !store::is_followed_from_here(tx, follow.target_id).await? {
        backfill::stop(tx, follow.target_id).await?;
    }
    give_copies_back(app, tx, &follow.target_host).await
}

/// Has the index in the same process, if there is one, learn whom this server follows.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn tell_index(app: &App, tx: &mut Tx) -> Result<(), DbError> {
    if !app.roles.has(RoleName::Indexer) {
        return Ok(());
    }
    enqueue(tx, app.platform.clock.now(), &TellIndex {}).await
}

/// The job looks which copies of videos of the host nobody wants any more.
async fn give_copies_back(app: &App, tx: &mut Tx, host: &str) -> Result<(), DbError> {
    let plays_role = app.roles.has(RoleName::Redundancy);
    if plays_role && mirrors::store::has_copies_of_host(tx, host).await? {
        let job = WithdrawCopies { host: host.to_owned() };
        enqueue(tx, app.platform.clock.now(), &job).await?;
    }
    Ok(())
}

/// What an administrator can do with a follow that the server has received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Grant it.
    Accept,
    /// Refuse it; it stays refused when it comes again.
    Reject,
    /// Refuse it and forget it; it may come again.
    Remove,
}

/// Answers a follow of this server, and tells the follower.
///
/// # Errors
/// [`FollowError::NotPending`] if it was answered before (a removal is always possible).
pub async fn judge(app: &App, follow: &Follow, verdict: Verdict) -> Result<(), FollowError> {
    let state = follow.state();
    let is_open = match verdict {
        Verdict::Accept => state != FollowState::Accepted,
        Verdict::Reject => state == FollowState::Pending,
        Verdict::Remove => true,
    };
    if !is_open {
        return Err(FollowError::NotPending(state.name()));
    }
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    match verdict {
        Verdict::Accept => {
            store::set_state(&mut tx, follow.id, FollowState::Accepted, now).await?;
            federate::send_answer(app, &mut tx, follow, FollowState::Accepted).await?;
            follow_back(app, &mut tx, follow.follower_id).await?;
        }
        Verdict::Reject => {
            store::set_state(&mut tx, follow.id, FollowState::Rejected, now).await?;
            federate::send_answer(app, &mut tx, follow, FollowState::Rejected).await?;
        }
        Verdict::Remove => {
            federate::send_answer(app, &mut tx, follow, FollowState::Rejected).await?;
            store::delete(&mut tx, follow.id).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// The follow of this server by the actor with this handle.
///
/// # Errors
/// [`FollowError::NotFound`] if there is none.
pub async fn received_from(app: &App, handle: &str) -> Result<Follow, FollowError> {
    let mut connection = app.platform.db.read().await?;
    let not_found = || FollowError::NotFound(handle.to_owned());
    let me = instance_actor(app, &mut connection).await?;
    let (name, host) = app.split_handle(handle);
    let follower = find_by_handle(&mut connection, &name, &host).await?.ok_or_else(not_found)?;
    store::find_pair(&mut connection, follower.id, me.id).await?.ok_or_else(not_found)
}

/// The follow of this server with this number.
///
/// # Errors
/// [`FollowError::NotFound`] if there is none.
pub async fn received(app: &App, id: FollowId) -> Result<Follow, FollowError> {
    let mut connection = app.platform.db.read().await?;
    let me = instance_actor(app, &mut connection).await?;
    let follow = store::find(&mut connection, id).await?.filter(|follow| follow.target_id == me.id);
    follow.ok_or_else(|| FollowError::NotFound(id.0.to_string()))
}

/// Follows a server that follows us, if the operator wants that.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn follow_back(app: &App, tx: &mut Tx, follower: ActorId) -> Result<(), DbError> {
    if !app.border.settings().follows_back {
        return Ok(());
    }
    let Some(follower) = actors::store::find(tx, follower).await? else { return Ok(()) };
    let Some(me) = actors::store::find_by_url(tx, app.ids.instance_actor().as_str()).await? else { return Ok(()) };
    let is_new = store::find_pair(tx, me.id, follower.id).await?.is_none();
    if is_new && !follower.is_local && follower.kind() == ActorKind::Application {
        federate::send_follow(app, tx, &me, &follower).await?;
    }
    Ok(())
}

/// Asks for what a followed actor has published, once it may be asked.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn begin_to_read(app: &App, tx: &mut Tx, target: &Actor) -> Result<(), DbError> {
    let has_outbox = target.outbox_url.as_deref().is_some_and(|url| Url::parse(url).is_ok());
    if target.is_local || !has_outbox {
        return Ok(());
    }
    backfill::start(tx, app.platform.clock.now(), target.id).await
}
