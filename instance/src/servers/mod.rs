//! Servers that this one has heard of, and what software they run.

mod jobs;
mod store;

use chrono::TimeDelta;
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::enqueue,
};

pub use jobs::job_set;

/// What software a server runs is asked again after this time.
const FRESH_FOR: TimeDelta = TimeDelta::days(7);

/// A server has said something about one of its actors.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn saw(tx: &mut Tx, host: &str, now: Timestamp) -> Result<(), DbError> {
    let last_seen = store::last_seen(tx, host).await?;
    if last_seen.is_some_and(|then| now - then < FRESH_FOR) {
        return Ok(());
    }
    store::upsert(tx, host, now).await?;
    enqueue(tx, now, &jobs::AskServer { host: host.to_owned() }).await
}
