//! Is this activity really from the actor that it names?
//!
//! **Invariant:** a [`VerifiedActivity`] was signed by the key of its own actor, or is what its actor's server says, and
//! claims authority only over what lives on the actor's host. The request was made for this host within the last half
//! hour.
//!
//! What is cheap comes first, so that nonsense costs nothing: size, host, coverage, age, digest; then the document; then
//! the key, which may have to be fetched; then the signature; then how much its sender has sent of late. An activity that
//! somebody else brings than its actor has further hurdles to take: see `forwarded.rs`.
//!
//! Then it is acted upon, once, in its turn: see [`Courier::apply`].

mod error;
mod forwarded;
mod introduced_store;
mod keys;
mod limits;
mod store;
mod turns;

use axum::{
    body::Body,
    extract::{OriginalUri, Request},
};
use bytes::Bytes;
use chrono::TimeDelta;
use federation::{
    origin::Host,
    signature::{MAX_SKEW, RequestHead, SignatureError, SignedRequest},
    wire::{Action, Activity, document, lenient},
};
use http::{header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use metrics::counter;
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
};
use serde_json::Value;
use url::Url;

use crate::Courier;
use store::Receipt;

pub use error::InboxError;
pub use introduced_store::introduce;
pub(crate) use keys::RemoteKeys;
pub(crate) use limits::Limits;
pub(crate) use turns::Turns;

/// How long keys count, and are kept, that no server confirms any more.
const FORGET_KEYS_AFTER: TimeDelta = TimeDelta::days(30);

const SIGNATURE_INPUT: &str = "signature-input";

/// An activity that its actor really sent.
#[derive(Debug, Clone)]
pub struct VerifiedActivity {
    /// What was done, and by whom.
    pub activity: Activity,
    /// The server of the actor.
    pub host: Host,
    /// Who brought it, if that was not the actor.
    pub forwarded_by: Option<Url>,
    /// The server that brought it.
    sender: Host,
    document: Option<Bytes>,
    receipt: Receipt,
}

impl VerifiedActivity {
    /// Who did it.
    pub fn actor(&self) -> &Url {
        &self.activity.actor
    }

    /// The document exactly as it was received, if its author seems to have signed it: then it can be passed on by
    /// [`forward`](crate::forward), and those who get it can check it.
    pub fn document(&self) -> Option<&Bytes> {
        self.document.as_ref()
    }

    /// Writes down that this very request is being acted upon. `false` if it was before: then do nothing, and answer as if
    /// all were well. [`Courier::apply`] calls it in the transaction that acts.
    ///
    /// A request is recognised by its signature, not by the id of its activity: PeerTube uses an id again when the same
    /// thing is done again (like, take back, like). What is passed on is recognised by its id and by when it was signed.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn accept_once(&self, tx: &mut Tx, now: Timestamp) -> Result<bool, DbError> {
        store::insert_receipt(tx, &self.receipt, now).await
    }
}

