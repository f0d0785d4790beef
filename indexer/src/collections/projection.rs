//! Follows the table of channels and playlists with their indexes, as [`crate::projection`] does with videos.

use std::path::Path;

use platform::Platform;

use super::Catalogue;
use crate::{
    channels::Channel,
    index::{IndexError, VideoIndex},
    playlists::Playlist,
    projection::{Follow, Projection, ProjectionError},
};

/// The least that the writer can do with is plenty here.
const WRITER_MEMORY: usize = 0;

/// Channels and playlists. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Collections {
    /// Where videos appear.
    pub channels: Catalogue<Channel>,
    /// What somebody has put in a row.
    pub playlists: Catalogue<Playlist>,
    projection: Projection,
}

impl Collections {
    /// Opens the indexes below a folder.
    ///
    /// # Errors
    /// [`IndexError`] if the folder cannot be used.
    pub(crate) fn open(platform: &Platform, folder: &Path, epoch: &str) -> Result<Self, IndexError> {
        let index = |name: &str| VideoIndex::open(&folder.join(name), epoch, WRITER_MEMORY);
        Ok(Self::over(platform, index("channels")?, index("playlists")?))
    }

    /// Starts following with these indexes, until the platform stops.
    pub(crate) fn over(platform: &Platform, channels: VideoIndex, playlists: VideoIndex) -> Self {
        let channels = Catalogue::new(platform.db.clone(), channels);
        let playlists = Catalogue::new(platform.db.clone(), playlists);
        let follower = Follower { channels: channels.clone(), playlists: playlists.clone() };
        Self { channels, playlists, projection: Projection::of(platform, follower) }
    }

    /// Returns when everything that was committed to the database before the call can be found.
    ///
    /// # Errors
    /// [`ProjectionError`] if an index could not be brought up to date.
    pub async fn catch_up(&self) -> Result<(), ProjectionError> {
        self.projection.catch_up().await
    }
}

struct Follower {
    channels: Catalogue<Channel>,
    playlists: Catalogue<Playlist>,
}

impl Follow for Follower {
    const TASK: &'static str = "index-collections";
    const WHAT: &'static str = "channels and playlists";

    async fn catch_up(&self) -> Result<(), ProjectionError> {
        self.channels.follow().await?;
        self.playlists.follow().await
    }
}
