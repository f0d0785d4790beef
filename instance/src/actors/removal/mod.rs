//! The end of an actor: everything that it owns goes with it, piece by piece, and every server that may know it is told.
//!
//! **Invariant:** the videos go before their channel, so that each is removed as videos are, with its files and copies; the
//! row of the actor goes last. Killed at any point, the job goes on where it was.

mod store;

use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::enqueue,
};
use url::Url;

use super::{Actor, ActorId, federate, images, jobs::RemoveActor};
use crate::{App, accounts, channels, comments, rates, tombstones, videos};

/// Videos that go in one transaction.
const AT_A_TIME: i64 = 20;

/// Has an actor removed soon.
pub async fn begin(tx: &mut Tx, actor: ActorId, now: Timestamp) -> Result<(), DbError> {
    enqueue(tx, now, &RemoveActor { actor_id: actor.0 }).await
}

/// Removes an actor now, as the job of [`begin`] would.
pub async fn run(app: &App, actor: ActorId) -> Result<(), DbError> {
    while !remove_some(app, actor).await? {}
    Ok(())
}

/// Removes a part of what an actor owns; `true` once nothing is left.
pub async fn remove_some(app: &App, id: ActorId) -> Result<bool, DbError> {
    let mut tx = app.platform.db.begin().await?;
    let Some(actor) = super::store::find(&mut tx, id).await? else { return Ok(true) };
    let is_last = videos::delete_of_actor(app, &mut tx, id, AT_A_TIME).await? == 0;
    if is_last {
        finish(app, &mut tx, &actor).await?;
    }
    tx.commit().await?;
    Ok(is_last)
}

async fn finish(app: &App, tx: &mut Tx, actor: &Actor) -> Result<(), DbError> {
    let account = accounts::store::find_by_actor(tx, actor.id).await?;
    let mut ends = vec![actor.clone()];
    if let Some(account) = &account {
        for channel in channels::store::all_of_account(tx, account.id).await? {
            ends.extend(super::store::find(tx, channel.actor_id).await?);
        }
        rates::forget_actor(tx, actor.id).await?;
        store::delete_rates(tx, account.id).await?;
        comments::forget_author(app, tx, account.id).await?;
    }
    let user = account.as_ref().and_then(|account| account.user_id);
    let inboxes =
        if actor.is_local { acquaintances(tx, account.as_ref().map(|account| account.id)).await? } else { vec![] };
    // The channels end before their owner.
    for actor in ends.iter().rev() {
        end(app, tx, actor, &inboxes).await?;
    }
    if let Some(user) = user {
        crate::users::store::delete(tx, user).await?;
    }
    Ok(())
}

/// Every server that may know something of our actors or of what one of them said.
async fn acquaintances(tx: &mut Tx, account: Option<accounts::AccountId>) -> Result<Vec<Url>, DbError> {
    let mut inboxes = store::inboxes_of_followers(tx).await?;
    if let Some(account) = account {
        inboxes.extend(store::inboxes_of_discussed(tx, account).await?);
    }
    let mut urls: Vec<Url> = inboxes.iter().filter_map(|inbox| Url::parse(inbox).ok()).collect();
    urls.sort();
    urls.dedup();
    Ok(urls)
}

async fn end(app: &App, tx: &mut Tx, actor: &Actor, inboxes: &[Url]) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let pictures = images::store::of_actors(tx, [actor.id]).await?;
    images::actions::forget(tx, &pictures, now).await?;
    if !actor.is_local {
        return super::store::delete(tx, actor.id).await;
    }
    if tombstones::store::deleted_at(tx, actor.url()).await?.is_none() {
        federate::send_delete(app, tx, actor, inboxes).await?;
        tombstones::store::insert(tx, actor.url(), actor.kind().name(), now).await?;
    }
    store::strip(tx, actor.id).await
}
