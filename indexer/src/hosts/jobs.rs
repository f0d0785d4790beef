//! Background work on the list: asking instances for their consent, and reading directories.

use std::{sync::Arc, time::Duration};

use platform::{
    Platform,
    db::{DbError, Tx},
    jobs::{self, Job, JobError, JobSet, Lane, RetryPolicy, Schedule},
};
use serde::{Deserialize, Serialize};
use tracing::{debug, info, warn};

use super::{
    Origin,
    absence::{self, LookForVanished},
    consent::{self, Settled},
    directories::{self, Directory},
    neighbours, store,
};
use crate::{Config, crawl::CrawlHost, listen};

/// Asks an instance whether it wants to be read, then has it read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Visit {
    /// Which, as on the list.
    pub host: String,
}

impl Job for Visit {
    const KIND: &'static str = "index_visit";
    const LANE: Lane = Lane::Crawl;
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// Asks an instance whether it still wants to be read.
#[derive(Debug, Serialize, Deserialize)]
pub struct AskConsent {
    /// Which, as on the list.
    pub host: String,
}

impl Job for AskConsent {
    const KIND: &'static str = "index_ask_consent";
    const LANE: Lane = Lane::Crawl;
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// Finds the instances that were not asked for long, and the directories whose time has come.
#[derive(Debug, Serialize, Deserialize)]
pub struct LookAround {}

impl Job for LookAround {
    const KIND: &'static str = "index_look_around";
    const POLICY: RetryPolicy = RetryPolicy::ONCE;

    fn dedupe_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Reads a directory.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadDirectory {
    /// Which, as the configuration names it.
    pub address: String,
}

impl Job for ReadDirectory {
    const KIND: &'static str = "index_read_directory";
    const LANE: Lane = Lane::Crawl;
    /// It comes back within the hour by itself.
    const POLICY: RetryPolicy = RetryPolicy::ONCE;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.address.clone())
    }
}

/// An instance is asked for its consent file at least this often.
const CONSENT_INTERVAL: Duration = Duration::from_hours(24);
/// Instances that are asked at one time; the next look finds the others.
const MAX_ASKED: i64 = 50;

/// The jobs of this feature.
pub fn job_set(platform: &Platform, config: &Config) -> JobSet {
    let keeper = Arc::new(Keeper {
        platform: platform.clone(),
        accepts_newcomers: config.accept_opt_in,
        listens: config.listen,
        discovers: config.discover_neighbours,
    });
    let (asker, watcher, reader) = (keeper.clone(), keeper.clone(), keeper.clone());
    let neighbours = neighbours::job_set(platform);
    let (platform, config) = (platform.clone(), config.clone());
    JobSet::new()
        .on(move |_: LookForVanished, _| {
            let (platform, config) = (platform.clone(), config.clone());
            async move { absence::look(&platform, &config).await.map_err(JobError::from) }
        })
        .on(move |job: Visit, _| {
            let keeper = keeper.clone();
            async move { keeper.visit(&job.host).await }
        })
        .on(move |job: AskConsent, _| {
            let keeper = asker.clone();
            async move { keeper.ask(&job.host).await }
        })
        .on(move |_: LookAround, _| {
            let keeper = watcher.clone();
            async move { keeper.look_around().await.map_err(JobError::from) }
        })
        .on(move |job: ReadDirectory, _| {
            let keeper = reader.clone();
            async move { keeper.read_directory(&job.address).await }
        })
        .merge(neighbours)
}

/// The jobs that come back by themselves.
pub fn schedules() -> Vec<Schedule> {
    vec![
        Schedule::new("index-look-around", "23 * * * * *", || LookAround {}),
        Schedule::new("index-look-for-vanished", "0 29 * * * *", || LookForVanished {}),
    ]
}

struct Keeper {
    platform: Platform,
    accepts_newcomers: bool,
    listens: bool,
    discovers: bool,
}

impl Keeper {
    async fn visit(&self, host: &str) -> Result<(), JobError> {
        self.ask(host).await?;
        let mut tx = self.platform.db.begin().await?;
        if store::origin_of(&mut tx, host).await?.is_some() {
            let now = self.platform.clock.now();
            jobs::enqueue(&mut tx, now, &CrawlHost { host: host.to_owned() }).await?;
            if self.listens {
                listen::enqueue_question(&mut tx, host, now).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// A file that cannot be read changes nothing: what the instance said before holds.
    async fn ask(&self, host: &str) -> Result<(), JobError> {
        let Some(address) = store::origin_of(&mut self.platform.db.read().await?, host).await? else { return Ok(()) };
        let http = &self.platform.http;
        let origin = Origin::parse(&address, http.allows_plain_http()).map_err(JobError::fail)?;
        let declared = consent::read_file(http, &origin, self.platform.public_url.host()).await;
        let now = self.platform.clock.now();
        let mut tx = self.platform.db.begin().await?;
        store::note_check(&mut tx, host, now).await?;
        match declared {
            Ok(declared) => {
                let settled = consent::settle_host(&mut tx, &origin, declared, self.accepts_newcomers, now).await;
                if let Settled::OptedOut(removed) = settled.map_err(JobError::retry)? {
                    info!(host, removed, "{host} has opted out of the index");
                }
            }
            Err(error) => debug!(host, %error, "the consent file of {host} could not be read"),
        }
        tx.commit().await?;
        Ok(())
    }

    async fn look_around(&self) -> Result<(), DbError> {
        let now = self.platform.clock.now();
        let mut tx = self.platform.db.begin().await?;
        for host in store::unchecked(&mut tx, now - CONSENT_INTERVAL, MAX_ASKED).await? {
            jobs::enqueue(&mut tx, now, &AskConsent { host }).await?;
        }
        self.enqueue_directories(&mut tx).await?;
        if self.discovers {
            neighbours::enqueue_due(&mut tx, now).await?;
        }
        tx.commit().await
    }

    async fn enqueue_directories(&self, tx: &mut Tx) -> Result<(), DbError> {
        let now = self.platform.clock.now();
        for directory in directories::status(tx).await? {
            if directories::due(&directory, now).is_some() {
                jobs::enqueue(tx, now, &ReadDirectory { address: directory.address }).await?;
            }
        }
        Ok(())
    }

    async fn read_directory(&self, address: &str) -> Result<(), JobError> {
        let now = self.platform.clock.now();
        let http = &self.platform.http;
        let mut tx = self.platform.db.begin().await?;
        let Some(known) = directories::store::find(&mut tx, address).await? else { return Ok(()) };
        let Some(extent) = directories::due(&known, now) else { return Ok(()) };
        directories::store::note_try(&mut tx, address, now).await?;
        tx.commit().await?;
        let directory = Directory::parse(address, http.allows_plain_http()).map_err(JobError::fail)?;
        let listing = directories::read(http, &directory, extent).await;
        let mut tx = self.platform.db.begin().await?;
        match listing {
            Ok(listing) => {
                let here = self.platform.public_url.host();
                directories::update(&mut tx, address, &listing, here, now).await.map_err(JobError::retry)?;
            }
            Err(error) => {
                warn!(address, %error, "the directory {address} could not be read");
                directories::store::note_failure(&mut tx, address, &error.to_string()).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}
