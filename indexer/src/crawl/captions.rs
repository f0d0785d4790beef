//! Reads the captions of an instance's videos, a part of them in each crawl.
//!
//! They are an extra: titles can be found long before them, and whatever goes wrong here costs one video its captions for
//! a while, never the reading of the instance.

use std::{collections::HashMap, time::Duration};

use tracing::{debug, info};

use super::{CrawlError, reading::Reading};
use crate::{
    captions::{
        Caption,
        store::{self, Due},
        webvtt,
    },
    ingest::CaptionFile,
    store as videos,
};

/// Instances that fail this often in a row are left in peace until the next crawl.
const MAX_FAILURES: u32 = 5;
/// After this, other instances have their turn.
const LONGEST: Duration = Duration::from_mins(10);

/// Asks for the captions of some videos that were not asked yet, or whose details were read anew.
pub(super) async fn run(reading: Reading<'_>) -> Result<(), CrawlError> {
    let (crawler, host) = (reading.crawler, reading.host());
    let limit = i64::from(crawler.config.captions_per_crawl);
    let due = store::due(&mut crawler.platform.db.read().await?, host, limit).await?;
    let captions = Captions { reading };
    let (mut changed, mut failures) = (0_u32, 0);
    let until = crawler.platform.clock.now() + LONGEST;
    for video in due {
        reading.check_stop()?;
        let outcome = captions.read(&video).await?;
        changed += u32::from(outcome == Outcome::Changed);
        failures = if outcome == Outcome::Failed { failures + 1 } else { 0 };
        if failures == MAX_FAILURES || crawler.platform.clock.now() > until {
            break;
        }
    }
    if changed > 0 {
        info!(host, changed, "read the captions of {changed} videos of {host}");
        crawler.projection.catch_up().await?;
    }
    Ok(())
}

struct Captions<'c> {
    reading: Reading<'c>,
}

/// What came of asking for the captions of a video.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Same,
    Changed,
    /// They are asked for again when the video's details are.
    Failed,
}

/// What was read of a video's captions; what is kept as it was is in neither.
#[derive(Default)]
struct Findings {
    new: Vec<(Caption, String)>,
    gone: Vec<String>,
}

impl Captions<'_> {
    async fn read(&self, video: &Due) -> Result<Outcome, CrawlError> {
        match self.look(video).await {
            Ok(findings) => self.write(video, &findings).await,
            Err(error @ (CrawlError::Net(_) | CrawlError::Nonsense(_))) => {
                debug!(host = self.reading.host(), %error, "the captions of a video could not be read");
                self.write(video, &Findings::default()).await?;
                Ok(Outcome::Failed)
            }
            Err(error) => Err(error),
        }
    }

    async fn write(&self, video: &Due, findings: &Findings) -> Result<Outcome, CrawlError> {
        let mut tx = self.reading.begin().await?;
        let is_there = store::mark_read(&mut tx, video.id, self.reading.crawler.platform.clock.now()).await?;
        let has_changed = is_there && !(findings.new.is_empty() && findings.gone.is_empty());
        if has_changed {
            for (caption, source) in &findings.new {
                store::save(&mut tx, video.id, caption, source).await?;
            }
            for language in &findings.gone {
                store::remove(&mut tx, video.id, language).await?;
            }
            let revision = videos::next_revision(&mut tx).await?;
            store::announce(&mut tx, video.id, revision).await?;
        }
        tx.commit().await?;
        Ok(if has_changed { Outcome::Changed } else { Outcome::Same })
    }

    async fn look(&self, video: &Due) -> Result<Findings, CrawlError> {
        let mut known = store::sources(&mut self.reading.crawler.platform.db.read().await?, video.id).await?;
        let files = self.reading.client.captions(video.uuid).await?;
        self.compare(&files, &mut known).await
    }

    /// Fetches the files that are new or have changed.
    async fn compare(
        &self,
        files: &[CaptionFile],
        known: &mut HashMap<String, String>,
    ) -> Result<Findings, CrawlError> {
        let mut findings = Findings::default();
        for file in files {
            if known.remove(&file.language).is_some_and(|source| source == file.source) {
                continue;
            }
            let passages = webvtt::read(&self.reading.client.caption_file(&file.path).await?);
            let caption = Caption {
                language: file.language.clone(),
                label: file.label.clone(),
                is_automatic: file.is_automatic,
                passages,
            };
            findings.new.push((caption, file.source.clone()));
        }
        findings.gone = std::mem::take(known).into_keys().collect();
        Ok(findings)
    }
}
