use chrono::TimeDelta;
use courier::FetchError;
use federation::{
    origin::{same_host, without_fragment},
    wire,
};
use platform::{
    db::{DbError, Tx},
    jobs::{JobError, enqueue, enqueue_at},
    web::Problem,
};
use serde_json::Value;
use tracing::{debug, info};
use url::Url;

use super::{
    federate::{self, SaveError},
    jobs::{Reason, RefreshVideo},
    store,
};
use crate::{
    App,
    actors::{ActorId, federate::ResolveError},
    comments,
    videos::{self, Video, VideoId},
};

/// What is known of a remote video is out of date after this time, and asked for when somebody looks at it. PeerTube's own.
const FRESH_FOR: TimeDelta = TimeDelta::days(2);
/// A video that its origin does not find is asked for again after this time …
const CHECK_AFTER: TimeDelta = TimeDelta::days(1);
/// … and is gone when it was not found on so many of these occasions in a row.
const GONE_AFTER_CHECKS: i64 = 4;

/// Why a video did not come.
#[derive(Debug, thiserror::Error)]
pub enum BringError {
    /// It is at home here.
    #[error("{0} is a video of this server")]
    Ours(Url),
    /// Its server did not give it.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its channel cannot be known.
    #[error(transparent)]
    Channel(#[from] ResolveError),
    /// Its server gave a document of something that is no video.
    #[error("what is there is no video but a {}", wire::kind_of(.0).unwrap_or("thing without a type"))]
    OtherThing(Box<Value>),
    /// Its server gave something that cannot be kept.
    #[error("{0}")]
    Unusable(String),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl BringError {
    /// Whether the origin does not find it, which may be a passing thing.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Fetch(error) if error.is_gone())
    }
}

impl From<SaveError> for BringError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Unusable(reason) => Self::Unusable(reason),
            SaveError::Db(error) => Self::Db(error),
        }
    }
}

impl From<BringError> for JobError {
    fn from(error: BringError) -> Self {
        match error {
            BringError::Ours(_) | BringError::OtherThing(_) | BringError::Unusable(_) => Self::fail(error),
            BringError::Fetch(error) => error.into(),
            BringError::Channel(error) => error.into(),
            BringError::Db(error) => error.into(),
        }
    }
}

impl From<BringError> for Problem {
    fn from(error: BringError) -> Self {
        match error {
            BringError::Fetch(error) | BringError::Channel(ResolveError::Fetch(error)) => error.into(),
            BringError::Db(error) | BringError::Channel(ResolveError::Db(error)) => error.into(),
            other => Self::bad_request(other.to_string()),
        }
    }
}

/// Asks for a video at its origin, soon; in the caller's transaction.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn want(app: &App, tx: &mut Tx, url: &Url, reason: Reason) -> Result<(), DbError> {
    let job = RefreshVideo { url: without_fragment(url), shared_by: None, reason };
    enqueue(tx, app.platform.clock.now(), &job).await
}

/// Asks for a video at its origin, now, and keeps it. `None` if it is not for whoever asks, or was deleted: then it is
/// forgotten here, too.
///
/// # Errors
/// [`BringError`] if it did not come.
pub async fn bring(
    app: &App,
    url: &Url,
    shared_by: Option<(ActorId, &str)>,
    reason: Reason,
) -> Result<Option<VideoId>, BringError> {
    if same_host(url, &app.ids.instance_actor()) {
        return Err(BringError::Ours(url.clone()));
    }
    let document = match app.courier.fetch(url).await {
        Ok(document) => document,
        Err(error) if error.is_deletion() => return forget(app, url).await,
        Err(error) => return Err(error.into()),
    };
    if federate::is_tombstone(&document) {
        return forget(app, url).await;
    }
    if wire::kind_of(&document) != Some(wire::video::KIND) {
        return Err(BringError::OtherThing(Box::new(document)));
    }
    federate::take(app, &document, shared_by, reason).await
}

async fn forget(app: &App, url: &Url) -> Result<Option<VideoId>, BringError> {
    let mut tx = app.platform.db.begin().await?;
    if !receive_delete(app, &mut tx, url).await? {
        comments::forget_gone(app, &mut tx, url).await?;
    }
    tx.commit().await?;
    Ok(None)
}

/// A video is gone at its origin. Tells whether it was a video that is known here.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn receive_delete(app: &App, tx: &mut Tx, url: &Url) -> Result<bool, DbError> {
    let Some(video) = videos::store::find_by_url(tx, url.as_str()).await? else { return Ok(false) };
    if !video.is_local {
        videos::delete_in(app, tx, &video).await?;
    }
    Ok(true)
}

/// The origin of a video does not find it. Many a server says that while it is being moved or repaired, so it counts only
/// when it goes on for days; and what is kept here as a copy stays.
pub(super) async fn note_missing(app: &App, url: &Url, reason: Reason) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let Some(video) = videos::store::find_by_url(&mut tx, url.as_str()).await? else {
        debug!(%url, "a video that is not known here is not there");
        return Ok(());
    };
    let failures = match reason {
        Reason::Outdated => store::count_failure(&mut tx, video.id, now).await?,
        Reason::Pushed | Reason::Wanted => 0,
    };
    if failures >= GONE_AFTER_CHECKS {
        if redundancy::copies_of(&mut tx, video.uuid).await?.is_none() {
            info!(%url, failures, "a video that its server has not found for days is forgotten");
            videos::delete_in(app, &mut tx, &video).await?;
        }
    } else {
        let check = RefreshVideo { url: url.clone(), shared_by: None, reason: Reason::Outdated };
        enqueue_at(&mut tx, now, now + CHECK_AFTER, &check).await?;
    }
    tx.commit().await
}

/// Somebody looks at a video: if what is known of it is out of date, its origin is asked again.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn refresh_if_outdated(app: &App, video: &Video) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let is_fresh = video.refreshed_at.is_some_and(|then| now - then < FRESH_FOR);
    let Ok(url) = Url::parse(&video.url) else { return Ok(()) };
    if video.is_local || is_fresh || app.border.refuses_url(&url) {
        return Ok(());
    }
    let mut tx = app.platform.db.begin().await?;
    // The moment is set before the answer comes, so that a crowd asks once.
    if store::claim_refresh(&mut tx, video.id, video.refreshed_at, now).await? {
        want(app, &mut tx, &url, Reason::Outdated).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Whom this server follows has changed: works out anew which videos of an actor's host, and of those that it shared, are
/// listed here. To be called in the transaction of the change, after it.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn relist(tx: &mut Tx, target: ActorId) -> Result<(), DbError> {
    store::relist_videos_around(tx, target).await
}
