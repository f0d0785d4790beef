//! Which instances are read, and how that goes.
//!
//! **Invariant:** an instance is read only because the operator listed it (in the configuration, by hand, or by having the
//! instance in the same process follow it for indexing), and what is known from it goes when it is taken off the list.

mod actions;
mod address;
mod model;
pub(crate) mod store;

pub(crate) use actions::remove_videos;
pub use actions::{HostsError, add_host, crawl_now, follow_configuration, follow_instance, remove_host, status};
pub use address::{AddressError, Origin};
pub use model::{HostState, HostStatus, Source};
