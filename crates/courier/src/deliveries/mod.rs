//! How does an activity get to other servers, all of it, in order, and not for ever?
//!
//! **Invariant:** an activity is queued in the transaction that caused it, so that it is sent if and only if that
//! happened; and what one server gets from us, it gets in the order in which it happened.
//!
//! Each server has a queue, worked off by one job at a time, so that a server that hangs holds up nobody else. A delivery
//! leaves its queue when the server took it (2xx), refused it for good (4xx), or has not taken it for seven days. When a
//! server does not answer, all of its queue waits: 1 minute, 2, 4, … up to 6 hours, with up to a quarter on top, or as
//! long as the server asks for. A process that dies between sending and writing that down sends again: receivers take an
//! activity twice without harm.
//!
//! Bodies are signed when they are sent, with the key that the actor has then.

mod outcome;
mod store;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use federation::{ACCEPT_ACTIVITY, ACTIVITY_JSON, origin::Host, wire::Activity};
use metrics::counter;
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::{self, Job, JobContext, JobError, Lane, RetryPolicy},
};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};
use url::Url;

use crate::{Courier, Signer, actors::KeyStoreError};
use outcome::Outcome;

/// For how long an activity is tried to be delivered.
pub const GIVE_UP_AFTER: TimeDelta = TimeDelta::days(7);

/// How long a server may take to take an activity.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How long a server is left alone after failures in a row.
const PAUSES: RetryPolicy =
    RetryPolicy { max_attempts: u32::MAX, first_delay: Duration::from_mins(1), longest_delay: Duration::from_hours(6) };

/// Queues an activity of one of our actors for delivery, in the transaction that caused it.
///
/// Each inbox gets it once. Where several recipients live on one server, give their shared inbox. Inboxes of this very
/// server must not be among them.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn deliver(
    tx: &mut Tx,
    now: Timestamp,
    actor: &Url,
    inboxes: &[Url],
    activity: &Activity,
) -> Result<(), DbError> {
    let body = activity.to_document().to_string();
    forward(tx, now, actor, inboxes, &activity.id, body).await
}

/// Queues somebody else's activity for delivery, byte for byte: one of our actors passes it on, and its own linked-data
/// signature speaks for it.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn forward(
    tx: &mut Tx,
    now: Timestamp,
    actor: &Url,
    inboxes: &[Url],
    activity_url: &Url,
    body: String,
) -> Result<(), DbError> {
    let inboxes: BTreeSet<(Host, &Url)> = inboxes.iter().filter_map(|inbox| Some((Host::of(inbox)?, inbox))).collect();
    if inboxes.is_empty() {
        return Ok(());
    }
    let outgoing = store::insert_activity(tx, actor, activity_url, body, now).await?;
    for (host, inbox) in &inboxes {
        store::insert_delivery(tx, outgoing, host, inbox, now).await?;
    }
    let hosts: BTreeSet<Host> = inboxes.into_iter().map(|(host, _)| host).collect();
    for host in hosts {
        jobs::enqueue(tx, now, &DeliverToHost { host }).await?;
    }
    Ok(())
}

/// Works off the queue of one server.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeliverToHost {
    host: Host,
}

impl Job for DeliverToHost {
    const KIND: &'static str = "deliver_to_host";
    const LANE: Lane = Lane::Delivery;
    /// The queue keeps its own time; what is left to the policy is trouble on our side, which must not lose anything.
    const POLICY: RetryPolicy = PAUSES;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.host.to_string())
    }
}

/// What becomes of the rest of the queue.
enum Next {
    GoOn,
    Pause(Duration),
}

impl Courier {
    pub(crate) async fn deliver_to_host(&self, job: &DeliverToHost, context: &JobContext) -> Result<(), JobError> {
        if let Some(rest) = self.rest_of_pause(&job.host).await? {
            return Err(JobError::snooze(rest));
        }
        loop {
            if context.is_cancelled() {
                return Err(JobError::snooze(Duration::ZERO));
            }
            let next = store::first_of(&mut self.platform().db.read().await?, &job.host).await?;
            let Some(delivery) = next else { return Ok(()) };
            let outcome = self.send(&delivery).await.map_err(JobError::retry)?;
            if let Next::Pause(pause) = self.settle(&job.host, &delivery, outcome).await? {
                return Err(JobError::snooze(pause));
            }
        }
    }

