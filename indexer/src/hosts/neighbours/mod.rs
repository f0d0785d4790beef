//! Finds instances through those that are known: whom they follow, and who follows them.
//!
//! **Invariant:** nobody is found in this way unless the operator allows it (`indexer.discover_neighbours`), and who is
//! found is asked for its consent file before it is read, like everybody. A server is tried once, by a question that only
//! video servers answer; others are not bothered again.

mod store;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use platform::{
    Platform,
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::{self, Job, JobError, JobSet, Lane, RetryPolicy},
    net::NetError,
};
use serde::{Deserialize, Serialize};
use tracing::debug;
use url::Url;

use super::{HostsError, Origin, Source, list_host, remove_host, store as hosts};

/// Reads whom an instance follows, and who follows it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReadNeighbours {
    /// Which, as on the list.
    pub host: String,
}

impl Job for ReadNeighbours {
    const KIND: &'static str = "index_read_neighbours";
    const LANE: Lane = Lane::Crawl;
    /// It comes back within the week by itself.
    const POLICY: RetryPolicy = RetryPolicy::ONCE;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// Asks a server whether it is an instance, and lists it if so.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TryNeighbour {
    /// Its address.
    pub origin: String,
}

impl Job for TryNeighbour {
    const KIND: &'static str = "index_try_neighbour";
    const LANE: Lane = Lane::Fetch;
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.origin.clone())
    }
}

const READ_AGAIN: TimeDelta = TimeDelta::days(7);
/// Instances at one time; the next look finds the others.
const AT_ONCE: i64 = 20;
const PAGE: usize = 100;
/// So many pages of each list are read at most.
const MAX_PAGES: usize = 20;
const MAX_PAGE_BYTES: u64 = 1_000_000;
const MAX_CONFIG_BYTES: u64 = 1_000_000;

/// A page of `GET /api/v1/server/followers` or `following`.
#[derive(Debug, Deserialize)]
struct Page {
    data: Vec<serde_json::Value>,
}

/// What only a video server says of itself, at `GET /api/v1/config`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    #[expect(dead_code, reason = "that it is there is all that matters")]
    server_version: String,
}

/// The jobs of this feature.
pub(super) fn job_set(platform: &Platform) -> JobSet {
    let (reading, trying) = (platform.clone(), platform.clone());
    JobSet::new()
        .on(move |job: ReadNeighbours, _| {
            let platform = reading.clone();
            async move { read(&platform, &job.host).await }
        })
        .on(move |job: TryNeighbour, _| {
            let platform = trying.clone();
            async move { attempt(&platform, &job.origin).await }
        })
}

/// Who was found while this was allowed goes when it no longer is.
pub(crate) async fn follow_configuration(tx: &mut Tx, is_allowed: bool, now: Timestamp) -> Result<(), HostsError> {
    if is_allowed {
        return Ok(());
    }
    for host in hosts::of_source(tx, Source::Neighbour).await? {
        remove_host(tx, &host, now).await?;
    }
    Ok(store::delete_all(tx).await?)
}

/// Has the neighbours of instances read that were not for long.
pub(super) async fn enqueue_due(tx: &mut Tx, now: Timestamp) -> Result<(), DbError> {
    for host in store::due(tx, now - READ_AGAIN, AT_ONCE).await? {
        store::note_reading(tx, &host, now).await?;
        jobs::enqueue(tx, now, &ReadNeighbours { host }).await?;
    }
    Ok(())
}

async fn read(platform: &Platform, host: &str) -> Result<(), JobError> {
    let Some(address) = hosts::origin_of(&mut platform.db.read().await?, host).await? else { return Ok(()) };
    let origin = Origin::parse(&address, platform.http.allows_plain_http()).map_err(JobError::fail)?;
    let mut found = BTreeSet::new();
    for (list, side) in [("following", "following"), ("followers", "follower")] {
        if let Err(error) = read_list(platform, &origin, list, side, &mut found).await {
            debug!(host, %error, "the {list} of {host} could not be read");
        }
    }
    let now = platform.clock.now();
    let mut tx = platform.db.begin().await?;
    for neighbour in found.iter().filter(|neighbour| neighbour.host() != platform.public_url.host()) {
        if store::is_new(&mut tx, neighbour.host()).await? && store::note_trial(&mut tx, neighbour.host(), now).await? {
            jobs::enqueue(&mut tx, now, &TryNeighbour { origin: neighbour.to_string() }).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Adds the hosts of a list to what was found. Servers are named without a scheme: it is that of who names them.
async fn read_list(
    platform: &Platform,
    origin: &Origin,
    list: &str,
    side: &str,
    found: &mut BTreeSet<Origin>,
) -> Result<(), NetError> {
    for page in 0..MAX_PAGES {
        let path = format!("/api/v1/server/{list}?start={}&count={PAGE}&sort=-createdAt", page * PAGE);
        let url = Url::parse(&origin.join(&path)).map_err(|error| NetError::InvalidUrl(error.to_string()))?;
        let response = platform.http.get(&url).accept("application/json").max_body(MAX_PAGE_BYTES).send().await?;
        let entries = response.error_for_status()?.json::<Page>()?.data;
        let is_last = entries.len() < PAGE;
        let hosts = entries.iter().take(PAGE).filter_map(|entry| entry.get(side)?.get("host")?.as_str());
        found.extend(hosts.filter_map(|host| origin.neighbour(host)));
        if is_last {
            break;
        }
    }
    Ok(())
}

async fn attempt(platform: &Platform, address: &str) -> Result<(), JobError> {
    let origin = Origin::parse(address, platform.http.allows_plain_http()).map_err(JobError::fail)?;
    let url = Url::parse(&origin.join("/api/v1/config")).map_err(JobError::fail)?;
    let answer = platform.http.get(&url).accept("application/json").max_body(MAX_CONFIG_BYTES).send().await;
    let about = answer.and_then(|response| response.error_for_status()?.json::<About>());
    if let Err(error) = about {
        debug!(host = origin.host(), %error, "{} is no video server, or does not answer", origin.host());
        return Ok(());
    }
    let mut tx = platform.db.begin().await?;
    match list_host(&mut tx, &origin, Source::Neighbour, platform.clock.now()).await {
        Ok(_) | Err(HostsError::OptedOut(_)) => {}
        Err(error) => return Err(JobError::retry(error)),
    }
    tx.commit().await?;
    Ok(())
}
