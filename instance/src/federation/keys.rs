use async_trait::async_trait;
use courier::{KeyStore, KeyStoreError, LocalActor};
use platform::Platform;
use url::Url;

use crate::actors::{self, Actor};

/// The keys of this server's actors, from the database.
#[derive(Debug, Clone)]
pub struct ActorKeys {
    platform: Platform,
}

impl ActorKeys {
    /// Looks into the database of this platform.
    pub fn new(platform: Platform) -> Self {
        Self { platform }
    }

    /// The stored actor of an address, with its key.
    ///
    /// # Errors
    /// [`KeyStoreError`] if its key cannot be read.
    pub fn local_actor(url: Url, actor: &Actor) -> Result<LocalActor, KeyStoreError> {
        Ok(LocalActor::from_pem(url, actor.private_key_pem.as_deref().unwrap_or_default())?)
    }
}

#[async_trait]
impl KeyStore for ActorKeys {
    async fn key_for(&self, url: &Url) -> Result<Option<LocalActor>, KeyStoreError> {
        let found = actors::store::find_by_url(&mut self.platform.db.read().await?, url.as_str()).await?;
        found.filter(|actor| actor.is_local).map(|actor| Self::local_actor(url.clone(), &actor)).transpose()
    }
}
