use async_trait::async_trait;
use platform::db::{DbError, Tx};
use redundancy::{Announcer, CacheFile};

use super::federate;
use crate::App;

/// Tells other servers of copies, as the server's own actor.
#[derive(Debug, Clone)]
pub struct InstanceAnnouncer {
    app: App,
}

impl InstanceAnnouncer {
    /// Of this instance.
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl Announcer for InstanceAnnouncer {
    async fn announce_cache_file(&self, tx: &mut Tx, cache_file: &CacheFile) -> Result<(), DbError> {
        federate::send_create(&self.app, tx, cache_file).await
    }

    async fn withdraw_cache_file(&self, tx: &mut Tx, cache_file: &CacheFile) -> Result<(), DbError> {
        federate::send_undo(&self.app, tx, cache_file).await
    }
}
