//! Background work on follows: finding the actor of a server, and fetching what it published before it was followed.

use platform::jobs::{Job, JobContext, JobError, JobSet, RetryPolicy, enqueue};
use serde::{Deserialize, Serialize};
use url::Url;

use super::federate;
use crate::{App, actors, videos};

/// Pages of an outbox that are read at most; PeerTube has 10 items on each.
const MAX_PAGES: u64 = 2_000;

/// Finds the actor of a server and asks to follow it.
#[derive(Debug, Serialize, Deserialize)]
pub struct FollowServer {
    /// Host, with port where unusual.
    pub host: String,
}

impl Job for FollowServer {
    const KIND: &'static str = "follow_server";
    const POLICY: RetryPolicy = RetryPolicy::DEFAULT;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// Reads one page of what a followed actor has published, then asks for the next.
#[derive(Debug, Serialize, Deserialize)]
pub struct Backfill {
    /// Row of the actor, for the log.
    pub actor_id: i64,
    /// Its outbox.
    pub outbox: Url,
    /// From 1.
    pub page: u64,
}

impl Job for Backfill {
    const KIND: &'static str = "follow_backfill";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", self.actor_id, self.page))
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let (follower, reader) = (app.clone(), app.clone());
    JobSet::new()
        .on::<FollowServer, _, _>(move |job, _| follow(follower.clone(), job))
        .on::<Backfill, _, _>(move |job, context| backfill(reader.clone(), job, context))
}

async fn follow(app: App, job: FollowServer) -> Result<(), JobError> {
    let host: federation::origin::Host = job.host.parse().map_err(JobError::fail)?;
    let url = app.courier.find_instance_actor(&host).await?;
    let target = actors::federate::resolve(&app, &url).await?;
    let mut tx = app.platform.db.begin().await?;
    federate::send_follow(&app, &mut tx, &target).await?;
    tx.commit().await?;
    Ok(())
}

async fn backfill(app: App, job: Backfill, _: JobContext) -> Result<(), JobError> {
    let mut url = job.outbox.clone();
    url.query_pairs_mut().append_pair("page", &job.page.to_string());
    let document = app.courier.fetch(&url).await?;
    let (videos, has_next) = federate::read_outbox_page(&document).map_err(JobError::fail)?;
    let mut tx = app.platform.db.begin().await?;
    let now = app.platform.clock.now();
    for video in &videos {
        videos::intake::want(&app, &mut tx, video, videos::intake::Reason::Wanted).await?;
    }
    let has_more = !videos.is_empty() && job.page < MAX_PAGES && has_next;
    if has_more {
        enqueue(&mut tx, now, &Backfill { page: job.page + 1, ..job }).await?;
    }
    tx.commit().await?;
    Ok(())
}
