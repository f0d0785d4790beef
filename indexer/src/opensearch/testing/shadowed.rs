use async_trait::async_trait;
use platform::clock::Timestamp;

use crate::{
    collections::CollectionQuery,
    engine::{Engine, FoundCollections},
    index::{Change, IndexError, Position, VideoIndex},
    opensearch::RemoteIndex,
    query::VideoQuery,
    search::{Found, SearchError},
};

/// Tantivy, with a cluster that is asked the same and whose answers do not count.
#[derive(Debug)]
pub(super) struct Shadowed {
    pub answers: VideoIndex,
    pub asked: RemoteIndex,
}

#[async_trait]
impl Engine for Shadowed {
    async fn position(&self) -> Result<Position, IndexError> {
        let position = self.asked.position().await?;
        assert_eq!(position, self.answers.position());
        Ok(position)
    }

    async fn apply(&self, changes: Vec<Change>, position: Position) -> Result<(), IndexError> {
        self.asked.apply(changes.iter().map(copy).collect(), position).await?;
        self.answers.apply(changes, position).await
    }

    async fn clear(&self) -> Result<(), IndexError> {
        self.asked.clear().await?;
        self.answers.clear().await
    }

    async fn count(&self) -> Result<u64, SearchError> {
        let count = self.asked.count().await?;
        assert_eq!(count, self.answers.searcher().num_docs());
        Ok(count)
    }

    async fn find(&self, query: VideoQuery, now: Timestamp, explained: bool) -> Result<Found, SearchError> {
        self.asked.find(query.clone(), now, explained).await?;
        self.answers.find(query, now, explained).await
    }

    async fn find_collections(&self, query: CollectionQuery) -> Result<FoundCollections, SearchError> {
        self.asked.find_collections(query.clone()).await?;
        self.answers.find_collections(query).await
    }
}

fn copy(change: &Change) -> Change {
    match change {
        Change::Put(id, entry) => Change::Put(*id, entry.clone()),
        Change::Remove(id) => Change::Remove(*id),
    }
}
