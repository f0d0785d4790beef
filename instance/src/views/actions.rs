use std::time::Duration;

use chrono::TimeDelta;
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
};
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

use super::{
    federate,
    model::Watched,
    register::Harvest,
    store::{self, NewWatch},
};
use crate::{App, rates, videos};

/// How often the register is written down.
const FLUSH_EVERY: Duration = Duration::from_secs(5);
/// As many videos are given the views that others told of at a time; the others come next.
const AT_ONCE: i64 = 200;
/// For how long is kept what was watched.
const KEEP_WATCHES: TimeDelta = TimeDelta::days(365);

/// For how long an activity that was counted is known when it comes again: for longer than servers try to deliver it.
const KEEP_COUNTED: TimeDelta = TimeDelta::days(8);

/// Starts the task that writes the register down. It ends when the server stops, after a last time.
pub fn start(app: &App) {
    let (app, stop) = (app.clone(), app.platform.stop.clone());
    app.platform.tasks.clone().spawn("views", async move {
        let mut ticks = interval(FLUSH_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_last = tokio::select! {
                _ = ticks.tick() => false,
                () = stop.cancelled() => true,
            };
            if let Err(error) = flush(&app, is_last).await {
                warn!(%error, "views could not be written down yet");
            }
            if is_last {
                break;
            }
        }
    });
}

/// Writes down who has watched and downloaded since the last time, here and elsewhere, and tells other servers. `is_last`:
/// every watch is over.
///
/// # Errors
/// [`DbError`] if the database refuses; views and downloads then wait for the next time.
pub async fn flush(app: &App, is_last: bool) -> Result<(), DbError> {
    let _alone = app.views.writing().await;
    add_kept_views(app).await?;
    flush_register(app, is_last).await
}

/// Adds the views that other servers told of, each video's at once: an update for each would make a popular video wait.
/// Those that are there when the process ends, or is killed, are added by the next.
async fn add_kept_views(app: &App) -> Result<(), DbError> {
    let videos = store::videos_with_kept_views(&mut app.platform.db.read().await?, AT_ONCE).await?;
    if videos.is_empty() {
        return Ok(());
    }
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    for video in videos {
        let views = store::take_kept_views(&mut tx, video).await?;
        store::add_views(&mut tx, video, u32::try_from(views).unwrap_or(u32::MAX)).await?;
        rates::counters_changed(&mut tx, video, now).await?;
    }
    tx.commit().await
}

async fn flush_register(app: &App, is_last: bool) -> Result<(), DbError> {
    let harvest = app.views.harvest(app.platform.clock.now(), is_last);
    if harvest.is_empty() {
        return Ok(());
    }
    let outcome = write_down(app, &harvest).await;
    if outcome.is_err() {
        for (video, views) in harvest.views {
            app.views.add_views(video, views);
        }
        for (video, downloads) in harvest.downloads {
            app.views.add_downloads(video, downloads);
        }
    }
    outcome
}

async fn write_down(app: &App, harvest: &Harvest) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    for (id, views) in &harvest.views {
        let Some(video) = videos::store::find(&mut tx, *id).await? else { continue };
        if video.is_local {
            store::add_views(&mut tx, *id, *views).await?;
            rates::counters_changed(&mut tx, *id, now).await?;
        } else {
            federate::send_views(app, &mut tx, &video, *views).await?;
        }
    }
    for (id, downloads) in &harvest.downloads {
        let Some(video) = videos::store::find(&mut tx, *id).await? else { continue };
        if video.is_local {
            store::add_downloads(&mut tx, *id, *downloads).await?;
            rates::counters_changed(&mut tx, *id, now).await?;
        } else {
            federate::send_downloads(app, &mut tx, &video, *downloads).await?;
        }
    }
    for watched in &harvest.watched {
        keep(app, &mut tx, watched, now).await?;
    }
    for id in &harvest.watching {
        if let Some(video) = videos::store::find(&mut tx, *id).await? {
            federate::send_viewers(app, &mut tx, &video).await?;
        }
    }
    tx.commit().await
}

async fn keep(app: &App, tx: &mut Tx, watched: &Watched, now: Timestamp) -> Result<(), DbError> {
    let Some(video) = videos::store::find(tx, watched.video).await? else { return Ok(()) };
    let uuid = app.platform.random.uuid();
    let new = NewWatch {
        uuid,
        url: app.ids.local_viewer(uuid).to_string(),
        video: watched.video,
        started_at: watched.watch.started_at,
        ended_at: watched.watch.last_at,
        watched_s: watched.watch.watched_s().into(),
        country: None,
        region: None,
        sections: watched.watch.sections.clone(),
    };
    store::insert_watch(tx, &new, now).await?;
    if video.is_local { Ok(()) } else { federate::send_watch(app, tx, &video, &new).await }
}

/// Forgets what was watched long ago, and which views and downloads elsewhere cannot be told again.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn purge(tx: &mut Tx, now: Timestamp) -> Result<(), DbError> {
    store::purge_counted(tx, now - KEEP_COUNTED).await?;
    store::purge_watches(tx, now - KEEP_WATCHES).await
}
