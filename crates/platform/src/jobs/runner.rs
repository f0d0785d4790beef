use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::FutureExt;
use metrics::{counter, histogram};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, info, info_span, warn};

use super::{JobContext, JobError, JobSet, Lane, set::Registered, store};
use crate::{
    clock::SharedClock,
    db::{Db, DbError},
    ids::Random,
    tasks::Tasks,
};

const LEASE: Duration = Duration::from_mins(1);
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// How often the database is asked for jobs that another process has enqueued.
const POLL: Duration = Duration::from_secs(1);

/// How many jobs of each lane run at the same time in this process.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RunnerConfig {
    /// Short work of any kind.
    pub default: usize,
    /// Questions to other servers. One server gets at most a quarter of them.
    pub fetch: usize,
    /// Probing and transcoding. FFmpeg uses several cores by itself.
    pub media: usize,
    /// Rounds of sending activities. One is enough: it sends to hundreds of servers at the same time.
    pub delivery: usize,
    /// Servers that are read page by page at the same time, for the index or because they are followed.
    pub crawl: usize,
    /// Videos that are copied from other servers at the same time.
    pub mirror: usize,
}

impl Default for RunnerConfig {
    fn default() -> Self {
        Self { default: 4, fetch: 16, media: 1, delivery: 1, crawl: 8, mirror: 2 }
    }
}

impl RunnerConfig {
    fn workers(&self, lane: Lane) -> usize {
        match lane {
            Lane::Default => self.default,
            Lane::Fetch => self.fetch,
            Lane::Media => self.media,
            Lane::Delivery => self.delivery,
            Lane::Crawl => self.crawl,
            Lane::Mirror => self.mirror,
        }
        .max(1)
    }
}

/// For whom the workers of a lane are working.
#[derive(Debug)]
struct Shares {
    most: usize,
    busy: Mutex<HashMap<String, usize>>,
    freed: Notify,
}

impl Shares {
    fn of(workers: usize) -> Self {
        Self { most: (workers / 4).max(1), busy: Mutex::default(), freed: Notify::new() }
    }

    /// Those who have as many workers as they may have.
    fn crowded(&self) -> Vec<String> {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.iter().filter(|(_, workers)| **workers >= self.most).map(|(party, _)| party.clone()).collect()
    }

    fn begin(&self, party: Option<&str>) {
        if let Some(party) = party {
            *self.busy.lock().unwrap_or_else(PoisonError::into_inner).entry(party.to_owned()).or_default() += 1;
        }
    }

    fn end(&self, party: Option<&str>) {
        let Some(party) = party else { return };
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(workers) = busy.get_mut(party) {
            *workers -= 1;
            if *workers == 0 {
                busy.remove(party);
            }
        }
        self.freed.notify_one();
    }
}

/// Takes jobs from the database and does them.
#[derive(Debug, Clone)]
pub struct JobRunner {
    db: Db,
    clock: SharedClock,
    random: Random,
    jobs: Arc<JobSet>,
    owner: String,
    stop: CancellationToken,
}

impl JobRunner {
    /// Prepares a runner; it does nothing before [`start`](Self::start) or [`run_due`](Self::run_due).
    pub fn new(db: Db, clock: SharedClock, random: Random, jobs: JobSet, stop: CancellationToken) -> Self {
        let owner = random.hex(8);
        Self { db, clock, random, jobs: Arc::new(jobs), owner, stop }
    }

