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
use crate::{App, actors::Actor, federation::broadcast};

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
    let inboxes = broadcast::inboxes_around(app, tx, &[actor.id]).await?;
    courier::deliver(tx, now, &url, &inboxes, &activity).await
}
