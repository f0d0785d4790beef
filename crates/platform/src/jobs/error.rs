use std::{error::Error, fmt::Display, time::Duration};

use crate::{db::DbError, net::NetError, storage::StorageError};

/// Why a job did not finish, and what is to be done about it.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Something that may be better later: the job is tried again after a while.
    #[error("{0}")]
    Retry(String),
    /// Something that will not change: the job is given up, with this message for whoever asked for it.
    #[error("{0}")]
    Fail(String),
    /// Nothing is wrong, only it is too early. Does not count as an attempt.
    #[error("not before {0:?} from now")]
    Snooze(Duration),
}

impl JobError {
    /// Try again later.
    pub fn retry(error: impl Display) -> Self {
        Self::Retry(error.to_string())
    }

    /// Give up.
    pub fn fail(error: impl Display) -> Self {
        Self::Fail(error.to_string())
    }

    /// Come back after this time.
    pub fn snooze(after: Duration) -> Self {
        Self::Snooze(after)
    }

    /// Retries unless `permanent`.
    pub fn new(error: &dyn Error, permanent: bool) -> Self {
        if permanent { Self::fail(error) } else { Self::retry(error) }
    }
}

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self::retry(error)
    }
}

impl From<NetError> for JobError {
    fn from(error: NetError) -> Self {
        let permanent = error.is_permanent();
        Self::new(&error, permanent)
    }
}

impl From<StorageError> for JobError {
    fn from(error: StorageError) -> Self {
        let permanent = error.is_permanent();
        Self::new(&error, permanent)
    }
}
