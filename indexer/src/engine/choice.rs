//! Opens the engine that the operator has chosen.

use std::sync::Arc;

use platform::{MountError, Platform};

use super::SharedEngine;
use crate::{
    Config,
    config::EngineKind,
    index::VideoIndex,
    opensearch::{Kind, RemoteIndex},
};

/// The least that the writer can do with is plenty for channels and playlists.
const LITTLE_MEMORY: usize = 0;

/// The three indexes.
#[derive(Debug, Clone)]
pub(crate) struct Engines {
    pub videos: SharedEngine,
    pub channels: SharedEngine,
    pub playlists: SharedEngine,
}

impl Engines {
    /// Opens them. `epoch` identifies the database that they follow.
    ///
    /// # Errors
    /// A sentence that names the folder or the key that cannot be used.
    pub fn open(platform: &Platform, config: &Config, epoch: &str) -> Result<Self, MountError> {
        match config.engine {
            EngineKind::Tantivy => Self::embedded(platform, config, epoch),
            EngineKind::OpenSearch => Self::remote(config, epoch),
        }
    }

    fn embedded(platform: &Platform, config: &Config, epoch: &str) -> Result<Self, MountError> {
        let open = |name: &str, memory: usize| {
            let folder = platform.data.folder(name);
            VideoIndex::open(&folder, epoch, memory)
                .map(SharedEngine::from)
                .map_err(|error| MountError::Other(format!("the search index in {}: {error}", folder.display())))
        };
        let memory = usize::try_from(config.writer_memory.get()).unwrap_or(usize::MAX);
        Ok(Self {
            videos: open("search-index", memory)?,
            channels: open("search-index-collections/channels", LITTLE_MEMORY)?,
            playlists: open("search-index-collections/playlists", LITTLE_MEMORY)?,
        })
    }

    fn remote(config: &Config, epoch: &str) -> Result<Self, MountError> {
        let config = &config.opensearch;
        let endpoint = config.endpoint().map_err(|error| MountError::Other(format!("indexer.opensearch: {error}")))?;
        let cluster = Arc::new(endpoint);
        let open = |kind| Arc::new(RemoteIndex::new(cluster.clone(), config, kind, epoch)) as SharedEngine;
        Ok(Self { videos: open(Kind::Videos), channels: open(Kind::Channels), playlists: open(Kind::Playlists) })
    }
}
