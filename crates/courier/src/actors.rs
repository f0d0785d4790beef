//! Our own actors, as far as sending and asking needs them: a name and a key.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use federation::signature::{self, KeyError, SigningKey};
use http::{HeaderMap, Method};
use platform::{clock::SharedClock, db::DbError, net::RequestSigner};
use url::Url;

use crate::dialects::Dialect;

/// One of our own actors.
#[derive(Debug, Clone)]
pub struct LocalActor {
    /// Its id.
    pub url: Url,
    /// With what its requests are signed.
    pub key: Arc<SigningKey>,
}

impl LocalActor {
    /// An actor with its private key in PEM.
    ///
    /// # Errors
    /// [`KeyError`] if that is no key.
    pub fn from_pem(url: Url, private_key_pem: &str) -> Result<Self, KeyError> {
        Ok(Self { url, key: Arc::new(SigningKey::from_pem(private_key_pem)?) })
    }
}

/// Finds the keys of our own actors. A role implements it over its own tables.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// The actor with this id. `None` if it is not, or no longer, one of ours.
    async fn key_for(&self, actor: &Url) -> Result<Option<LocalActor>, KeyStoreError>;
}

/// Why a key could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The key that is stored for the actor.
    #[error("a stored key cannot be used: {0}")]
    Key(#[from] KeyError),
}

/// The key stores of several roles in one process, asked in turn.
#[derive(Clone, Default)]
pub struct KeyStores {
    stores: Vec<Arc<dyn KeyStore>>,
}

impl fmt::Debug for KeyStores {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyStores({})", self.stores.len())
    }
}

impl KeyStores {
    /// Asks this one, too.
    #[must_use]
    pub fn and(mut self, store: Arc<dyn KeyStore>) -> Self {
        self.stores.push(store);
        self
    }
}

#[async_trait]
impl KeyStore for KeyStores {
    async fn key_for(&self, actor: &Url) -> Result<Option<LocalActor>, KeyStoreError> {
        for store in &self.stores {
            if let Some(found) = store.key_for(actor).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// An actor without others: its own key and nobody else's.
#[async_trait]
impl KeyStore for LocalActor {
    async fn key_for(&self, actor: &Url) -> Result<Option<LocalActor>, KeyStoreError> {
        Ok((*actor == self.url).then(|| self.clone()))
    }
}

/// Signs requests in the name of an actor, naming the actor's URL as the key, as PeerTube does.
#[derive(Debug, Clone)]
pub struct Signer {
    actor: LocalActor,
    clock: SharedClock,
    dialect: Dialect,
}

impl Signer {
    /// A signer that dates its signatures by the clock.
    pub fn new(actor: LocalActor, clock: SharedClock) -> Self {
        Self { actor, clock, dialect: Dialect::Draft }
    }

    /// The same in the given way.
    #[must_use]
    pub(crate) fn speaking(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }
}

impl RequestSigner for Signer {
    fn sign(&self, method: &Method, url: &Url, body: &[u8], headers: &mut HeaderMap) -> Result<(), String> {
        let body = (*method == Method::POST).then_some(body);
        let sign = match self.dialect {
            Dialect::Draft => signature::sign,
            Dialect::Message => signature::sign_rfc9421,
        };
        sign(&self.actor.key, &self.actor.url, method, url, body, self.clock.now(), headers)
            .map_err(|error| error.to_string())
    }
}
