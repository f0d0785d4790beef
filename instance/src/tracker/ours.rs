//! Which of these swarms are of videos that we know?

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache};
use p2p::InfoHash;
use platform::db::{Db, DbError};
use tokio::sync::Semaphore;

use super::store;

/// A deleted video's viewers may meet for so long.
const REMEMBER_KNOWN: Duration = Duration::from_mins(1);
/// A new video's viewers may be turned away for so long, if somebody asked before it was there.
const REMEMBER_UNKNOWN: Duration = Duration::from_secs(5);
const CAPACITY: u64 = 50_000;
/// Questions to the database at the same time. Strangers who ask for swarms that nobody has must not keep pages waiting.
const QUESTIONS: usize = 2;

/// The database's answers, remembered for a moment.
#[derive(Debug)]
pub(super) struct OurSwarms {
    db: Db,
    answers: Cache<InfoHash, bool>,
    questions: Semaphore,
}

#[derive(Debug)]
struct Lifetimes;

impl Expiry<InfoHash, bool> for Lifetimes {
    fn expire_after_create(&self, _: &InfoHash, is_known: &bool, _: Instant) -> Option<Duration> {
        Some(if *is_known { REMEMBER_KNOWN } else { REMEMBER_UNKNOWN })
    }
}

impl OurSwarms {
    pub(super) fn new(db: Db) -> Self {
        let answers = Cache::builder().max_capacity(CAPACITY).expire_after(Lifetimes).build();
        Self { db, answers, questions: Semaphore::new(QUESTIONS) }
    }

    /// Those of the given swarms that are ours. The caller bounds their number.
    ///
    /// # Errors
    /// The database's, shared by all who asked the same meanwhile.
    pub(super) async fn among(&self, info_hashes: &[InfoHash]) -> Result<HashSet<InfoHash>, Arc<DbError>> {
        let mut ours = HashSet::new();
        for info_hash in info_hashes {
            if self.answers.try_get_with(*info_hash, self.ask(*info_hash)).await? {
                ours.insert(*info_hash);
            }
        }
        Ok(ours)
    }

    async fn ask(&self, info_hash: InfoHash) -> Result<bool, DbError> {
        let _turn = self.questions.acquire().await;
        store::is_known(&mut self.db.read().await?, info_hash).await
    }
}
