//! How well does the search find what somebody has in mind?
//!
//! A known item is a video that somebody remembers: a query is made from its title ([`known_items`]), and the better the
//! search, the higher up that video stands. Everything is derived from the records, nothing is drawn by chance, so two runs
//! over one file differ only by what the search does. Half of the queries are for tuning and half only for the report, so
//! that what is tuned is not measured by itself.

mod known_items;
mod report;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use platform::clock::Timestamp;
use tantivy::TantivyError;

use crate::{
    document::{VideoDocument, VideoId},
    index::{Change, IndexError, Position, VideoIndex},
    query::VideoQuery,
    records::Records,
    search::find,
};

pub use known_items::{Class, Split};
pub use report::{ClassReport, Miss, Report};

use known_items::KnownItem;

/// Ranks below this count as not found.
const MRR_DEPTH: usize = 10;
/// As long as a usual page.
const PAGE: usize = 20;
/// Records per commit.
const BATCH: usize = 5_000;
const WRITER_MEMORY: usize = 100_000_000;

/// What to evaluate, and with what.
#[derive(Debug, Clone)]
pub struct Options {
    /// Records in the shape of PeerTube's API, one a line; compressed if the name ends in `.gz`.
    pub records: PathBuf,
    /// Queries of each class, in each half.
    pub queries: usize,
    /// A folder for the index, to be used again by the next run; without it the index is in memory.
    pub index: Option<PathBuf>,
    /// How many queries to list that did not lead to their video at once.
    pub misses: usize,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {error}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// None of its lines is a record.
    #[error("{0} holds no record of a public video")]
    Empty(String),
    /// The index cannot be written or read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A search failed.
    #[error("a search failed: {0}")]
    Search(#[from] TantivyError),
    /// The measurement ended early.
    #[error("the measurement was interrupted")]
    Interrupted,
}

/// Indexes the records, searches for the known items among them, and tells how that went.
///
/// # Errors
/// [`EvaluateError`] if the file cannot be read or the index does not work.
pub async fn run(options: Options) -> Result<Report, EvaluateError> {
    let path = options.records.clone();
    let (videos, skipped) =
        tokio::task::spawn_blocking(move || read(&path)).await.map_err(|_| EvaluateError::Interrupted)??;
    let (index, indexing) = build(&videos, options.index.as_deref()).await?;
    tokio::task::spawn_blocking(move || {
        let items = known_items::make(&videos, options.queries);
        let now = videos.iter().map(|video| video.published_at).max().unwrap_or_default();
        let mut report = measure(&index, &videos, &items, now, options.misses)?;
        report.skipped = skipped;
        report.indexing = indexing;
        Ok(report)
    })
    .await
    .map_err(|_| EvaluateError::Interrupted)?
}

/// The videos of a file, and how many lines are something else.
fn read(path: &Path) -> Result<(Vec<VideoDocument>, usize), EvaluateError> {
    let named = |error| EvaluateError::File { path: path.display().to_string(), error };
    let (mut videos, mut skipped) = (Vec::new(), 0);
    // No record is from the future, so that it does not matter when a file is evaluated.
    for record in Records::open(path, DateTime::<Utc>::MAX_UTC).map_err(named)? {
        match record.map_err(named)? {
            Some(video) => videos.push(video),
            None => skipped += 1,
        }
    }
    if videos.is_empty() { Err(EvaluateError::Empty(path.display().to_string())) } else { Ok((videos, skipped)) }
}

/// The index over the records, whose ids are their places from 1 on, and how long it took to make.
async fn build(
    videos: &[VideoDocument],
    folder: Option<&Path>,
) -> Result<(VideoIndex, Option<Duration>), EvaluateError> {
    let epoch = format!("evaluate {}", videos.len());
    let index = match folder {
        Some(folder) => VideoIndex::open(folder, &epoch, WRITER_MEMORY)?,
        None => VideoIndex::in_memory_with(&epoch, WRITER_MEMORY)?,
    };
    if index.searcher().num_docs() == videos.len() as u64 {
        return Ok((index, None));
    }
    let begun = Instant::now();
    let mut next = 1_i64;
    for batch in videos.chunks(BATCH) {
        let mut changes = Vec::with_capacity(batch.len());
        for video in batch {
            let id = VideoId(next);
            changes.push(Change::Put(id, Box::new(index.fields().entry(id, video, &[]))));
            next += 1;
        }
        index.apply(changes, Position { revision: next, id: next }).await?;
    }
    Ok((index, Some(begun.elapsed())))
}

fn measure(
    index: &VideoIndex,
    videos: &[VideoDocument],
    items: &[KnownItem],
    now: Timestamp,
    misses: usize,
) -> Result<Report, EvaluateError> {
    let mut report = Report::over(videos.len());
    for item in items {
        let query = VideoQuery { search: Some(item.search.clone()), count: PAGE, ..VideoQuery::default() };
        let begun = Instant::now();
        let found = find(index, &query, now, false)?;
        let elapsed = begun.elapsed();
        let rank = found.ranked.iter().position(|ranked| ranked.id == item.id).map(|place| place + 1);
        report.add(item.class, item.split, rank, elapsed);
        if rank != Some(1) && item.split == Split::Tune && report.misses.len() < misses {
            let name = |id: VideoId| {
                let place = usize::try_from(id.0 - 1).unwrap_or_default();
                videos.get(place).map(|video| video.name.clone()).unwrap_or_default()
            };
            report.misses.push(Miss {
                class: item.class,
                search: item.search.clone(),
                rank,
                wanted: name(item.id),
                found: found.ranked.first().map(|ranked| name(ranked.id)),
            });
        }
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of the fixture, in a file.
    fn options(folder: &tempfile::TempDir) -> Options {
        let records = folder.path().join("videos.ndjson");
        std::fs::write(&records, include_str!("../../fixtures/videos.ndjson")).unwrap();
        Options { records, queries: 20, index: None, misses: 3 }
    }

    #[tokio::test]
    async fn known_items_are_found_and_two_runs_agree() {
        let folder = tempfile::TempDir::new().unwrap();
        let report = run(options(&folder)).await.unwrap();
        assert_eq!((report.documents, report.skipped), (51, 0));
        let exact = report.classes.iter().find(|class| class.class == Class::Exact).unwrap();
        assert!(exact.queries() > 0 && exact.mrr() > 0.9, "{report}");
        let again = run(options(&folder)).await.unwrap();
        let figures = |report: &Report| report.classes.iter().map(|class| class.ranks.clone()).collect::<Vec<_>>();
        assert_eq!(figures(&report), figures(&again));
    }

    #[tokio::test]
    async fn a_kept_index_is_used_again() {
        let folder = tempfile::TempDir::new().unwrap();
        let kept = Options { index: Some(folder.path().join("index")), ..options(&folder) };
        assert!(run(kept.clone()).await.unwrap().indexing.is_some());
        assert!(run(kept).await.unwrap().indexing.is_none());
    }

    #[tokio::test]
    async fn a_file_without_records_is_no_measurement() {
        let folder = tempfile::TempDir::new().unwrap();
        let records = folder.path().join("empty.ndjson");
        std::fs::write(&records, "{}\nnonsense\n").unwrap();
        let outcome = run(Options { records, ..options(&folder) }).await;
        assert!(matches!(outcome, Err(EvaluateError::Empty(_))), "{outcome:?}");
    }
}
