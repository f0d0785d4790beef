//! The work that crawling is made of.

use std::{sync::Arc, time::Duration};

use courier::Courier;
use platform::{
    Platform,
    db::DbError,
    jobs::{self, Job, JobContext, JobError, JobSet, Lane, RetryPolicy, Schedule},
    net::NetError,
};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use super::{
    CatchUp, CrawlError, ReadVideo, captions,
    client::InstanceClient,
    collections,
    glance::{self, Glance},
    owners, pass,
    reading::Reading,
    robots::RecentRobots,
    single,
};
use crate::{
    Config,
    collections::{Collections, store as collection_rows},
    hosts::{self, Origin, store},
    listen,
    projection::Projection,
    store as videos,
};

/// Reads one instance.
#[derive(Debug, Serialize, Deserialize)]
pub struct CrawlHost {
    /// Which, as on the list.
    pub host: String,
}

impl Job for CrawlHost {
    const KIND: &'static str = "crawl_host";
    const LANE: Lane = Lane::Crawl;
    /// The list says when a failed instance is tried again, so that there is one backoff and it never ends.
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// Finds the instances whose time has come.
#[derive(Debug, Serialize, Deserialize)]
pub struct CrawlDue {}

impl Job for CrawlDue {
    const KIND: &'static str = "crawl_due";
    const POLICY: RetryPolicy = RetryPolicy::ONCE;

    fn dedupe_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Forgets what was removed long ago.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetRemoved {}

impl Job for ForgetRemoved {
    const KIND: &'static str = "index_forget_removed";
    const POLICY: RetryPolicy = RetryPolicy::ONCE;
}

/// The jobs of this feature.
pub fn jobs(
    platform: &Platform,
    config: &Config,
    courier: Option<Courier>,
    projection: &Projection,
    collections: &Collections,
) -> JobSet {
    let crawler = Arc::new(Crawler {
        platform: platform.clone(),
        config: config.clone(),
        projection: projection.clone(),
        collections: collections.clone(),
        robots: RecentRobots::default(),
        courier,
    });
    let (due, forget, told, following) = (crawler.clone(), crawler.clone(), crawler.clone(), crawler.clone());
    let glancing = crawler.clone();
    JobSet::new()
        .on(move |job: CrawlHost, context| {
            let crawler = crawler.clone();
            async move { crawler.crawl(&job.host, &context).await }
        })
        .on(move |job: ReadVideo, context| {
            let crawler = told.clone();
            async move { single::run(&crawler, &job, &context).await }
        })
        .on(move |job: Glance, _| {
            let crawler = glancing.clone();
            async move { glance::run(&crawler, &job.host).await }
        })
        .on(move |_: CatchUp, _| {
            let crawler = following.clone();
            async move { crawler.catch_up().await }
        })
        .on(move |_: CrawlDue, _| {
            let crawler = due.clone();
            async move {
                crawler.enqueue_due().await?;
                Ok(glance::enqueue_due(&crawler).await?)
            }
        })
        .on(move |_: ForgetRemoved, _| {
            let crawler = forget.clone();
            async move { crawler.forget_removed().await.map_err(JobError::from) }
        })
}

/// Looks for due instances every minute, or oftener when they are due oftener.
pub fn schedules(config: &Config) -> Vec<Schedule> {
    let often = config.crawl_interval.get() < Duration::from_mins(1);
    vec![
        Schedule::new("index-crawl-due", if often { "*/5 * * * * *" } else { "0 * * * * *" }, || CrawlDue {}),
        Schedule::new("index-forget-removed", "0 17 4 * * *", || ForgetRemoved {}),
    ]
}

/// Instances that are enqueued at once; the next look finds the others.
const MAX_DUE: i64 = 200;
const FIRST_RETRY: Duration = Duration::from_mins(1);
/// A pass that was interrupted goes on if it began less than this, or than the interval, ago.
const PATIENCE: Duration = Duration::from_mins(10);

pub(super) struct Crawler {
    pub platform: Platform,
    pub config: Config,
    pub projection: Projection,
    pub collections: Collections,
    pub robots: RecentRobots,
    /// Reads the documents of accounts and channels, where this server is an actor that may ask for them.
    pub courier: Option<Courier>,
}

impl Crawler {
    async fn crawl(&self, host: &str, context: &JobContext) -> Result<(), JobError> {
        match self.read(host, context).await {
            Ok(()) | Err(CrawlError::Superseded) => Ok(()),
            Err(CrawlError::Stopping) => Err(JobError::snooze(Duration::ZERO)),
            Err(CrawlError::Db(error)) => Err(error.into()),
            Err(CrawlError::Index(error)) => Err(JobError::retry(error)),
            Err(CrawlError::Refused(reason)) => Ok(self.withdraw(host, &reason).await?),
            Err(error) => Ok(self.postpone(host, &error).await?),
        }
    }