    /// Frees the jobs of a process that died, so that they start at once rather than when their leases run out.
    /// Call it only when no other process works on this database.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn take_over(&self) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        let released = store::release_all(&mut tx, self.clock.now()).await?;
        tx.commit().await?;
        if released > 0 {
            info!(jobs = released, "{released} jobs were cut off and start again");
        }
        Ok(())
    }

    /// Starts one dispatcher per lane. They stop taking jobs when `stop` is cancelled; running jobs are told, too.
    pub fn start(&self, tasks: &Tasks, config: &RunnerConfig) {
        for lane in Lane::ALL {
            let kinds = self.jobs.kinds_of(lane);
            if kinds.is_empty() {
                continue;
            }
            let (runner, tasks_of_lane, workers) = (self.clone(), tasks.clone(), config.workers(lane));
            tasks.spawn(lane.name(), async move { runner.dispatch(lane, &kinds, workers, &tasks_of_lane).await });
        }
    }

    async fn dispatch(&self, lane: Lane, kinds: &[&'static str], workers: usize, tasks: &Tasks) {
        let permits = Arc::new(Semaphore::new(workers));
        let shares = Arc::new(Shares::of(workers));
        loop {
            let permit = tokio::select! {
                permit = permits.clone().acquire_owned() => permit,
                () = self.stop.cancelled() => return,
            };
            let Ok(permit) = permit else { return };
            let enqueued = self.db.job_enqueued();
            match self.claim(lane, kinds, &shares.crowded()).await {
                Ok(Some((claimed, registered))) => {
                    let (runner, shares) = (self.clone(), shares.clone());
                    shares.begin(claimed.party.as_deref());
                    tasks.spawn("job", async move {
                        let party = claimed.party.clone();
                        runner.run(claimed, registered).await;
                        drop(permit);
                        shares.end(party.as_deref());
                    });
                    continue;
                }
                Ok(None) => {}
                Err(error) => warn!(lane = lane.name(), %error, "no jobs could be taken from the database"),
            }
            tokio::select! {
                () = enqueued => {}
                () = shares.freed.notified() => {}
                () = tokio::time::sleep(POLL) => {}
                () = self.stop.cancelled() => return,
            }
        }
    }

    async fn claim(
        &self,
        lane: Lane,
        kinds: &[&'static str],
        crowded: &[String],
    ) -> Result<Option<(store::Claimed, Registered)>, DbError> {
        let claim = store::Claim { lane, kinds, crowded, owner: &self.owner, now: self.clock.now(), lease: LEASE };
        if !store::has_due(&mut self.db.read().await?, &claim).await? {
            return Ok(None);
        }
        let mut tx = self.db.begin().await?;
        let claimed = store::claim(&mut tx, &claim).await?;
        tx.commit().await?;
        Ok(claimed.and_then(|job| self.jobs.get(&job.kind).cloned().map(|registered| (job, registered))))
    }

    async fn run(&self, job: store::Claimed, registered: Registered) {
        let span = info_span!("job", job.id = %job.id, job.kind = %job.kind, job.attempt = job.attempts);
        self.run_in_span(job, registered).instrument(span).await;
    }

    async fn run_in_span(&self, job: store::Claimed, registered: Registered) {
        let started = Instant::now();
        let attempt = u32::try_from(job.attempts).unwrap_or(u32::MAX);
        let context = JobContext {
            id: job.id,
            attempt,
            last_attempt: attempt >= registered.policy.max_attempts,
            db: self.db.clone(),
            clock: self.clock.clone(),
            stop: self.stop.clone(),
            last_progress: Arc::new(Mutex::new(None)),
        };
        let (handler, payload) = (registered.handler.clone(), job.payload.0.clone());
        let Some(outcome) = self.with_lease(&job, async move { handler(payload, context).await }).await else {
            warn!("the lease of a job ran out and another worker has taken it");
            return;
        };
        histogram!("shoal_job_seconds", "kind" => job.kind.clone()).record(started.elapsed().as_secs_f64());
        if let Err(error) = self.settle(&job, &registered, outcome).await {
            error!(%error, "the outcome of a job could not be written: it will be done again");
        }
    }

    /// Runs the work while renewing its lease. A panic in the work is a failure that is tried again. `None`, and the work
    /// is dropped, when another worker has taken the job because the lease could not be renewed in time.
    async fn with_lease(
        &self,
        job: &store::Claimed,
        work: impl Future<Output = Result<(), JobError>> + Send,
    ) -> Option<Result<(), JobError>> {
        // Both go on side by side: work that holds the only writing connection must be able to let go of it.
        tokio::select! {
            outcome = std::panic::AssertUnwindSafe(work).catch_unwind() => {
                Some(outcome.unwrap_or_else(|_| Err(JobError::retry("the job's program panicked"))))
            }
            () = self.keep_lease(job) => None,
        }
    }

    /// Renews the lease of a job again and again, until another worker has taken it.
    async fn keep_lease(&self, job: &store::Claimed) {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            match self.renew(job).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => warn!(%error, "the lease of a job could not be renewed"),
            }
        }
    }

    async fn renew(&self, job: &store::Claimed) -> Result<bool, DbError> {
        let mut tx = self.db.begin().await?;
        let is_held = store::renew(&mut tx, job.held_by(&self.owner), self.clock.now() + LEASE).await?;
        tx.commit().await?;
        Ok(is_held)
    }

    async fn settle(
        &self,
        job: &store::Claimed,
        registered: &Registered,
        outcome: Result<(), JobError>,
    ) -> Result<(), DbError> {
        let now = self.clock.now();
        let attempts = u32::try_from(job.attempts).unwrap_or(u32::MAX);
        let held = job.held_by(&self.owner);
        let mut tx = self.db.begin().await?;
        let (was_held, label) = match outcome {
            Ok(()) => (store::finish(&mut tx, held).await?, "done"),
            Err(JobError::Snooze(after)) => {
                (store::put_back(&mut tx, held, now + after, None, job.attempts - 1).await?, "snoozed")
            }
            Err(JobError::Retry(reason)) if attempts < registered.policy.max_attempts => {
                let delay = registered.policy.delay_with_jitter(attempts, &self.random);
                warn!(reason, retry_in_s = delay.as_secs(), "a job failed and will be tried again");
                (store::put_back(&mut tx, held, now + delay, Some(&reason), job.attempts).await?, "retried")
            }
            Err(JobError::Retry(reason) | JobError::Fail(reason)) => {
                warn!(reason, age_s = (now - job.created_at).num_seconds(), "a job was given up");
                (store::give_up(&mut tx, held, &reason, now).await?, "failed")
            }
        };
        tx.commit().await?;
        let label = if was_held { label } else { "lost" };
        counter!("shoal_jobs_total", "kind" => job.kind.clone(), "outcome" => label).increment(1);
        Ok(())
    }

    /// Does every job that is due now, one after another, and those that they enqueue; tells how many. For tests.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn run_due(&self) -> Result<usize, DbError> {
        let mut count = 0;
        loop {
            let before = count;
            for lane in Lane::ALL {
                let kinds = self.jobs.kinds_of(lane);
                while let Some((job, registered)) = self.claim(lane, &kinds, &[]).await? {
                    self.run(job, registered).await;
                    count += 1;
                }
            }
            if count == before {
                return Ok(count);
            }
        }
    }
}
