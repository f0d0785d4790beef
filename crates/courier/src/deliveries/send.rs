//! One request to one inbox.

use std::{sync::Arc, time::Duration};

use federation::{ACCEPT_ACTIVITY, ACTIVITY_JSON};
use http::{HeaderMap, Method};
use moka::future::Cache;
use platform::{
    db::DbError,
    net::{NetError, RequestSigner, Response},
};
use tracing::error;
use url::Url;

use super::{bodies::Letter, outcome::Outcome, store::Delivery};
use crate::{Courier, KeyStoreError, LocalActor, Signer, dialects::Dialect};

/// How long a server may take to take an activity.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How long keys of ours are kept in memory: taking one out of its text is work.
const KEYS_KEPT_FOR: Duration = Duration::from_secs(10);
const MOST_KEYS: u64 = 1_000;

/// Keys of our own actors, for a moment.
pub(crate) struct Keys {
    actors: Cache<Url, LocalActor>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { actors: Cache::builder().max_capacity(MOST_KEYS).time_to_live(KEYS_KEPT_FOR).build() }
    }
}

impl Keys {
    /// Whether this is the key that the actor was found to have a moment ago.
    pub(super) async fn is_fresh(&self, actor: Option<&LocalActor>) -> bool {
        match actor {
            Some(actor) => self.actors.get(&actor.url).await.is_some_and(|known| Arc::ptr_eq(&actor.key, &known.key)),
            None => false,
        }
    }
}

impl Courier {
    /// Sends an activity.
    pub(super) async fn send(&self, delivery: &Delivery) -> Result<Outcome, DbError> {
        let Ok(inbox) = Url::parse(&delivery.inbox_url) else {
            return Ok(Outcome::refused("its inbox cannot be read"));
        };
        if let Some(stopped) = self.stop_delivery(&inbox) {
            return Ok(stopped);
        }
        let Some(letter) = self.letter(delivery).await? else { return Ok(Outcome::refused("it is gone")) };
        let Some(sender) = &letter.sender else {
            return Ok(Outcome::refused("its sender is no longer one of our actors"));
        };
        let answer = self.in_known_dialect(&inbox, |dialect| self.knock(&inbox, &letter, sender, dialect)).await;
        Ok(Outcome::of(answer, delivery.attempts))
    }

    async fn knock(&self, inbox: &Url, letter: &Letter, sender: &LocalActor, dialect: Dialect) -> Result<(), NetError> {
        let signer = Signer::new(sender.clone(), self.platform().clock.clone()).speaking(dialect);
        let ahead = self.sign_ahead(signer, inbox, letter).await?;
        let request = self.platform().http.post(inbox).body(letter.body.clone(), ACTIVITY_JSON);
        let answer = request.accept(ACCEPT_ACTIVITY).signer(&ahead).timeout(TIMEOUT).send().await;
        answer.and_then(Response::error_for_status).map(drop)
    }

    async fn sign_ahead(&self, signer: Signer, inbox: &Url, letter: &Letter) -> Result<SignedAhead, NetError> {
        let (url, body) = (inbox.clone(), letter.body.clone());
        let work = self.inner.heavy.run(move || {
            let mut headers = HeaderMap::new();
            signer.sign(&Method::POST, &url, &body, &mut headers).map(|()| SignedAhead { url, headers, signer })
        });
        let interrupted = || NetError::Signing("the work was interrupted".to_owned());
        work.await.ok_or_else(interrupted)?.map_err(NetError::Signing)
    }

    /// One of our actors with its key. `None` if it is none of ours, or its key cannot be used.
    pub(super) async fn key_of_ours(&self, actor: &Url) -> Result<Option<LocalActor>, DbError> {
        let kept = &self.inner.keys_of_ours.actors;
        if let Some(known) = kept.get(actor).await {
            return Ok(Some(known));
        }
        let found = match self.inner.keys.key_for(actor).await {
            Ok(found) => found,
            Err(KeyStoreError::Db(error)) => return Err(error),
            Err(KeyStoreError::Key(error)) => {
                error!(%actor, %error, "the key of one of our actors cannot be used");
                None
            }
        };
        if let Some(found) = &found {
            kept.insert(actor.clone(), found.clone()).await;
        }
        Ok(found)
    }
}

/// A signature that was made elsewhere; for another hop, another one is made.
struct SignedAhead {
    url: Url,
    headers: HeaderMap,
    signer: Signer,
}

impl RequestSigner for SignedAhead {
    fn sign(&self, method: &Method, url: &Url, body: &[u8], headers: &mut HeaderMap) -> Result<(), String> {
        if *url != self.url {
            return self.signer.sign(method, url, body, headers);
        }
        headers.extend(self.headers.clone());
        Ok(())
    }
}
