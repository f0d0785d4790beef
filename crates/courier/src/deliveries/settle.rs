//! What has been sent is written down, many at a time.

use std::{collections::BTreeSet, time::Duration};

use federation::origin::Host;
use metrics::counter;
use platform::{
    db::{DbError, Tx},
    jobs::RetryPolicy,
};
use tracing::{info, warn};

use super::{
    GIVE_UP_AFTER, PAUSES,
    outcome::Outcome,
    store::{self, Delivery, Pause},
};
use crate::Courier;

/// How long a server that was given up is left alone.
const PAUSES_AFTER_GIVING_UP: RetryPolicy = RetryPolicy { longest_delay: Duration::from_hours(24), ..PAUSES };

/// A delivery that was tried.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) host: Host,
    pub(super) delivery: Delivery,
    pub(super) outcome: Outcome,
}

impl Courier {
    /// Writes down what became of these deliveries, in one transaction.
    pub(super) async fn settle(&self, sent: &[Sent]) -> Result<(), DbError> {
        let mut tx = self.platform().db.begin().await?;
        let (waiting, done): (Vec<&Sent>, Vec<&Sent>) =
            sent.iter().partition(|sent| matches!(sent.outcome, Outcome::Later { .. }));
        let deliveries: Vec<&Delivery> = done.iter().map(|sent| &sent.delivery).collect();
        store::delete(&mut tx, &deliveries).await?;
        let alive: BTreeSet<&Host> =
            sent.iter().filter(|sent| sent.outcome.is_sign_of_life()).map(|sent| &sent.host).collect();
        store::end_pauses(&mut tx, &Vec::from_iter(alive)).await?;
        for sent in waiting {
            self.pause(&mut tx, sent).await?;
        }
        tx.commit().await?;
        sent.iter().for_each(report);
        Ok(())
    }

    /// Leaves a server alone for a while.
    async fn pause(&self, tx: &mut Tx, sent: &Sent) -> Result<(), DbError> {
        let Outcome::Later { reason, after, .. } = &sent.outcome else { return Ok(()) };
        let (host, now) = (&sent.host, self.platform().clock.now());
        store::count_attempt(tx, &sent.delivery).await?;
        let before = store::pause_of(tx, host).await?;
        let mut pause = before.unwrap_or(Pause { failures: 0, failing_since: now, given_up_at: None });
        pause.failures = pause.failures.saturating_add(1);
        let policy = self.give_up_if_silent(tx, host, &mut pause).await?;
        let usual =
            policy.delay_with_jitter(u32::try_from(pause.failures).unwrap_or(u32::MAX), &self.platform().random);
        let rest = after.map_or(usual, |asked_for| asked_for.clamp(usual, policy.longest_delay.max(usual)));
        store::save_pause(tx, host, &pause, now + rest, reason).await?;
        info!(%host, failures = pause.failures, reason, pause_s = rest.as_secs(), "{host} does not take activities");
        Ok(())
    }

    async fn give_up_if_silent(&self, tx: &mut Tx, host: &Host, pause: &mut Pause) -> Result<RetryPolicy, DbError> {
        let now = self.platform().clock.now();
        let is_silent = now - pause.failing_since >= GIVE_UP_AFTER;
        let dropped = if is_silent {
            store::delete_all_but_last(tx, host).await?
        } else {
            store::delete_older_than(tx, host, now - GIVE_UP_AFTER).await?
        };
        if dropped > 0 {
            store::delete_activities_without_deliveries(tx, now).await?;
        }
        if is_silent && pause.given_up_at.is_none() {
            warn!(%host, dropped, "{host} has not answered for seven days and is given up");
            pause.given_up_at = Some(now);
        } else if dropped > 0 {
            warn!(%host, dropped, "{dropped} activities for {host} are given up after seven days");
        }
        Ok(if is_silent { PAUSES_AFTER_GIVING_UP } else { PAUSES })
    }
}

fn report(sent: &Sent) {
    counter!("shoal_deliveries_total", "outcome" => sent.outcome.label()).increment(1);
    if let Outcome::Refused { reason, .. } = &sent.outcome {
        let (host, activity) = (&sent.host, &sent.delivery.activity_url);
        info!(activity.id = activity, %host, reason, "{host} refused an activity for good");
    }
}
