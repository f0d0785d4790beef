//! Finds what a query matches, in order, with a count of all.

use platform::clock::Timestamp;
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
    query::{
        SortKey,
        prior::{OTHER_LANGUAGE, Prior},
    },
    schema::{UNKNOWN_LANGUAGE, column},
    text::language,
};

/// How many match, and the first of them.
pub(super) type Collected = (usize, Vec<(Score, DocAddress)>);

/// By a property; among equals the newest first.
pub(super) fn by_key(
    searcher: &tantivy::Searcher,
    query: &dyn Query,
    top: TopDocs,
    key: SortKey,
    descending: bool,
) -> Result<Collected, TantivyError> {
    let order = if descending { Order::Desc } else { Order::Asc };
    let newest = (SortByStaticFastValue::<i64>::for_field(column::PUBLISHED), Order::Desc);
    let number = |name| ((SortByStaticFastValue::<u64>::for_field(name), order), newest.clone());
    let moment = |name| ((SortByStaticFastValue::<i64>::for_field(name), order), newest.clone());
    match key {
        SortKey::Name => run(searcher, query, top.order_by(((SortByString::for_field(column::NAME), order), newest))),
        SortKey::Duration => run(searcher, query, top.order_by(number(column::DURATION))),
        SortKey::Views => run(searcher, query, top.order_by(number(column::VIEWS))),
        SortKey::Likes => run(searcher, query, top.order_by(number(column::LIKES))),
        SortKey::CreatedAt => run(searcher, query, top.order_by(moment(column::CREATED))),
        SortKey::PublishedAt => run(searcher, query, top.order_by(moment(column::PUBLISHED))),
        SortKey::OriginallyPublishedAt => run(searcher, query, top.order_by(moment(column::ORIGINALLY_PUBLISHED))),
    }
}

/// Best first; among equals the one that was watched more.
pub(super) fn by_match(
    searcher: &tantivy::Searcher,
    query: &dyn Query,
    top: TopDocs,
    scales: &Scales,
) -> Result<Collected, TantivyError> {
    let scales = scales.clone();
    let top = top.tweak_score(move |segment: &SegmentReader| {
        let scale = scales.of_segment(segment);
        move |document: DocId, score: Score| {
            let weights = scale.weigh(document);
            (score * weights.factor(), weights.views)
        }
    });
    let (total, found) = searcher.search(query, &(Count, top))?;
    Ok((total, found.into_iter().map(|((score, _), address)| (score, address)).collect()))
}

fn run<K>(
    searcher: &tantivy::Searcher,
    query: &dyn Query,
    top: impl Collector<Fruit = Vec<(K, DocAddress)>>,
) -> Result<Collected, TantivyError> {
    let (total, found) = searcher.search(query, &(Count, top))?;
    Ok((total, found.into_iter().map(|(_, address)| (0.0, address)).collect()))
}

/// What lies over the score of the words.
#[derive(Debug, Clone)]
pub(super) struct Scales {
    languages: Vec<String>,
    now_ms: i64,
}

/// The same, for one part of the index.
pub(super) struct Scale {
    views: Option<Column<u64>>,
    published: Option<Column<i64>>,
    languages: Option<PreferredLanguages>,
    now_ms: i64,
}

/// What lies over the score of one video.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights {
    pub prior: Prior,
    pub language: f32,
    views: u64,
}

struct PreferredLanguages {
    ordinals: Vec<u64>,
    column: Column<u64>,
}

const MS_PER_DAY: f32 = 86_400_000.0;

impl Scales {
    pub(super) fn new(languages: &[String], now: Timestamp) -> Self {
        let languages = languages.iter().map(|code| language::primary(code).to_lowercase()).collect();
        Self { languages, now_ms: now.timestamp_millis() }
    }

    pub(super) fn of_segment(&self, segment: &SegmentReader) -> Scale {
        let columns = segment.fast_fields();
        Scale {
            views: columns.u64(column::VIEWS).ok(),
            published: columns.i64(column::PUBLISHED).ok(),
            languages: PreferredLanguages::of(segment, &self.languages),
            now_ms: self.now_ms,
        }
    }
}

impl Scale {
    pub(super) fn weigh(&self, document: DocId) -> Weights {
        let views = self.views.as_ref().and_then(|views| views.first(document)).unwrap_or_default();
        let published = self.published.as_ref().and_then(|published| published.first(document)).unwrap_or_default();
        let age_days = self.now_ms.saturating_sub(published) as f32 / MS_PER_DAY;
        let language = self.languages.as_ref().map_or(1.0, |languages| languages.factor(document));
        Weights { prior: Prior::of(views, age_days), language, views }
    }
}

impl Weights {
    fn factor(&self) -> f32 {
        self.prior.factor() * self.language
    }
}

impl PreferredLanguages {
    fn of(segment: &SegmentReader, languages: &[String]) -> Option<Self> {
        if languages.is_empty() {
            return None;
        }
        let column = segment.fast_fields().str(column::ANY_LANGUAGE).ok()??;
        let wanted = languages.iter().map(String::as_str).chain([UNKNOWN_LANGUAGE]);
        let ordinals = wanted.filter_map(|code| column.dictionary().term_ord(code.as_bytes()).ok()?).collect();
        Some(Self { ordinals, column: column.ords().clone() })
    }

    fn factor(&self, document: DocId) -> f32 {
        let is_preferred = self.column.values_for_doc(document).any(|ordinal| self.ordinals.contains(&ordinal));
        if is_preferred { 1.0 } else { OTHER_LANGUAGE }
    }
}
