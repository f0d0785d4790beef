//! An index in a cluster of OpenSearch: for operators whose index has outgrown one machine.
//!
//! **Invariant:** the cluster is told tokens, not texts. What a word is, how it is folded, stemmed and cut is decided in
//! [`crate::text`] for both engines; the cluster splits at spaces ([`layout`]), and a query asks for terms of that same
//! making ([`render`]). Its fields follow from [`crate::schema`], so that there is one list of them.
//!
//! A search takes two or three exchanges: what must be known of the words ([`vocabulary`]), the search, and, if the first
//! results need it, who of them says the words ([`details`]). The ranking is [`crate::query::rank`]'s; folding copies and
//! spreading instances is [`crate::search::leading`]'s.
//!
//! Several nodes may follow the database into one index ([`follow`]).

mod api;
mod collections;
mod config;
mod details;
mod entry;
mod follow;
mod layout;
mod limits;
mod remote;
mod render;
mod scale;
mod videos;
mod vocabulary;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use config::OpenSearchConfig;

pub(crate) use remote::{Kind, RemoteIndex};

use http::StatusCode;
use platform::net::NetError;

/// Why the cluster did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum OpenSearchError {
    /// It cannot be reached, or does not answer in time.
    #[error("the search cluster cannot be reached: {0}")]
    Unreachable(#[from] NetError),
    /// It refused.
    #[error("the search cluster answered {status}: {reason}")]
    Refused {
        /// The status of its answer.
        status: StatusCode,
        /// What it says about it.
        reason: String,
    },
    /// It answered something that is no answer.
    #[error("the search cluster's answer cannot be understood: {0}")]
    Unreadable(String),
    /// Somebody else's index has our name.
    #[error(
        "the index {0} of the search cluster belongs to another database: choose another indexer.opensearch.index_prefix, \
         or delete that index"
    )]
    Foreign(String),
    /// It lacks what we need.
    #[error("the search cluster has OpenSearch {0}, and version 2.12 or a later one is needed")]
    TooOld(String),
}

impl OpenSearchError {
    /// Whether it may be over in a moment: the cluster is away, busy or being set up, rather than asked for something wrong.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(error) => !matches!(error, NetError::InvalidRequest(_) | NetError::TooLarge { .. }),
            Self::Refused { status, .. } => {
                status.is_server_error()
                    || matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::NOT_FOUND | StatusCode::CONFLICT)
            }
            Self::Unreadable(_) | Self::Foreign(_) | Self::TooOld(_) => false,
        }
    }
}
