//! Which public key is meant by this name?
//!
//! A key is asked of memory, then of the database, then of its server. One that is two days old is fetched again; if that
//! fails, the old one still counts for a month, so that a server that is being taken down can say goodbye. When a
//! signature does not fit, the key is fetched again at once, but not more often than every five minutes.
//!
//! Keys are kept by the document that holds them, so that invented fragments lead nowhere. A document that could not be
//! fetched is not asked for again within a minute, nor by two requests at the same time; and a server that was asked in vain
//! ten times is asked only twice a minute from then on: strangers must not be able to make us knock at somebody's door all
//! day.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use federation::{
    origin::{Host, same_document, without_fragment},
    signature::{KeyId, PublicKey},
    wire::{Actor, ActorKey},
};
use moka::future::Cache;
use platform::{clock::Timestamp, db::DbError};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::{FORGET_KEYS_AFTER, InboxError, store};
use crate::{Courier, limits::Allowances};

const MAX_AGE: TimeDelta = TimeDelta::days(2);
const REFETCH_AFTER: TimeDelta = TimeDelta::minutes(5);
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(1);
const REMEMBERED: u64 = 10_000;
/// How often a server is asked in vain, at once and then per second.
const IN_VAIN: (u32, f64) = (10, 1.0 / 30.0);

/// The keys of another server's actor.
#[derive(Debug, Clone)]
pub(crate) struct ActorKeys {
    pub(crate) actor: Url,
    /// The one that all names mean but those of [`others`](Self::others).
    pub(crate) main: PublicKey,
    pub(crate) others: BTreeMap<String, PublicKey>,
    pub(crate) fetched_at: Timestamp,
}

impl ActorKeys {
    pub(super) fn named(&self, name: &Url) -> &PublicKey {
        self.others.get(name.as_str()).unwrap_or(&self.main)
    }

    fn age(&self, now: Timestamp) -> TimeDelta {
        now - self.fetched_at
    }

    fn has_same_keys_as(&self, other: &Self) -> bool {
        self.main == other.main && self.others == other.others
    }

    fn of(actor: &Actor, now: Timestamp) -> Option<Self> {
        let others = actor
            .assertion_method
            .iter()
            .filter_map(|key| Some((key.id.to_string(), PublicKey::from_multibase(&key.public_key_multibase).ok()?)));
        Some(Self {
            main: PublicKey::from_pem(&actor.key().pem).ok()?,
            others: others.collect(),
            actor: actor.id.clone(),
            fetched_at: now,
        })
    }
}

/// Keys in memory, by the URLs of their documents, and those that could not be had.
pub(crate) struct RemoteKeys {
    known: Cache<String, Arc<ActorKeys>>,
    failed: Cache<String, Timestamp>,
    accounts: Cache<String, Url>,
    fetching: Cache<String, Arc<Mutex<()>>>,
    in_vain: Allowances,
}

impl Default for RemoteKeys {
    fn default() -> Self {
        Self {
            known: Cache::new(REMEMBERED),
            failed: Cache::new(REMEMBERED),
            accounts: Cache::new(REMEMBERED),
            fetching: Cache::new(REMEMBERED),
            in_vain: Allowances::new(IN_VAIN.0, IN_VAIN.1),
        }
    }
}

#[cfg(test)]
impl RemoteKeys {
    pub(super) fn forget_memory(&self) {
        self.known.invalidate_all();
    }
}

impl Courier {
    /// The URL of a key. Where an account is named instead, its server says which actor that is.
    pub(super) async fn key_url(&self, key_id: &KeyId) -> Result<Url, InboxError> {
        let Some(handle) = key_id.account() else { return Ok(key_id.url().clone()) };
        let accounts = &self.inner.remote_keys.accounts;
        if let Some(known) = accounts.get(key_id.url().as_str()).await {
            return Ok(known);
        }
        self.ensure_may_ask(key_id, key_id.url().as_str()).await?;
        match self.look_up(&handle).await {
            Ok(actor) => {
                accounts.insert(key_id.to_string(), actor.clone()).await;
                Ok(actor)
            }
            Err(source) => {
                self.note_failure(key_id, key_id.url().as_str()).await;
                Err(InboxError::KeyUnavailable { key_id: key_id.clone(), source: Box::new(source) })
            }
        }
    }

    /// The keys as we know them, or as their server has them if we do not.
    pub(super) async fn remote_keys(&self, name: &Url) -> Result<Arc<ActorKeys>, InboxError> {
        let (now, document) = (self.platform().clock.now(), without_fragment(name));
        match self.known_keys(&document).await? {
            Some(known) if known.age(now) < MAX_AGE => Ok(known),
            Some(stale) if stale.age(now) < FORGET_KEYS_AFTER => {
                Ok(self.fetch_remote_keys(&document).await.unwrap_or(stale))
            }
            _ => self.fetch_remote_keys(&document).await,
        }
    }

