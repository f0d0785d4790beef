use media::MediaError;
use platform::jobs::{Job, JobContext, JobError, JobSet, Lane, RetryPolicy};
use serde::{Deserialize, Serialize};
use tracing::info;

use super::actions;
use crate::{
    App, uploads,
    videos::{self, VideoId, VideoState},
};

/// Makes the stream and the pictures of an uploaded video.
#[derive(Debug, Serialize, Deserialize)]
pub struct Transcode {
    /// Row of the video.
    pub video_id: i64,
}

impl Job for Transcode {
    const KIND: &'static str = "transcode";
    const LANE: Lane = Lane::Media;
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.video_id.to_string())
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let app = app.clone();
    JobSet::new().on::<Transcode, _, _>(move |job, context| run(app.clone(), job, context))
}

async fn run(app: App, job: Transcode, context: JobContext) -> Result<(), JobError> {
    let id = VideoId(job.video_id);
    let (video, source) = {
        let mut connection = app.platform.db.read().await?;
        let video = videos::store::find(&mut connection, id).await?;
        let source = uploads::store::find_source(&mut connection, id).await?;
        (video, source)
    };
    let (Some(video), Some(source)) = (video, source) else { return Ok(()) };
    if video.state == VideoState::Published {
        return Ok(());
    }
    let made = tokio::select! {
        made = actions::make_stream(&app, &video, &source, &context) => made,
        () = context.cancelled() => return Err(JobError::snooze(std::time::Duration::ZERO)),
    };
    match made {
        Ok(stream) => {
            actions::publish(&app, &video, &source, stream).await?;
            info!(video.uuid = %video.uuid, "transcoded video {}", video.uuid);
            Ok(())
        }
        Err(error) if error.is_permanent() || context.last_attempt => {
            give_up(&app, id, &error.words_for_owner()).await?;
            Err(JobError::fail(error))
        }
        Err(error) => Err(JobError::retry(error)),
    }
}

/// Why no stream was made.
#[derive(Debug, thiserror::Error)]
pub(super) enum MakeError {
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error(transparent)]
    Storage(#[from] platform::storage::StorageError),
    #[error("scratch files: {0}")]
    Scratch(#[from] std::io::Error),
}

impl MakeError {
    fn is_permanent(&self) -> bool {
        match self {
            Self::Media(error) => error.is_permanent(),
            Self::Storage(error) => error.is_permanent(),
            Self::Scratch(_) => false,
        }
    }

    /// What is wrong with the file is its owner's business; what is wrong with the server is in the log.
    fn words_for_owner(&self) -> String {
        match self {
            Self::Media(error) => error.to_string(),
            Self::Storage(_) | Self::Scratch(_) => "The server could not keep its files.".to_owned(),
        }
    }
}

/// Tells the owner why there will be no stream.
async fn give_up(app: &App, id: VideoId, reason: &str) -> Result<(), JobError> {
    let mut tx = app.platform.db.begin().await?;
    let now = app.platform.clock.now();
    videos::store::set_state(&mut tx, id, VideoState::TranscodingFailed, Some(reason), now).await?;
    tx.commit().await?;
    Ok(())
}
