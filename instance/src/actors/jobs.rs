//! Background work on actors: asking their servers for them, and removing all that they leave.

use platform::jobs::{Job, JobContext, JobError, JobSet, Lane};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{ActorId, federate, moves, removal, store};
use crate::App;

/// Asks the server of an actor for it, because something about it has changed or it is looked at.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshActor {
    /// Its address.
    pub url: Url,
}

impl Job for RefreshActor {
    const KIND: &'static str = "actor_refresh";
    const LANE: Lane = Lane::Fetch;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.url.to_string())
    }

    fn party(&self) -> Option<String> {
        self.url.host_str().map(str::to_owned)
    }
}

/// Asks the server of a channel or its owner how many follow it.
#[derive(Debug, Serialize, Deserialize)]
pub struct CountFollowers {
    /// Row of the actor.
    pub actor_id: i64,
    /// Its server.
    pub host: String,
}

impl Job for CountFollowers {
    const KIND: &'static str = "actor_count_followers";
    const LANE: Lane = Lane::Fetch;
    const PRIORITY: i64 = -1;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.actor_id.to_string())
    }

    fn party(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// Removes an actor and everything that it owns.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemoveActor {
    /// Row of the actor.
    pub actor_id: i64,
}

impl Job for RemoveActor {
    const KIND: &'static str = "actor_remove";

    fn dedupe_key(&self) -> Option<String> {
        Some(self.actor_id.to_string())
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let (refresher, counter, remover) = (app.clone(), app.clone(), app.clone());
    JobSet::new()
        .on::<RefreshActor, _, _>(move |job, _| refresh(refresher.clone(), job))
        .on::<CountFollowers, _, _>(move |job, _| count_followers(counter.clone(), job))
        .on::<RemoveActor, _, _>(move |job, context| remove(remover.clone(), job, context))
        .merge(moves::jobs::job_set(app))
}

/// A server that does not answer is no failure of this job: it is asked again when the actor is next needed.
async fn refresh(app: App, job: RefreshActor) -> Result<(), JobError> {
    let Err(error) = federate::refresh(&app, &job.url).await else { return Ok(()) };
    tracing::debug!(%error, "an actor could not be refreshed");
    let known = store::find_by_url(&mut app.platform.db.read().await?, job.url.as_str()).await?;
    if let Some(actor) = known.filter(|actor| !actor.is_local) {
        federate::note_failure(&app, &actor, &error).await?;
    }
    Ok(())
}

async fn count_followers(app: App, job: CountFollowers) -> Result<(), JobError> {
    let id = ActorId(job.actor_id);
    let actor = store::find(&mut app.platform.db.read().await?, id).await?;
    let Some(actor) = actor.filter(|actor| !actor.is_local) else { return Ok(()) };
    let (followers, following) = federate::fetch_counts(&app, &actor).await;
    if followers.is_none() && following.is_none() {
        return Ok(());
    }
    let mut tx = app.platform.db.begin().await?;
    store::set_counts(&mut tx, id, followers.unwrap_or_default(), following.unwrap_or_default()).await?;
    tx.commit().await?;
    Ok(())
}

async fn remove(app: App, job: RemoveActor, context: JobContext) -> Result<(), JobError> {
    while !removal::remove_some(&app, ActorId(job.actor_id)).await? {
        if context.is_cancelled() {
            return Err(JobError::snooze(std::time::Duration::ZERO));
        }
    }
    Ok(())
}
