//! From a query to a page of results.
//!
//! The [engine](crate::engine) finds, filters, ranks and counts ([`collect`] has how Tantivy does); the leading results are
//! arranged ([`leading`]); the documents come from the database by their ids, and so do captions, where words are spoken
//! ([`spoken`]). A video that went away between the steps is left out of the page.

mod collect;
mod explain;
pub(crate) mod leading;
pub(crate) mod spoken;

use std::collections::HashMap;

use platform::{
    clock::{SharedClock, Timestamp},
    db::{Db, DbError},
};
use tantivy::{
    DocAddress, TantivyError,
    collector::{Count, TopDocs},
    query::Query,
};

use crate::{
    captions::{self, Caption},
    document::{VideoDocument, VideoId},
    engine::SharedEngine,
    hosts,
    index::VideoIndex,
    opensearch::OpenSearchError,
    query::{Sort, SortKey, VideoQuery, parse::Terms, rank::Plan, sought::Sought},
    schema::column,
    store,
};

pub use crate::query::{expand::Reading, prior::Prior, rank::BonusKind};
pub use explain::{BonusMatch, Explanation, FieldMatch, WordMatch};
pub use spoken::{Piece, SpokenMatch};

use collect::Scales;
use leading::{Arranged, LEADING};
use spoken::MAX_LISTENED;

/// The most results of a page that are explained: each costs a search of its own.
pub(crate) const MAX_EXPLAINED: usize = 20;

/// Answers searches. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Searcher {
    db: Db,
    engine: SharedEngine,
    clock: SharedClock,
}

/// Why a search has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index cannot be read.
    #[error("the index cannot be read: {0}")]
    Index(#[from] TantivyError),
    /// The cluster that holds the index does not answer, or refuses.
    #[error(transparent)]
    OpenSearch(#[from] OpenSearchError),
    /// The database cannot be read.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Tantivy gave up in an unforeseen way, which damaged files can cause.
    #[error("the search failed in an unforeseen way; are the index's files damaged?")]
    Panicked,
    /// The search was given up, because the process is stopping.
    #[error("the search was interrupted")]
    Interrupted,
}

/// A part of the results.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultPage {
    /// How many videos match in all; copies among the leading ones are counted once.
    pub total: usize,
    /// Those asked for, in order.
    pub hits: Vec<Hit>,
}

/// A video that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// How well it matches; 0 when the order is another.
    pub score: f32,
    /// The video.
    pub video: VideoDocument,
    /// Other instances that have the same video.
    pub also_on: Vec<String>,
    /// What is said in it, if the words are; told of the first results of a page only.
    pub spoken: Option<SpokenMatch>,
    /// How the score came about, if that was asked for.
    pub explanation: Option<Explanation>,
}

/// How much there is to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Instances with at least one complete reading.
    pub hosts: u64,
    /// Videos.
    pub videos: u64,
}

impl Searcher {
    /// Searches an index whose documents are in the database.
    pub(crate) fn new(db: Db, engine: impl Into<SharedEngine>, clock: SharedClock) -> Self {
        Self { db, engine: engine.into(), clock }
    }

    /// Finds videos.
    ///
    /// # Errors
    /// [`SearchError`] if the index or the database cannot be read.
    pub async fn search(&self, query: VideoQuery) -> Result<ResultPage, SearchError> {
        self.answer(query, false).await
    }

    /// Finds videos, and tells of the first of them why they stand where they stand. Without words there is nothing to tell.
    ///
    /// # Errors
    /// [`SearchError`] if the index or the database cannot be read.
    pub async fn search_explained(&self, query: VideoQuery) -> Result<ResultPage, SearchError> {
        self.answer(query, true).await
    }

    async fn answer(&self, query: VideoQuery, explained: bool) -> Result<ResultPage, SearchError> {
        let Found { total, ranked, sought } = self.engine.find(query, self.clock.now(), explained).await?;
        let ids: Vec<VideoId> = ranked.iter().map(|ranked| ranked.id).collect();
        let mut videos = store::documents(&mut self.db.read().await?, &ids).await?;
        let mut spoken = self.listen(sought, &ranked).await?;
        let hits = ranked.into_iter().filter_map(|ranked| {
            let video = videos.remove(&ranked.id)?;
            let mut also_on = ranked.copies_on;
            also_on.retain(|host| *host != video.host);
            let spoken = spoken.remove(&ranked.id);
            Some(Hit { score: ranked.score, video, also_on, spoken, explanation: ranked.explanation })
        });
        Ok(ResultPage { total, hits: hits.collect() })
    }

    /// Finds where the words are said, in the videos where they are.
    async fn listen(&self, sought: Sought, ranked: &[Ranked]) -> Result<HashMap<VideoId, SpokenMatch>, SearchError> {
        let ids: Vec<VideoId> = ranked.iter().filter(|ranked| ranked.is_spoken).map(|ranked| ranked.id).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let captions = captions::store::of_videos(&mut self.db.read().await?, &ids).await?;
        let best = move |(id, captions): (VideoId, Vec<Caption>)| Some((id, spoken::best_passage(&sought, &captions)?));
        aside(move || captions.into_iter().filter_map(best).collect()).await
    }

