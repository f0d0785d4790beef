//! One reading of an instance: by whom, of whom, and whether it is still its turn.

use platform::{db::Tx, jobs::JobContext};

use super::{CrawlError, client::InstanceClient, jobs::Crawler};
use crate::hosts::store::{self as hosts, Pass};

/// What every part of a reading needs. Whoever writes asks first whether nobody else has begun to read the instance, and
/// it is still on the list ([`Reading::begin`]).
#[derive(Clone, Copy)]
pub(super) struct Reading<'c> {
    pub crawler: &'c Crawler,
    pub client: &'c InstanceClient,
    pub context: &'c JobContext,
    pub pass: Pass,
}

impl Reading<'_> {
    /// The same after the list of videos came to its end.
    pub fn after_the_list(self) -> Self {
        Self { pass: Pass { start: 0, ..self.pass }, ..self }
    }

    pub fn host(&self) -> &str {
        self.client.origin().host()
    }

    pub fn check_stop(&self) -> Result<(), CrawlError> {
        if self.context.is_cancelled() { Err(CrawlError::Stopping) } else { Ok(()) }
    }

    /// Begins to write what was read, if it is still the turn of this reading.
    pub async fn begin(&self) -> Result<Tx, CrawlError> {
        self.begin_at(self.pass.start).await
    }

    /// The same where so much of the list is read with it.
    pub async fn begin_at(&self, start: i64) -> Result<Tx, CrawlError> {
        let mut tx = self.crawler.platform.db.begin().await?;
        let is_ours = hosts::advance_pass(&mut tx, self.host(), self.pass, start).await?;
        if is_ours { Ok(tx) } else { Err(CrawlError::Superseded) }
    }
}
