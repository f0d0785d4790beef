//! Which channels, or playlists, fit a query, and how does the index keep up with the database?

use std::marker::PhantomData;

use platform::db::Db;
use tantivy::{
    DocAddress, DocId, Order, Score, SegmentReader, TantivyError,
    collector::{
        Collector, Count, TopDocs,
        sort_key::{SortByStaticFastValue, SortByString},
    },
    query::Query,
};

use super::{
    Collection,
    query::{CollectionQuery, CollectionSort},
    store,
};
use crate::{
    document::VideoId,
    engine::{FoundCollections, SharedEngine},
    index::{Change, Position, VideoIndex},
    projection::ProjectionError,
    query::{parse::Terms, prior::Prior, rank::Plan},
    schema::{Fields, column},
    search::SearchError,
};

/// Rows per commit.
const BATCH: i64 = 1_000;

/// The channels, or the playlists, of all instances. Cheap to clone.
pub struct Catalogue<C> {
    db: Db,
    engine: SharedEngine,
    kind: PhantomData<fn() -> C>,
}

/// A part of the results.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectionPage<C> {
    /// How many match in all.
    pub total: usize,
    /// Those asked for, in order.
    pub hits: Vec<CollectionHit<C>>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectionHit<C> {
    /// How well it matches; 0 when the order is another.
    pub score: f32,
    /// The channel or playlist.
    pub document: C,
}

impl<C: Collection> Catalogue<C> {
    /// What is in the database, found through an index that follows it.
    pub(super) fn new(db: Db, engine: impl Into<SharedEngine>) -> Self {
        Self { db, engine: engine.into(), kind: PhantomData }
    }

    /// Finds some. What went away meanwhile is left out of the page.
    ///
    /// # Errors
    /// [`SearchError`] if the index or the database cannot be read.
    pub async fn search(&self, query: CollectionQuery) -> Result<CollectionPage<C>, SearchError> {
        let FoundCollections { total, ranked } = self.engine.find_collections(query).await?;
        let ids: Vec<VideoId> = ranked.iter().map(|(_, id)| *id).collect();
        let mut documents = store::documents::<C>(&mut self.db.read().await?, &ids).await?;
        let hits = ranked
            .into_iter()
            .filter_map(|(score, id)| Some(CollectionHit { score, document: documents.remove(&id)? }))
            .collect();
        Ok(CollectionPage { total, hits })
    }

    /// How many there are.
    ///
    /// # Errors
    /// [`SearchError`] if the index cannot be read.
    pub async fn count(&self) -> Result<u64, SearchError> {
        self.engine.count().await
    }

    /// How far the index has followed the database.
    #[cfg(test)]
    pub(super) async fn position(&self) -> Position {
        self.engine.position().await.unwrap()
    }

    /// Brings the index up to date. Only one may do this at a time.
    pub(super) async fn follow(&self) -> Result<(), ProjectionError> {
        let state = store::state(&mut self.db.read().await?).await?;
        let position = self.engine.position().await?;
        let is_new = position == Position::default();
        if !is_new && (position.revision > state.revision || position.revision < state.forgotten) {
            self.engine.clear().await?;
        }
        while self.follow_further().await? {}
        // What was forgotten may be newer than all that is left, and must not look like something missed.
        if self.engine.position().await?.revision < state.forgotten {
            self.engine.apply(vec![], Position { revision: state.forgotten, id: i64::MAX }).await?;
        }
        Ok(())
    }

    async fn follow_further(&self) -> Result<bool, ProjectionError> {
        let position = self.engine.position().await?;
        let changes = store::changes_after::<C>(&mut self.db.read().await?, position, BATCH).await?;
        let Some(last) = changes.last().map(|change| change.position) else { return Ok(false) };
        let (_, fields) = Fields::build();
        let changes = changes.into_iter().map(|change| match change.document {
            Some(document) => Change::Put(change.id, Box::new(document.findable().entry(&fields, change.id))),
            None => Change::Remove(change.id),
        });
        self.engine.apply(changes.collect(), last).await?;
        Ok(true)
    }
}

impl<C> Clone for Catalogue<C> {
    fn clone(&self) -> Self {
        Self { db: self.db.clone(), engine: self.engine.clone(), kind: PhantomData }
    }
}

impl<C: Collection> std::fmt::Debug for Catalogue<C> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Catalogue of {}s over {:?}", C::KIND, self.engine)
    }
}

type Ranked = Vec<(Score, DocAddress)>;

/// Searches the index in Tantivy.
pub(crate) fn find(
    index: &VideoIndex,
    query: &CollectionQuery,
) -> Result<(usize, Vec<(Score, VideoId)>), TantivyError> {
    let searcher = index.searcher();
    let terms = query.search.as_deref().and_then(Terms::parse);
    let words = Plan::of(&searcher, index.fields(), terms.as_ref())?.query();
    let limited = match &terms {
        Some(terms) => terms.apply(index.fields(), words),
        None => words,
    };
    let plan = query.limit(index.fields(), limited);
    if query.count == 0 {
        return Ok((searcher.search(&plan, &Count)?, vec![]));
    }
    let sort = match query.sort {
        CollectionSort::Match if !terms.is_some_and(|terms| terms.has_words()) => {
            CollectionSort::CreatedAt { descending: true }
        }
        sort => sort,
    };
    let top = TopDocs::with_limit(query.count).and_offset(query.start);
    let order = |descending| if descending { Order::Desc } else { Order::Asc };
    let created = |order| (SortByStaticFastValue::<i64>::for_field(column::CREATED), order);
    let (total, found) = match sort {
        CollectionSort::Match => by_match(&searcher, &plan, top)?,
        CollectionSort::CreatedAt { descending } => run(&searcher, &plan, top.order_by(created(order(descending))))?,
        CollectionSort::DisplayName { descending } => {
            let name = (SortByString::for_field(column::NAME), order(descending));
            run(&searcher, &plan, top.order_by((name, created(Order::Desc))))?
        }
    };
    let identified = found.into_iter().map(|(score, address)| identify(&searcher, address).map(|id| (score, id)));
    Ok((total, identified.collect::<Result<_, TantivyError>>()?))
}

fn run<K>(
    searcher: &tantivy::Searcher,
    plan: &dyn Query,
    top: impl Collector<Fruit = Vec<(K, DocAddress)>>,
) -> Result<(usize, Ranked), TantivyError> {
    let (total, found) = searcher.search(plan, &(Count, top))?;
    Ok((total, found.into_iter().map(|(_, address)| (0.0, address)).collect()))
}

/// Best first; among equals the weightier one. Age says nothing about a channel or a playlist.
fn by_match(searcher: &tantivy::Searcher, plan: &dyn Query, top: TopDocs) -> Result<(usize, Ranked), TantivyError> {
    let top = top.tweak_score(|segment: &SegmentReader| {
        let weights = segment.fast_fields().u64(column::VIEWS).ok();
        move |document: DocId, score: Score| {
            let weight = weights.as_ref().and_then(|weights| weights.first(document)).unwrap_or_default();
            (score * Prior::of(weight, f32::INFINITY).factor(), weight)
        }
    });
    let (total, found) = searcher.search(plan, &(Count, top))?;
    Ok((total, found.into_iter().map(|((score, _), address)| (score, address)).collect()))
}

fn identify(searcher: &tantivy::Searcher, address: DocAddress) -> Result<VideoId, TantivyError> {
    let ids = searcher.segment_reader(address.segment_ord).fast_fields().u64(column::ID)?;
    Ok(VideoId(ids.first(address.doc_id).unwrap_or_default().cast_signed()))
}
