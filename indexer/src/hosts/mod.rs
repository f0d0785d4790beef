//! Which instances are read, with whose consent, and how that goes.
//!
//! **Invariant:** an instance is read only because somebody listed it (the operator in the configuration or by hand, a
//! directory that the operator chose, the instance in the same process by following it for indexing, another instance by
//! following it where the operator allows that, or the instance itself by its consent file), and only as long as it has not opted out ([`consent`]). What is known from it goes when it is taken
//! off the list. It is asked for its consent file before it is first read, and again every day.

pub(crate) mod absence;
mod actions;
mod address;
pub mod consent;
pub mod directories;
mod jobs;
mod model;
mod nearest;
pub(crate) mod neighbours;
pub(crate) mod store;
mod words;

pub use actions::{
    HostsError, add_host, counts, crawl_now, find, follow_configuration, follow_instance, list, remove_host, similar,
    status,
};
use actions::{enqueue_visit, list_host, unlist};
pub(crate) use actions::{remove_actor, remove_video, remove_videos};
pub use address::{AddressError, Origin};
pub use consent::ConsentDesk;
pub(crate) use jobs::{job_set, schedules};
pub use model::{HostCounts, HostFilter, HostState, HostStatus, Source};
pub use words::explain;

#[cfg(test)]
mod tests;
