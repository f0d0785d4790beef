use federation::{
    origin::OriginMismatch,
    signature::{KeyId, SignatureError},
    wire::{Activity, DocumentError, WireError, document::MAX_DOCUMENT_BYTES},
};
use http::StatusCode;
use platform::{db::DbError, web::Problem};

use crate::{FetchError, Refusal};

/// Why a request to an inbox is refused.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// Its body is too large.
    #[error("the body has {0} bytes, more than {MAX_DOCUMENT_BYTES}")]
    TooLarge(usize),
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
    /// It was signed by somebody other than the actor of its activity.
    #[error("the activity of {actor} was signed with {key_id}, which is not its key")]
    Forwarded {
        /// Who is said to have done it.
        actor: String,
        /// With whose key.
        key_id: String,
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
    pub(super) fn forwarded(activity: &Activity, key_id: &KeyId) -> Self {
        Self::Forwarded { actor: activity.actor.to_string(), key_id: key_id.to_string() }
    }

    /// What it is called in the metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "too_large",
            Self::OtherHost(_) => "other_host",
            Self::Signature(_) => "signature",
            Self::Document(_) | Self::Wire(_) => "malformed",
            Self::KeyUnavailable { .. } | Self::KeyUnavailableRecently(_) | Self::KeyUnusable(_) => "key",
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
            InboxError::TooLarge(_) | InboxError::Document(DocumentError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            InboxError::OtherHost(_) | InboxError::Document(_) | InboxError::Wire(_) => StatusCode::BAD_REQUEST,
            InboxError::Signature(_)
            | InboxError::KeyUnavailable { .. }
            | InboxError::KeyUnavailableRecently(_)
            | InboxError::KeyUnusable(_) => StatusCode::UNAUTHORIZED,
            InboxError::Forwarded { .. } | InboxError::Origin(_) | InboxError::Refused(_) => StatusCode::FORBIDDEN,
        };
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
