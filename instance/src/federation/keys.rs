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

    /// A stored actor with its key.
    ///
    /// # Errors
    /// [`KeyStoreError`] if its key cannot be read.
    pub fn local_actor(&self, actor: &Actor) -> Result<LocalActor, KeyStoreError> {
        let url = self
            .platform
            .public_url
            .join(Url::parse(actor.url()).map_or_else(|_| "/".to_owned(), |url| url.path().to_owned()).as_str());
        Ok(LocalActor::from_pem(url, actor.private_key_pem.as_deref().unwrap_or_default())?)
    }
}

#[async_trait]
impl KeyStore for ActorKeys {
    async fn key_for(&self, actor: &Url) -> Result<Option<LocalActor>, KeyStoreError> {
        let found = actors::store::find_by_url(&mut self.platform.db.read().await?, actor.as_str()).await?;
        found.filter(|actor| actor.is_local).map(|actor| self.local_actor(&actor)).transpose()
    }
}
