//! The work of the role: tending one mirror, checking one copy, and the hourly look at everything.

use std::{collections::HashMap, sync::Arc, time::Duration};

use platform::{
    db::DbError,
    jobs::{self, Job, JobContext, JobError, JobSet, Lane, RetryPolicy, Schedule},
};
use serde::{Deserialize, Serialize};
use tracing::info;
use uuid::Uuid;

use crate::{
    App,
    actions::{self, Next},
    budget::Budget,
    catalogue::{Candidate, MirrorSource},
    copy::{Copy, CopyError, small_files_of},
    files, health,
    model::{CopiedFile, Mirror},
    policy,
    progress::Progress,
    store,
};

/// Brings the mirror of one video to where it should be: copied, or cleanly absent.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MirrorVideo {
    pub(crate) uuid: Uuid,
}

impl Job for MirrorVideo {
    const KIND: &'static str = "mirror_video";
    const LANE: Lane = Lane::Mirror;
    const POLICY: RetryPolicy = RetryPolicy::DEFAULT;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.uuid.to_string())
    }
}

/// Compares the files of one copy with their hashes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerifyMirror {
    uuid: Uuid,
}

impl Job for VerifyMirror {
    const KIND: &'static str = "verify_mirror";
    const LANE: Lane = Lane::Mirror;
    const PRIORITY: i64 = -10;
    const POLICY: RetryPolicy = RetryPolicy::DEFAULT;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.uuid.to_string())
    }
}

/// Looks for videos that are worth a copy, and for copies that were not checked for long.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CheckMirrors {}

impl Job for CheckMirrors {
    const KIND: &'static str = "check_mirrors";
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(String::new())
    }
}

pub(crate) fn job_set(app: &Arc<App>) -> JobSet {
    let (mirror, verify, check) = (app.clone(), app.clone(), app.clone());
    JobSet::new()
        .on::<MirrorVideo, _, _>(move |job, context| {
            let app = mirror.clone();
            async move { mirror_video(&app, job.uuid, &context).await }
        })
        .on::<VerifyMirror, _, _>(move |job, context| {
            let app = verify.clone();
            async move {
                tokio::select! {
                    outcome = health::verify(&app, job.uuid) => outcome.map_err(JobError::retry),
                    () = context.cancelled() => Err(JobError::snooze(Duration::ZERO)),
                }
            }
        })
        .on::<CheckMirrors, _, _>(move |_, _| {
            let app = check.clone();
            async move { check_mirrors(&app).await.map_err(Into::into) }
        })
}

pub(crate) fn schedules() -> Vec<Schedule> {
    vec![Schedule::new("check-mirrors", "0 17 * * * *", || CheckMirrors {})]
}

async fn mirror_video(app: &App, uuid: Uuid, context: &JobContext) -> Result<(), JobError> {
    match actions::begin(app, uuid).await? {
        Next::Copy(mirror, source) => {
            tokio::select! {
                outcome = copy(app, &mirror, &source, context) => settle(app, &mirror, outcome, context).await,
                () = context.cancelled() => Err(JobError::snooze(Duration::ZERO)),
            }
        }
        Next::Tidy => Ok(files::tidy(app, uuid).await?),
        Next::Nothing => Ok(()),
    }
}

async fn copy(
    app: &App,
    mirror: &Mirror,
    source: &MirrorSource,
    context: &JobContext,
) -> Result<Vec<CopiedFile>, CopyError> {
    let attempt = Copy {
        origin: &app.origin,
        storage: &app.platform.storage,
        staging: files::staging(app, source.uuid),
        source,
        progress: Progress::new(&app.platform.db, &*app.platform.clock, context, mirror),
        small_files_left: small_files_of(source),
    };
    let files = attempt.run().await?;
    actions::complete(app, mirror, &files).await?;
    Ok(files)
}

/// Draws the consequences of an attempt.
async fn settle(
    app: &App,
    mirror: &Mirror,
    outcome: Result<Vec<CopiedFile>, CopyError>,
    context: &JobContext,
) -> Result<(), JobError> {
    let uuid = mirror.video_uuid;
    match outcome {
        Ok(files) => {
            info!(video.uuid = %uuid, files = files.len(), origin = mirror.origin_host, "mirrored video {uuid}");
            Ok(files::tidy(app, uuid).await?)
        }
        // Forgotten, or changed: then another job of this video is waiting, and knows what to do.
        Err(CopyError::Unwanted) => Ok(files::tidy(app, uuid).await?),
        Err(error) if error.is_permanent() || context.last_attempt => {
            actions::give_up(app, mirror, &error).await?;
            files::tidy(app, uuid).await?;
            Err(JobError::fail(error))
        }
        Err(error) => {
            actions::note_failure(app, mirror, &error).await?;
            Err(JobError::retry(error))
        }
    }
}

impl From<CopyError> for JobError {
    fn from(error: CopyError) -> Self {
        Self::new(&error, error.is_permanent())
    }
}

const PAGE: u32 = 500;
/// What one check looks at; more than that waits for the next.
const MOST_CANDIDATES: usize = 100_000;
const VERIFIED_AT_ONCE: i64 = 50;

async fn check_mirrors(app: &App) -> Result<(), DbError> {
    let platform = &app.platform;
    let now = platform.clock.now();
    let picked = if app.config.enabled { pick_candidates(app).await? } else { Vec::new() };
    let overdue = now - app.config.verify_after.get();
    let unchecked = store::due_for_verification(&mut platform.db.read().await?, overdue, VERIFIED_AT_ONCE).await?;
    let mut tx = platform.db.begin().await?;
    for uuid in picked {
        jobs::enqueue(&mut tx, now, &MirrorVideo { uuid }).await?;
    }
    for uuid in unchecked {
        jobs::enqueue(&mut tx, now, &VerifyMirror { uuid }).await?;
    }
    tx.commit().await
}

async fn pick_candidates(app: &App) -> Result<Vec<Uuid>, DbError> {
    let mut conn = app.platform.db.read().await?;
    let budget = Budget::new(app.config.budget, store::used_bytes(&mut conn).await?);
    drop(conn);
    let mut due = Vec::new();
    let mut after = None;
    while due.len() < MOST_CANDIDATES {
        let page = app.catalogue.videos_of_followed_servers(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.uuid);
        due.extend(those_due(app, page).await?);
    }
    Ok(policy::pick(due, budget, &app.config))
}

async fn those_due(app: &App, page: Vec<Candidate>) -> Result<Vec<policy::Due>, DbError> {
    let uuids: Vec<Uuid> = page.iter().map(|candidate| candidate.uuid).collect();
    let known = store::find_all(&mut app.platform.db.read().await?, &uuids).await?;
    let known: HashMap<Uuid, Mirror> = known.into_iter().map(|mirror| (mirror.video_uuid, mirror)).collect();
    let now = app.platform.clock.now();
    Ok(page
        .into_iter()
        .filter_map(|candidate| {
            let known = known.get(&candidate.uuid);
            policy::due(candidate, known, now)
        })
        .collect())
}
