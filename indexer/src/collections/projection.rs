//! Follows the table of channels and playlists with their indexes, as [`crate::projection`] does with videos.

use platform::Platform;

use super::Catalogue;
use crate::{
    channels::Channel,
    engine::SharedEngine,
    playlists::Playlist,
    projection::{Follow, Projection, ProjectionError},
};

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
    /// Starts following with these engines, until the platform stops.
    pub(crate) fn over(
        platform: &Platform,
        channels: impl Into<SharedEngine>,
        playlists: impl Into<SharedEngine>,
    ) -> Self {
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
