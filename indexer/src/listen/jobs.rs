//! Background work: finding whom to follow.

use chrono::TimeDelta;
use courier::FetchError;
use federation::origin::Host;
use platform::{
    db::DbError,
    jobs::{Job, JobError, JobSet, Lane, RetryPolicy, Schedule},
};
use serde::{Deserialize, Serialize};
use tracing::debug;

use super::{Listener, actions, model::Target, store};
use crate::hosts;

/// Finds the actor that stands for an instance, and asks to follow it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AskToFollow {
    /// Which, as on the list.
    pub host: String,
}

impl Job for AskToFollow {
    const KIND: &'static str = "index_ask_to_follow";
    const LANE: Lane = Lane::Fetch;
    /// The table of follows says when an instance is asked again.
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.host.clone())
    }

    fn party(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// Finds the instances that were not asked yet.
#[derive(Debug, Serialize, Deserialize)]
struct FindUnasked {}

impl Job for FindUnasked {
    const KIND: &'static str = "index_find_unasked";
    const POLICY: RetryPolicy = RetryPolicy::ONCE;

    fn dedupe_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Where nobody could be asked, it is looked again after this.
const LOOK_AGAIN: TimeDelta = TimeDelta::hours(6);
/// Who has not answered is reminded after this.
const REMIND: TimeDelta = TimeDelta::days(30);
/// Instances that are asked at one time; the next look finds the others.
const MAX_ASKED: i64 = 50;

/// The jobs of this feature.
pub(super) fn job_set(listener: &Listener) -> JobSet {
    let (asking, finding) = (listener.clone(), listener.clone());
    JobSet::new()
        .on(move |job: AskToFollow, _| {
            let listener = asking.clone();
            async move { listener.ask(&job.host).await.map_err(JobError::from) }
        })
        .on(move |_: FindUnasked, _| {
            let listener = finding.clone();
            async move { listener.find_unasked().await.map_err(JobError::from) }
        })
}

/// The jobs that come back by themselves.
pub(super) fn schedules() -> Vec<Schedule> {
    vec![Schedule::new("index-find-unasked", "41 * * * * *", || FindUnasked {})]
}

impl Listener {
    async fn find_unasked(&self) -> Result<(), DbError> {
        let now = self.platform.clock.now();
        let here = self.platform.public_url.host();
        let mut tx = self.platform.db.begin().await?;
        for host in store::unasked(&mut tx, here, now - LOOK_AGAIN, now - REMIND, MAX_ASKED).await? {
            actions::enqueue_question(&mut tx, &host, now).await?;
        }
        tx.commit().await
    }

    /// The instance in the same process is overheard, not asked.
    async fn ask(&self, host: &str) -> Result<(), DbError> {
        let Ok(name) = host.parse::<Host>() else { return Ok(()) };
        if host == self.platform.public_url.host() || !self.is_askable(host).await? {
            return Ok(());
        }
        let found = self.find_target(&name).await;
        let mut tx = self.platform.db.begin().await?;
        // Whoever takes it off the list meanwhile ends the follow that is written here, or this one sees that it is gone.
        hosts::store::lock(&mut tx, host).await?;
        if !store::may_be_asked(&mut tx, host).await? {
            return Ok(());
        }
        let now = self.platform.clock.now();
        match found {
            Ok(target) => actions::follow(&mut tx, self.me.url(), host, &target, now).await?,
            Err(error) => {
                debug!(host, %error, "{host} has no actor that can be followed");
                store::save_failure(&mut tx, host, &explain(&error), now).await?;
            }
        }
        tx.commit().await
    }

    /// Not again who tells already, or does not want to.
    async fn is_askable(&self, host: &str) -> Result<bool, DbError> {
        use super::FollowState::{Asked, Unavailable};

        let mut conn = self.platform.db.read().await?;
        let follow = store::find(&mut conn, host).await?;
        let is_open = follow.is_none_or(|follow| matches!(follow.state, Asked | Unavailable));
        Ok(is_open && store::may_be_asked(&mut conn, host).await?)
    }

    async fn find_target(&self, host: &Host) -> Result<Target, FetchError> {
        let url = self.courier.find_instance_actor(host).await?;
        let actor = self.courier.fetch_actor(&url).await?;
        Ok(Target { inbox: actor.inbox, actor: actor.id })
    }
}

fn explain(error: &FetchError) -> String {
    match error {
        FetchError::Net(error) => hosts::explain(error),
        other => other.to_string(),
    }
}
