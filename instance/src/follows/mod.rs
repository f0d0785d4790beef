//! Who follows whom: the server's own actor and people's accounts follow servers, accounts and channels, here and
//! elsewhere, and are followed.
//!
//! **Invariants:** a follow and the activity that tells of it are written together. A follow is `pending` until the
//! followed has answered; only `accepted` follows carry activities, and only they are shown to the public. What is
//! accepted stays accepted, however often it is asked for again.
//!
//! | file | holds |
//! | --- | --- |
//! | `target` | whom to follow, as people write it |
//! | `list` | lists of servers to follow, as others publish them |
//! | `subscriptions` | the REST API of a user's own follows |
//! | `button` | the subscribe button, and following from one's own server |
//! | `admin` | the administrators' pages |

pub mod actions;
pub mod admin;
pub mod api;
pub mod button;
pub mod federate;
pub mod jobs;
mod list;
pub mod model;
pub mod store;
pub mod subscriptions;
mod target;
#[cfg(test)]
pub(crate) mod tests;

pub use actions::FollowError;
pub use button::SubscribeButton;
pub use model::{Choices, Follow, FollowId, FollowState};
pub use target::Target;
