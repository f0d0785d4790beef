//! Asking instances to tell what is new, and acting upon what they tell.

use courier::{deliver, deliver_surely};
use federation::{
    ids,
    origin::Host,
    wire::{Action, Activity, Follow as WireFollow, FollowReference, Undone},
};
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    jobs,
};
use tracing::info;
use url::Url;
use uuid::Uuid;

use super::{
    jobs::AskToFollow,
    model::{FollowState, Target},
    news::News,
    store,
};
use crate::{
    crawl::{CatchUp, CrawlHost, ReadVideo},
    hosts::{
        self, Origin,
        consent::{self, Subject},
    },
};

/// Looks at videos of one host that may wait. When there are more, its whole list is read instead.
const MAX_LOOKS: i64 = 500;

/// Has an instance asked to tell what is new.
pub(crate) async fn enqueue_question(tx: &mut Tx, host: &str, now: Timestamp) -> Result<(), DbError> {
    jobs::enqueue(tx, now, &AskToFollow { host: host.to_owned() }).await
}

/// Asks to follow the actor that stands for an instance.
pub(super) async fn follow(tx: &mut Tx, me: &Url, host: &str, target: &Target, now: Timestamp) -> Result<(), DbError> {
    store::save_question(tx, host, target, now).await?;
    let activity = activity_of(me, host, target);
    deliver(tx, now, me, std::slice::from_ref(&target.inbox), &activity).await
}

/// Ends the follow of an instance, if there is one, and tells it, however long it is away. Who refused is remembered: they
/// are not asked again when they come back on the list.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub(crate) async fn unfollow(tx: &mut Tx, host: &str, now: Timestamp) -> Result<(), DbError> {
    let Some(follow) = store::find(tx, host).await? else { return Ok(()) };
    if follow.state == FollowState::Refused {
        return Ok(());
    }
    store::delete(tx, host).await?;
    let is_asked = matches!(follow.state, FollowState::Asked | FollowState::Accepted);
    let (Some(target), Some(me)) = (follow.target.filter(|_| is_asked), store::actor(tx).await?) else { return Ok(()) };
    let Ok(me) = Url::parse(&me.url) else { return Ok(()) };
    let followed = activity_of(&me, host, &target);
    let id = ids::undo(&followed.id);
    let undo = Activity::new(id, me.clone(), Action::Undo(Undone::Activity(Box::new(followed))));
    deliver_surely(tx, now, &me, &[target.inbox], &undo).await
}

/// Ends all follows.
pub(super) async fn unfollow_all(tx: &mut Tx, now: Timestamp) -> Result<(), DbError> {
    for host in store::followed(tx).await? {
        unfollow(tx, &host, now).await?;
    }
    Ok(())
}

/// The same for the same instance, so that its end needs nothing that was kept.
fn activity_of(me: &Url, host: &str, target: &Target) -> Activity {
    let id = ids::under(me, &format!("follows/{host}"));
    Activity::new(id, me.clone(), Action::Follow(target.actor.clone()))
}

/// An instance has answered. Only the actor that was asked may.
pub(super) async fn settle(
    tx: &mut Tx,
    host: &str,
    speaker: &Url,
    is_accepted: bool,
    now: Timestamp,
) -> Result<(), DbError> {
    let Some(follow) = store::find(tx, host).await? else { return Ok(()) };
    let state = if is_accepted { FollowState::Accepted } else { FollowState::Refused };
    let was_asked = matches!(follow.state, FollowState::Asked | FollowState::Accepted);
    if !was_asked || follow.state == state || follow.target.is_none_or(|target| target.actor != *speaker) {
        return Ok(());
    }
    store::set_state(tx, host, state, now).await?;
    info!(host, state = state.name(), "{host} was asked to tell what is new, and has answered");
    Ok(())
}

/// Somebody follows the index, as servers do that follow back. Nothing is published here, which those whom the index
/// follows are told.
pub(super) async fn decline(
    tx: &mut Tx,
    me: &Url,
    host: &str,
    activity: &Activity,
    now: Timestamp,
) -> Result<(), DbError> {
    let target = store::find(tx, host).await?.and_then(|follow| follow.target);
    let Some(target) = target.filter(|target| target.actor == activity.actor) else { return Ok(()) };
    let follow = WireFollow { id: activity.id.clone(), actor: activity.actor.clone(), object: me.clone() };
    let id = ids::under(me, &format!("rejects/follows/{host}"));
    let reject = Activity::new(id, me.clone(), Action::Reject(FollowReference::Embedded(follow)));
    deliver(tx, now, me, &[target.inbox], &reject).await
}

/// Hears what the instance in the same process tells its followers, if it is on the list.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn overhear(tx: &mut Tx, activity: &Activity, now: Timestamp) -> Result<(), DbError> {
    // Answers to follows are none of its business, so that it does not matter who it is.
    let news = News::of(activity, &activity.actor);
    let (Some(host), Some(news)) = (Host::of(&activity.actor), news) else { return Ok(()) };
    take(tx, host.as_str(), news, now).await
}

/// Does what news of a host of the list call for.
pub(super) async fn take(tx: &mut Tx, host: &str, news: News, now: Timestamp) -> Result<(), DbError> {
    let Some(origin) = origin_of(tx, host).await? else { return Ok(()) };
    match news {
        News::Look(uuid) => look(tx, host, uuid, now).await,
        News::Gone(uuid) => {
            if hosts::remove_video(tx, host, uuid, now).await? {
                jobs::enqueue(tx, now, &CatchUp {}).await?;
            }
            // Somebody may be reading the video at this moment, and write what was true before.
            look(tx, host, uuid, now).await
        }
        News::Closed(name) => {
            hosts::remove_actor(tx, host, &name, now).await?;
            jobs::enqueue(tx, now, &CatchUp {}).await
        }
        News::Wish { name, objection } => {
            if consent::heed_document(tx, &Subject::Actor { name, origin }, objection, now).await?
                != consent::Settled::Unchanged
            {
                jobs::enqueue(tx, now, &CatchUp {}).await?;
            }
            Ok(())
        }
        News::Answer { .. } | News::FollowsUs => Ok(()),
    }
}

/// A host that tells too much at once is read from beginning to end, which costs the same however much it tells.
async fn look(tx: &mut Tx, host: &str, uuid: Uuid, now: Timestamp) -> Result<(), DbError> {
    if jobs::count_unfinished::<ReadVideo>(tx, &ReadVideo::key_prefix(host)).await? < MAX_LOOKS {
        return jobs::enqueue(tx, now, &ReadVideo::new(host, uuid)).await;
    }
    jobs::enqueue(tx, now, &CrawlHost { host: host.to_owned() }).await
}

/// The address of an instance of the list. That it may use plain HTTP was decided when it was listed.
async fn origin_of(conn: &mut Connection, host: &str) -> Result<Option<Origin>, DbError> {
    let address = hosts::store::origin_of(conn, host).await?;
    Ok(address.and_then(|address| Origin::parse(&address, true).ok()))
}
