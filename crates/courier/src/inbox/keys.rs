//! Which public key is meant by this name?
//!
//! A key is asked of memory, then of the database, then of its server. One that is two days old is fetched again; if that
//! fails, the old one still counts for a month, so that a server that is being taken down can say goodbye. When a
//! signature does not fit, the key is fetched again at once, but not more often than every five minutes, and a key that
//! could not be fetched is not asked for again within a minute: strangers must not be able to make us knock at somebody's
//! door all day. Who invents ever new names of keys there is held back by the HTTP client's rate for one server alone.

use std::sync::Arc;

use chrono::TimeDelta;
use federation::{
    origin::{same_document, without_fragment},
    signature::{KeyId, PublicKey},
    wire::{Activity, Actor, ActorKey},
};
use moka::future::Cache;
use platform::clock::Timestamp;
use serde_json::Value;
use url::Url;

use super::{FORGET_KEYS_AFTER, InboxError, store};
use crate::Courier;

const MAX_AGE: TimeDelta = TimeDelta::days(2);
const REFETCH_AFTER: TimeDelta = TimeDelta::minutes(5);
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(1);
const REMEMBERED: u64 = 10_000;

/// A key of another server's actor.
#[derive(Debug, Clone)]
pub(crate) struct RemoteKey {
    pub(crate) key: PublicKey,
    pub(crate) actor: Url,
    pub(crate) pem: String,
    pub(crate) fetched_at: Timestamp,
}

impl RemoteKey {
    pub(super) fn ensure_owned_by(&self, activity: &Activity, key_id: &KeyId) -> Result<(), InboxError> {
        if self.actor == activity.actor {
            return Ok(());
        }
        Err(InboxError::forwarded(activity, key_id))
    }

    fn age(&self, now: Timestamp) -> TimeDelta {
        now - self.fetched_at
    }
}

/// Keys in memory, and the keys that could not be had.
pub(crate) struct RemoteKeys {
    known: Cache<String, Arc<RemoteKey>>,
    failed: Cache<String, Timestamp>,
}

impl Default for RemoteKeys {
    fn default() -> Self {
        Self { known: Cache::new(REMEMBERED), failed: Cache::new(REMEMBERED) }
    }
}

impl Courier {
    /// The key as we know it, or as its server has it if we do not.
    pub(super) async fn remote_key(&self, key_id: &KeyId) -> Result<Arc<RemoteKey>, InboxError> {
        let now = self.platform().clock.now();
        match self.known_key(key_id).await? {
            Some(known) if known.age(now) < MAX_AGE => Ok(known),
            Some(stale) if stale.age(now) < FORGET_KEYS_AFTER => {
                Ok(self.fetch_remote_key(key_id).await.unwrap_or(stale))
            }
            _ => self.fetch_remote_key(key_id).await,
        }
    }

    /// The key as its server has it now, unless we asked a moment ago.
    pub(super) async fn refetch_remote_key(
        &self,
        key_id: &KeyId,
        known: &Arc<RemoteKey>,
    ) -> Result<Arc<RemoteKey>, InboxError> {
        if known.age(self.platform().clock.now()) < REFETCH_AFTER {
            return Ok(known.clone());
        }
        self.fetch_remote_key(key_id).await
    }

    async fn known_key(&self, key_id: &KeyId) -> Result<Option<Arc<RemoteKey>>, InboxError> {
        let remote_keys = &self.inner.remote_keys;
        if let Some(known) = remote_keys.known.get(key_id.url().as_str()).await {
            return Ok(Some(known));
        }
        let stored = store::find_key(&mut self.platform().db.read().await?, key_id.url().as_str()).await?;
        let Some(key) = stored.and_then(store::StoredKey::into_key).map(Arc::new) else { return Ok(None) };
        remote_keys.known.insert(key_id.to_string(), key.clone()).await;
        Ok(Some(key))
    }

    async fn fetch_remote_key(&self, key_id: &KeyId) -> Result<Arc<RemoteKey>, InboxError> {
        let (now, remote_keys) = (self.platform().clock.now(), &self.inner.remote_keys);
        let failed_at = remote_keys.failed.get(key_id.url().as_str()).await;
        if failed_at.is_some_and(|failed_at| now - failed_at < RETRY_AFTER) {
            return Err(InboxError::KeyUnavailableRecently(key_id.clone()));
        }
        match self.fetch_key_of_owner(key_id).await {
            Ok(key) => {
                let key = Arc::new(key);
                self.remember_key(key_id, &key).await?;
                Ok(key)
            }
            Err(error) => {
                remote_keys.failed.insert(key_id.to_string(), now).await;
                Err(error)
            }
        }
    }

    async fn remember_key(&self, key_id: &KeyId, key: &Arc<RemoteKey>) -> Result<(), InboxError> {
        let mut tx = self.platform().db.begin().await?;
        store::save_key(&mut tx, key_id.url().as_str(), key).await?;
        tx.commit().await?;
        self.inner.remote_keys.known.insert(key_id.to_string(), key.clone()).await;
        Ok(())
    }

    /// Fetches the document of the key. That is its owner, or a document of the key alone, whose owner must confirm it.
    async fn fetch_key_of_owner(&self, key_id: &KeyId) -> Result<RemoteKey, InboxError> {
        let unavailable = |source| InboxError::KeyUnavailable { key_id: key_id.clone(), source: Box::new(source) };
        let unusable = || InboxError::KeyUnusable(key_id.clone());
        let document = self.fetch(&key_id.document()).await.map_err(unavailable)?;
        let actor = match owner_of_key_document(&document) {
            Some(owner) => self.fetch_actor(&owner).await.map_err(unavailable)?,
            None => Actor::from_value(&document).map_err(|error| unavailable(error.into()))?,
        };
        if !is_named_by(actor.key(), key_id.url()) {
            return Err(unusable());
        }
        Ok(RemoteKey {
            key: PublicKey::from_pem(&actor.key().pem).map_err(|_| unusable())?,
            pem: actor.key().pem.clone(),
            actor: actor.id,
            fetched_at: self.platform().clock.now(),
        })
    }
}

/// PeerTube names its keys by the actor's own URL, others by the key's.
fn is_named_by(key: &ActorKey, name: &Url) -> bool {
    key.id == *name || key.owner == without_fragment(name) || same_document(&key.id, name)
}

fn owner_of_key_document(document: &Value) -> Option<Url> {
    document.get("publicKeyPem")?;
    Url::parse(document.get("owner")?.as_str()?).ok()
}
