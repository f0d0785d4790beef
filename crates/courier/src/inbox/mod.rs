//! Is this request really from the actor that its activity names?
//!
//! **Invariant:** a [`VerifiedActivity`] was signed by the key of its own actor, was made for this host within the last
//! half hour, and claims authority only over what lives on the actor's host.
//!
//! What is cheap comes first, so that nonsense costs nothing: size, host, coverage, age, digest; then the document; then
//! the key, which may have to be fetched; then the signature. A request whose signer is not its activity's actor (a
//! forwarded activity) is refused: PeerTube vouches for those with JSON-LD signatures, which we neither make nor check.

mod error;
mod introduced_store;
mod keys;
mod store;

use axum::extract::OriginalUri;
use chrono::TimeDelta;
use federation::{
    origin::{Host, same_host},
    signature::{KeyId, MAX_SKEW, RequestHead, SignatureError, SignedRequest},
    wire::{Activity, document},
};
use http::{header, request::Parts};
use metrics::counter;
use platform::db::{DbError, Tx};
use url::Url;

use crate::Courier;

pub use error::InboxError;
pub use introduced_store::introduce;
pub(crate) use keys::RemoteKeys;

/// How long keys count, and are kept, that no server confirms any more.
const FORGET_KEYS_AFTER: TimeDelta = TimeDelta::days(30);

/// An activity that its actor really sent to us.
#[derive(Debug, Clone)]
pub struct VerifiedActivity {
    /// What was done, and by whom.
    pub activity: Activity,
    /// The server of the actor.
    pub host: Host,
    fingerprint: String,
}

impl VerifiedActivity {
    /// Who sent it.
    pub fn actor(&self) -> &Url {
        &self.activity.actor
    }

    /// Writes down that this very request is being acted upon. `false` if it was before: then do nothing, and answer as if
    /// all were well. Call it in the transaction that acts.
    ///
    /// A request is recognised by its signature, not by the id of its activity: PeerTube uses an id again when the same
    /// thing is done again (like, take back, like).
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn accept_once(&self, tx: &mut Tx, now: platform::clock::Timestamp) -> Result<bool, DbError> {
        store::insert_receipt(tx, &self.fingerprint, now).await
    }
}

impl Courier {
    /// Checks a request to an inbox.
    ///
    /// # Errors
    /// [`InboxError`] says what does not hold; it converts to the answer for the sender.
    pub async fn verify(&self, parts: &Parts, body: &[u8]) -> Result<VerifiedActivity, InboxError> {
        let outcome = self.verify_quietly(parts, body).await;
        let label = outcome.as_ref().map_or_else(InboxError::label, |_| "verified");
        counter!("shoal_inbox_requests_total", "outcome" => label).increment(1);
        if let Err(error) = &outcome {
            tracing::debug!(%error, "an activity was refused");
        }
        outcome
    }

    async fn verify_quietly(&self, parts: &Parts, body: &[u8]) -> Result<VerifiedActivity, InboxError> {
        if body.len() > document::MAX_DOCUMENT_BYTES {
            return Err(InboxError::TooLarge(body.len()));
        }
        self.check_host(parts)?;
        let now = self.platform().clock.now();
        let head = RequestHead { method: parts.method.as_str(), target: target(parts), headers: &parts.headers };
        let request = SignedRequest::read(head, body, now)?;
        let activity = Activity::from_value(&document::parse(body)?)?;
        check_signer(&activity, request.key_id())?;
        activity.check_origin()?;
        let host = Host::of(&activity.actor).ok_or_else(|| InboxError::forwarded(&activity, request.key_id()))?;
        self.check_signature(&request, &activity).await?;
        Ok(VerifiedActivity { activity, host, fingerprint: request.fingerprint() })
    }

    /// A request for another host was signed for that host, and reaches us by mistake or by replay.
    fn check_host(&self, parts: &Parts) -> Result<(), InboxError> {
        let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let named = named.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default();
        let ours = self.platform().public_url.host();
        match named.parse::<Host>() {
            Ok(host) if host.as_str() == ours || named.eq_ignore_ascii_case(ours) => Ok(()),
            _ => Err(InboxError::OtherHost(named.chars().take(100).collect())),
        }
    }

    /// Tries the key that we know, and, when that does not fit, the one that its server has now.
    async fn check_signature(&self, request: &SignedRequest, activity: &Activity) -> Result<(), InboxError> {
        let known = self.remote_key(request.key_id()).await?;
        known.ensure_owned_by(activity, request.key_id())?;
        match request.verify(&known.key) {
            Ok(()) => return Ok(()),
            Err(SignatureError::Mismatch(_)) => {}
            Err(other) => return Err(other.into()),
        }
        let current = self.refetch_remote_key(request.key_id(), &known).await?;
        current.ensure_owned_by(activity, request.key_id())?;
        Ok(request.verify(&current.key)?)
    }

    /// Removes receipts and keys that no longer matter.
    pub(crate) async fn forget_received(&self) -> Result<(), DbError> {
        let now = self.platform().clock.now();
        let mut tx = self.platform().db.begin().await?;
        store::delete_receipts_before(&mut tx, now - MAX_SKEW * 2).await?;
        store::delete_keys_before(&mut tx, now - FORGET_KEYS_AFTER).await?;
        tx.commit().await
    }
}

/// Path and query of the request line. Nested routers cut the path; what the client sent is beside it.
fn target(parts: &Parts) -> &str {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
    uri.path_and_query().map_or_else(|| uri.path(), http::uri::PathAndQuery::as_str)
}

/// Saves fetching the key of a signer that cannot be the actor.
fn check_signer(activity: &Activity, key_id: &KeyId) -> Result<(), InboxError> {
    if same_host(&activity.actor, key_id.url()) {
        return Ok(());
    }
    Err(InboxError::forwarded(activity, key_id))
}

#[cfg(test)]
mod tests;
