//! A glance at an instance's newest videos, between two readings of its whole list.
//!
//! Instances that tell what is new need none. Of the others the first page of the list is read every few minutes, and what
//! is new on it, or not what it was, is looked at by itself. A glance that fails is no event: the next reading will say
//! what is wrong.

use std::collections::HashMap;

use platform::{
    db::DbError,
    jobs::{self, Job, JobError, Lane, RetryPolicy},
};
use serde::{Deserialize, Serialize};
use tracing::debug;
use uuid::Uuid;

use super::{
    CrawlError, ReadVideo,
    client::{InstanceClient, PAGE},
    jobs::Crawler,
    single,
};
use crate::{
    hosts::store as hosts,
    ingest::{self, WirePage, WireVideo},
    store::{self, KnownVideo},
};

/// Looks through the newest videos of an instance.
#[derive(Debug, Serialize, Deserialize)]
pub struct Glance {
    /// Which, as on the list.
    pub host: String,
}

impl Job for Glance {
    const KIND: &'static str = "index_glance";
    const LANE: Lane = Lane::Fetch;
    const POLICY: RetryPolicy = RetryPolicy::ONCE;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.host.clone())
    }

    fn party(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// Instances at one time; the next look finds the others.
const MAX_DUE: i64 = 200;

/// Has instances glanced at whose time has come.
pub(super) async fn enqueue_due(crawler: &Crawler) -> Result<(), DbError> {
    let interval = crawler.config.glance_interval.get();
    if interval.is_zero() {
        return Ok(());
    }
    let now = crawler.platform.clock.now();
    let due = hosts::due_for_glance(&mut crawler.platform.db.read().await?, now - interval, MAX_DUE).await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = crawler.platform.db.begin().await?;
    for host in due {
        hosts::note_glance(&mut tx, &host, now).await?;
        jobs::enqueue(&mut tx, now, &Glance { host }).await?;
    }
    tx.commit().await
}

/// Does the job.
pub(super) async fn run(crawler: &Crawler, host: &str) -> Result<(), JobError> {
    match look_through(crawler, host).await {
        Ok(()) => Ok(()),
        Err(CrawlError::Refused(reason)) => crawler.withdraw(host, &reason).await,
        Err(CrawlError::Db(error)) => Err(error.into()),
        Err(error) => {
            debug!(host, %error, "the newest videos of {host} could not be looked through");
            Ok(())
        }
    }
}

async fn look_through(crawler: &Crawler, host: &str) -> Result<(), CrawlError> {
    let Some(client) = single::connect(crawler, host).await? else { return Ok(()) };
    let listed = hashes(crawler, &client, &client.page(0).await?);
    let uuids: Vec<Uuid> = listed.keys().copied().collect();
    if uuids.is_empty() {
        return Ok(());
    }
    let platform = &crawler.platform;
    let known = store::known(&mut platform.db.read().await?, host, &uuids).await?;
    let is_news = |uuid: &Uuid, hash: &str| known.get(uuid).is_none_or(|known: &KnownVideo| known.listing_hash != hash);
    let mut tx = platform.db.begin().await?;
    for (uuid, hash) in listed.iter().filter(|(uuid, hash)| is_news(uuid, hash)) {
        let job = ReadVideo { listing_hash: Some(hash.clone()), ..ReadVideo::new(host, *uuid) };
        jobs::enqueue(&mut tx, platform.clock.now(), &job).await?;
    }
    Ok(tx.commit().await?)
}

/// What tells whether a video is what it was, for those of the page that may be indexed.
fn hashes(crawler: &Crawler, client: &InstanceClient, page: &WirePage) -> HashMap<Uuid, String> {
    let now = crawler.platform.clock.now();
    let read = |record: &str| {
        let wire: WireVideo = serde_json::from_str(record).unwrap_or_default();
        let video = ingest::read(client.origin(), &wire, now).ok()?;
        Some((video.uuid, ingest::listing_hash(&video)))
    };
    page.data.iter().take(PAGE as usize).filter_map(|record| read(record.get())).collect()
}
