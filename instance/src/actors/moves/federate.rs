//! Moves on the wire.

use federation::{
    ids,
    wire::{Action, Activity, Audience, Move},
};
use platform::{
    db::{DbError, Tx},
    jobs::enqueue,
};
use url::Url;

use super::jobs::FollowMove;
use crate::{
    App,
    actors::{Actor, federate::inboxes_of},
    follows::{self, FollowId},
};

/// An actor of another server says that it lives elsewhere from now on. Whether that is so takes requests to find out.
pub async fn receive(app: &App, tx: &mut Tx, speaker: &Actor, object: &Url, target: &Url) -> Result<(), DbError> {
    if speaker.is_local || object.as_str() != speaker.url() || target == object {
        return Ok(());
    }
    let job = FollowMove { actor_id: speaker.id.0, target: target.clone() };
    enqueue(tx, app.platform.clock.now(), &job).await
}

/// Tells the followers of one of our actors where it lives from now on.
pub async fn send_move(app: &App, tx: &mut Tx, actor: &Actor, target: &Url) -> Result<(), DbError> {
    let Ok(url) = Url::parse(actor.url()) else { return Ok(()) };
    let now = app.platform.clock.now();
    let action = Action::Move(Move { object: url.clone(), target: target.clone() });
    let activity = Activity::new(ids::moved(&url, target, now), url.clone(), action);
    let activity = activity.addressed(Audience::direct([ids::under(&url, "followers")]));
    let inboxes = inboxes_of(app, tx, &[actor.id]).await?;
    courier::deliver(tx, now, &url, &inboxes, &activity).await
}

/// Has one of our actors ask to follow another; the number of the follow, if it could be asked.
pub async fn send_follow(
    app: &App,
    tx: &mut Tx,
    follower: &Actor,
    target: &Actor,
) -> Result<Option<FollowId>, DbError> {
    let now = app.platform.clock.now();
    let (Ok(follower_url), Ok(target_url)) = (Url::parse(follower.url()), Url::parse(target.url())) else {
        return Ok(None);
    };
    let state = if target.is_local { follows::FollowState::Accepted } else { follows::FollowState::Pending };
    let provisional = format!("{follower_url}/follows/pending/{}", target.id.0);
    let id = follows::store::upsert(tx, follower.id, target.id, &provisional, state, now).await?;
    let url = ids::follow(&follower_url, id.0);
    follows::store::set_url(tx, id, url.as_str()).await?;
    if let Some(inbox) = target.own_inbox().filter(|_| !target.is_local) {
        let activity = Activity::new(url, follower_url.clone(), Action::Follow(target_url));
        courier::deliver(tx, now, &follower_url, &[inbox], &activity).await?;
    }
    Ok(Some(id))
}
