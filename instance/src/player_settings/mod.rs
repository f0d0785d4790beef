//! How the makers of a video or channel want its player to look (PeerTube 8).
//!
//! **Invariant:** what is known of the player of a remote video was said by the video's server. A video without a choice
//! follows its channel, a channel without one follows the server that shows it.

pub mod api;
pub mod federate;
mod model;
pub mod store;
#[cfg(test)]
mod tests;

pub use model::{Dressed, Theme};
