//! Background work on counters: telling followers of ours, and asking for others'.

use chrono::TimeDelta;
use platform::jobs::{Job, JobContext, JobError, JobSet, Lane, RetryPolicy};
use serde::{Deserialize, Serialize};
use tracing::debug;
use url::Url;

use super::federate;
use crate::{
    App,
    videos::{self, VideoId},
};

/// Tells the followers of one of our videos that its counters have changed. They then ask for them.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellCounters {
    /// Row of the video.
    pub video_id: i64,
}

impl Job for TellCounters {
    const KIND: &'static str = "video_tell_counters";

    fn dedupe_key(&self) -> Option<String> {
        Some(self.video_id.to_string())
    }
}

/// Asks the origin of a remote video for its totals.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshCounters {
    /// Row of the video.
    pub video_id: i64,
    /// Collection of likes.
    pub likes: Option<Url>,
    /// Collection of dislikes.
    pub dislikes: Option<Url>,
    /// Collection of comments.
    pub comments: Option<Url>,
}

impl RefreshCounters {
    /// Counters are asked for once in this time at most, however often an origin says that they have changed.
    pub(super) fn wait(is_new: bool) -> TimeDelta {
        if is_new { TimeDelta::minutes(10) } else { TimeDelta::seconds(30) }
    }
}

impl Job for RefreshCounters {
    const KIND: &'static str = "video_refresh_counters";
    const LANE: Lane = Lane::Fetch;
    const PRIORITY: i64 = -10;
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.video_id.to_string())
    }

    fn party(&self) -> Option<String> {
        let asked = self.likes.as_ref().or(self.dislikes.as_ref()).or(self.comments.as_ref())?;
        asked.host_str().map(str::to_owned)
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let (teller, asker) = (app.clone(), app.clone());
    JobSet::new()
        .on::<TellCounters, _, _>(move |job, _| tell(teller.clone(), job))
        .on::<RefreshCounters, _, _>(move |job, context| ask(asker.clone(), job, context))
}

async fn tell(app: App, job: TellCounters) -> Result<(), JobError> {
    let mut tx = app.platform.db.begin().await?;
    let video = videos::store::find(&mut tx, VideoId(job.video_id)).await?;
    if let Some(video) = video.filter(|video| video.is_local && video.is_listed()) {
        videos::federate::send_update(&app, &mut tx, &video).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// An origin that cannot be asked will say more when it is back: nobody has to know that this failed.
async fn ask(app: App, job: RefreshCounters, context: JobContext) -> Result<(), JobError> {
    let mut collections = [&job.likes, &job.dislikes, &job.comments].into_iter().flatten();
    if collections.any(|url| app.border.refuses_url(url)) {
        return Ok(());
    }
    match federate::refresh_counters(&app, &job).await {
        Err(error) if context.attempt >= RetryPolicy::BRIEF.max_attempts => {
            debug!(video.id = job.video_id, %error, "the counters of a video could not be asked for");
            Ok(())
        }
        outcome => outcome,
    }
}
