//! Likes and dislikes.
//!
//! **Invariants:** an account has at most one rate per video. The counters of one of our own videos change in the transaction
//! that changes its rates, so they agree with the rows; those of another server's video are what its origin says, plus what
//! people here have added since it was last asked.
//!
//! Follows `ActivityStreams` (`Like`, `Dislike`, `Undo`), with PeerTube's addresses.

mod actions;
pub mod api;
pub mod federate;
pub mod jobs;
mod model;
pub mod pages;
pub mod store;

pub use actions::{counters_changed, forget_actor};
pub use model::Rating;

#[cfg(test)]
mod tests;
