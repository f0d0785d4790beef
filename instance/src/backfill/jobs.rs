//! The background work: page after page, with room for others in between.

use std::time::Duration;

use chrono::TimeDelta;
use courier::FetchError;
use federation::origin::Host;
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::{Job, JobContext, JobError, JobSet, Lane, RetryPolicy, Schedule, enqueue},
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tracing::{debug, info, warn};
use url::Url;

use super::{
    Backfill, BackfillState, Source, actions, fetch, listing,
    model::{Cut, Page, Position},
    outbox,
    store::{self, Progress},
};
use crate::{
    App,
    actors::{self, Actor, ActorId},
    follows,
};

/// Pages that are read before others have a turn.
const PAGES_AT_ONCE: u32 = 10;
/// A server that is slow has its turn no longer than this, and the page that it is at.
const TURN: Duration = Duration::from_mins(1);
/// A finished reading begins anew after this time.
const READ_AGAIN_AFTER: TimeDelta = TimeDelta::hours(24);
/// The same for one that came to no end.
const READ_ENDLESS_AGAIN_AFTER: TimeDelta = TimeDelta::days(7);
/// A failed one goes on after this time, and twice as long after each further failure.
const FIRST_DELAY: TimeDelta = TimeDelta::minutes(5);
const READINGS_AT_ONCE: i64 = 100;

/// Reads the next pages of what an actor has published.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadPublished {
    /// Row of the actor.
    pub actor_id: i64,
}

impl Job for ReadPublished {
    const KIND: &'static str = "backfill";
    const LANE: Lane = Lane::Crawl;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.actor_id.to_string())
    }
}

/// Reads the first page, and no more.
#[derive(Debug, Serialize, Deserialize)]
pub struct Peek {
    /// Row of the actor.
    pub actor_id: i64,
}

impl Job for Peek {
    const KIND: &'static str = "backfill_peek";
    const LANE: Lane = Lane::Crawl;
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.actor_id.to_string())
    }
}

/// Goes on with readings whose time has come.
#[derive(Debug, Serialize, Deserialize)]
pub struct Due {}

impl Job for Due {
    const KIND: &'static str = "backfill_due";

    fn dedupe_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let (reader, peeker, starter) = (app.clone(), app.clone(), app.clone());
    JobSet::new()
        .on::<ReadPublished, _, _>(move |job, context| read(reader.clone(), job, context))
        .on::<Peek, _, _>(move |job, _| peek(peeker.clone(), job))
        .on::<Due, _, _>(move |_, _| start_due(starter.clone()))
}

/// The jobs that come back by themselves.
pub fn schedules() -> Vec<Schedule> {
    vec![Schedule::new("backfills-due", "30 * * * * *", || Due {})]
}

