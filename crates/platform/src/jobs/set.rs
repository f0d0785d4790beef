use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{Job, JobError, JobId, Lane, RetryPolicy, store};
use crate::{
    clock::{SharedClock, Timestamp},
    db::Db,
};

type Outcome = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;
type Handler = Arc<dyn Fn(serde_json::Value, JobContext) -> Outcome + Send + Sync>;

#[derive(Clone)]
pub(super) struct Registered {
    pub(super) lane: Lane,
    pub(super) policy: RetryPolicy,
    pub(super) handler: Handler,
}

/// The kinds of jobs that a role knows how to do.
#[derive(Clone, Default)]
pub struct JobSet {
    kinds: HashMap<&'static str, Registered>,
}

impl std::fmt::Debug for JobSet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.kinds.keys()).finish()
    }
}

impl JobSet {
    /// Knows none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns how to do jobs of type `J`.
    #[must_use]
    pub fn on<J, H, F>(mut self, handle: H) -> Self
    where
        J: Job,
        H: Fn(J, JobContext) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |payload, context| match serde_json::from_value::<J>(payload) {
            Ok(job) => Box::pin(handle(job, context)),
            Err(error) => Box::pin(async move { Err(JobError::fail(format!("unreadable {} job: {error}", J::KIND))) }),
        });
        self.kinds.insert(J::KIND, Registered { lane: J::LANE, policy: J::POLICY, handler });
        self
    }

    /// Takes over what another set knows.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.kinds.extend(other.kinds);
        self
    }

    pub(super) fn get(&self, kind: &str) -> Option<&Registered> {
        self.kinds.get(kind)
    }

    pub(super) fn kinds_of(&self, lane: Lane) -> Vec<&'static str> {
        let mut kinds: Vec<_> =
            self.kinds.iter().filter(|(_, registered)| registered.lane == lane).map(|(kind, _)| *kind).collect();
        kinds.sort_unstable();
        kinds
    }
}

/// What a handler knows about the run that it is part of.
#[derive(Debug, Clone)]
pub struct JobContext {
    /// The job.
    pub id: JobId,
    /// 1 for the first try.
    pub attempt: u32,
    /// Whether no further try would follow a failure.
    pub last_attempt: bool,
    pub(super) db: Db,
    pub(super) clock: SharedClock,
    pub(super) stop: CancellationToken,
    pub(super) last_progress: Arc<std::sync::Mutex<Option<Timestamp>>>,
}

/// Progress is written at most this often.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

impl JobContext {
    /// Tells how far the work has come. Written at most once a second, but always when `done` reaches `total`;
    /// a failure to write is not the job's failure.
    pub async fn progress(&self, done: u64, total: u64) {
        if done < total && !self.progress_is_due() {
            return;
        }
        let progress = super::Progress { done, total };
        if let Err(error) = store::save_progress(&self.db, self.id, progress).await {
            tracing::debug!(job.id = %self.id, %error, "progress was not written");
        }
    }

    fn progress_is_due(&self) -> bool {
        let now = self.clock.now();
        let mut last = self.last_progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_some_and(|last| now - last < chrono::TimeDelta::from_std(PROGRESS_INTERVAL).unwrap_or_default()) {
            return false;
        }
        *last = Some(now);
        true
    }

    /// Resolves when the process is about to stop: put down what can be put down, and return [`JobError::snooze`].
    pub async fn cancelled(&self) {
        self.stop.cancelled().await;
    }

    /// Whether the process is about to stop.
    pub fn is_cancelled(&self) -> bool {
        self.stop.is_cancelled()
    }
}
