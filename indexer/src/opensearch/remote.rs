use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
};

use async_trait::async_trait;
use http::Method;
use platform::clock::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{
    OpenSearchConfig, OpenSearchError,
    api::{Body, Cluster, Request},
    collections, follow,
    layout::{Layout, Size},
    videos,
};
use crate::{
    collections::CollectionQuery,
    engine::{Engine, FoundCollections},
    index::{Change, IndexError, Position},
    query::VideoQuery,
    search::{Found, SearchError},
};

/// What an index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Videos,
    Channels,
    Playlists,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Videos => "videos",
            Self::Channels => "channels",
            Self::Playlists => "playlists",
        }
    }
}

/// One index of a cluster.
pub(crate) struct RemoteIndex {
    pub(super) cluster: Arc<dyn Cluster>,
    pub(super) layout: Layout,
    /// Its name, for reading.
    pub(super) name: String,
    /// Its name for writing entries, under which no index can come to be by accident.
    pub(super) alias: String,
    /// Identifies the database that it follows.
    pub(super) epoch: String,
    pub(super) size: Size,
    /// How many entries there were when that was last asked.
    pub(super) entries: AtomicU64,
    /// What was last read of the position.
    pub(super) seat: Mutex<Option<follow::Seat>>,
}

impl RemoteIndex {
    /// The index of the cluster that the operator has named. Nothing is asked yet, so that a cluster that is away does not
    /// keep the server from starting.
    pub fn new(cluster: Arc<dyn Cluster>, config: &OpenSearchConfig, kind: Kind, epoch: &str) -> Self {
        let name = format!("{}-{}", config.index_prefix, kind.name());
        // There are few channels and playlists.
        let shards = if kind == Kind::Videos { config.shards } else { 1 };
        Self {
            cluster,
            layout: Layout::new(),
            alias: format!("{name}-written"),
            name,
            epoch: epoch.to_owned(),
            size: Size { shards, replicas: config.replicas },
            entries: AtomicU64::new(0),
            seat: Mutex::new(None),
        }
    }

    /// Sends a request and reads the answer.
    pub(super) async fn ask<T: serde::de::DeserializeOwned>(&self, request: Request) -> Result<T, OpenSearchError> {
        self.cluster.send(request).await?.read()
    }

    /// Searches. Statistics of words are those of all parts together, so that scores do not depend on where an entry is; an
    /// answer from some parts only is none.
    pub(super) async fn search<T: serde::de::DeserializeOwned>(&self, body: Value) -> Result<T, OpenSearchError> {
        self.ask(self.searching(body)).await
    }

    pub(super) fn searching(&self, body: Value) -> Request {
        Request::new(Method::POST, format!("/{}/_search", self.name), Body::Json(body))
            .with("search_type", "dfs_query_then_fetch")
            .with("allow_partial_search_results", "false")
    }
}

/// What every entry has, and nothing else: the query for all of them.
pub(super) fn everything(layout: &Layout) -> Value {
    json!({"exists": {"field": layout.name(layout.fields.id)}})
}

#[async_trait]
impl Engine for RemoteIndex {
    async fn position(&self) -> Result<Position, IndexError> {
        Ok(follow::position(self).await?)
    }

    async fn apply(&self, changes: Vec<Change>, position: Position) -> Result<(), IndexError> {
        follow::apply(self, changes, position).await
    }

    async fn clear(&self) -> Result<(), IndexError> {
        Ok(follow::clear(self).await?)
    }

    async fn count(&self) -> Result<u64, SearchError> {
        let body = Body::Json(json!({"query": everything(&self.layout)}));
        let counted: Counted = self.ask(Request::new(Method::POST, format!("/{}/_count", self.name), body)).await?;
        Ok(counted.count)
    }

    async fn find(&self, query: VideoQuery, now: Timestamp, explained: bool) -> Result<Found, SearchError> {
        videos::find(self, &query, now, explained).await
    }

    async fn find_collections(&self, query: CollectionQuery) -> Result<FoundCollections, SearchError> {
        Ok(collections::find(self, &query).await?)
    }
}

#[derive(Debug, Deserialize)]
struct Counted {
    count: u64,
}

impl fmt::Debug for RemoteIndex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RemoteIndex({} in {:?})", self.name, self.cluster)
    }
}
