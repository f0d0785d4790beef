//! The actor that the index is: an address, a key, and what it says of itself.

use async_trait::async_trait;
use courier::{KeyStore, KeyStoreError, LocalActor};
use federation::{
    ids,
    origin::Host,
    signature::SigningKey,
    webfinger::Handle,
    wire::{Actor, ActorKind},
};
use platform::{MountError, Platform, PublicUrl, clock::Timestamp};
use serde_json::Value;
use url::Url;

use super::store::{self, StoredActor};

/// The name in its handle.
const NAME: &str = "search-index";
/// Its address. It stays the same wherever the index and its site are put: others remember it.
pub(super) const PATH: &str = "/index/actor";

/// The index as an actor.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    actor: LocalActor,
    public_pem: String,
    created_at: Timestamp,
}

impl Identity {
    /// The actor at the address of today, made if there is none. Nobody follows back to an address that is gone, so that
    /// after a move all are asked anew.
    pub async fn ensure(platform: &Platform) -> Result<Self, MountError> {
        let url = address(&platform.public_url);
        let known = store::actor(&mut platform.db.read().await?).await?;
        if let Some(known) = known.as_ref().filter(|known| known.url == url.as_str()) {
            return Self::read(known);
        }
        let (private_key_pem, created_at) = if let Some(known) = known {
            (known.private_key_pem, known.created_at)
        } else {
            let key = SigningKey::generate().and_then(|key| key.to_pem());
            (key.map_err(|error| no_key(&error))?, platform.clock.now())
        };
        let mut tx = platform.db.begin().await?;
        store::save_actor(&mut tx, &StoredActor { url: url.into(), private_key_pem, created_at }).await?;
        store::delete_all(&mut tx).await?;
        let stored = store::actor(&mut tx).await?;
        tx.commit().await?;
        Self::read(&stored.ok_or_else(|| MountError::Other("the index is no actor".to_owned()))?)
    }

    /// The actor that the index was, if it was one.
    pub async fn find(platform: &Platform) -> Result<Option<Self>, MountError> {
        let known = store::actor(&mut platform.db.read().await?).await?;
        known.as_ref().map(Self::read).transpose()
    }

    fn read(stored: &StoredActor) -> Result<Self, MountError> {
        let url = Url::parse(&stored.url).map_err(|error| no_key(&error))?;
        let actor = LocalActor::from_pem(url, &stored.private_key_pem).map_err(|error| no_key(&error))?;
        let public_pem = actor.key.public_pem().map_err(|error| no_key(&error))?;
        Ok(Self { actor, public_pem, created_at: stored.created_at })
    }

    /// Its id.
    pub fn url(&self) -> &Url {
        &self.actor.url
    }

    /// With what it signs.
    pub fn local_actor(&self) -> &LocalActor {
        &self.actor
    }

    /// What it says of itself.
    pub fn document(&self, platform: &Platform) -> Value {
        let url = self.url().clone();
        let inbox = ids::under(&url, "inbox");
        let mut actor = Actor::local(ActorKind::Application, url, NAME, inbox, &self.public_pem);
        actor.name = Some(platform.operator.name.clone());
        actor.summary =
            Some("A search index. It follows servers to learn what is new, and publishes nothing.".to_owned());
        actor.pages = vec![platform.public_url.join("/")];
        actor.playlists = None;
        actor.published = Some(self.created_at);
        actor.to_document()
    }
}

/// Where the actor lives on a server.
pub(super) fn address(public_url: &PublicUrl) -> Url {
    public_url.join(PATH)
}

/// Its handle on a server.
pub(super) fn handle(public_url: &PublicUrl) -> Option<Handle> {
    let host: Host = public_url.host().parse().ok()?;
    Some(Handle::new(NAME, host))
}

fn no_key(error: &dyn std::fmt::Display) -> MountError {
    MountError::Other(format!("the index cannot be an actor: {error}"))
}

/// The key of the actor, from the database, for a courier that signs for others, too.
#[derive(Debug, Clone)]
pub struct Keys {
    platform: Platform,
}

impl Keys {
    /// Looks into the database of this platform.
    pub fn new(platform: Platform) -> Self {
        Self { platform }
    }
}

#[async_trait]
impl KeyStore for Keys {
    async fn key_for(&self, url: &Url) -> Result<Option<LocalActor>, KeyStoreError> {
        let stored = store::actor(&mut self.platform.db.read().await?).await?;
        let stored = stored.filter(|stored| stored.url == url.as_str());
        Ok(stored.map(|stored| LocalActor::from_pem(url.clone(), &stored.private_key_pem)).transpose()?)
    }
}
