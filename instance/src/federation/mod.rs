//! This server as others see it: its actors and objects as documents, its inbox, and what happens to each activity.
//!
//! Verifying, queueing, delivering and fetching are the courier's; what an activity means is the features'.
//! [`dispatch`] is the table of contents of what comes in.

pub mod broadcast;
mod dispatch;
pub mod endpoints;
mod keys;
mod outbox;
mod paging;
pub mod playlists;
#[cfg(test)]
mod tests;
pub mod well_known;

pub use dispatch::inbox;
pub use keys::ActorKeys;
pub use paging::Paging;
