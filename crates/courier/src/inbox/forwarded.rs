//! Somebody brings an activity of somebody else: a reply, say, brought by the server of the video to its followers.
//!
//! It is believed when its author signed the document (`RsaSignature2017`), and then only that part of it that the
//! signature covers. A document says when it was signed: what is older than a week is not taken, and what was taken is
//! remembered as long, by its id and that moment, so that nobody can bring a like back that was taken back.
//!
//! Without a signature that holds, the origin is asked: for the object that was created or changed, for the announcement,
//! or whether what is said to be deleted was deleted, which only 410 or a `Tombstone` says. Its answer is believed, and not
//! the document.

use chrono::TimeDelta;
use federation::{
    linked_data::{LinkedDataError, SignedDocument},
    origin::Host,
    signature::{MAX_SKEW, digest},
    wire::{Action, Activity, Object},
};
use serde_json::Value;
use url::Url;

use super::{InboxError, store::Receipt};
use crate::{Courier, FetchError};

/// How old a forwarded activity may be: as long as a server may take to deliver it.
pub(super) const MAX_AGE: TimeDelta = TimeDelta::days(7);

/// Why a document's own signature does not vouch for it.
#[derive(Debug, thiserror::Error)]
enum Unvouched {
    #[error(transparent)]
    Signature(#[from] LinkedDataError),
    #[error("its author's signature was made at another time than this week")]
    Age,
    #[error("it is signed by {0}")]
    Author(Url),
    #[error("what its author signed is no such activity")]
    Content,
    #[error("the key of its author cannot be had: {0}")]
    Key(#[from] Box<InboxError>),
    #[error("it was too much work")]
    Work,
}

impl Courier {
    /// What of an activity is to be believed that `signer` brings, though it is another's.
    pub(super) async fn verify_forwarded(
        &self,
        signer: &Url,
        activity: Activity,
        document: Value,
    ) -> Result<(Activity, Option<Receipt>), InboxError> {
        let refused = |reason: String| InboxError::Forwarded {
            actor: activity.actor.to_string(),
            signer: signer.to_string(),
            reason,
        };
        let unvouched = match self.verify_document(&activity, document).await {
            Ok((activity, receipt)) => return Ok((activity, Some(receipt))),
            Err(unvouched) => unvouched,
        };
        if !can_be_asked_for(&activity) {
            return Err(refused(unvouched.to_string()));
        }
        let Some(host) = Host::of(signer) else { return Err(refused(unvouched.to_string())) };
        let allowed = self.inner.limits.questions.take(host.as_str(), self.platform().clock.now()).await;
        allowed.map_err(|retry_after| InboxError::TooMany { host, retry_after })?;
        match self.ask_origin(&activity).await {
            Ok(activity) => Ok((activity, None)),
            Err(reason) => Err(refused(format!("{unvouched}, and its origin does not confirm it: {reason}"))),
        }
    }

    async fn verify_document(&self, claimed: &Activity, document: Value) -> Result<(Activity, Receipt), Unvouched> {
        if document.get("signature").is_none() {
            return Err(LinkedDataError::Missing.into());
        }
        let read = self.inner.heavy.run(move || SignedDocument::read(&document)).await;
        let document = read.ok_or(Unvouched::Work)??;
        let (now, created) = (self.platform().clock.now(), document.created().ok_or(Unvouched::Age)?);
        if now - created > MAX_AGE || created - now > MAX_SKEW {
            return Err(Unvouched::Age);
        }
        let value = self.verify_with_key_of(claimed, document).await?;
        let activity = Activity::from_value(&value).map_err(|_| Unvouched::Content)?;
        if activity.actor != claimed.actor || activity.id != claimed.id || activity.check_origin().is_err() {
            return Err(Unvouched::Content);
        }
        let name = format!("{} {}", activity.id, created.to_rfc3339());
        Ok((activity, Receipt { fingerprint: digest::of(name.as_bytes()), is_forwarded: true }))
    }

    /// Tries the key that we know, and, when that does not fit, the one that its server has now.
    async fn verify_with_key_of(&self, claimed: &Activity, document: SignedDocument) -> Result<Value, Unvouched> {
        let name = self.key_url(document.creator()).await.map_err(Box::new)?;
        let known = self.remote_keys(&name).await.map_err(Box::new)?;
        if known.actor != claimed.actor {
            return Err(Unvouched::Author(known.actor.clone()));
        }
        let verify = |document: SignedDocument, key| async move {
            let verified = self.inner.heavy.run(move || document.verify(&key)).await;
            verified.ok_or(Unvouched::Work)
        };
        match verify(document.clone(), known.named(&name).clone()).await? {
            Err(LinkedDataError::Mismatch(_)) => {}
            outcome => return Ok(outcome?),
        }
        let current = self.refetch_remote_keys(&name, &known).await.map_err(Box::new)?;
        if current.actor != claimed.actor {
            return Err(Unvouched::Author(current.actor.clone()));
        }
        Ok(verify(document, current.named(&name).clone()).await??)
    }

    async fn ask_origin(&self, claimed: &Activity) -> Result<Activity, String> {
        let in_words = |error: FetchError| error.to_string();
        let believed = |action| Activity { action, ..claimed.clone() };
        match &claimed.action {
            Action::Create(object) | Action::Update(object) => {
                let object = Object::from_value(&self.fetch(object.id()).await.map_err(in_words)?);
                let object = object.map_err(|error| error.to_string())?;
                if !object.authorities().any(|author| *author == claimed.actor) {
                    return Err(format!("{} is not by {}", object.id(), claimed.actor));
                }
                let activity = match &claimed.action {
                    Action::Create(_) => believed(Action::Create(object)),
                    _ => believed(Action::Update(object)),
                };
                activity.check_origin().map_err(|error| error.to_string())?;
                Ok(activity)
            }
            Action::Delete(object) => match self.fetch(object).await {
                // A server that federates no longer, or hides it from us, does not find it either.
                Err(error) if error.is_deletion() => Ok(claimed.clone()),
                Ok(value) if matches!(Object::from_value(&value), Ok(Object::Tombstone(_))) => Ok(claimed.clone()),
                Ok(_) => Err(format!("{object} is still there")),
                Err(error) => Err(error.to_string()),
            },
            Action::Announce(_) | Action::AnnounceDelete(_) => {
                let announce = Activity::from_value(&self.fetch(&claimed.id).await.map_err(in_words)?);
                let announce = announce.map_err(|error| error.to_string())?;
                let is_meant = announce.id == claimed.id && announce.actor == claimed.actor;
                match announce.action {
                    Action::Announce(_) | Action::AnnounceDelete(_) if is_meant => Ok(announce),
                    _ => Err(format!("{} is something else", claimed.id)),
                }
            }
            _ => Err(format!("a {} is not kept anywhere", claimed.kind())),
        }
    }
}

/// Whether there is a chance to find out if this is true, although its actor did not send it: before a key is fetched for it.
pub(super) fn may_be_believed(activity: &Activity, document: &Value) -> bool {
    document.get("signature").is_some() || can_be_asked_for(activity)
}

fn can_be_asked_for(activity: &Activity) -> bool {
    matches!(
        activity.action,
        Action::Create(_) | Action::Update(_) | Action::Delete(_) | Action::Announce(_) | Action::AnnounceDelete(_)
    )
}
