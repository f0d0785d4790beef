//! How does the origin learn that a copy exists?
//!
//! By a `CacheFile` in PeerTube's dialect: the copy's base address, sent by the server's own actor to the account that
//! published the video. What is on the wire is the host's business; it implements [`Announcer`].

use async_trait::async_trait;
use platform::{
    PublicUrl,
    clock::Timestamp,
    db::{DbError, Tx},
};
use url::Url;
use uuid::Uuid;

use crate::{model::Mirror, serve::base_path};

/// Tells other servers about copies. Both methods write the delivery into the given transaction, so that it is sent if and
/// only if the change that it tells of is kept.
#[async_trait]
pub trait Announcer: Send + Sync {
    /// Sends `Create{CacheFile}` for a copy that has become complete. Repeated when a changed video was copied again;
    /// receivers take it as an update.
    async fn announce_cache_file(&self, tx: &mut Tx, cache_file: &CacheFile) -> Result<(), DbError>;

    /// Sends `Undo{Create{CacheFile}}` for a copy that is no longer kept.
    async fn withdraw_cache_file(&self, tx: &mut Tx, cache_file: &CacheFile) -> Result<(), DbError>;
}

/// A copy, as its origin is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFile {
    /// The video.
    pub uuid: Uuid,
    /// The id of the `CacheFile`. The activity's id is this with `/activity` behind it.
    pub id: Url,
    /// The ActivityPub id of the video: `object`.
    pub video_url: String,
    /// The ActivityPub id of the account that published it: `to`, and whose shared inbox it goes to.
    pub account_url: String,
    /// The folder under which the files are served, without a slash at its end: `url.href`.
    pub base_url: Url,
    /// When the copy may be gone; `None` for one that is kept.
    pub expires_at: Option<Timestamp>,
}

impl CacheFile {
    /// What to tell about a mirror.
    pub fn of(mirror: &Mirror, public_url: &PublicUrl) -> Self {
        let uuid = mirror.video_uuid;
        Self {
            uuid,
            id: public_url.join(&format!("/redundancy/streaming-playlists/hls/{uuid}")),
            video_url: mirror.video_url.clone(),
            account_url: mirror.account_url.clone(),
            base_url: public_url.join(&base_path(uuid)),
            expires_at: mirror.expires_at,
        }
    }
}
