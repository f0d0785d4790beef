//! How does an activity get to other servers, all of it, in order, and not for ever?
//!
//! **Invariant:** an activity is queued in the transaction that caused it, so that it is sent if and only if that
//! happened; and what one server gets from us, it gets in the order in which it happened.
//!
//! Each server has a queue. One job works off all of them (`round.rs`), many at a time, each by itself: a server that hangs
//! holds up nobody else. A delivery leaves its queue when the server took it (2xx), or refused it for good (3xx, 4xx).
//! When a server does not answer, all of its queue waits: 1 minute, 2, 4, … up to 6 hours, with up to a quarter on top, or
//! as long as the server asks for. An activity that alone is answered with 5xx, again and again, while the next one is
//! taken, counts as refused.
//!
//! A server that has not answered for seven days is given up: what waits for it is dropped, except deletions and the
//! like ([`deliver_surely`]), and one activity to ask with; nothing else is queued for it. What is dropped it finds out
//! when it reads our lists again, or somebody there looks. It is asked again with pauses
//! that double up to a day, and one answer puts all as it was.
//!
//! Every activity says when it was done (`published`, in milliseconds): ids come back when the same thing is done again
//! (follow, unfollow, follow), and the moment tells a receiver that it is no replay. The `Date` of a request counts seconds.
//!
//! A process that dies between sending and writing that down sends again, under the same id: receivers take an activity
//! twice without harm.
//!
//! Requests are signed when they are sent, with the key that the actor has then, by RFC 9421 where the server is known to
//! speak it, else by the draft that everybody speaks. Documents bear a JSON-LD signature, so that who receives them may
//! pass them on; it is made once for all receivers, when the first of them gets it.

mod bodies;
mod outcome;
mod round;
mod send;
mod settle;
mod store;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use federation::{
    origin::Host,
    wire::{Action, Activity},
};
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::{self, Job, JobContext, JobError, Lane, RetryPolicy},
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::Courier;
pub(crate) use outcome::Outcome;
use store::NewActivity;

pub(crate) use bodies::Bodies;
pub(crate) use send::Keys;

/// After how long a silence a server is given up, and for how long an activity is tried to be delivered at all.
pub const GIVE_UP_AFTER: TimeDelta = TimeDelta::days(7);

/// How long a server is left alone after failures in a row.
const PAUSES: RetryPolicy =
    RetryPolicy { max_attempts: u32::MAX, first_delay: Duration::from_mins(1), longest_delay: Duration::from_hours(6) };

/// Queues an activity of one of our actors for delivery, in the transaction that caused it.
///
/// Each inbox gets it once. Where several recipients live on one server, give their shared inbox. Inboxes of this very
/// server must not be among them. Deletions are sent until they have arrived, as by [`deliver_surely`].
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
    let must_arrive = matches!(activity.action, Action::Delete(_));
    queue(tx, now, inboxes, || NewActivity::ours(actor, activity, now, must_arrive)).await
}

/// The same for what must arrive, however long a server is away: what ends or restricts an earlier activity, and what its
/// receiver would never come to know otherwise, because it asks nobody for it.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn deliver_surely(
    tx: &mut Tx,
    now: Timestamp,
    actor: &Url,
    inboxes: &[Url],
    activity: &Activity,
) -> Result<(), DbError> {
    queue(tx, now, inboxes, || NewActivity::ours(actor, activity, now, true)).await
}

/// Queues somebody else's activity, exactly as it was received, in the name of `our_actor`, who signs the requests. Its
/// author must have signed the document (see [`VerifiedActivity::document`](crate::VerifiedActivity::document)), or nobody
/// will believe it. A document that is no text is not queued.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn forward(
    tx: &mut Tx,
    now: Timestamp,
    our_actor: &Url,
    inboxes: &[Url],
    activity_id: &Url,
    document: &[u8],
) -> Result<(), DbError> {
    let Ok(body) = std::str::from_utf8(document) else { return Ok(()) };
    queue(tx, now, inboxes, || NewActivity::forwarded(our_actor, activity_id, body)).await
}

async fn queue(
    tx: &mut Tx,
    now: Timestamp,
    inboxes: &[Url],
    activity: impl FnOnce() -> NewActivity,
) -> Result<(), DbError> {
    let inboxes: BTreeSet<(Host, &Url)> = inboxes.iter().filter_map(|inbox| Some((Host::of(inbox)?, inbox))).collect();
    if inboxes.is_empty() {
        return Ok(());
    }
    let activity = activity();
    let mut inboxes: Vec<(Host, &Url)> = inboxes.into_iter().collect();
    if !activity.must_arrive {
        let given_up = store::given_up_hosts(tx).await?;
        inboxes.retain(|(host, _)| !given_up.contains(host.as_str()));
    }
    if inboxes.is_empty() {
        return Ok(());
    }
    let id = store::insert_activity(tx, &activity, now).await?;
    store::insert_deliveries(tx, id, &inboxes, now).await?;
    jobs::enqueue(tx, now, &DeliverMail {}).await
}

/// Works off the queues of all servers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeliverMail {}

impl Job for DeliverMail {
    const KIND: &'static str = "deliver_mail";
    const LANE: Lane = Lane::Delivery;
    /// The queues keep their own time; what is left to the policy is trouble on our side, which must not lose anything.
    const POLICY: RetryPolicy = PAUSES;

    fn dedupe_key(&self) -> Option<String> {
        Some(String::new())
    }
}

impl Courier {
    pub(crate) async fn deliver_mail(&self, context: &JobContext) -> Result<(), JobError> {
        round::Round::new(self).run(context).await
    }

    /// Removes what nobody waits for any more.
    pub(crate) async fn forget_sent_activities(&self) -> Result<(), DbError> {
        let mut tx = self.platform().db.begin().await?;
        let an_hour_ago = self.platform().clock.now() - TimeDelta::hours(1);
        store::delete_activities_without_deliveries(&mut tx, an_hour_ago).await?;
        tx.commit().await
    }
}
