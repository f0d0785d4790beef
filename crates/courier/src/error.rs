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
    /// The server says that the document was deleted for good (410).
    #[error("{0} is gone")]
    Gone(Url),
    /// The server knows no such document (404): it was deleted or hidden, or never there, or its server is in disorder.
    #[error("{0} is not there")]
    Missing(Url),
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
        self.is_deletion() || matches!(self, Self::Missing(_) | Self::UnknownHandle(_))
    }

    /// Whether the origin says that somebody deleted it: it will not come back.
    pub fn is_deletion(&self) -> bool {
        matches!(self, Self::Gone(_))
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
            FetchError::Gone(_) | FetchError::Missing(_) | FetchError::UnknownHandle(_) => {
                Self::not_found(error.to_string())
            }
            FetchError::Refused { .. } => Self::forbidden(error.to_string()),
            other => Self::new(StatusCode::BAD_GATEWAY, other.to_string()),
        }
    }
}
