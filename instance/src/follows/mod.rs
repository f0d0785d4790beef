//! Who follows whom, between servers: the server's own actor follows others, and others follow it, its accounts and
//! channels.
//!
//! **Invariant:** a follow and the activity that tells of it are written together. A follow is `pending` until the
//! followed has answered; only `accepted` follows carry activities.

mod actions;
pub mod api;
pub mod federate;
pub mod jobs;
pub mod model;
pub mod store;

pub use actions::FollowError;
pub use model::{Follow, FollowId, FollowState};
