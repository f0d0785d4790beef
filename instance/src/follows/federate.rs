//! Follows on the wire: sending them, answering them, and reading the answers.

use federation::{
    ids,
    wire::{Action, Activity, CollectionPage, Follow as WireFollow, FollowReference, Undone, WireError},
};
use platform::{
    db::{DbError, Tx},
    jobs::enqueue,
};
use url::Url;

use super::{Follow, FollowState, jobs::Backfill, store};
use crate::{
    App,
    actors::{self, Actor},
    videos,
};

/// Sends a follow from this server's own actor. Following again asks again, unless it is accepted already.
pub async fn send_follow(app: &App, tx: &mut Tx, target: &Actor) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let actor_url = app.ids.instance_actor();
    let Some(me) = actors::store::find_by_url(tx, actor_url.as_str()).await? else { return Ok(()) };
    let known = store::find_pair(tx, me.id, target.id).await?;
    if known.is_some_and(|follow| follow.state() == FollowState::Accepted) {
        return Ok(());
    }
    let provisional = format!("{actor_url}/follows/pending/{}", target.id.0);
    let id = store::upsert(tx, me.id, target.id, &provisional, FollowState::Pending, now).await?;
    let url = ids::follow(&actor_url, id.0);
    store::set_url(tx, id, url.as_str()).await?;
    let (Ok(object), Some(inbox)) = (Url::parse(target.url()), target.own_inbox()) else { return Ok(()) };
    let activity = Activity::new(url, actor_url.clone(), Action::Follow(object));
    courier::deliver(tx, now, &actor_url, &[inbox], &activity).await
}

/// Tells a followed actor that it is followed no longer.
pub async fn send_undo(app: &App, tx: &mut Tx, follow: &Follow) -> Result<(), DbError> {
    let Some(activity) = as_activity(follow) else { return Ok(()) };
    let Some(target) = actors::store::find(tx, follow.target_id).await? else { return Ok(()) };
    let Some(inbox) = target.own_inbox() else { return Ok(()) };
    let actor = activity.actor.clone();
    let undo =
        Activity::new(ids::undo(&activity.id), actor.clone(), Action::Undo(Undone::Activity(Box::new(activity))));
    courier::deliver(tx, app.platform.clock.now(), &actor, &[inbox], &undo).await
}

fn as_activity(follow: &Follow) -> Option<Activity> {
    let url = Url::parse(&follow.url).ok()?;
    let actor = Url::parse(&follow.follower_url).ok()?;
    Some(Activity::new(url, actor, Action::Follow(Url::parse(&follow.target_url).ok()?)))
}

/// Somebody follows one of our actors: it is granted at once, or waits for an administrator.
pub async fn receive_follow(app: &App, tx: &mut Tx, id: &Url, follower: &Actor, target: &Url) -> Result<(), DbError> {
    let Some(target) = actors::store::find_by_url(tx, target.as_str()).await? else { return Ok(()) };
    if !target.is_local {
        return Ok(());
    }
    let now = app.platform.clock.now();
    let state = if app.config.accept_followers { FollowState::Accepted } else { FollowState::Pending };
    let follow_id = store::upsert(tx, follower.id, target.id, id.as_str(), state, now).await?;
    if state == FollowState::Pending {
        return Ok(());
    }
    let (Ok(actor), Ok(follower_url), Some(inbox)) =
        (Url::parse(target.url()), Url::parse(follower.url()), follower.own_inbox())
    else {
        return Ok(());
    };
    let quoted = WireFollow { id: id.clone(), actor: follower_url, object: actor.clone() };
    let accept = Activity::new(
        app.ids.accept_follow(follow_id.0),
        actor.clone(),
        Action::Accept(FollowReference::Embedded(quoted)),
    );
    courier::deliver(tx, now, &actor, &[inbox], &accept).await
}

/// A followed actor has answered one of our follows. Only the followed may answer.
pub async fn receive_answer(
    app: &App,
    tx: &mut Tx,
    speaker: &Actor,
    reference: &FollowReference,
    state: FollowState,
) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let Some(me) = follower_of(app, tx, reference).await? else { return Ok(()) };
    let Some(follow) = store::find_pair(tx, me.id, speaker.id).await? else { return Ok(()) };
    let was = follow.state();
    store::set_state(tx, follow.id, state, now).await?;
    videos::intake::relist(tx, speaker.id).await?;
    let outbox = speaker.outbox_url.as_deref().and_then(|url| Url::parse(url).ok());
    if let (FollowState::Accepted, true, Some(outbox)) = (state, was != state, outbox) {
        enqueue(tx, now, &Backfill { actor_id: speaker.id.0, outbox, page: 1 }).await?;
    }
    Ok(())
}

/// Which of our actors a quoted follow is from. PeerTube quotes the follow in full, others its address.
async fn follower_of(app: &App, tx: &mut Tx, reference: &FollowReference) -> Result<Option<Actor>, DbError> {
    let actor = match reference {
        FollowReference::Embedded(follow) => follow.actor.clone(),
        FollowReference::Id(id) => {
            let text = id.as_str();
            let Some((actor, _)) = text.split_once("/follows/") else { return Ok(None) };
            let Ok(actor) = Url::parse(actor) else { return Ok(None) };
            actor
        }
    };
    let found = actors::store::find_by_url(tx, actor.as_str()).await?;
    Ok(found.filter(|actor| actor.is_local && actor.host == app.platform.public_url.host()))
}

/// The objects that a page of an outbox speaks of, and whether another page follows.
pub fn read_outbox_page(document: &serde_json::Value) -> Result<(Vec<Url>, bool), WireError> {
    let page = CollectionPage::from_value(document)?;
    Ok((page.object_ids().collect(), page.next.is_some()))
}

/// A follower has taken its follow back.
pub async fn receive_undo(tx: &mut Tx, follower: &Actor, target: &Url) -> Result<(), DbError> {
    let Some(target) = actors::store::find_by_url(tx, target.as_str()).await? else { return Ok(()) };
    if let Some(follow) = store::find_pair(tx, follower.id, target.id).await? {
        store::delete(tx, follow.id).await?;
    }
    Ok(())
}
