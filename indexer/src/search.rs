//! From a query to a page of results.
//!
//! Tantivy finds, filters, ranks and counts; the documents come from the database by their ids. A video that went away
//! between the two steps is left out of the page.

use platform::{
    clock::{SharedClock, Timestamp},
    db::{Db, DbError},
};
use tantivy::{
    DocAddress, DocId, Order, Score, SegmentReader, TantivyError,
    collector::{
        Collector, Count, TopDocs,
        sort_key::{SortByStaticFastValue, SortByString},
    },
    columnar::Column,
    query::Query,
};

use crate::{
    document::{VideoDocument, VideoId},
    hosts,
    index::VideoIndex,
    query::{Sort, SortKey, VideoQuery, parse::Terms, rank},
    schema::column,
    store,
};

/// Answers searches. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Searcher {
    db: Db,
    index: VideoIndex,
    clock: SharedClock,
}

/// Why a search has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index cannot be read.
    #[error("the index cannot be read: {0}")]
    Index(#[from] TantivyError),
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
    /// How many videos match in all.
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
    pub(crate) fn new(db: Db, index: VideoIndex, clock: SharedClock) -> Self {
        Self { db, index, clock }
    }

    /// Finds videos.
    ///
    /// # Errors
    /// [`SearchError`] if the index or the database cannot be read.
    pub async fn search(&self, query: VideoQuery) -> Result<ResultPage, SearchError> {
        let (index, now) = (self.index.clone(), self.clock.now());
        let found = tokio::task::spawn_blocking(move || find(&index, &query, now))
            .await
            .map_err(|error| if error.is_panic() { SearchError::Panicked } else { SearchError::Interrupted })??;
        let ids: Vec<VideoId> = found.ranked.iter().map(|(id, _)| *id).collect();
        let mut videos = store::documents(&mut self.db.read().await?, &ids).await?;
        let hits = found
            .ranked
            .into_iter()
            .filter_map(|(id, score)| Some(Hit { score, video: videos.remove(&id)? }))
            .collect();
        Ok(ResultPage { total: found.total, hits })
    }

    /// Counts what can be searched.
    ///
    /// # Errors
    /// [`DbError`] if the database cannot be read.
    pub async fn counts(&self) -> Result<Counts, DbError> {
        let hosts = hosts::store::count_indexed(&mut self.db.read().await?).await?;
        Ok(Counts { hosts: hosts.unsigned_abs(), videos: self.index.searcher().num_docs() })
    }
}

struct Found {
    total: usize,
    ranked: Vec<(VideoId, Score)>,
}

fn find(index: &VideoIndex, query: &VideoQuery, now: Timestamp) -> Result<Found, TantivyError> {
    let searcher = index.searcher();
    let terms = query.search.as_deref().and_then(Terms::parse);
    let plan = rank::plan(&searcher, index.fields(), terms.as_ref())?;
    let plan = query.filters.apply(index.fields(), plan);
    if query.count == 0 {
        return Ok(Found { total: searcher.search(&plan, &Count)?, ranked: vec![] });
    }
    let sort = match query.sort {
        Sort::Match if terms.is_none() => Sort::NEWEST,
        sort => sort,
    };
    let (total, addresses) = collect(&searcher, &plan, query, sort, now)?;
    let ranked = identify(&searcher, addresses)?;
    Ok(Found { total, ranked })
}

type Ranked = Vec<(Score, DocAddress)>;

fn collect(
    searcher: &tantivy::Searcher,
    plan: &dyn Query,
    query: &VideoQuery,
    sort: Sort,
    now: Timestamp,
) -> Result<(usize, Ranked), TantivyError> {
    let top = TopDocs::with_limit(query.count).and_offset(query.start);
    let Sort::By { key, descending } = sort else { return by_match(searcher, plan, top, query, now) };
    let order = if descending { Order::Desc } else { Order::Asc };
    let newest = (SortByStaticFastValue::<i64>::for_field(column::PUBLISHED), Order::Desc);
    let number = |name| ((SortByStaticFastValue::<u64>::for_field(name), order), newest.clone());
    let moment = |name| ((SortByStaticFastValue::<i64>::for_field(name), order), newest.clone());
    match key {
        SortKey::Name => run(searcher, plan, top.order_by(((SortByString::for_field(column::NAME), order), newest))),
        SortKey::Duration => run(searcher, plan, top.order_by(number(column::DURATION))),
        SortKey::Views => run(searcher, plan, top.order_by(number(column::VIEWS))),
        SortKey::Likes => run(searcher, plan, top.order_by(number(column::LIKES))),
        SortKey::CreatedAt => run(searcher, plan, top.order_by(moment(column::CREATED))),
        SortKey::PublishedAt => run(searcher, plan, top.order_by(moment(column::PUBLISHED))),
        SortKey::OriginallyPublishedAt => run(searcher, plan, top.order_by(moment(column::ORIGINALLY_PUBLISHED))),
    }
}

