use std::time::Duration;

use federation::{
    origin::{Host, OriginMismatch},
    signature::{KeyId, SignatureError},
    wire::{Activity, DocumentError, WireError, document::MAX_DOCUMENT_BYTES},
};
use http::StatusCode;
use platform::{db::DbError, web::Problem};
use url::Url;

use crate::{FetchError, Refusal};

/// Why a request to an inbox is refused.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// Its body is too large.
    #[error("the body has more than {MAX_DOCUMENT_BYTES} bytes")]
    TooLarge,
    /// Its body ended before its end.
    #[error("the body did not arrive: {0}")]
    CutOff(String),
    /// It was sent to another server.
    #[error("the request is for {0:?}, which is not this server")]
    OtherHost(String),
    /// Its signature does not hold.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Its body breaks a bound.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Its body is no activity.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The key that it names cannot be had.
    #[error("the key {key_id} cannot be fetched: {source}")]
    KeyUnavailable {
        /// The key.
        key_id: KeyId,
        /// What is wrong with it.
        source: Box<FetchError>,
    },
    /// The key that it names was asked for a moment ago, in vain.
    #[error("the key {0} could not be fetched a moment ago")]
    KeyUnavailableRecently(KeyId),
    /// The document that the key leads to does not have that key, or one that cannot be used.
    #[error("{0} is no usable key")]
    KeyUnusable(KeyId),
    /// The server that is to give the key has been asked in vain too often.
    #[error("{host} was asked for too many keys that it does not have")]
    TooManyKeys {
        /// The server.
        host: Host,
        /// When to try again.
        retry_after: Duration,
    },
    /// Somebody other than the actor of the activity brought it, and nothing else vouches for it.
    #[error("the activity of {actor} was brought by {signer}: {reason}")]
    Forwarded {
        /// Who is said to have done it.
        actor: String,
        /// Who signed the request, or with what.
        signer: String,
        /// Why that is not enough.
        reason: String,
    },
    /// Its sender sends more than we take.
    #[error("{host} sends too much")]
    TooMany {
        /// The sender.
        host: Host,
        /// When to try again.
        retry_after: Duration,
    },
    /// Its activity claims authority over something on another host.
    #[error(transparent)]
    Origin(#[from] OriginMismatch),
    /// Its sender is not spoken with.
    #[error(transparent)]
    Refused(Refusal),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl InboxError {
    /// Nobody could vouch for it.
    pub(super) fn forwarded(activity: &Activity, signer: &Url) -> Self {
        let reason = "nothing in it was signed by its author".to_owned();
        Self::Forwarded { actor: activity.actor.to_string(), signer: signer.to_string(), reason }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany { retry_after, .. } | Self::TooManyKeys { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// What it is called in the metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::CutOff(_) => "cut_off",
            Self::OtherHost(_) => "other_host",
            Self::Signature(_) => "signature",
            Self::Document(_) | Self::Wire(_) => "malformed",
            Self::KeyUnavailable { .. }
            | Self::KeyUnavailableRecently(_)
            | Self::KeyUnusable(_)
            | Self::TooManyKeys { .. } => "key",
            Self::TooMany { .. } => "too_many",
            Self::Forwarded { .. } => "forwarded",
            Self::Origin(_) => "origin",
            Self::Refused(_) => "refused",
            Self::Db(_) => "database",
        }
    }
}

impl From<InboxError> for Problem {
    /// 401 for what may hold when it is signed anew, so that senders try again; 403 for what never will.
    fn from(error: InboxError) -> Self {
        let status = match &error {
            InboxError::Db(_) => StatusCode::INTERNAL_SERVER_ERROR,
            InboxError::TooLarge | InboxError::Document(DocumentError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            InboxError::CutOff(_) | InboxError::OtherHost(_) | InboxError::Document(_) | InboxError::Wire(_) => {
                StatusCode::BAD_REQUEST
            }
            InboxError::Signature(_)
            | InboxError::KeyUnavailable { .. }
            | InboxError::KeyUnavailableRecently(_)
            | InboxError::KeyUnusable(_) => StatusCode::UNAUTHORIZED,
            InboxError::Forwarded { .. } | InboxError::Origin(_) | InboxError::Refused(_) => StatusCode::FORBIDDEN,
            InboxError::TooMany { .. } | InboxError::TooManyKeys { .. } => StatusCode::TOO_MANY_REQUESTS,
        };
        if let Some(retry_after) = error.retry_after() {
            return Self::new(status, error.to_string()).retry_after(retry_after.as_secs().saturating_add(1));
        }
        match error {
            InboxError::Db(error) => error.into(),
            // Where a name leads to, and what refused a connection there, is for the log: it could be an inner network.
            InboxError::KeyUnavailable { key_id, .. } => {
                Self::new(status, format!("the key {key_id} cannot be fetched"))
            }
            other => Self::new(status, other.to_string()),
        }
    }
}
