//! From a page of a listing to videos in the database.

use std::collections::HashMap;

use courier::FetchError;
use federation::{origin::ensure_same_host, wire};
use futures::{StreamExt, stream};
use platform::{clock::Timestamp, db::Tx, jobs::JobError};
use tracing::debug;
use url::Url;

use super::{
    model::{Entry, Page},
    store,
};
use crate::{
    App,
    actors::{self, Actor},
    videos::intake::{self, Reason, SaveError},
};

/// Requests for single videos that are under way to one server at a time.
const CONCURRENT_FETCHES: usize = 6;
/// The clocks of two servers may be so far apart.
const CLOCK_SKEW: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

/// What is to be stored of a page.
#[derive(Debug, Default)]
pub struct Harvest {
    videos: Vec<(Box<wire::Video>, Actor)>,
    /// Videos whose server did not answer about them; each is asked for again by a job of its own.
    later: Vec<Url>,
}

/// Fetches what is unknown or has changed. What cannot be had for good is left out; if the server does not answer at all,
/// the whole page has to wait.
///
/// # Errors
/// [`JobError`] if the page is to be read again later.
pub async fn gather(app: &App, page: Page) -> Result<Harvest, JobError> {
    let wanted = unknown_or_changed(app, page.entries).await?;
    let count = wanted.len();
    let fetched: Vec<_> =
        stream::iter(wanted).map(|entry| fetch(app, entry)).buffered(CONCURRENT_FETCHES).collect().await;
    let mut harvest = Harvest::default();
    let mut last_error = None;
    let mut channels = Channels::default();
    for outcome in fetched {
        match outcome {
            Fetched::Video(video) => match channels.of(app, &video).await {
                Ok(channel) => harvest.videos.push((video, channel)),
                Err(JobError::Fail(reason)) => debug!(video.url = %video.id, reason, "a listed video was left out"),
                Err(error) => {
                    harvest.later.push(video.id.clone());
                    last_error = Some(error);
                }
            },
            Fetched::Useless => {}
            Fetched::Later(url, error) => {
                harvest.later.push(url);
                last_error = Some(error);
            }
        }
    }
    match last_error {
        Some(error) if harvest.later.len() * 2 > count => Err(error),
        _ => Ok(harvest),
    }
}

/// Our own videos, and those that were asked for after they last changed, are left alone.
async fn unknown_or_changed(app: &App, entries: Vec<Entry>) -> Result<Vec<Entry>, JobError> {
    let urls: Vec<String> = entries.iter().map(|entry| entry.url().to_string()).collect();
    let known = store::refreshed_at(&mut app.platform.db.read().await?, &urls).await?;
    let here = app.ids.instance_actor();
    let is_wanted = |entry: &Entry| {
        let Some(refreshed_at) = known.get(entry.url().as_str()) else { return true };
        is_outdated(*refreshed_at, entry.updated_at())
    };
    let is_foreign = |entry: &Entry| !federation::origin::same_host(entry.url(), &here);
    Ok(entries.into_iter().filter(|entry| is_foreign(entry) && is_wanted(entry)).collect())
}

/// Where nothing is said of changes, what is known is kept: changes are told by activities.
fn is_outdated(refreshed_at: Option<Timestamp>, updated_at: Option<Timestamp>) -> bool {
    let Some(refreshed_at) = refreshed_at else { return true };
    updated_at.is_some_and(|updated_at| updated_at + CLOCK_SKEW > refreshed_at)
}

enum Fetched {
    Video(Box<wire::Video>),
    Useless,
    Later(Url, JobError),
}

async fn fetch(app: &App, entry: Entry) -> Fetched {
    let url = match entry {
        Entry::Document(video) => return Fetched::Video(video),
        Entry::Address(url, _) => url,
    };
    let document = match app.courier.fetch(&url).await {
        Ok(document) => document,
        Err(error) => return unfetched(url, error),
    };
    match wire::Video::from_value(&document) {
        Ok(video) => Fetched::Video(Box::new(video)),
        Err(error) => {
            debug!(video.url = %url, %error, "a listed video was left out");
            Fetched::Useless
        }
    }
}

fn unfetched(url: Url, error: FetchError) -> Fetched {
    if error.is_permanent() {
        debug!(video.url = %url, %error, "a listed video was left out");
        return Fetched::Useless;
    }
    Fetched::Later(url, error.into())
}

/// Channels that were needed for a page.
#[derive(Default)]
struct Channels {
    known: HashMap<Url, Actor>,
}

impl Channels {
    async fn of(&mut self, app: &App, video: &wire::Video) -> Result<Actor, JobError> {
        let url = video.channel().cloned().unwrap_or_else(|| video.id.clone());
        if let Some(known) = self.known.get(&url) {
            return Ok(known.clone());
        }
        let channel = channel_of(app, video).await?;
        self.known.insert(url, channel.clone());
        Ok(channel)
    }
}

/// The channel of a video, which lives on the video's host.
///
/// # Errors
/// [`JobError`] if it has none, or its server does not answer.
pub async fn channel_of(app: &App, video: &wire::Video) -> Result<Actor, JobError> {
    let url = video.channel().ok_or_else(|| JobError::fail("a video without a channel"))?;
    ensure_same_host(url, &video.id).map_err(JobError::fail)?;
    Ok(actors::federate::resolve(app, url).await?)
}

impl Harvest {
    /// Stores it, and tells how many videos there were.
    ///
    /// # Errors
    /// [`JobError`] if the database refuses.
    pub async fn store(&self, app: &App, tx: &mut Tx) -> Result<i64, JobError> {
        let mut stored = 0;
        for (video, channel) in &self.videos {
            match intake::save(app, tx, video, channel, Reason::Pushed).await {
                Ok(id) => stored += i64::from(id.is_some()),
                Err(SaveError::Unusable(reason)) => {
                    debug!(video.url = %video.id, reason, "a listed video was left out");
                }
                Err(SaveError::Db(error)) => return Err(error.into()),
            }
        }
        for url in &self.later {
            intake::want(app, tx, url, Reason::Wanted).await?;
        }
        Ok(stored)
    }
}

#[cfg(test)]
mod tests {
    use platform::clock::{Clock, FakeClock};

    use super::*;

    #[test]
    fn what_has_not_changed_since_it_was_asked_for_is_left_alone() {
        let now = FakeClock::default().now();
        let hours = chrono::TimeDelta::hours;
        assert!(is_outdated(None, None));
        assert!(!is_outdated(Some(now), None));
        assert!(!is_outdated(Some(now), Some(now - hours(1))));
        assert!(is_outdated(Some(now), Some(now - CLOCK_SKEW / 2)), "clocks differ");
        assert!(is_outdated(Some(now - hours(2)), Some(now)));
    }
}