    async fn read(&self, host: &str, context: &JobContext) -> Result<(), CrawlError> {
        let now = self.platform.clock.now();
        let mut tx = self.platform.db.begin().await?;
        let Some(address) = store::origin_of(&mut tx, host).await? else { return Ok(()) };
        let origin = Origin::parse(&address, self.platform.http.allows_plain_http())
            .map_err(|error| CrawlError::Nonsense(error.to_string()))?;
        let oldest = now - self.config.crawl_interval.get().max(PATIENCE);
        let pass = store::begin_pass(&mut tx, host, now, oldest).await?;
        tx.commit().await?;
        let Some(pass) = pass else { return Ok(()) };
        let client = InstanceClient::connect(self.platform.http.clone(), origin, self.pace()).await?;
        let reading = Reading { crawler: self, client: &client, context, pass };
        pass::run(reading).await?;
        owners::run(reading.after_the_list()).await?;
        collections::run(reading.after_the_list()).await?;
        captions::run(reading.after_the_list()).await
    }

    pub(super) fn pace(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.config.requests_per_second.clamp(0.01, 1_000.0))
    }

    /// The instance does not want to be indexed: what was known goes at once.
    pub(super) async fn withdraw(&self, host: &str, reason: &str) -> Result<(), JobError> {
        let now = self.platform.clock.now();
        let mut tx = self.platform.db.begin().await?;
        // First the host, then its videos, as everywhere: two that wait for each other would never end.
        store::note_refusal(&mut tx, host, reason, now + self.config.crawl_interval.get()).await?;
        listen::unfollow(&mut tx, host, now).await?;
        let removed = hosts::remove_videos(&mut tx, host, now).await?;
        tx.commit().await?;
        info!(host, reason, removed, "{host} does not want to be indexed");
        self.catch_up().await
    }

    /// Returns when everything that was committed before can be found.
    pub(super) async fn catch_up(&self) -> Result<(), JobError> {
        self.collections.catch_up().await.map_err(JobError::retry)?;
        self.projection.catch_up().await.map_err(JobError::retry)
    }

    /// The instance could not be read: what was known stays, and it is tried again after a growing wait.
    async fn postpone(&self, host: &str, error: &CrawlError) -> Result<(), DbError> {
        let now = self.platform.clock.now();
        let mut tx = self.platform.db.begin().await?;
        let Some(failures) = store::note_failure(&mut tx, host, &error.explain(), now).await? else { return Ok(()) };
        let wait = wait_after(failures, self.config.crawl_interval.get()).max(requested_wait(error));
        store::postpone(&mut tx, host, now + wait).await?;
        tx.commit().await?;
        warn!(host, %error, failures, wait_s = wait.as_secs(), "could not read the videos of {host}");
        Ok(())
    }

    async fn enqueue_due(&self) -> Result<(), DbError> {
        let now = self.platform.clock.now();
        let due = store::due(&mut self.platform.db.read().await?, now, MAX_DUE).await?;
        if due.is_empty() {
            return Ok(());
        }
        let mut tx = self.platform.db.begin().await?;
        for host in due {
            store::postpone(&mut tx, &host, now + self.config.crawl_interval.get()).await?;
            jobs::enqueue(&mut tx, now, &CrawlHost { host }).await?;
        }
        tx.commit().await
    }

    async fn forget_removed(&self) -> Result<(), DbError> {
        let before = self.platform.clock.now() - self.config.remember_removed_for.get();
        let mut tx = self.platform.db.begin().await?;
        videos::forget_removed(&mut tx, before).await?;
        collection_rows::forget_removed(&mut tx, before).await?;
        tx.commit().await
    }
}

/// One minute after the first failure, then twice as long each time, up to the usual interval.
fn wait_after(failures: i64, interval: Duration) -> Duration {
    let doublings = failures.clamp(1, 20) - 1;
    FIRST_RETRY.saturating_mul(1 << doublings).min(interval)
}

fn requested_wait(error: &CrawlError) -> Duration {
    const LONGEST: Duration = Duration::from_hours(24);
    match error {
        CrawlError::Net(NetError::Status { retry_after: Some(wait), .. }) => (*wait).min(LONGEST),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_interval() {
        let hour = Duration::from_hours(1);
        assert_eq!(wait_after(1, hour), Duration::from_mins(1));
        assert_eq!(wait_after(3, hour), Duration::from_mins(4));
        assert_eq!(wait_after(i64::MAX, hour), hour);
        assert_eq!(wait_after(1, Duration::from_secs(5)), Duration::from_secs(5));
    }
}
