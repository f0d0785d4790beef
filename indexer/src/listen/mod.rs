//! How does the index hear at once of what is new?
//!
//! It is an actor of its own, which follows the actor that stands for each instance of the list; what an instance tells its
//! followers comes into its inbox. A video is found, or found no longer, seconds after its instance said so. An instance
//! that does not let itself be followed is read from time to time, as all are.
//!
//! **Invariant:** an activity is a hint, and no source. What enters the index is read from the instance itself, as a crawl
//! reads it; what an activity does by itself is take away, and only what its own host published. Activities of hosts that
//! are not on the list, or did not accept the follow, are not listened to.
//!
//! A follow goes with its reason: when an instance leaves the list, opts out or refuses to be indexed, it is told that the
//! index follows it no longer ([`unfollow`]), in the same transaction.

mod actions;
mod endpoints;
mod identity;
mod inbox;
mod jobs;
mod model;
mod news;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use courier::{Courier, OpenBorder};
use platform::{
    MountError, Platform,
    jobs::{JobSet, Schedule},
};

pub use actions::overhear;
use actions::unfollow_all;
pub(crate) use actions::{enqueue_question, unfollow};
pub use endpoints::describe;
use identity::Identity;
pub use identity::Keys;
pub use model::{Follow, FollowState};

use crate::Config;

/// What listening brings to the process.
#[derive(Debug, Default)]
pub(crate) struct Listening {
    /// What other servers ask of the actor and send to it. It stays at its place whatever the prefix of the index is.
    pub router: Router,
    /// Reads other servers' documents as an actor of this one; `None` if there is no such actor.
    pub courier: Option<Courier>,
    pub jobs: JobSet,
    pub schedules: Vec<Schedule>,
}

/// The index as an actor.
#[derive(Debug, Clone)]
struct Listener {
    platform: Platform,
    courier: Courier,
    me: Arc<Identity>,
}

/// Becomes an actor, with the courier of the instance in the same process if there is one. An index that no longer listens
/// ends its follows, and stays an actor as long as it has to sign that.
pub(crate) async fn mount(
    platform: &Platform,
    config: &Config,
    beside: Option<Courier>,
) -> Result<Listening, MountError> {
    let me = if config.listen { Some(Identity::ensure(platform).await?) } else { Identity::find(platform).await? };
    let Some(me) = me else { return Ok(Listening { courier: beside, ..Listening::default() }) };
    if !config.listen {
        let mut tx = platform.db.begin().await?;
        unfollow_all(&mut tx, platform.clock.now()).await?;
        tx.commit().await?;
    }
    let is_alone = beside.is_none();
    let courier = beside.unwrap_or_else(|| {
        let actor = me.local_actor().clone();
        Courier::new(platform.clone(), Arc::new(actor.clone()), actor, Arc::new(OpenBorder))
    });
    let listener = Listener { platform: platform.clone(), courier: courier.clone(), me: Arc::new(me) };
    let mut listening = Listening { router: endpoints::router(&listener, is_alone), ..Listening::default() };
    listening.courier = Some(courier.clone());
    if config.listen {
        listening.jobs = jobs::job_set(&listener);
        listening.schedules = jobs::schedules();
    }
    if is_alone {
        listening.jobs = listening.jobs.merge(courier.jobs());
        listening.schedules.extend(courier.schedules());
    }
    Ok(listening)
}
