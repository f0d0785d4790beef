//! How does a file of records become part of the index?
//!
//! As if their instances had been read just now: with the consent that is known, into the database, from which the index
//! follows. The instances are not put on the list; of those that are, the next complete reading removes what they do not
//! show themselves.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use platform::{
    clock::Timestamp,
    db::{Db, DbError, Tx},
    ids::Random,
};
use tokio::sync::mpsc;

use crate::{
    document::VideoDocument,
    hosts::consent::{self, OptedOut},
    ingest,
    records::Records,
    store::{self, NewVideo},
};

/// Records per transaction.
const BATCH: usize = 1_000;
/// Batches that are read ahead.
const AHEAD: usize = 2;
/// No complete reading has this number, so the first one sees that it has not seen them.
const PASS: i64 = 0;

/// What became of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Videos that were taken in.
    pub videos: usize,
    /// Lines that are no record of a public video.
    pub skipped: usize,
    /// Videos of instances, accounts and channels that have opted out.
    pub opted_out: usize,
}

/// Why a file was not, or not wholly, loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {error}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The process is stopping.
    #[error("loading was interrupted")]
    Interrupted,
}

/// Takes in the records of a file; what was there of a video is replaced. Works beside a running server, which follows
/// within seconds.
///
/// # Errors
/// [`LoadError`] if the file or the database fails; the batches before that are in.
pub async fn load(db: &Db, path: &Path, now: Timestamp, random: &Random) -> Result<Loaded, LoadError> {
    let mut tx = db.begin().await?;
    store::initialise(&mut tx, &random.hex(16)).await?;
    tx.commit().await?;
    let (batches, mut inbox) = mpsc::channel(AHEAD);
    let reader = Reader { path: path.to_owned(), now, batches };
    let reading = tokio::task::spawn_blocking(move || reader.run());
    let mut loading = Loading { now, consent: HashMap::new(), loaded: Loaded::default() };
    while let Some(batch) = inbox.recv().await {
        loading.write(db, batch).await?;
    }
    let outcome = reading.await.map_err(|_| LoadError::Interrupted)?;
    outcome.map_err(|error| LoadError::File { path: path.display().to_string(), error })?;
    Ok(loading.loaded)
}

/// A video, ready to be written.
struct Loadable {
    video: VideoDocument,
    listing_hash: String,
    content_hash: String,
}

#[derive(Default)]
struct Batch {
    videos: Vec<Loadable>,
    skipped: usize,
}

struct Reader {
    path: PathBuf,
    now: Timestamp,
    batches: mpsc::Sender<Batch>,
}

impl Reader {
    /// Ends early when nobody writes any more.
    fn run(self) -> io::Result<()> {
        let mut batch = Batch::default();
        for record in Records::open(&self.path, self.now)? {
            match record? {
                Some(video) => batch.videos.push(Loadable {
                    listing_hash: ingest::listing_hash(&video),
                    content_hash: ingest::content_hash(&video),
                    video,
                }),
                None => batch.skipped += 1,
            }
            if batch.videos.len() == BATCH && self.batches.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
        }
        // Whoever does not listen any more knows why.
        let _ = self.batches.blocking_send(batch);
        Ok(())
    }
}

struct Loading {
    now: Timestamp,
    /// Who has opted out, by instance; `None` for a whole instance.
    consent: HashMap<String, Option<OptedOut>>,
    loaded: Loaded,
}

impl Loading {
    async fn write(&mut self, db: &Db, batch: Batch) -> Result<(), LoadError> {
        let mut tx = db.begin().await?;
        let revision = store::next_revision(&mut tx).await?;
        self.loaded.skipped += batch.skipped;
        for Loadable { video, listing_hash, content_hash } in &batch.videos {
            if !self.may_be_found(&mut tx, video).await? {
                self.loaded.opted_out += 1;
                continue;
            }
            let row = NewVideo { document: video, listing_hash, content_hash, detailed_at: Some(self.now), pass: PASS };
            store::save(&mut tx, &row, revision).await?;
            self.loaded.videos += 1;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn may_be_found(&mut self, tx: &mut Tx, video: &VideoDocument) -> Result<bool, DbError> {
        if !self.consent.contains_key(&video.host) {
            let is_out = consent::is_opted_out(tx, &video.host).await?;
            let out = if is_out { None } else { Some(consent::opted_out_of(tx, &video.host).await?) };
            self.consent.insert(video.host.clone(), out);
        }
        let owners = [video.account.name.as_str(), video.channel.name.as_str()];
        let out = self.consent.get(&video.host).and_then(Option::as_ref);
        Ok(out.is_some_and(|out| out.of_owners(owners).is_none()))
    }
}

#[cfg(test)]
mod tests {
    use platform::{
        clock::{Clock, FakeClock},
        testing::TestDatabase,
    };

    use super::*;
    use crate::{
        hosts::consent::{Proof, Subject},
        index::Position,
    };

    const RECORDS: &str = include_str!("../fixtures/videos.ndjson");

    async fn load_text(db: &Db, text: &str) -> Result<Loaded, LoadError> {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("videos.ndjson");
        std::fs::write(&path, text).unwrap();
        load(db, &path, FakeClock::default().now(), &Random::seeded(1)).await
    }

    async fn hosts(db: &Db) -> Vec<String> {
        let changes = store::changes_after(&mut db.read().await.unwrap(), Position::default(), 1_000).await.unwrap();
        changes.into_iter().map(|change| change.document.unwrap().host).collect()
    }

    #[tokio::test]
    async fn records_are_taken_in_once_and_the_rest_is_counted() {
        let database = TestDatabase::new().await;
        for _ in 0..2 {
            let loaded = load_text(&database.db, &format!("{}\n{{}}\nnonsense\n", RECORDS.trim_end())).await.unwrap();
            assert_eq!(loaded, Loaded { videos: 51, skipped: 2, opted_out: 0 });
        }
        assert_eq!(hosts(&database.db).await.len(), 51);
    }

    #[tokio::test]
    async fn who_has_opted_out_stays_out() {
        let database = TestDatabase::new().await;
        load_text(&database.db, "").await.unwrap();
        let subject = Subject::parse("v0439.example", false).unwrap();
        let mut tx = database.db.begin().await.unwrap();
        consent::opt_out(&mut tx, &subject, Proof::Operator, FakeClock::default().now()).await.unwrap();
        tx.commit().await.unwrap();
        let loaded = load_text(&database.db, RECORDS).await.unwrap();
        assert!(loaded.opted_out > 0 && loaded.videos + loaded.opted_out == 51, "{loaded:?}");
        assert!(!hosts(&database.db).await.contains(&"v0439.example".to_owned()));
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_named() {
        let database = TestDatabase::new().await;
        let outcome =
            load(&database.db, Path::new("/nowhere.ndjson"), FakeClock::default().now(), &Random::seeded(1)).await;
        assert!(outcome.unwrap_err().to_string().starts_with("/nowhere.ndjson cannot be read"));
    }
}
