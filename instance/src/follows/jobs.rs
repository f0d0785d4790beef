//! Background work on follows: finding whom to follow, reading lists of servers, giving copies back.

use std::time::Duration;

use platform::{
    db::{DbError, Tx},
    jobs::{Job, JobContext, JobError, JobId, JobSet, Lane, RetryPolicy, Schedule, enqueue, is_wanted},
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Target, actions, federate, list, store};
use crate::{
    App,
    actors::{self, Actor, ActorId},
    compose::RoleName,
    mirrors, tombstones,
};

/// So much of a list of servers is read.
const MAX_LIST_BYTES: u64 = 1_000_000;
/// So many servers of a list are asked at one time.
const MAX_NEW_FOLLOWS: usize = 500;
/// So many servers of a list are remembered as asked.
const MAX_REMEMBERED: usize = 20_000;
const COPIES_AT_ONCE: i64 = 100;

/// Pauses of 1 minute, 2, 4, … up to 6 hours, for seven days.
const PATIENCE: RetryPolicy =
    RetryPolicy { max_attempts: 37, first_delay: Duration::from_mins(1), longest_delay: Duration::from_hours(6) };

/// Finds an actor and asks to follow it. A server that does not answer is asked for as long as deliveries are tried, unless
/// the wish is taken back, or whoever had it is gone.
#[derive(Debug, Serialize, Deserialize)]
pub struct FollowActor {
    /// Row of the actor that wants to follow.
    pub follower: i64,
    /// Whom, as [`Target`] is written.
    pub target: String,
}

impl Job for FollowActor {
    const KIND: &'static str = "follow_actor";
    const LANE: Lane = Lane::Fetch;
    const POLICY: RetryPolicy = PATIENCE;

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}{}", Self::key_prefix(ActorId(self.follower)), self.target))
    }

    fn party(&self) -> Option<String> {
        match self.target.parse().ok()? {
            Target::Server(host) => Some(host.to_string()),
            Target::Handle(handle) => Some(handle.host.to_string()),
            Target::Url(url) => url.host_str().map(str::to_owned),
        }
    }
}

impl FollowActor {
    /// The search of an actor for somebody.
    pub fn new(follower: ActorId, target: &Target) -> Self {
        Self { follower: follower.0, target: target.to_string() }
    }

    /// The beginning of the dedupe keys of all searches of an actor.
    pub fn key_prefix(follower: ActorId) -> String {
        format!("{} ", follower.0)
    }
}

/// Gives back the copies of a host's videos that no follow wants any more.
#[derive(Debug, Serialize, Deserialize)]
pub struct WithdrawCopies {
    /// The host.
    pub host: String,
}

impl Job for WithdrawCopies {
    const KIND: &'static str = "follow_withdraw_copies";

