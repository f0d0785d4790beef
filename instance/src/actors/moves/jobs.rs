//! Taking our followers of an actor, and the blocks of it, along to where it moved.

use platform::jobs::{Job, JobContext, JobError, JobSet};
use serde::{Deserialize, Serialize};
use url::Url;

use super::actions;
use crate::{App, actors::ActorId, moderation::blocks};

/// An actor says that it lives elsewhere: sees whether that is so, and has our actors follow it, or
/// go on blocking it, there.
#[derive(Debug, Serialize, Deserialize)]
pub struct FollowMove {
    /// Row of the actor as it was.
    pub actor_id: i64,
    /// The actor as it is now.
    pub target: Url,
}

impl Job for FollowMove {
    const KIND: &'static str = "actor_follow_move";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{} {}", self.actor_id, self.target))
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let app = app.clone();
    JobSet::new().on::<FollowMove, _, _>(move |job, context| follow_move(app.clone(), job, context))
}

async fn follow_move(app: App, job: FollowMove, context: JobContext) -> Result<(), JobError> {
    let Some((old, new)) = actions::verify(&app, ActorId(job.actor_id), &job.target).await? else { return Ok(()) };
    blocks::follow_move(&app, old.id, new.id).await?;
    while !actions::take_some_along(&app, &old, &new).await? {
        if context.is_cancelled() {
            return Err(JobError::snooze(std::time::Duration::ZERO));
        }
    }
    Ok(())
}