async fn start_due(app: App) -> Result<(), JobError> {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    for backfill in store::due(&mut tx, now, READINGS_AT_ONCE).await? {
        actions::resume(&mut tx, now, backfill.actor_id).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// What reading a page came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    GoOn,
    Ended,
}

async fn read(app: App, job: ReadPublished, context: JobContext) -> Result<(), JobError> {
    let id = ActorId(job.actor_id);
    let began = Instant::now();
    for _ in 0..PAGES_AT_ONCE {
        let Some((actor, backfill)) = wanted(&app, id).await? else { return Ok(()) };
        match step(&app, &actor, &backfill).await {
            Ok(Step::GoOn) => {}
            Ok(Step::Ended) => return Ok(()),
            Err(error) => return note_failure(&app, &actor, &backfill, &error).await,
        }
        if context.is_cancelled() || began.elapsed() > TURN {
            break;
        }
    }
    let mut tx = app.platform.db.begin().await?;
    enqueue(&mut tx, app.platform.clock.now(), &job).await?;
    tx.commit().await?;
    Ok(())
}

/// The reading, if it is to go on: somebody here still follows the actor, and nobody stopped it.
async fn wanted(app: &App, id: ActorId) -> Result<Option<(Actor, Backfill)>, DbError> {
    let mut connection = app.platform.db.read().await?;
    let Some(backfill) = store::find(&mut connection, id).await? else { return Ok(None) };
    let Some(actor) = actors::store::find(&mut connection, id).await? else { return Ok(None) };
    let is_followed = follows::store::is_followed_from_here(&mut connection, id).await?;
    drop(connection);
    if !is_followed {
        let mut tx = app.platform.db.begin().await?;
        store::delete(&mut tx, id).await?;
        tx.commit().await?;
        return Ok(None);
    }
    Ok((backfill.state() == BackfillState::Reading).then_some((actor, backfill)))
}

async fn step(app: &App, actor: &Actor, backfill: &Backfill) -> Result<Step, JobError> {
    let source = match backfill.source() {
        Source::Unknown => {
            let source = find_source(app, actor).await?;
            let mut tx = app.platform.db.begin().await?;
            store::set_source(&mut tx, actor.id, source, app.platform.clock.now()).await?;
            tx.commit().await?;
            source
        }
        known => known,
    };
    let page = read_page(app, actor, source, &backfill.position()).await?;
    let (next, cut, total) = (page.next.clone(), page.cut, page.total);
    let done = i64::try_from(page.entries.len()).unwrap_or_default();
    let harvest = fetch::gather(app, page).await?;

    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let new_videos = harvest.store(app, &mut tx).await?;
    let progress = Progress {
        from: backfill.cursor,
        next: next.clone().unwrap_or(Position { cursor: backfill.cursor, ..Position::default() }),
        done,
        new_videos,
        total,
    };
    let is_current = store::advance(&mut tx, actor.id, &progress, now).await?;
    if is_current && next.is_none() {
        finish(&mut tx, actor, backfill.done + done, cut, now).await?;
    }
    tx.commit().await?;
    Ok(if next.is_some() { Step::GoOn } else { Step::Ended })
}

async fn finish(tx: &mut Tx, actor: &Actor, done: i64, cut: Option<Cut>, now: Timestamp) -> Result<(), DbError> {
    let pause = if cut.is_some() { READ_ENDLESS_AGAIN_AFTER } else { READ_AGAIN_AFTER };
    store::finish(tx, actor.id, cut, now + pause, now).await?;
    match cut {
        None => info!(actor.host, done, "read everything that {} has published", actor.url()),
        Some(cut) => warn!(actor.host, done, reason = %cut, "stopped reading what {} has published", actor.url()),
    }
    Ok(())
}

async fn read_page(app: &App, actor: &Actor, source: Source, position: &Position) -> Result<Page, JobError> {
    match source {
        Source::Rest => listing::read(app, actor, position).await,
        Source::Documents | Source::Outbox | Source::Unknown => outbox::read(app, actor, source, position).await,
    }
}

/// By what runs there; who does not tell has an outbox.
async fn find_source(app: &App, actor: &Actor) -> Result<Source, JobError> {
    let host = Url::parse(actor.url()).ok().as_ref().and_then(Host::of);
    let host = host.ok_or_else(|| JobError::fail("the actor has no host"))?;
    match app.courier.fetch_nodeinfo(&host).await {
        Ok(info) => Ok(match info.software.name.as_str() {
            "shoal" => Source::Documents,
            "peertube" => Source::Rest,
            _ => Source::Outbox,
        }),
        Err(error) if error.is_permanent() => Ok(source_without_nodeinfo(&error)),
        Err(error) => Err(error.into()),
    }
}

fn source_without_nodeinfo(error: &FetchError) -> Source {
    debug!(%error, "a server does not tell what it runs");
    Source::Outbox
}

async fn note_failure(app: &App, actor: &Actor, backfill: &Backfill, error: &JobError) -> Result<(), JobError> {
    let (JobError::Retry(words) | JobError::Fail(words)) = error else { return Ok(()) };
    debug!(actor.host, error = words, "reading what {} has published is put off", actor.url());
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    store::fail(&mut tx, actor.id, words, next_try(now, backfill.failures), now).await?;
    tx.commit().await?;
    Ok(())
}

fn next_try(now: Timestamp, failures: i64) -> Timestamp {
    let doublings = u32::try_from(failures.clamp(0, 10)).unwrap_or_default();
    now + (FIRST_DELAY * 2_i32.pow(doublings)).min(READ_AGAIN_AFTER)
}

async fn peek(app: App, job: Peek) -> Result<(), JobError> {
    let id = ActorId(job.actor_id);
    let Some(actor) = actors::store::find(&mut app.platform.db.read().await?, id).await? else { return Ok(()) };
    let source = find_source(&app, &actor).await?;
    let page = read_page(&app, &actor, source, &Position::default()).await?;
    let harvest = fetch::gather(&app, page).await?;
    let mut tx = app.platform.db.begin().await?;
    harvest.store(&app, &mut tx).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use platform::clock::{Clock, FakeClock};

    use super::*;

    #[test]
    fn a_failed_reading_goes_on_later_and_later_but_within_a_day() {
        let now = FakeClock::default().now();
        assert_eq!(next_try(now, 0), now + TimeDelta::minutes(5));
        assert_eq!(next_try(now, 2), now + TimeDelta::minutes(20));
        assert_eq!(next_try(now, i64::MAX), now + READ_AGAIN_AFTER);
    }
}
