//! Asks accounts and channels by their documents whether they want to be found: `indexable` (FEP-5feb) is told to other
//! servers, and not by the interface that a crawl reads.
//!
//! Each is asked before the first video of it that is told of is written, or with the first crawl, and every week from then
//! on. Whoever cannot be asked has not objected.

use chrono::TimeDelta;
use courier::{Courier, FetchError};
use platform::{clock::Timestamp, db::DbError};
use tracing::debug;
use url::Url;

use super::{CrawlError, jobs::Crawler, reading::Reading};
use crate::{
    document::VideoDocument,
    hosts::{
        Origin,
        consent::{self, Objection, Owner, Settled, Subject, rules, store},
        store as hosts,
    },
};

const ASK_AGAIN: TimeDelta = TimeDelta::days(7);
/// In one crawl; the next one finds the others.
const AT_ONCE: i64 = 200;

/// Asks those of an instance who were not asked for long.
pub(super) async fn run(reading: Reading<'_>) -> Result<(), CrawlError> {
    let crawler = reading.crawler;
    let Some(courier) = &crawler.courier else { return Ok(()) };
    let since = crawler.platform.clock.now() - ASK_AGAIN;
    let mut conn = crawler.platform.db.read().await?;
    let due = store::unchecked_owners(&mut conn, reading.host(), since, AT_ONCE).await?;
    drop(conn);
    let mut has_changed = false;
    for owner in due {
        reading.check_stop()?;
        has_changed |= ask(crawler, courier, reading.client.origin(), &owner).await?;
        tokio::time::sleep(crawler.pace()).await;
    }
    if has_changed {
        crawler.projection.catch_up().await?;
        crawler.collections.catch_up().await?;
    }
    Ok(())
}

/// Asks those of a video who were never asked.
pub(super) async fn ask_new(crawler: &Crawler, origin: &Origin, video: &VideoDocument) -> Result<(), DbError> {
    let Some(courier) = &crawler.courier else { return Ok(()) };
    for actor in [&video.account, &video.channel] {
        if !store::is_checked(&mut crawler.platform.db.read().await?, origin.host(), &actor.url).await? {
            let owner = Owner { url: actor.url.clone(), name: actor.name.clone() };
            ask(crawler, courier, origin, &owner).await?;
        }
    }
    Ok(())
}

/// Asks one, and heeds the answer; tells whether it changed something.
async fn ask(crawler: &Crawler, courier: &Courier, origin: &Origin, owner: &Owner) -> Result<bool, DbError> {
    let Ok(url) = Url::parse(&owner.url) else { return Ok(false) };
    let answer = courier.fetch_actor(&url).await;
    let answer = answer.map(|actor| rules::of_actor(actor.indexable, actor.summary.as_deref()));
    heed(crawler, origin, owner, answer, crawler.platform.clock.now()).await
}

async fn heed(
    crawler: &Crawler,
    origin: &Origin,
    owner: &Owner,
    answer: Result<Option<Objection>, FetchError>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let host = origin.host();
    let mut tx = crawler.platform.db.begin().await?;
    hosts::lock(&mut tx, host).await?;
    let objection = match answer {
        Ok(objection) => objection,
        Err(error) => {
            debug!(host, owner.url, %error, "an account or a channel could not be asked whether it wants to be found");
            if error.is_gone() {
                store::forget_owner(&mut tx, host, owner).await?;
            } else if error.is_permanent() {
                store::note_owner(&mut tx, host, owner, now).await?;
            }
            tx.commit().await?;
            return Ok(false);
        }
    };
    store::note_owner(&mut tx, host, owner, now).await?;
    let subject = Subject::Actor { name: owner.name.to_lowercase(), origin: origin.clone() };
    let settled = consent::heed_document(&mut tx, &subject, objection, now).await?;
    tx.commit().await?;
    Ok(settled != Settled::Unchanged)
}
