//! Plays the tests of searching on this engine.
//!
//! A suite is a file of tests that is compiled twice: as it stands, on Tantivy, and as a module whose name ends in
//! `on_opensearch`. There, a cluster answers if `SHOAL_TEST_OPENSEARCH_URL` names one that may be thrown away. Otherwise Tantivy
//! answers, and all that a cluster would be asked is held against the documentation of its interface ([`documented`]).

pub(crate) mod documented;
mod shadowed;

use std::sync::Arc;

use platform::{Platform, config, db::Db, ids::Random};
use uuid::Uuid;

use super::{Kind, OpenSearchConfig, RemoteIndex, api::Cluster};
use crate::{
    captions::Caption, channels::Channel, collections::Collections, document::VideoDocument, engine::SharedEngine,
    index::VideoIndex, playlists::Playlist, search::Searcher, testing,
};
use documented::Documented;
use shadowed::Shadowed;

const CLUSTER: &str = "SHOAL_TEST_OPENSEARCH_URL";

/// The engine of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Tantivy,
    OpenSearch,
}

impl Stage {
    /// The one of a module, by `module_path!()`.
    pub fn of(module: &str) -> Self {
        if module.split("::").any(|part| part.ends_with("on_opensearch")) { Self::OpenSearch } else { Self::Tantivy }
    }

    /// Writes videos into the database and an index, and gives what answers searches in them.
    pub async fn searcher_over(self, db: &Db, videos: &[VideoDocument], spoken: &[(Uuid, Caption)]) -> Searcher {
        let epoch = testing::save_videos(db, videos, spoken).await;
        testing::searcher_on(db, self.engine(&epoch, Kind::Videos)).await
    }

    /// Writes channels and playlists into the database and indexes, which go on following the database.
    pub async fn collections_over(
        self,
        platform: &Platform,
        channels: &[Channel],
        playlists: &[Playlist],
    ) -> Collections {
        let epoch = testing::save_channels_and_playlists(platform, channels, playlists).await;
        let engine = |kind| self.engine(&epoch, kind);
        let collections = Collections::over(platform, engine(Kind::Channels), engine(Kind::Playlists));
        collections.catch_up().await.unwrap();
        collections
    }

    fn engine(self, epoch: &str, kind: Kind) -> SharedEngine {
        let embedded = || VideoIndex::in_memory(epoch).unwrap();
        match (self, config::variable(CLUSTER)) {
            (Self::Tantivy, _) => embedded().into(),
            (Self::OpenSearch, Some(url)) => Arc::new(on_cluster(url, epoch, kind)),
            (Self::OpenSearch, None) => {
                let asked = index(Arc::new(Documented::new()), kind, epoch);
                Arc::new(Shadowed { answers: embedded(), asked })
            }
        }
    }
}

/// An index of its own for each test.
fn on_cluster(url: String, epoch: &str, kind: Kind) -> RemoteIndex {
    let config = OpenSearchConfig {
        url,
        index_prefix: format!("shoal-test-{}", Random::system().hex(8)),
        replicas: 0,
        ..OpenSearchConfig::default()
    };
    let endpoint = config.endpoint().unwrap();
    RemoteIndex::new(Arc::new(endpoint), &config, kind, epoch)
}

/// An index in something that stands for a cluster.
pub(crate) fn index(cluster: Arc<dyn Cluster>, kind: Kind, epoch: &str) -> RemoteIndex {
    RemoteIndex::new(cluster, &OpenSearchConfig::default(), kind, epoch)
}