    /// Counts what can be searched.
    ///
    /// # Errors
    /// [`SearchError`] if the index or the database cannot be read.
    pub async fn counts(&self) -> Result<Counts, SearchError> {
        let hosts = hosts::store::count_indexed(&mut self.db.read().await?).await?;
        Ok(Counts { hosts: hosts.unsigned_abs(), videos: self.engine.count().await? })
    }
}

/// Does what takes a while without keeping others waiting.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SearchError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| if error.is_panic() { SearchError::Panicked } else { SearchError::Interrupted })
}

/// What a query finds, before the documents are read.
#[derive(Debug)]
pub(crate) struct Found {
    /// As in [`ResultPage`].
    pub total: usize,
    /// Those asked for, in order.
    pub ranked: Vec<Ranked>,
    /// By what the words are recognised in captions.
    pub sought: Sought,
}

/// A video in its place.
#[derive(Debug)]
pub(crate) struct Ranked {
    /// Which.
    pub id: VideoId,
    /// How well it matches.
    pub score: f32,
    /// The instances of its copies, sorted.
    pub copies_on: Vec<String>,
    /// Whether the words are said in it.
    pub is_spoken: bool,
    /// How the score came about.
    pub explanation: Option<Explanation>,
}

/// Searches the index in Tantivy.
pub(crate) fn find(
    index: &VideoIndex,
    query: &VideoQuery,
    now: Timestamp,
    explained: bool,
) -> Result<Found, TantivyError> {
    let searcher = index.searcher();
    let terms = query.search.as_deref().and_then(Terms::parse);
    let plan = Plan::of(&searcher, index.fields(), terms.as_ref())?;
    let limited = match &terms {
        Some(terms) => terms.apply(index.fields(), plan.query()),
        None => plan.query(),
    };
    let limited = query.filters.apply(index.fields(), limited);
    let has_words = terms.is_some_and(|terms| terms.has_words());
    let sort = if query.sort == Sort::Match && !has_words { Sort::NEWEST } else { query.sort };
    let scales = Scales::new(&query.boost_languages, now);
    let (total, page) = match sort {
        Sort::Match => best(&searcher, limited.as_ref(), query, &scales)?,
        Sort::By { key, descending } => sorted(&searcher, limited.as_ref(), query, key, descending)?,
    };
    let is_explained = explained && sort == Sort::Match;
    let mut ranked = Vec::with_capacity(page.len());
    for (place, arranged) in page.iter().enumerate() {
        let mut result = rank(&searcher, arranged)?;
        if is_explained && place < MAX_EXPLAINED {
            result.explanation = Some(explain::explain(&searcher, &plan, &scales, arranged)?);
        }
        if place < MAX_LISTENED {
            result.is_spoken = spoken::is_spoken(&searcher, index.fields().spoken, &plan.sought, arranged.address)?;
        }
        ranked.push(result);
    }
    Ok(Found { total, ranked, sought: plan.sought })
}

/// The page of the best results, with copies folded and instances spread.
fn best(
    searcher: &tantivy::Searcher,
    limited: &dyn Query,
    query: &VideoQuery,
    scales: &Scales,
) -> Result<(usize, Vec<Arranged>), TantivyError> {
    let top = TopDocs::with_limit(query.start + query.count + LEADING);
    let (total, found) = collect::by_match(searcher, limited, top, scales)?;
    let (arranged, folded) = leading::arrange(searcher, found);
    Ok((total - folded, arranged.into_iter().skip(query.start).take(query.count).collect()))
}

/// The page of results by a property.
fn sorted(
    searcher: &tantivy::Searcher,
    limited: &dyn Query,
    query: &VideoQuery,
    key: SortKey,
    descending: bool,
) -> Result<(usize, Vec<Arranged>), TantivyError> {
    if query.count == 0 {
        return Ok((searcher.search(limited, &Count)?, vec![]));
    }
    let top = TopDocs::with_limit(query.count).and_offset(query.start);
    let (total, found) = collect::by_key(searcher, limited, top, key, descending)?;
    Ok((total, found.into_iter().map(|(score, address)| Arranged::alone(score, address)).collect()))
}

fn rank(searcher: &tantivy::Searcher, arranged: &Arranged) -> Result<Ranked, TantivyError> {
    let address = arranged.address;
    let ids = searcher.segment_reader(address.segment_ord).fast_fields().u64(column::ID)?;
    let id = VideoId(ids.first(address.doc_id).unwrap_or_default().cast_signed());
    let mut copies_on = arranged.copies.iter().filter_map(|copy| host_of(searcher, *copy)).collect::<Vec<_>>();
    copies_on.sort_unstable();
    copies_on.dedup();
    Ok(Ranked { id, score: arranged.score, copies_on, is_spoken: false, explanation: None })
}

fn host_of(searcher: &tantivy::Searcher, address: DocAddress) -> Option<String> {
    let hosts = searcher.segment_reader(address.segment_ord).fast_fields().str(column::HOST).ok()??;
    let mut host = String::new();
    hosts.ord_to_str(hosts.ords().first(address.doc_id)?, &mut host).ok()?;
    Some(host)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "search/tests.rs"]
#[expect(clippy::duplicate_mod, reason = "one suite for all engines: see `opensearch::testing`")]
mod tests_on_opensearch;
