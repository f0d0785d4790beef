//! Federation's way in and out, for any role.
//!
//! `federation` knows how activities look and when a signature holds; this crate does the input and output around it:
//!
//! - [`inbox`]: is this activity really from that actor? Keys are fetched, cached and rotated here, and what holds is acted
//!   upon in its turn.
//! - [`deliveries`]: activities go out in the transaction that caused them, through one queue per server.
//! - [`fetch`] and [`discover`]: other servers' documents, by signed requests.
//! - [`border`]: with whom none of this is done.
//!
//! A role hands in its actors: the one that signs requests for documents, and a [`KeyStore`] that finds the key of any
//! other. **One courier per process:** its queues and jobs are shared, so that roles that live together hand in one
//! [`KeyStores`] that asks each of them.

#![warn(missing_docs)]

mod actors;
pub mod border;
pub mod deliveries;
mod dialects;
pub mod discover;
mod error;
pub mod fetch;
mod heavy;
pub mod inbox;
mod limits;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use platform::{
    Platform,
    jobs::{Job, JobSet, Lane, Schedule},
};
use serde::{Deserialize, Serialize};

pub use actors::{KeyStore, KeyStoreError, KeyStores, LocalActor, Signer};
pub use border::{Border, OpenBorder, Refusal};
pub use deliveries::{GIVE_UP_AFTER, deliver, deliver_surely, forward};
pub use error::FetchError;
pub use inbox::{InboxError, VerifiedActivity, introduce};

/// Federation's way in and out. Cheap to clone.
#[derive(Clone)]
pub struct Courier {
    inner: Arc<Inner>,
}

struct Inner {
    platform: Platform,
    keys: Arc<dyn KeyStore>,
    instance_actor: LocalActor,
    border: Arc<dyn Border>,
    heavy: heavy::Heavy,
    remote_keys: inbox::RemoteKeys,
    limits: inbox::Limits,
    turns: inbox::Turns,
    dialects: dialects::Dialects,
    keys_of_ours: deliveries::Keys,
    bodies: deliveries::Bodies,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Courier({})", self.inner.instance_actor.url)
    }
}

impl Courier {
    /// A courier whose requests for documents are signed by `instance_actor`, and whose deliveries are signed by whichever
    /// actor sent them, with the key that `keys` finds. `border` says with whom it speaks.
    pub fn new(
        platform: Platform,
        keys: Arc<dyn KeyStore>,
        instance_actor: LocalActor,
        border: Arc<dyn Border>,
    ) -> Self {
        let inner = Inner {
            platform,
            keys,
            instance_actor,
            border,
            heavy: heavy::Heavy::default(),
            remote_keys: inbox::RemoteKeys::default(),
            limits: inbox::Limits::default(),
            turns: inbox::Turns::default(),
            dialects: dialects::Dialects::default(),
            keys_of_ours: deliveries::Keys::default(),
            bodies: deliveries::Bodies::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The actor that signs requests for documents.
    pub fn instance_actor(&self) -> &LocalActor {
        &self.inner.instance_actor
    }

    /// The jobs that it knows how to do.
    pub fn jobs(&self) -> JobSet {
        let (delivering, forgetting) = (self.clone(), self.clone());
        JobSet::new()
            .on(move |_: deliveries::DeliverMail, context| {
                let courier = delivering.clone();
                async move { courier.deliver_mail(&context).await }
            })
            .on(move |_: ForgetOldMail, _| {
                let courier = forgetting.clone();
                async move {
                    courier.forget_received().await?;
                    Ok(courier.forget_sent_activities().await?)
                }
            })
    }

    /// The jobs that come back by themselves.
    pub fn schedules(&self) -> Vec<Schedule> {
        vec![Schedule::new("courier-forgets-old-mail", "0 17 * * * *", || ForgetOldMail {})]
    }

    fn platform(&self) -> &Platform {
        &self.inner.platform
    }
}

/// Forgets receipts that can no longer be replayed, keys that no server has confirmed for long, and activities that have
/// reached everybody.
#[derive(Debug, Serialize, Deserialize)]
struct ForgetOldMail {}

impl Job for ForgetOldMail {
    const KIND: &'static str = "forget_old_mail";
    const LANE: Lane = Lane::Default;

    fn dedupe_key(&self) -> Option<String> {
        Some(String::new())
    }
}
