use federation::{
    origin::{Host, OriginMismatch},
    webfinger::Handle,
    wire::{DocumentError, WireError},
};
use http::StatusCode;
use platform::{net::NetError, web::Problem};
use url::Url;

use crate::Refusal;

/// Why a document of another server could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server did not answer, or not as it should.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The server says that the document does not exist, or no longer.
    #[error("{0} is gone")]
    Gone(Url),
    /// The server says that the document was removed for good.
    #[error("{0} was removed")]
    Removed(Url),
    /// The answer is no ActivityPub document.
    #[error("{url} is {content_type:?}, not an ActivityPub document")]
    ContentType {
        /// What was asked for.
        url: Url,
        /// What came.
        content_type: String,
    },
    /// The document breaks a bound.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The document is not of the kind that was needed.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The document claims to be something on another host.
    #[error(transparent)]
    Origin(#[from] OriginMismatch),
    /// The document has no id, or one that leads elsewhere again.
    #[error("{0} does not say under which id it lives")]
    Unidentified(Url),
    /// Nobody of that name is there.
    #[error("there is no actor {0}")]
    UnknownHandle(Handle),
    /// The server, or the actor, is not spoken with.
    #[error("{url} is not asked for: {refusal}")]
    Refused {
        /// What was wanted.
        url: Url,
        /// Why not.
        refusal: Refusal,
    },
    /// The server names no actor of its own.
    #[error("{0} has no actor of its own that could be followed")]
    NoInstanceActor(Host),
}

impl FetchError {
    /// Whether asking again later is pointless.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Net(error) => error.is_permanent(),
            Self::Refused { refusal, .. } => *refusal != Refusal::Closed,
            _ => true,
        }
    }

    /// Whether this server does not want to know.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// Whether the origin says that there is no such thing (any more).
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Gone(_) | Self::Removed(_) | Self::UnknownHandle(_))
    }

    /// Whether the origin says that there was such a thing and never will be again (410).
    pub fn is_removed(&self) -> bool {
        matches!(self, Self::Removed(_))
    }
}

impl From<FetchError> for platform::jobs::JobError {
    fn from(error: FetchError) -> Self {
        let permanent = error.is_permanent();
        Self::new(&error, permanent)
    }
}

impl From<FetchError> for Problem {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Net(error) => error.into(),
            FetchError::Gone(_) | FetchError::Removed(_) | FetchError::UnknownHandle(_) => {
                Self::not_found(error.to_string())
            }
            FetchError::Refused { .. } => Self::forbidden(error.to_string()),
            other => Self::new(StatusCode::BAD_GATEWAY, other.to_string()),
        }
    }
}