    /// A new activity wakes the job of its host; a host that does not answer is left alone all the same.
    async fn rest_of_pause(&self, host: &Host) -> Result<Option<Duration>, DbError> {
        let until = store::pause_of(&mut self.platform().db.read().await?, host).await?;
        let rest = until.and_then(|pause| (pause.next_attempt_at - self.platform().clock.now()).to_std().ok());
        Ok(rest.filter(|rest| !rest.is_zero()))
    }

    async fn send(&self, delivery: &store::Delivery) -> Result<Outcome, KeyStoreError> {
        let (Ok(actor), Ok(inbox)) = (Url::parse(&delivery.actor_url), Url::parse(&delivery.inbox_url)) else {
            return Ok(Outcome::Refused("its addresses cannot be read".to_owned()));
        };
        let Some(actor) = self.inner.keys.key_for(&actor).await? else {
            return Ok(Outcome::Refused(format!("{actor} is no longer one of our actors")));
        };
        let signer = Signer::new(actor, self.platform().clock.clone());
        let response = self
            .platform()
            .http
            .post(&inbox)
            .body(delivery.body.clone(), ACTIVITY_JSON)
            .accept(ACCEPT_ACTIVITY)
            .signer(&signer)
            .timeout(TIMEOUT)
            .send()
            .await
            .and_then(platform::net::Response::error_for_status);
        Ok(Outcome::of(response.map(drop), delivery.attempts))
    }

    /// Removes what was left behind by queues that finished at the same time.
    pub(crate) async fn forget_sent_activities(&self) -> Result<(), DbError> {
        let mut tx = self.platform().db.begin().await?;
        let an_hour_ago = self.platform().clock.now() - TimeDelta::hours(1);
        store::delete_activities_without_deliveries(&mut tx, an_hour_ago).await?;
        tx.commit().await
    }

    async fn settle(&self, host: &Host, delivery: &store::Delivery, outcome: Outcome) -> Result<Next, DbError> {
        counter!("shoal_deliveries_total", "outcome" => outcome.label()).increment(1);
        let mut tx = self.platform().db.begin().await?;
        let next = match outcome {
            Outcome::Delivered => {
                store::delete(&mut tx, delivery).await?;
                store::end_pause(&mut tx, host).await?;
                Next::GoOn
            }
            Outcome::Refused(reason) => {
                info!(activity.id = delivery.activity_url, %host, reason, "{host} refused an activity for good");
                store::delete(&mut tx, delivery).await?;
                Next::GoOn
            }
            Outcome::Later { reason, after } => Next::Pause(self.pause(&mut tx, host, delivery, &reason, after).await?),
        };
        tx.commit().await?;
        Ok(next)
    }

    async fn pause(
        &self,
        tx: &mut Tx,
        host: &Host,
        delivery: &store::Delivery,
        reason: &str,
        asked_for: Option<Duration>,
    ) -> Result<Duration, DbError> {
        let now = self.platform().clock.now();
        store::count_attempt(tx, delivery).await?;
        let given_up = store::delete_older_than(tx, host, now - GIVE_UP_AFTER).await?;
        if given_up > 0 {
            warn!(%host, deliveries = given_up, reason, "{given_up} activities for {host} are given up after seven days");
        }
        let failures = store::pause_of(tx, host).await?.map_or(1, |pause| pause.failures.saturating_add(1));
        let usual = PAUSES.delay_with_jitter(u32::try_from(failures).unwrap_or(u32::MAX), &self.platform().random);
        let pause = asked_for.map_or(usual, |asked_for| asked_for.clamp(usual, PAUSES.longest_delay.max(usual)));
        store::save_pause(tx, host, &store::NewPause { failures, now, next_attempt_at: now + pause, reason }).await?;
        info!(%host, failures, reason, pause_s = pause.as_secs(), "{host} does not take activities");
        Ok(pause)
    }
}
