//! How far is a copy, and is it still wanted?

use metrics::counter;
use platform::{clock::Clock, db::Db, jobs::JobContext};

use crate::{copy::CopyError, model::Mirror, store};

/// The row is written whenever so much more has arrived.
const WRITE_EVERY_BYTES: u64 = 16_000_000;

/// Counts the bytes of an attempt, tells the operator, and notices when nobody wants the copy any more.
pub(crate) struct Progress<'a> {
    db: &'a Db,
    clock: &'a dyn Clock,
    job: &'a JobContext,
    mirror: &'a Mirror,
    done: u64,
    written: u64,
    total: u64,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(db: &'a Db, clock: &'a dyn Clock, job: &'a JobContext, mirror: &'a Mirror) -> Self {
        Self { db, clock, job, mirror, done: 0, written: 0, total: 0 }
    }

    /// Sets how much there is in all.
    pub(crate) fn expect(&mut self, total: u64) {
        self.total = total;
    }

    /// Counts bytes that are here and checked.
    pub(crate) async fn advance(&mut self, bytes: u64) -> Result<(), CopyError> {
        self.done += bytes;
        counter!("shoal_mirror_bytes_total").increment(bytes);
        self.job.progress(self.done, self.total).await;
        if self.done - self.written >= WRITE_EVERY_BYTES || self.done >= self.total {
            self.write().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), CopyError> {
        let mut tx = self.db.begin().await?;
        let is_wanted = store::save_progress(&mut tx, self.mirror, self.done, self.clock.now()).await?;
        tx.commit().await?;
        self.written = self.done;
        if is_wanted { Ok(()) } else { Err(CopyError::Unwanted) }
    }
}
