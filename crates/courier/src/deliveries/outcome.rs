use std::time::Duration;

use http::StatusCode;
use platform::net::NetError;

/// After this many tries, a server that does not believe us never will.
const MAX_UNAUTHORIZED: i64 = 5;

/// What became of an attempt to deliver.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server took it.
    Delivered,
    /// The server will never take it.
    Refused {
        /// Why.
        reason: String,
        /// Whether the server itself said so, and so is there.
        by_server: bool,
    },
    /// The server may take it later.
    Later {
        /// What is wrong now.
        reason: String,
        /// How long the server wants to be left alone, if it says so.
        after: Option<Duration>,
        /// Whether the server answered that it failed (5xx): it may be about this activity alone.
        by_failure: bool,
    },
}

impl Outcome {
    /// Judges an answer.
    ///
    /// A server that cannot fetch our key at the moment says 401, so that this counts as refusal only when it comes again
    /// and again. Other client errors but those about time and load are about this activity, and stay. So are redirects:
    /// the client follows those that a signed request may follow.
    pub(super) fn of(answer: Result<(), NetError>, earlier_attempts: i64) -> Self {
        let error = match answer {
            Ok(()) => return Self::Delivered,
            Err(error) => error,
        };
        let reason = error.to_string();
        match error {
            NetError::Status { status: StatusCode::UNAUTHORIZED, .. } if earlier_attempts + 1 < MAX_UNAUTHORIZED => {
                Self::Later { reason, after: None, by_failure: false }
            }
            error if is_our_own_trouble(&error) => Self::Later { reason, after: None, by_failure: false },
            NetError::Status { status, .. } if status.is_redirection() => Self::Refused { reason, by_server: true },
            error if error.is_permanent() => Self::Refused { reason, by_server: error.status().is_some() },
            NetError::Status { status, retry_after, .. } => {
                Self::Later { reason, after: retry_after, by_failure: status.is_server_error() }
            }
            _ => Self::Later { reason, after: None, by_failure: false },
        }
    }

    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into(), by_server: false }
    }

    /// Whether the server has shown that it is there.
    pub(super) fn is_sign_of_life(&self) -> bool {
        matches!(self, Self::Delivered | Self::Refused { by_server: true, .. })
    }

    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused { .. } => "refused",
            Self::Later { .. } => "later",
        }
    }
}

/// Trouble that says nothing about the receiver must not cost it its activities.
fn is_our_own_trouble(error: &NetError) -> bool {
    matches!(error, NetError::Setup(_) | NetError::Signing(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, retry_after: Option<Duration>) -> Result<(), NetError> {
        let status = StatusCode::from_u16(code).unwrap();
        Err(NetError::Status { host: "beta.test".to_owned(), status, retry_after })
    }

    #[test]
    fn refusals_are_final_and_trouble_is_not() {
        for code in [301, 302, 308, 400, 403, 404, 405, 410, 413, 422] {
            assert_eq!(Outcome::of(status(code, None), 0).label(), "refused", "{code}");
        }
        for code in [408, 425, 429, 500, 502, 503, 504] {
            assert_eq!(Outcome::of(status(code, None), 99).label(), "later", "{code}");
        }
        let unreachable = || Err(NetError::Timeout("beta.test did not answer".to_owned()));
        assert_eq!(Outcome::of(unreachable(), 99).label(), "later");
        let forbidden = || Err(NetError::Forbidden("10.0.0.1 is a private address".to_owned()));
        assert_eq!(Outcome::of(forbidden(), 0).label(), "refused");
        assert!(!Outcome::of(forbidden(), 0).is_sign_of_life());
        assert_eq!(Outcome::of(Ok(()), 0), Outcome::Delivered);
    }

    #[test]
    fn disbelief_is_final_after_a_while() {
        assert_eq!(Outcome::of(status(401, None), 0).label(), "later");
        assert_eq!(Outcome::of(status(401, None), 3).label(), "later");
        assert_eq!(Outcome::of(status(401, None), 4).label(), "refused");
    }

    #[test]
    fn a_server_that_asks_for_patience_is_heard() {
        let patience = Some(Duration::from_mins(15));
        let Outcome::Later { after, .. } = Outcome::of(status(429, patience), 0) else { panic!("refused") };
        assert_eq!(after, patience);
    }
}