    fn dedupe_key(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// Has the index in the same process read the servers that this one follows for it, and no others on its account.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellIndex {}

impl Job for TellIndex {
    const KIND: &'static str = "follow_tell_index";

    fn dedupe_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Looks into the lists of servers to follow.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckLists {}

impl Job for CheckLists {
    const KIND: &'static str = "follow_check_lists";

    fn dedupe_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// Follows the servers that a list names and that were not asked before because of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadList {
    /// Where it is.
    pub url: Url,
}

impl Job for ReadList {
    const KIND: &'static str = "follow_read_list";
    const LANE: Lane = Lane::Fetch;
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.url.to_string())
    }

    fn party(&self) -> Option<String> {
        self.url.host_str().map(str::to_owned)
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let (follower, withdrawer, teller) = (app.clone(), app.clone(), app.clone());
    let (checker, reader) = (app.clone(), app.clone());
    JobSet::new()
        .on::<FollowActor, _, _>(move |job, context| follow(follower.clone(), job, context))
        .on::<WithdrawCopies, _, _>(move |job, context| withdraw_copies(withdrawer.clone(), job, context))
        .on::<TellIndex, _, _>(move |_, _| tell_index(teller.clone()))
        .on::<CheckLists, _, _>(move |_, _| check_lists(checker.clone()))
        .on::<ReadList, _, _>(move |job, _| read_list(reader.clone(), job))
}

/// The jobs that come back by themselves. What a block or an actor that moved changes, the index learns within the hour.
pub fn schedules(app: &App) -> Vec<Schedule> {
    let mut schedules = vec![Schedule::new("follow-lists", "0 41 * * * *", || CheckLists {})];
    if app.roles.has(RoleName::Indexer) {
        schedules.push(Schedule::new("follow-index", "0 43 * * * *", || TellIndex {}));
    }
    schedules
}

async fn follow(app: App, job: FollowActor, context: JobContext) -> Result<(), JobError> {
    let follower = ActorId(job.follower);
    if find_wishful(&mut app.platform.db.begin().await?, follower, context.id).await?.is_none() {
        return Ok(());
    }
    let target: Target = job.target.parse().map_err(JobError::fail)?;
    let url = match &target {
        Target::Server(host) => app.courier.find_instance_actor(host).await?,
        Target::Handle(handle) => app.courier.look_up(handle).await?,
        Target::Url(url) => url.clone(),
    };
    let target = actors::federate::resolve(&app, &url).await?;
    let mut tx = app.platform.db.begin().await?;
    // Asking took its time.
    let Some(me) = find_wishful(&mut tx, follower, context.id).await? else { return Ok(()) };
    federate::send_follow(&app, &mut tx, &me, &target).await?;
    tx.commit().await?;
    Ok(())
}

/// The actor of ours that a search is for, unless it has taken its wish back, or was removed: what is left of it wants
/// nothing any more.
async fn find_wishful(tx: &mut Tx, id: ActorId, search: JobId) -> Result<Option<Actor>, DbError> {
    if !is_wanted(tx, search).await? {
        return Ok(None);
    }
    let Some(actor) = actors::store::find(tx, id).await? else { return Ok(None) };
    let is_removed = tombstones::store::deleted_at(tx, actor.url()).await?.is_some();
    Ok((!is_removed).then_some(actor))
}

async fn withdraw_copies(app: App, job: WithdrawCopies, context: JobContext) -> Result<(), JobError> {
    while !context.is_cancelled() {
        let mut tx = app.platform.db.begin().await?;
        let copies = mirrors::store::unwanted_copies(&mut tx, &job.host, COPIES_AT_ONCE).await?;
        for uuid in &copies {
            let announcer = mirrors::InstanceAnnouncer::new(app.clone());
            redundancy::withdraw(&mut tx, app.platform.clock.now(), &app.platform, &announcer, *uuid).await?;
        }
        tx.commit().await?;
        if copies.is_empty() {
            return Ok(());
        }
    }
    Err(JobError::snooze(Duration::from_secs(1)))
}

async fn tell_index(app: App) -> Result<(), JobError> {
    let mut tx = app.platform.db.begin().await?;
    let actors = store::servers_to_index(&mut tx).await?;
    let origins = actors.iter().filter_map(|actor| Some(Url::parse(actor).ok()?.origin().ascii_serialization()));
    let (origins, allow_http): (Vec<_>, _) = (origins.collect(), app.platform.http.allows_plain_http());
    indexer::hosts::follow_instance(&mut tx, &origins, allow_http, app.platform.clock.now())
        .await
        .map_err(JobError::retry)?;
    tx.commit().await?;
    Ok(())
}

async fn check_lists(app: App) -> Result<(), JobError> {
    let mut tx = app.platform.db.begin().await?;
    for url in app.border.settings().follow_lists.iter().cloned() {
        enqueue(&mut tx, app.platform.clock.now(), &ReadList { url }).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A server is asked once: whoever unfollows it does not find it followed again because it still stands in the list.
async fn read_list(app: App, job: ReadList) -> Result<(), JobError> {
    let response = app.platform.http.get(&job.url).max_body(MAX_LIST_BYTES).send().await?.error_for_status()?;
    let hosts = list::read(&String::from_utf8_lossy(&response.body));
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let me = actions::instance_actor(&app, &mut tx).await.map_err(JobError::retry)?;
    let asked = store::asked_of_list(&mut tx, job.url.as_str()).await?.unwrap_or_default();
    let mut asked: Vec<String> = asked.lines().map(str::to_owned).collect();
    let known: std::collections::HashSet<String> = asked.iter().cloned().collect();
    let here = app.platform.public_url.host();
    let new = hosts.iter().map(ToString::to_string).filter(|host| host != here && !known.contains(host));
    for host in new.take(MAX_NEW_FOLLOWS) {
        enqueue(&mut tx, now, &FollowActor { follower: me.id.0, target: host.clone() }).await?;
        asked.push(host);
    }
    // A list that names new hosts every hour must not fill the database.
    let excess = asked.len().saturating_sub(MAX_REMEMBERED);
    asked.drain(..excess);
    store::set_asked_of_list(&mut tx, job.url.as_str(), &asked.join("\n"), now).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_down_is_asked_for_as_long_as_deliveries_are_tried() {
        let pauses: Duration = (1..PATIENCE.max_attempts).map(|attempt| PATIENCE.delay_after(attempt)).sum();
        let shortest = courier::GIVE_UP_AFTER.to_std().unwrap();
        assert!((shortest..shortest + Duration::from_hours(6)).contains(&pauses), "{pauses:?}");
    }
}
