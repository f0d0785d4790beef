//! Reports to the moderators: about a video, a comment or an account, from here and from other servers.
//!
//! A report of something that lives elsewhere goes to the moderators there as well (`Flag`), in the reporter's name, as
//! PeerTube does. **Invariants:** another server reports only what lives here, and no more than so much a day; a report
//! outlives what it is about.

mod actions;
pub mod api;
pub mod federate;
mod model;
pub mod pages;
pub mod store;
#[cfg(test)]
mod tests;

pub use actions::{AbuseError, NewAbuse, Subject};
pub use model::{Abuse, AbuseId, AbuseState};
