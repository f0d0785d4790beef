//! The video server: accounts, channels, upload, transcoding, playback and its part in the federation; and the binary
//! `shoal`, which hosts every role.
//!
//! One folder per feature, the same file names everywhere: `model` (types), `store` (SQL), `actions` (use cases), `api`
//! (REST), `pages` (HTML), `federate` (wire ⇄ model), `jobs` (background work). Calls flow from the outer four to
//! `actions`, from there to `store`.

mod accounts;
mod actors;
mod address;
mod app;
mod backfill;
mod captions;
mod channels;
mod chapters;
pub mod cli;
mod comments;
pub mod compose;
pub mod config;
mod demo;
mod downloads;
mod federation;
mod follows;
mod instance_api;
mod listing;
mod lookup;
mod mirrors;
mod moderation;
mod oauth;
mod pages;
mod patch;
mod places;
mod player_settings;
mod playlists;
mod problem_pages;
mod rates;
mod routes;
mod servers;
mod settings;
mod shares;
mod storyboards;
#[cfg(test)]
mod testing;
mod tombstones;
mod tracker;
mod transcoding;
mod uploads;
mod users;
mod videos;
mod views;

use std::time::Duration;

use platform::{
    jobs::{Job, JobContext, JobError, JobSet, Schedule},
    role::Role,
};
use serde::{Deserialize, Serialize};

pub use app::{App, InstanceConfig};
pub use config::Config;

/// Starts the role: its tracker now, its jobs when the caller runs them.
pub fn mount(app: &App) -> Role {
    if let Some(tracker) = &app.tracker {
        tracker.start(&app.platform);
    }
    app.border.start(&app.platform);
    views::start(app);
    let jobs = app
        .courier
        .jobs()
        .merge(videos::jobs::job_set(app))
        .merge(videos::intake::job_set(app))
        .merge(uploads::job_set(app))
        .merge(transcoding::job_set(app))
        .merge(follows::jobs::job_set(app))
        .merge(actors::jobs::job_set(app))
        .merge(servers::job_set(app))
        .merge(comments::jobs::job_set(app))
        .merge(backfill::jobs::job_set(app))
        .merge(rates::jobs::job_set(app))
        .merge(playlists::jobs::job_set(app))
        .merge(player_settings::federate::job_set(app))
        .merge(housekeeping(app));
    let mut schedules = app.courier.schedules();
    schedules.extend(follows::jobs::schedules(app));
    schedules.extend(backfill::jobs::schedules());
    schedules.push(Schedule::new("instance-housekeeping", "0 23 * * * *", || Housekeeping {}));
    Role { router: routes::router(app), jobs, schedules, ..Role::new("instance") }
}

/// Forgets what is no good any more: expired tokens, and jobs that were given up two weeks ago.
#[derive(Debug, Serialize, Deserialize)]
struct Housekeeping {}

impl Job for Housekeeping {
    const KIND: &'static str = "instance_housekeeping";
}

fn housekeeping(app: &App) -> JobSet {
    const KEEP_FAILED_JOBS: Duration = Duration::from_hours(336);
    let app = app.clone();
    JobSet::new().on::<Housekeeping, _, _>(move |_, _: JobContext| {
        let app = app.clone();
        async move {
            oauth::purge_expired(&app).await?;
            moderation::blocks::cover_new_hosts(&app).await?;
            let mut tx = app.platform.db.begin().await?;
            platform::jobs::purge_finished(&mut tx, app.platform.clock.now() - KEEP_FAILED_JOBS).await?;
            views::purge(&mut tx, app.platform.clock.now()).await?;
            tx.commit().await?;
            Ok::<_, JobError>(())
        }
    })
}
