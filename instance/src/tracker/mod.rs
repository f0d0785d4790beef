//! Who else watches this? Viewers of the same stream, and clients that download it, are introduced to each other.
//!
//! What is said and who may say it is decided by [`p2p::tracker`], which does nothing by itself. This is what stands around
//! it: sockets, the time, and the database's answer to "is this swarm of a video that we know?".
//!
//! **Invariants:** nobody has a queue or a message without a bound; whoever leaves, is turned away or does not keep up is out
//! of all swarms at once; the lock is never held across an `.await`.

mod actions;
mod api;
mod ours;
mod shell;
mod socket;
mod store;

#[cfg(test)]
mod tests;

pub(crate) use actions::name_swarms;
pub use api::{announce, scrape, socket};
pub use shell::Tracker;
