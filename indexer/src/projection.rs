//! Follows the table of videos with the index.
//!
//! One task owns the position. It is woken by whoever changes videos in this process, and looks by itself now and then for
//! what other nodes and commands changed. See [`crate::index`] for why a crash at any moment loses nothing.

use std::time::Duration;

use platform::{
    Platform,
    db::{Db, DbError},
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::{
    engine::SharedEngine,
    index::{Change, IndexError, Position},
    schema::Fields,
    store::{self, ChangedVideo},
};

/// Rows per commit: enough to make commits cheap, few enough to keep them in memory.
const BATCH: i64 = 1_000;
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Why the index could not be brought up to date; it will be tried again.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The database cannot be read.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The index cannot be written.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The process is stopping.
    #[error("the index no longer follows the database, because the server is stopping")]
    Stopped,
}

/// A handle on the task that follows.
#[derive(Debug, Clone)]
pub struct Projection {
    requests: mpsc::Sender<Request>,
}

type Request = oneshot::Sender<Result<(), ProjectionError>>;

/// What follows the database.
pub(crate) trait Follow: Send + Sync + 'static {
    /// The name of the task.
    const TASK: &'static str;
    /// What follows, in the words of the log.
    const WHAT: &'static str;

    /// Takes over everything that was committed before the call.
    fn catch_up(&self) -> impl Future<Output = Result<(), ProjectionError>> + Send;
}

impl Projection {
    /// Starts following videos, until the platform stops.
    pub(crate) fn start(platform: &Platform, engine: impl Into<SharedEngine>) -> Self {
        let (_, fields) = Fields::build();
        Self::of(platform, Videos { db: platform.db.clone(), engine: engine.into(), fields })
    }

    /// Starts following, until the platform stops.
    pub(crate) fn of<F: Follow>(platform: &Platform, follower: F) -> Self {
        let (requests, inbox) = mpsc::channel(64);
        platform.tasks.spawn(F::TASK, run(follower, inbox, platform.stop.clone()));
        Self { requests }
    }

    /// Returns when everything that was committed to the database before the call can be found.
    ///
    /// # Errors
    /// [`ProjectionError`] if the index could not be brought up to date.
    pub async fn catch_up(&self) -> Result<(), ProjectionError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(reply).await.map_err(|_| ProjectionError::Stopped)?;
        answer.await.map_err(|_| ProjectionError::Stopped)?
    }
}

/// Woken by whoever changes something in this process; looks by itself for what other nodes and commands changed.
async fn run<F: Follow>(follower: F, mut inbox: mpsc::Receiver<Request>, stop: CancellationToken) {
    let mut wait = Duration::ZERO;
    loop {
        let request = tokio::select! {
            () = stop.cancelled() => return,
            request = inbox.recv() => match request {
                Some(request) => Some(request),
                None => return,
            },
            () = tokio::time::sleep(wait) => None,
        };
        wait = LOOK_AGAIN;
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            outcome = follower.catch_up() => outcome,
        };
        match (request, outcome) {
            (Some(reply), outcome) => drop(reply.send(outcome)),
            (None, Err(error)) => warn!(%error, "{} could not be brought up to date", F::WHAT),
            (None, Ok(())) => {}
        }
    }
}

/// The index of videos.
struct Videos {
    db: Db,
    engine: SharedEngine,
    fields: Fields,
}

impl Follow for Videos {
    const TASK: &'static str = "index-projection";
    const WHAT: &'static str = "the search index";

    async fn catch_up(&self) -> Result<(), ProjectionError> {
        let forgotten = self.begin_anew_if_needed().await?;
        let mut position = self.engine.position().await?;
        let (from, mut applied) = (position.revision, 0);
        loop {
            let changes = store::changes_after(&mut self.db.read().await?, position, BATCH).await?;
            let Some(last) = changes.last().map(|change| change.position) else { break };
            applied += changes.len();
            self.apply(changes, last).await?;
            // Another node may have been faster, or have begun anew.
            position = self.engine.position().await?;
        }
        // What was forgotten may be newer than all that is left, and must not look like something missed.
        if position.revision < forgotten {
            self.engine.apply(vec![], Position { revision: forgotten, id: i64::MAX }).await?;
        }
        if applied > 0 {
            debug!(applied, from, to = position.revision, "brought the search index up to date");
        }
        Ok(())
    }
}

impl Videos {
    /// An index that is ahead of the database follows another past of it (a backup was restored); one that is behind what
    /// was forgotten missed removals. Gives the newest revision that was forgotten.
    async fn begin_anew_if_needed(&self) -> Result<i64, ProjectionError> {
        let position = self.engine.position().await?;
        let state = store::state(&mut self.db.read().await?).await?;
        let is_new = position == Position::default();
        if !is_new && (position.revision > state.revision || position.revision < state.forgotten_revision) {
            info!(
                index = position.revision,
                database = state.revision,
                "rebuilding the search index from the database"
            );
            self.engine.clear().await?;
        }
        Ok(state.forgotten_revision)
    }

    async fn apply(&self, changes: Vec<ChangedVideo>, position: Position) -> Result<(), ProjectionError> {
        let fields = self.fields;
        let changes = changes
            .into_iter()
            .map(|change| match change.document {
                Some(video) => Change::Put(change.id, Box::new(fields.entry(change.id, &video, &change.captions))),
                None => Change::Remove(change.id),
            })
            .collect();
        Ok(self.engine.apply(changes, position).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use platform::{clock::Clock, testing::TestPlatform};

    use super::*;
    use crate::{hosts, index::VideoIndex, testing};

    #[tokio::test]
    async fn an_index_that_is_made_after_a_removal_was_forgotten_is_made_once() {
        let test = TestPlatform::new().await;
        testing::searcher_over(&test.platform.db, &[testing::video("Whales"), testing::video("Dolphins")]).await;
        let mut tx = test.platform.db.begin().await.unwrap();
        let (gone, now) = (testing::video("Dolphins"), test.clock.now());
        hosts::remove_video(&mut tx, &gone.host, gone.uuid, now).await.unwrap();
        store::forget_removed(&mut tx, now + Duration::from_secs(1)).await.unwrap();
        let forgotten = store::state(&mut tx).await.unwrap().forgotten_revision;
        tx.commit().await.unwrap();

        let index = VideoIndex::in_memory("epoch").unwrap();
        let projection = Projection::start(&test.platform, index.clone());
        projection.catch_up().await.unwrap();
        assert_eq!((index.position().revision, index.searcher().num_docs()), (forgotten, 1));
        let segments = index.searcher().segment_readers()[0].segment_id();
        projection.catch_up().await.unwrap();
        assert_eq!(index.searcher().segment_readers()[0].segment_id(), segments, "nothing was written again");
    }
}