impl Courier {
    /// Reads a request to an inbox, and checks it as [`Self::verify`] does. Of a body that is too large, no more is read.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub async fn receive(&self, request: Request) -> Result<VerifiedActivity, InboxError> {
        let (parts, body) = request.into_parts();
        match read(body).await {
            Ok(body) => self.verify(&parts, &body).await,
            Err(error) => {
                self.note_outcome(Some(&error), None).await;
                Err(error)
            }
        }
    }

    /// Checks a request to an inbox.
    ///
    /// # Errors
    /// [`InboxError`] says what does not hold; it converts to the answer for the sender.
    pub async fn verify(&self, parts: &Parts, body: &[u8]) -> Result<VerifiedActivity, InboxError> {
        let mut claimed_host = None;
        let outcome = self.verify_quietly(parts, body, &mut claimed_host).await;
        self.note_outcome(outcome.as_ref().err(), claimed_host.as_ref()).await;
        outcome
    }

    /// Writes into the log why something that was said at this address is not acted upon, a few times for each server: for
    /// what is only noticed when an activity is acted upon, or a document is read.
    pub async fn note_ignored(&self, said_at: &Url, reason: &str) {
        let host = said_at.host_str().unwrap_or_default();
        self.inner.limits.report_ignored(host, reason, self.platform().clock.now()).await;
    }

    /// Counts a request, and writes into the log why it was refused.
    async fn note_outcome(&self, error: Option<&InboxError>, claimed_host: Option<&Host>) {
        let label = error.map_or("verified", InboxError::label);
        counter!("shoal_inbox_requests_total", "outcome" => label).increment(1);
        if let Some(error) = error {
            self.inner.limits.report(error, claimed_host, self.platform().clock.now()).await;
        }
    }

    async fn verify_quietly(
        &self,
        parts: &Parts,
        body: &[u8],
        claimed_host: &mut Option<Host>,
    ) -> Result<VerifiedActivity, InboxError> {
        if body.len() > document::MAX_DOCUMENT_BYTES {
            return Err(InboxError::TooLarge);
        }
        self.check_host(parts)?;
        let now = self.platform().clock.now();
        let head = RequestHead { method: parts.method.as_str(), target: target(parts), headers: &parts.headers };
        let request = SignedRequest::read(head, body, now)?;
        *claimed_host = request.key_id().host();
        let value = document::parse(body)?;
        let activity = Activity::from_value(&value)?;
        self.admit(request.key_id().url(), &activity.actor)?;
        activity.check_origin()?;
        let host = Host::of(&activity.actor).ok_or_else(|| InboxError::forwarded(&activity, request.key_id().url()))?;
        if request.key_id().host().as_ref() != Some(&host) && !forwarded::may_be_believed(&activity, &value) {
            return Err(InboxError::forwarded(&activity, request.key_id().url()));
        }
        let signer = self.signer_of(&request).await?;
        let sender = Host::of(&signer).ok_or_else(|| InboxError::forwarded(&activity, &signer))?;
        self.note_dialect(parts, &sender).await;
        let allowed = self.inner.limits.requests.take(sender.as_str(), now).await;
        allowed.map_err(|retry_after| InboxError::TooMany { host: sender.clone(), retry_after })?;
        let unread = unread_objects(&activity, &value);
        if unread > 0 {
            self.inner.limits.report_unread(&activity, unread, &sender, now).await;
        }
        let document = value.get("signature").is_some().then(|| Bytes::copy_from_slice(body));
        let direct = Receipt { fingerprint: request.fingerprint(), is_forwarded: false };
        if signer == activity.actor {
            return Ok(VerifiedActivity { activity, host, forwarded_by: None, sender, document, receipt: direct });
        }
        let (activity, receipt) = self.verify_forwarded(&signer, activity, value).await?;
        let receipt = receipt.unwrap_or(direct);
        Ok(VerifiedActivity { activity, host, forwarded_by: Some(signer), sender, document, receipt })
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

    /// Whose signature it is. Tries the key that we know, and, when that does not fit, the one that its server has now.
    async fn signer_of(&self, request: &SignedRequest) -> Result<Url, InboxError> {
        let name = self.key_url(request.key_id()).await?;
        let known = self.remote_keys(&name).await?;
        match request.verify(known.named(&name)) {
            Ok(()) => return Ok(known.actor.clone()),
            Err(SignatureError::Mismatch(_)) => {}
            Err(other) => return Err(other.into()),
        }
        let current = self.refetch_remote_keys(&name, &known).await?;
        request.verify(current.named(&name))?;
        Ok(current.actor.clone())
    }

    /// Who signs by RFC 9421 is answered in kind.
    async fn note_dialect(&self, parts: &Parts, sender: &Host) {
        if parts.headers.contains_key(SIGNATURE_INPUT) {
            self.inner.dialects.note_messages(sender).await;
        }
    }

    /// Removes receipts and keys that no longer matter.
    pub(crate) async fn forget_received(&self) -> Result<(), DbError> {
        let now = self.platform().clock.now();
        let mut tx = self.platform().db.begin().await?;
        store::delete_receipts(&mut tx, now - MAX_SKEW * 2, now - forwarded::MAX_AGE - MAX_SKEW * 2).await?;
        store::delete_keys_before(&mut tx, now - FORGET_KEYS_AFTER).await?;
        tx.commit().await
    }
}

async fn read(body: Body) -> Result<Bytes, InboxError> {
    match Limited::new(body, document::MAX_DOCUMENT_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(InboxError::TooLarge),
        Err(error) => Err(InboxError::CutOff(error.to_string())),
    }
}

/// How many objects an activity names besides the one that is read. Reports name many, and all of them are.
fn unread_objects(activity: &Activity, document: &Value) -> usize {
    match activity.action {
        Action::Flag(_) | Action::Other { .. } => 0,
        _ => document.get("object").map_or(0, |object| lenient::items(object).len().saturating_sub(1)),
    }
}

/// Path and query of the request line. Nested routers cut the path; what the client sent is beside it.
fn target(parts: &Parts) -> &str {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
    uri.path_and_query().map_or_else(|| uri.path(), http::uri::PathAndQuery::as_str)
}

#[cfg(test)]
mod tests;
