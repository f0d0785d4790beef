//! Follows on the wire: sending them, answering them, and reading the answers.

use federation::{
    ids,
    wire::{Action, Activity, Follow as WireFollow, FollowReference, Undone},
};
use platform::db::{DbError, Tx};
use url::Url;

use super::{Follow, FollowId, FollowState, actions, store};
use crate::{
    App,
    actors::{self, Actor, ActorKind},
    settings::FollowPolicy,
    videos,
};

/// Sends a follow from one of our actors. Following again asks again, unless it is accepted already. Whoever lives here
/// agrees at once. Gives the follow that was asked for, if one was.
pub async fn send_follow(app: &App, tx: &mut Tx, me: &Actor, target: &Actor) -> Result<Option<FollowId>, DbError> {
    let now = app.platform.clock.now();
    let known = store::find_pair(tx, me.id, target.id).await?;
    let (Ok(actor_url), Ok(object)) = (Url::parse(me.url()), Url::parse(target.url())) else { return Ok(None) };
    if me.id == target.id || known.is_some_and(|follow| follow.state() == FollowState::Accepted) {
        return Ok(None);
    }
    let state = if target.is_local { FollowState::Accepted } else { FollowState::Pending };
    let provisional = format!("{actor_url}/follows/pending/{}", target.id.0);
    let id = store::upsert(tx, me.id, target.id, &provisional, state, now).await?;
    let url = ids::follow(&actor_url, id.0);
    store::set_url(tx, id, url.as_str()).await?;
    if let Some(inbox) = target.own_inbox().filter(|_| !target.is_local) {
        let activity = Activity::new(url, actor_url.clone(), Action::Follow(object));
        // Nobody here asks a second time by themselves, and whoever is followed does not ask at all.
        courier::deliver_surely(tx, now, &actor_url, &[inbox], &activity).await?;
    }
    Ok(Some(id))
}

/// Tells a followed actor that it is followed no longer, however long its server is away: it would send for ever.
pub async fn send_undo(app: &App, tx: &mut Tx, follow: &Follow) -> Result<(), DbError> {
    let Some(activity) = as_activity(follow) else { return Ok(()) };
    let Some(target) = actors::store::find(tx, follow.target_id).await? else { return Ok(()) };
    let Some(inbox) = target.own_inbox() else { return Ok(()) };
    let actor = activity.actor.clone();
    let undo =
        Activity::new(ids::undo(&activity.id), actor.clone(), Action::Undo(Undone::Activity(Box::new(activity))));
    courier::deliver_surely(tx, app.platform.clock.now(), &actor, &[inbox], &undo).await
}

fn as_activity(follow: &Follow) -> Option<Activity> {
    let url = Url::parse(&follow.url).ok()?;
    let actor = Url::parse(&follow.follower_url).ok()?;
    Some(Activity::new(url, actor, Action::Follow(Url::parse(&follow.target_url).ok()?)))
}

/// Tells a follower what became of its follow, however long its server is away; nothing while it is pending.
pub async fn send_answer(app: &App, tx: &mut Tx, follow: &Follow, state: FollowState) -> Result<(), DbError> {
    let Some(follower) = actors::store::find(tx, follow.follower_id).await? else { return Ok(()) };
    let (Ok(id), Ok(actor), Ok(follower_url), Some(inbox)) = (
        Url::parse(&follow.url),
        Url::parse(&follow.target_url),
        Url::parse(&follow.follower_url),
        follower.own_inbox(),
    ) else {
        return Ok(());
    };
    let quoted = FollowReference::Embedded(WireFollow { id, actor: follower_url, object: actor.clone() });
    let (url, action) = match state {
        FollowState::Accepted => (app.ids.accept_follow(follow.id.0), Action::Accept(quoted)),
        FollowState::Rejected => (app.ids.reject_follow(follow.id.0), Action::Reject(quoted)),
        FollowState::Pending => return Ok(()),
    };
    let answer = Activity::new(url, actor.clone(), action);
    courier::deliver_surely(tx, app.platform.clock.now(), &actor, &[inbox], &answer).await
}

/// Somebody follows one of our actors: it is granted at once, or waits for an administrator. Accounts and channels are
/// open to everybody. Whoever asks again hears the same answer again: what was accepted stays accepted, and what was
/// refused stays refused.
pub async fn receive_follow(app: &App, tx: &mut Tx, id: &Url, follower: &Actor, target: &Url) -> Result<(), DbError> {
    let Some(target) = actors::store::find_by_url(tx, target.as_str()).await? else { return Ok(()) };
    if !target.is_local || follower.is_local {
        return Ok(());
    }
    let known = store::find_pair(tx, follower.id, target.id).await?;
    // Only follows of the whole server wait for an administrator.
    let is_open = target.kind() != ActorKind::Application;
    let state = match (known.as_ref().map(Follow::state), app.border.settings().follow_policy()) {
        (_, FollowPolicy::Refuse) => FollowState::Rejected,
        (Some(answered @ (FollowState::Accepted | FollowState::Rejected)), _) => answered,
        (_, FollowPolicy::Accept) => FollowState::Accepted,
        (_, FollowPolicy::Ask) if is_open => FollowState::Accepted,
        (_, FollowPolicy::Ask) => FollowState::Pending,
    };
    let now = app.platform.clock.now();
    let follow_id = store::upsert(tx, follower.id, target.id, id.as_str(), state, now).await?;
    let Some(follow) = store::find(tx, follow_id).await? else { return Ok(()) };
    send_answer(app, tx, &follow, state).await?;
    let is_new = known.is_none_or(|follow| follow.state() != FollowState::Accepted);
    if state == FollowState::Accepted && is_new && target.kind() == ActorKind::Application {
        actions::follow_back(app, tx, follower.id).await?;
    }
    Ok(())
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
    if follow.state() == state {
        return Ok(());
    }
    store::set_state(tx, follow.id, state, now).await?;
    videos::intake::relist(tx, speaker.id).await?;
    actions::tell_index(app, tx).await?;
    if state == FollowState::Accepted {
        actions::begin_to_read(app, tx, speaker).await?;
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

/// A follower has taken its follow back. One that was refused stays so, lest asking again become a way around.
pub async fn receive_undo(tx: &mut Tx, follower: &Actor, target: &Url) -> Result<(), DbError> {
    let Some(target) = actors::store::find_by_url(tx, target.as_str()).await? else { return Ok(()) };
    match store::find_pair(tx, follower.id, target.id).await? {
        Some(follow) => take_back(tx, &follow).await,
        None => Ok(()),
    }
}

/// As [`receive_undo`], from those who name only the address of the follow. Tells whether there was one.
pub async fn receive_undo_by_id(tx: &mut Tx, follower: &Actor, id: &Url) -> Result<bool, DbError> {
    let follow = store::find_by_url(tx, id.as_str()).await?.filter(|follow| follow.follower_id == follower.id);
    let Some(follow) = follow else { return Ok(false) };
    take_back(tx, &follow).await?;
    Ok(true)
}

async fn take_back(tx: &mut Tx, follow: &Follow) -> Result<(), DbError> {
    if follow.state() == FollowState::Rejected { Ok(()) } else { store::delete(tx, follow.id).await }
}
