use platform::jobs::{Job, JobContext, JobError, JobSet, Lane, RetryPolicy};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    actions::{self, BringError},
    federate,
};
use crate::{App, actors::ActorId, comments, videos::VideoId};

/// Why a video is asked for at its origin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// Somebody who is followed here spoke of it.
    #[default]
    Pushed,
    /// Somebody here wants it: by a follow, a search, a playlist, a comment.
    Wanted,
    /// It is known, and what is known of it may be out of date.
    Outdated,
}

/// Asks the origin of a video for it, and keeps what it says.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshVideo {
    /// Its address.
    pub url: Url,
    /// Row of the actor who shared it and the address of the sharing, if that is why.
    pub shared_by: Option<(i64, String)>,
    /// Why it is asked for.
    #[serde(default)]
    pub reason: Reason,
}

impl Job for RefreshVideo {
    const KIND: &'static str = "video_refresh";
    const LANE: Lane = Lane::Fetch;

    fn dedupe_key(&self) -> Option<String> {
        let sharer = self.shared_by.as_ref().map_or(0, |(actor, _)| *actor);
        let is_check = if self.reason == Reason::Outdated { " check" } else { "" };
        Some(format!("{} {sharer}{is_check}", self.url))
    }

    fn party(&self) -> Option<String> {
        self.url.host_str().map(str::to_owned)
    }
}

/// Asks the origin of a video for its chapters.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FetchChapters {
    pub(super) video_id: i64,
    /// Its server.
    pub(super) host: String,
}

impl Job for FetchChapters {
    const KIND: &'static str = "video_fetch_chapters";
    const LANE: Lane = Lane::Fetch;
    const POLICY: RetryPolicy = RetryPolicy::DEFAULT;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.video_id.to_string())
    }

    fn party(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// The jobs of this folder.
pub fn job_set(app: &App) -> JobSet {
    let (refresher, reader) = (app.clone(), app.clone());
    JobSet::new()
        .on::<RefreshVideo, _, _>(move |job, context| refresh(refresher.clone(), job, context))
        .on::<FetchChapters, _, _>(move |job, _| fetch_chapters(reader.clone(), job))
}

async fn refresh(app: App, job: RefreshVideo, context: JobContext) -> Result<(), JobError> {
    let shared_by = job.shared_by.as_ref().map(|(actor, url)| (ActorId(*actor), url.as_str()));
    match Box::pin(actions::bring(&app, &job.url, shared_by, job.reason)).await {
        Ok(_) | Err(BringError::Ours(_)) => Ok(()),
        // Channels of other programs share what people say (Lemmy) and much that is of no concern here.
        Err(BringError::OtherThing(document)) if job.reason == Reason::Pushed => {
            comments::jobs::take_passed_on(app, context, &document).await
        }
        Err(error) if error.is_missing() => Ok(actions::note_missing(&app, &job.url, job.reason).await?),
        Err(error) => Err(error.into()),
    }
}

async fn fetch_chapters(app: App, job: FetchChapters) -> Result<(), JobError> {
    federate::fetch_chapters(&app, VideoId(job.video_id)).await
}
