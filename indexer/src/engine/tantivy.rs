//! Tantivy as an [`Engine`]: on this machine, in this process.

use std::sync::Arc;

use async_trait::async_trait;
use platform::clock::Timestamp;

use super::{Engine, FoundCollections, SharedEngine};
use crate::{
    collections::{self, CollectionQuery},
    index::{Change, IndexError, Position, VideoIndex},
    query::VideoQuery,
    search::{self, Found, SearchError, aside},
};

#[async_trait]
impl Engine for VideoIndex {
    async fn position(&self) -> Result<Position, IndexError> {
        Ok(self.position())
    }

    async fn apply(&self, changes: Vec<Change>, position: Position) -> Result<(), IndexError> {
        self.apply(changes, position).await
    }

    async fn clear(&self) -> Result<(), IndexError> {
        self.clear().await
    }

    async fn count(&self) -> Result<u64, SearchError> {
        Ok(self.searcher().num_docs())
    }

    async fn find(&self, query: VideoQuery, now: Timestamp, explained: bool) -> Result<Found, SearchError> {
        let index = self.clone();
        Ok(aside(move || search::find(&index, &query, now, explained)).await??)
    }

    async fn find_collections(&self, query: CollectionQuery) -> Result<FoundCollections, SearchError> {
        let index = self.clone();
        let (total, ranked) = aside(move || collections::find(&index, &query)).await??;
        Ok(FoundCollections { total, ranked })
    }
}

impl From<VideoIndex> for SharedEngine {
    fn from(index: VideoIndex) -> Self {
        Arc::new(index)
    }
}
