//! Reads one video by itself, because its instance told that it is new or has changed.
//!
//! What is told is not believed, only looked after: the video's own page says whether it is there, for everybody, and what
//! it is like. So it does not matter in which order things are told, or how often. What cannot be read is left to the next
//! reading of the whole list.

use std::time::Duration;

use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::{Job, JobContext, JobError, Lane},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tracing::debug;
use uuid::Uuid;

use super::{
    CrawlError,
    client::{Detail, InstanceClient},
    jobs::Crawler,
    owners,
    pass::may_be_found,
};
use crate::{
    hosts::{self, Origin, consent, store as rows},
    ingest::{self, Record},
    store::{self, NewVideo},
};

/// Looks at a video.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadVideo {
    /// Its instance, as on the list.
    pub host: String,
    /// Which.
    pub uuid: Uuid,
    /// What the list says of it, as [`ingest::listing_hash`], if it was seen there. Lists abridge, so that a page does not
    /// tell it.
    pub listing_hash: Option<String>,
}

impl Job for ReadVideo {
    const KIND: &'static str = "index_read_video";
    const LANE: Lane = Lane::Fetch;

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}{}", Self::key_prefix(&self.host), self.uuid))
    }

    fn party(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

impl ReadVideo {
    /// A look at a video of which its instance told.
    pub fn new(host: &str, uuid: Uuid) -> Self {
        Self { host: host.to_owned(), uuid, listing_hash: None }
    }

    /// The beginning of the dedupe keys of all looks at videos of a host.
    pub fn key_prefix(host: &str) -> String {
        format!("{host} ")
    }
}

/// Has the indexes hear at once of what a transaction changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct CatchUp {}

impl Job for CatchUp {
    const KIND: &'static str = "index_catch_up";

    fn dedupe_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Does the job. The last failure is none: a crawl comes along sooner or later.
pub(super) async fn run(crawler: &Crawler, job: &ReadVideo, context: &JobContext) -> Result<(), JobError> {
    match read(crawler, job).await {
        Ok(()) => crawler.catch_up().await,
        Err(CrawlError::Superseded | CrawlError::Refused(_)) => Ok(()),
        Err(CrawlError::Stopping) => Err(JobError::snooze(Duration::ZERO)),
        Err(CrawlError::Db(error)) => Err(error.into()),
        Err(CrawlError::Index(error)) => Err(JobError::retry(error)),
        Err(error) => {
            let host = &job.host;
            debug!(host, video.uuid = %job.uuid, %error, "a video that {host} told of could not be read");
            if context.last_attempt { Ok(()) } else { Err(JobError::retry(error)) }
        }
    }
}

async fn read(crawler: &Crawler, job: &ReadVideo) -> Result<(), CrawlError> {
    let Some(client) = connect(crawler, &job.host).await? else { return Ok(()) };
    let now = crawler.platform.clock.now();
    let found = match client.detail::<Box<RawValue>>(job.uuid).await? {
        Detail::Found(record) => ingest::read_record(client.origin(), &record, now).ok(),
        Detail::Gone => None,
        Detail::Unavailable => {
            return Err(CrawlError::Nonsense("the instance cannot say what a video is like".to_owned()));
        }
    };
    let mut found = found.filter(|record| record.video.uuid == job.uuid);
    if let (Some(record), Some(hash)) = (&mut found, &job.listing_hash) {
        record.listing_hash.clone_from(hash);
    }
    if let Some(record) = &found {
        owners::ask_new(crawler, client.origin(), &record.video).await?;
    }
    let mut tx = crawler.platform.db.begin().await?;
    write(crawler, &mut tx, client.origin(), job, found, now).await?;
    Ok(tx.commit().await?)
}

/// Asks for permission, unless that was given a moment ago. `None` if the instance is not on the list.
pub(super) async fn connect(crawler: &Crawler, host: &str) -> Result<Option<InstanceClient>, CrawlError> {
    let platform = &crawler.platform;
    let Some(address) = rows::origin_of(&mut platform.db.read().await?, host).await? else { return Ok(None) };
    let origin = Origin::parse(&address, platform.http.allows_plain_http())
        .map_err(|error| CrawlError::Nonsense(error.to_string()))?;
    let (http, now) = (platform.http.clone(), platform.clock.now());
    if let Some(robots) = crawler.robots.of(host, now) {
        return Ok(Some(InstanceClient::knowing(http, origin, crawler.pace(), robots)));
    }
    let client = InstanceClient::connect(http, origin, crawler.pace()).await?;
    crawler.robots.keep(host, client.robots().clone(), now);
    Ok(Some(client))
}

/// Writes what was found, or takes away what was not.
async fn write(
    crawler: &Crawler,
    tx: &mut Tx,
    origin: &Origin,
    job: &ReadVideo,
    found: Option<Record>,
    now: Timestamp,
) -> Result<(), DbError> {
    let (host, uuid) = (origin.host(), job.uuid);
    // Seen by the reading that is at work, if there is one: else it would be taken for gone at its end.
    let Some(pass) = rows::lock_for_video(tx, host).await? else { return Ok(()) };
    let said = found.as_ref().map(|record| record.wishes.as_slice()).unwrap_or_default();
    let out = consent::heed_all(tx, origin, said, now).await?;
    let Some(record) = found.filter(|record| may_be_found(&record.video, &out)) else {
        return hosts::remove_video(tx, host, uuid, now).await.map(drop);
    };
    let content_hash = ingest::content_hash(&record.video);
    let known = store::known(tx, host, &[uuid]).await?.remove(&uuid);
    let is_new = known.is_none();
    if known.is_some_and(|known| known.content_hash == content_hash) {
        if let Some(listing_hash) = &job.listing_hash {
            store::set_listing_hash(tx, host, uuid, listing_hash).await?;
        }
        return Ok(());
    }
    if is_new && store::count(tx, host).await? >= i64::from(crawler.config.max_videos_per_host) {
        return Ok(());
    }
    let video = NewVideo {
        document: &record.video,
        listing_hash: &record.listing_hash,
        content_hash: &content_hash,
        detailed_at: Some(now),
        pass,
    };
    let revision = store::next_revision(tx).await?;
    store::save(tx, &video, revision).await?;
    rows::recount(tx, host).await
}
