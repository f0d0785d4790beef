//! Why a request did not succeed, in terms of what the caller can do about it.

use std::{error::Error, time::Duration};

use http::StatusCode;

use super::resolver::ResolveError;

/// A request that failed, or was refused before it left.
///
/// Texts name hosts, never paths or queries, which can hold tokens.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The guard refused the destination.
    #[error("refused to connect: {0}")]
    Forbidden(String),
    /// The URL cannot be requested by anyone.
    #[error("unusable url: {0}")]
    InvalidUrl(String),
    /// The caller built a request that cannot be sent, such as a header with a line break.
    #[error("unusable request: {0}")]
    InvalidRequest(String),
    /// The signer could not sign.
    #[error("cannot sign the request: {0}")]
    Signing(String),
    /// A host name has no address, or the name servers do not answer.
    #[error("cannot resolve {0}")]
    Unresolvable(String),
    /// The connection could not be made, or its TLS handshake failed.
    #[error("cannot connect to {host}: {reason}")]
    Connect {
        /// Whom we wanted to talk to.
        host: String,
        /// The innermost cause.
        reason: String,
    },
    /// The other side took longer than we are willing to wait.
    #[error("timed out: {0}")]
    Timeout(String),
    /// The connection broke in the middle of the exchange.
    #[error("the exchange with {host} broke off: {reason}")]
    Interrupted {
        /// Whom we were talking to.
        host: String,
        /// The innermost cause.
        reason: String,
    },
    /// The body is, or claims to be, larger than the caller accepts.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes, after decompression.
        limit: u64,
    },
    /// Redirects led in circles or nowhere.
    #[error("cannot follow the redirect: {0}")]
    BadRedirect(String),
    /// The answer has a status that the caller does not accept (see [`super::Response::error_for_status`]).
    #[error("{host} answered {status}")]
    Status {
        /// Who answered.
        host: String,
        /// The status of the answer.
        status: StatusCode,
        /// How long the server asks us to stay away (`Retry-After` in seconds).
        retry_after: Option<Duration>,
    },
    /// The body is not what it should be.
    #[error("{host} sent an unreadable body: {reason}")]
    Undecodable {
        /// Who answered.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The client itself could not be set up.
    #[error("cannot set up outbound connections (are CA certificates installed?): {0}")]
    Setup(String),
}

impl NetError {
    /// Whether trying the same request again later is pointless.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Forbidden(_)
            | Self::InvalidUrl(_)
            | Self::InvalidRequest(_)
            | Self::Signing(_)
            | Self::TooLarge { .. }
            | Self::BadRedirect(_)
            | Self::Undecodable { .. }
            | Self::Setup(_) => true,
            Self::Unresolvable(_) | Self::Connect { .. } | Self::Timeout(_) | Self::Interrupted { .. } => false,
            Self::Status { status, .. } => is_permanent_status(*status),
        }
    }

    /// A short constant name, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Forbidden(_) => "forbidden",
            Self::InvalidUrl(_) | Self::InvalidRequest(_) | Self::Signing(_) | Self::Setup(_) => "invalid",
            Self::Unresolvable(_) => "unresolvable",
            Self::Connect { .. } => "connect",
            Self::Timeout(_) => "timeout",
            Self::Interrupted { .. } => "interrupted",
            Self::TooLarge { .. } => "too_large",
            Self::BadRedirect(_) => "bad_redirect",
            Self::Status { .. } => "status",
            Self::Undecodable { .. } => "undecodable",
        }
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Translates what the HTTP library reports, keeping only the innermost cause.
    pub(super) fn from_transport(error: &reqwest::Error, host: &str) -> Self {
        let host = host.to_owned();
        if let Some(resolving) = find_cause::<ResolveError>(error) {
            return match resolving {
                ResolveError::Forbidden { .. } => Self::Forbidden(resolving.to_string()),
                ResolveError::Unresolvable { .. } => Self::Unresolvable(host),
            };
        }
        if error.is_timeout() {
            return Self::Timeout(format!("{host} did not answer"));
        }
        let reason = innermost_cause(error);
        if error.is_connect() {
            Self::Connect { host, reason }
        } else if error.is_builder() {
            Self::InvalidRequest(reason)
        } else if error.is_decode() && find_cause::<std::io::Error>(error).is_some_and(is_bad_data) {
            Self::Undecodable { host, reason }
        } else {
            Self::Interrupted { host, reason }
        }
    }
}

/// Client errors stay as they are, except those that speak of time or load.
fn is_permanent_status(status: StatusCode) -> bool {
    status.is_client_error()
        && !matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS)
}

fn is_bad_data(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput)
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(Some(error as &(dyn Error + 'static)), |error| (*error).source())
}

fn find_cause<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    causes(error).find_map(|cause| cause.downcast_ref::<E>())
}

/// The text of the last cause; the outer ones of reqwest would repeat the URL.
fn innermost_cause(error: &reqwest::Error) -> String {
    causes(error).skip(1).last().map_or_else(|| "unknown cause".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16) -> NetError {
        NetError::Status {
            host: "a.test".into(),
            status: StatusCode::from_u16(code).expect("a status"),
            retry_after: None,
        }
    }

    #[test]
    fn a_missing_page_stays_missing_but_a_busy_server_recovers() {
        assert!(status(404).is_permanent());
        assert!(status(410).is_permanent());
        assert!(!status(429).is_permanent());
        assert!(!status(408).is_permanent());
        assert!(!status(503).is_permanent());
    }

    #[test]
    fn a_refused_destination_is_not_tried_again() {
        assert!(NetError::Forbidden("10.0.0.1 is a private address".into()).is_permanent());
        assert!(!NetError::Timeout("a.test did not answer".into()).is_permanent());
    }
}
