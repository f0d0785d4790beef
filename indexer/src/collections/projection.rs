//! Follows the table of channels and playlists with their indexes, as [`crate::projection`] does with videos.

use std::{path::Path, time::Duration};

use platform::Platform;
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::Catalogue;
use crate::{
    channels::Channel,
    index::{IndexError, VideoIndex},
    playlists::Playlist,
    projection::ProjectionError,
};

const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The least that the writer can do with is plenty here.
const WRITER_MEMORY: usize = 0;

/// Channels and playlists. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Collections {
    /// Where videos appear.
    pub channels: Catalogue<Channel>,
    /// What somebody has put in a row.
    pub playlists: Catalogue<Playlist>,
    requests: mpsc::Sender<Request>,
}

type Request = oneshot::Sender<Result<(), ProjectionError>>;

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
        let (requests, inbox) = mpsc::channel(64);
        let channels = Catalogue::new(platform.db.clone(), channels);
        let playlists = Catalogue::new(platform.db.clone(), playlists);
        let collections = Self { channels, playlists, requests };
        let follower = Follower { channels: collections.channels.clone(), playlists: collections.playlists.clone() };
        let stop = platform.stop.clone();
        platform.tasks.spawn("index-collections", async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = follower.run(inbox) => {}
            }
        });
        collections
    }

    /// Returns when everything that was committed to the database before the call can be found.
    ///
    /// # Errors
    /// [`ProjectionError`] if an index could not be brought up to date.
    pub async fn catch_up(&self) -> Result<(), ProjectionError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(reply).await.map_err(|_| ProjectionError::Stopped)?;
        answer.await.map_err(|_| ProjectionError::Stopped)?
    }
}

struct Follower {
    channels: Catalogue<Channel>,
    playlists: Catalogue<Playlist>,
}

impl Follower {
    /// Woken by whoever changes something in this process; looks by itself for what other nodes and commands changed.
    async fn run(self, mut inbox: mpsc::Receiver<Request>) {
        let mut wait = Duration::ZERO;
        loop {
            let request = tokio::select! {
                request = inbox.recv() => match request {
                    Some(request) => Some(request),
                    None => return,
                },
                () = tokio::time::sleep(wait) => None,
            };
            wait = LOOK_AGAIN;
            match (request, self.catch_up().await) {
                (Some(reply), outcome) => drop(reply.send(outcome)),
                (None, Err(error)) => {
                    warn!(%error, "the index of channels and playlists could not be brought up to date")
                }
                (None, Ok(())) => {}
            }
        }
    }

    async fn catch_up(&self) -> Result<(), ProjectionError> {
        self.channels.follow().await?;
        self.playlists.follow().await
    }
}
