//! Background work that survives the process.
//!
//! **Invariant:** a job is written in the transaction that made it necessary, so that it exists if and only if its cause
//! does. A worker takes it with a lease; when the process dies, the lease runs out and another worker does the job again.
//! Jobs therefore must be idempotent. No two jobs of the same kind and dedupe key run at the same time, as long as leases
//! are renewed; a worker that could not renew its lease, and whose job another has taken, has no say in it any more.
//!
//! What was taken back while it runs goes on, and learns of it when it asks ([`is_wanted`]) in the transaction in which it
//! would change something.
//!
//! Jobs that ask other servers name whom they ask ([`Job::party`]), and no party has more than its share of the workers.
//!
//! Retries wait `first_delay · 2^(attempt − 1)`, at most `longest_delay`, with up to a quarter of jitter on top.

#[cfg(test)]
#[path = "tests.rs"]
mod behaviour;
mod error;
mod runner;
mod schedule;
mod set;
mod store;

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    clock::Timestamp,
    db::{DbError, Tx},
    ids::Random,
};

pub use error::JobError;
pub use runner::{JobRunner, RunnerConfig};
pub use schedule::{Schedule, Scheduler};
pub use set::{JobContext, JobSet};
pub use store::{
    FailedJob, JobId, OpenJob, Progress, count_unfinished, failed_jobs, forget_failed, is_wanted, open_jobs,
    progress_of, purge_finished, take_back, take_out, unfinished,
};

/// A piece of work, as it is stored.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the database, in the log and in the metrics.
    const KIND: &'static str;
    /// With what it competes for workers.
    const LANE: Lane = Lane::Default;
    /// Which waiting job of the lane comes first: the higher.
    const PRIORITY: i64 = 0;
    /// What happens when it fails.
    const POLICY: RetryPolicy = RetryPolicy::DEFAULT;

    /// Jobs with the same key are one as long as the first has not started. `None`: each is a job of its own.
    fn dedupe_key(&self) -> Option<String> {
        None
    }

    /// Jobs of one party, such as the server that they ask, get at most a quarter of the lane's workers: its slowness
    /// holds up them and nobody else. `None`: it waits for nobody.
    fn party(&self) -> Option<String> {
        None
    }
}

/// A group of jobs with workers of its own, so that long work does not hold up short work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Short work of any kind.
    Default,
    /// Short questions to other servers.
    Fetch,
    /// Probing and transcoding.
    Media,
    /// Sending activities to other servers.
    Delivery,
    /// Reading other servers page by page.
    Crawl,
    /// Copying other servers' videos.
    Mirror,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Default, Self::Fetch, Self::Media, Self::Delivery, Self::Crawl, Self::Mirror];

    /// Its name in the database and in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Fetch => "fetch",
            Self::Media => "media",
            Self::Delivery => "delivery",
            Self::Crawl => "crawl",
            Self::Mirror => "mirror",
        }
    }
}

/// When a failed job is tried again, and when it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, the first one included; at least 1.
    pub max_attempts: u32,
    /// The wait after the first failure.
    pub first_delay: Duration,
    /// No wait is longer, jitter apart.
    pub longest_delay: Duration,
}

impl RetryPolicy {
    /// Ten tries over about eight hours: 30 s, 1 min, 2 min, … at most 2 h.
    pub const DEFAULT: Self =
        Self { max_attempts: 10, first_delay: Duration::from_secs(30), longest_delay: Duration::from_hours(2) };

    /// A few tries within minutes, for work whose owner is waiting.
    pub const BRIEF: Self =
        Self { max_attempts: 3, first_delay: Duration::from_secs(10), longest_delay: Duration::from_mins(1) };

    /// One try.
    pub const ONCE: Self = Self { max_attempts: 1, first_delay: Duration::ZERO, longest_delay: Duration::ZERO };

    /// The wait after the given number of failed attempts (1 or more), without jitter.
    pub fn delay_after(&self, failed_attempts: u32) -> Duration {
        let doublings = failed_attempts.saturating_sub(1).min(31);
        self.first_delay.saturating_mul(1 << doublings).min(self.longest_delay)
    }

    /// The same with up to a quarter on top, so that jobs that failed together do not come back together.
    pub fn delay_with_jitter(&self, failed_attempts: u32, random: &Random) -> Duration {
        let delay = self.delay_after(failed_attempts);
        let quarter = u64::try_from(delay.as_millis() / 4).unwrap_or(u64::MAX);
        delay + Duration::from_millis(random.below(quarter + 1))
    }
}

/// Adds a job that may start at once.
///
/// Does nothing when a job of the same kind and dedupe key is waiting already.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn enqueue<J: Job>(tx: &mut Tx, now: Timestamp, job: &J) -> Result<(), DbError> {
    enqueue_at(tx, now, now, job).await
}

/// Adds a job that may not start before `run_at`; otherwise as [`enqueue`]. A waiting twin is brought forward if it
/// would have started later.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn enqueue_at<J: Job>(tx: &mut Tx, now: Timestamp, run_at: Timestamp, job: &J) -> Result<(), DbError> {
    let payload = serde_json::to_value(job).map_err(|error| DbError::Statement(sqlx::Error::Encode(error.into())))?;
    store::insert(tx, &store::NewJob::of(job, payload, now, run_at)).await?;
    tx.has_enqueued_jobs();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy::DEFAULT;
        assert_eq!(policy.delay_after(1), Duration::from_secs(30));
        assert_eq!(policy.delay_after(2), Duration::from_mins(1));
        assert_eq!(policy.delay_after(5), Duration::from_mins(8));
        assert_eq!(policy.delay_after(30), policy.longest_delay);
        assert_eq!(policy.delay_after(u32::MAX), policy.longest_delay);
    }

    #[test]
    fn jitter_adds_a_quarter_at_most() {
        let random = Random::seeded(1);
        for _ in 0..100 {
            let delay = RetryPolicy::DEFAULT.delay_with_jitter(1, &random);
            assert!((Duration::from_secs(30)..=Duration::from_millis(37_500)).contains(&delay));
        }
    }
}
