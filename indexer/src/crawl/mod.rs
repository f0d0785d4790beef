//! Reads the public videos of instances, politely and completely.
//!
//! **Invariant:** nothing is dropped because something went wrong. A pass reads an instance's whole list and marks what it
//! sees; only a pass that came to the end removes what it did not see, and what may merely have slipped between two pages
//! is asked for by name first. A pass that fails or is killed goes on where its last committed page ended. After the videos
//! come the channels and playlists, and then the captions, a part of them in each crawl. Between two passes, the newest videos
//! are glanced at, and what an instance told of is looked at by itself.
//!
//! Manners: `robots.txt` and `X-Robots-Tag: noindex` are honoured (then what was indexed goes), one named user agent, at
//! most [`Config::requests_per_second`](crate::Config) for each instance, `Retry-After` is kept.

mod captions;
mod client;
mod collections;
mod glance;
mod jobs;
mod owners;
mod pass;
mod reading;
mod robots;
mod single;

pub use jobs::{CrawlHost, jobs, schedules};
pub use single::{CatchUp, ReadVideo};

use platform::{db::DbError, net::NetError};

use crate::{hosts, projection::ProjectionError};

/// Why an instance could not be read to the end.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    /// The instance says that it does not want this.
    #[error("{0}")]
    Refused(String),
    /// A request failed.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The instance answers, but not as a video instance does.
    #[error("{0}")]
    Nonsense(String),
    /// The list has no end, or more videos than are indexed from one instance.
    #[error("the list of videos goes on after {0} entries, which is more than is indexed from one instance")]
    Endless(u64),
    /// Another crawl of the same instance is at work, or the instance was taken off the list.
    #[error("somebody else reads this instance, or it was removed")]
    Superseded,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The index.
    #[error(transparent)]
    Index(#[from] ProjectionError),
}

impl CrawlError {
    /// For those who look after the instance, or after this server.
    fn explain(&self) -> String {
        match self {
            Self::Net(error) => hosts::explain(error),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