    /// The keys as their server has them now, unless we asked a moment ago.
    pub(super) async fn refetch_remote_keys(
        &self,
        name: &Url,
        known: &Arc<ActorKeys>,
    ) -> Result<Arc<ActorKeys>, InboxError> {
        let now = self.platform().clock.now();
        if known.age(now) < REFETCH_AFTER {
            return Ok(known.clone());
        }
        let current = self.fetch_remote_keys(&without_fragment(name)).await?;
        if current.has_same_keys_as(known)
            && let Some(host) = Host::of(name)
        {
            let _ = self.inner.remote_keys.in_vain.take(host.as_str(), now).await;
        }
        Ok(current)
    }

    async fn known_keys(&self, document: &Url) -> Result<Option<Arc<ActorKeys>>, DbError> {
        let known = &self.inner.remote_keys.known;
        if let Some(keys) = known.get(document.as_str()).await {
            return Ok(Some(keys));
        }
        let stored = store::find_keys(&mut self.platform().db.read().await?, document.as_str()).await?;
        let Some(keys) = stored.and_then(store::StoredKeys::into_keys).map(Arc::new) else { return Ok(None) };
        known.insert(document.to_string(), keys.clone()).await;
        Ok(Some(keys))
    }

    async fn fetch_remote_keys(&self, document: &Url) -> Result<Arc<ActorKeys>, InboxError> {
        let key_id = KeyId::new(document.clone());
        let lock = self.inner.remote_keys.fetching.get_with_by_ref(document.as_str(), async { Arc::default() }).await;
        let _only_one = lock.lock().await;
        let just_fetched = self.inner.remote_keys.known.get(document.as_str()).await;
        if let Some(keys) = just_fetched.filter(|keys| keys.age(self.platform().clock.now()) < REFETCH_AFTER) {
            return Ok(keys);
        }
        self.ensure_may_ask(&key_id, document.as_str()).await?;
        match self.fetch_keys_of_owner(&key_id).await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                self.remember_keys(document, &keys).await?;
                Ok(keys)
            }
            Err(error) => {
                self.note_failure(&key_id, document.as_str()).await;
                Err(error)
            }
        }
    }

    async fn ensure_may_ask(&self, key_id: &KeyId, what: &str) -> Result<(), InboxError> {
        let (now, remote_keys) = (self.platform().clock.now(), &self.inner.remote_keys);
        let failed_at = remote_keys.failed.get(what).await;
        if failed_at.is_some_and(|failed_at| now - failed_at < RETRY_AFTER) {
            return Err(InboxError::KeyUnavailableRecently(key_id.clone()));
        }
        let Some(host) = key_id.host() else { return Err(InboxError::KeyUnusable(key_id.clone())) };
        let allowed = remote_keys.in_vain.check(host.as_str(), now).await;
        allowed.map_err(|retry_after| InboxError::TooManyKeys { host, retry_after })
    }

    async fn note_failure(&self, key_id: &KeyId, what: &str) {
        let (now, remote_keys) = (self.platform().clock.now(), &self.inner.remote_keys);
        remote_keys.failed.insert(what.to_owned(), now).await;
        if let Some(host) = key_id.host() {
            let _ = remote_keys.in_vain.take(host.as_str(), now).await;
        }
    }

    async fn remember_keys(&self, document: &Url, keys: &Arc<ActorKeys>) -> Result<(), DbError> {
        let mut tx = self.platform().db.begin().await?;
        store::save_keys(&mut tx, document.as_str(), keys).await?;
        tx.commit().await?;
        self.inner.remote_keys.known.insert(document.to_string(), keys.clone()).await;
        Ok(())
    }

    /// Fetches the document of the key. That is its owner, or a document of the key alone, whose owner must confirm it.
    async fn fetch_keys_of_owner(&self, key_id: &KeyId) -> Result<ActorKeys, InboxError> {
        let unavailable = |source| InboxError::KeyUnavailable { key_id: key_id.clone(), source: Box::new(source) };
        let unusable = || InboxError::KeyUnusable(key_id.clone());
        let document = self.fetch(key_id.url()).await.map_err(unavailable)?;
        let actor = match owner_of_key_document(&document) {
            Some(owner) => self.fetch_actor(&owner).await.map_err(unavailable)?,
            None => Actor::from_value(&document).map_err(|error| unavailable(error.into()))?,
        };
        if !is_in(actor.key(), key_id.url()) {
            return Err(unusable());
        }
        ActorKeys::of(&actor, self.platform().clock.now()).ok_or_else(unusable)
    }
}

/// PeerTube names its keys by the actor's own URL, others by the key's.
fn is_in(key: &ActorKey, document: &Url) -> bool {
    key.owner == *document || same_document(&key.id, document)
}

fn owner_of_key_document(document: &Value) -> Option<Url> {
    document.get("publicKeyPem")?;
    Url::parse(document.get("owner")?.as_str()?).ok()
}