fn run<K>(
    searcher: &tantivy::Searcher,
    plan: &dyn Query,
    top: impl Collector<Fruit = Vec<(K, DocAddress)>>,
) -> Result<(usize, Ranked), TantivyError> {
    let (total, found) = searcher.search(plan, &(Count, top))?;
    Ok((total, found.into_iter().map(|(_, address)| (0.0, address)).collect()))
}

/// Best first; among equals the one that was watched more.
fn by_match(
    searcher: &tantivy::Searcher,
    plan: &dyn Query,
    top: TopDocs,
    query: &VideoQuery,
    now: Timestamp,
) -> Result<(usize, Ranked), TantivyError> {
    let languages = query.boost_languages.clone();
    let top = top.tweak_score(move |segment: &SegmentReader| {
        let weigh = Weigh::of(segment, &languages, now);
        move |document: DocId, score: Score| weigh.apply(document, score)
    });
    let (total, found) = searcher.search(plan, &(Count, top))?;
    Ok((total, found.into_iter().map(|((score, _), address)| (score, address)).collect()))
}

/// What lies over the score of the words, for one segment.
struct Weigh {
    views: Option<Column<u64>>,
    published: Option<Column<i64>>,
    languages: Option<PreferredLanguages>,
    now_ms: i64,
}

struct PreferredLanguages {
    ordinals: Vec<u64>,
    column: Column<u64>,
}

const MS_PER_DAY: f32 = 86_400_000.0;

impl Weigh {
    fn of(segment: &SegmentReader, languages: &[String], now: Timestamp) -> Self {
        let columns = segment.fast_fields();
        Self {
            views: columns.u64(column::VIEWS).ok(),
            published: columns.i64(column::PUBLISHED).ok(),
            languages: PreferredLanguages::of(segment, languages),
            now_ms: now.timestamp_millis(),
        }
    }

    fn apply(&self, document: DocId, score: Score) -> (Score, u64) {
        let views = self.views.as_ref().and_then(|views| views.first(document)).unwrap_or_default();
        let published = self.published.as_ref().and_then(|published| published.first(document)).unwrap_or_default();
        let age_days = self.now_ms.saturating_sub(published) as f32 / MS_PER_DAY;
        let language = self.languages.as_ref().map_or(1.0, |languages| languages.factor(document));
        (score * rank::prior(views, age_days) * language, views)
    }
}

impl PreferredLanguages {
    fn of(segment: &SegmentReader, languages: &[String]) -> Option<Self> {
        if languages.is_empty() {
            return None;
        }
        let column = segment.fast_fields().str(column::LANGUAGE).ok()??;
        let wanted = languages.iter().map(String::as_str).chain([crate::schema::UNKNOWN_LANGUAGE]);
        let ordinals = wanted.filter_map(|code| column.dictionary().term_ord(code.as_bytes()).ok()?).collect();
        Some(Self { ordinals, column: column.ords().clone() })
    }

    fn factor(&self, document: DocId) -> f32 {
        match self.column.first(document) {
            Some(ordinal) if !self.ordinals.contains(&ordinal) => rank::OTHER_LANGUAGE,
            _ => 1.0,
        }
    }
}

fn identify(searcher: &tantivy::Searcher, ranked: Ranked) -> Result<Vec<(VideoId, Score)>, TantivyError> {
    ranked
        .into_iter()
        .map(|(score, address)| {
            let ids = searcher.segment_reader(address.segment_ord).fast_fields().u64(column::ID)?;
            let id = ids.first(address.doc_id).unwrap_or_default();
            Ok((VideoId(id.cast_signed()), score))
        })
        .collect()
}
