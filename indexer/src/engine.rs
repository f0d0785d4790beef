//! What keeps an index and searches it?
//!
//! **Invariant:** an engine holds a projection of the database and says how far it has come, so it can be thrown away and
//! made again, and may be another one tomorrow. Everything above (the API, the site, what follows the database) knows an
//! index only as an [`Engine`]; docs/adr has why the line is drawn here.
//!
//! Above it is what a query means: its words ([`crate::text`]), what they may stand for and how much each is worth
//! ([`crate::query`]), how leading results are arranged, and where words are spoken ([`crate::search`]). Below it is how an
//! index is written, asked for statistics of words, and searched by such a plan: embedded Tantivy ([`crate::index`]) on one
//! machine, or a cluster of OpenSearch ([`crate::opensearch`]).

mod choice;
mod tantivy;

pub(crate) use choice::Engines;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use platform::clock::Timestamp;

use crate::{
    collections::CollectionQuery,
    document::VideoId,
    index::{Change, IndexError, Position},
    query::VideoQuery,
    search::{Found, SearchError},
};

/// One index: of videos, of channels, or of playlists.
///
/// An entry is what [`crate::schema`] makes of a document, which is the only place that says what is indexed.
#[async_trait]
pub(crate) trait Engine: fmt::Debug + Send + Sync + 'static {
    /// How far the index has followed its table; the default if it is empty.
    async fn position(&self) -> Result<Position, IndexError>;

    /// Writes changes and then the position that they lead to. All of it can be found when this returns; after an error,
    /// a part of it may be there, and the position is the old one.
    async fn apply(&self, changes: Vec<Change>, position: Position) -> Result<(), IndexError>;

    /// Empties the index, so that it follows the table from its beginning.
    async fn clear(&self) -> Result<(), IndexError>;

    /// How many entries there are.
    async fn count(&self) -> Result<u64, SearchError>;

    /// Finds videos; tells of the first of them why they stand where they stand, if that is asked for.
    async fn find(&self, query: VideoQuery, now: Timestamp, explained: bool) -> Result<Found, SearchError>;

    /// Finds channels or playlists.
    async fn find_collections(&self, query: CollectionQuery) -> Result<FoundCollections, SearchError>;
}

/// An engine, as it is handed around.
pub(crate) type SharedEngine = Arc<dyn Engine>;

/// Which channels or playlists a query finds, before the documents are read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FoundCollections {
    /// How many match in all.
    pub total: usize,
    /// Those asked for, in order, with how well they match.
    pub ranked: Vec<(f32, VideoId)>,
}
