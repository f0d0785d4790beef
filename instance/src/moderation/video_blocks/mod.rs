//! Single videos that the moderators show to nobody but their owner and themselves.
//!
//! A video of ours may also be taken back from the federation: its followers are told that it is gone, and, when the block
//! ends, that it is new. A remote one keeps its row, so that its origin's announcements do not bring it back.

mod actions;
pub mod api;
mod model;
pub mod pages;
pub mod store;
#[cfg(test)]
pub(crate) mod tests;

pub use actions::VideoBlockError;
pub use model::VideoBlock;
pub use store::is_unfederated;
