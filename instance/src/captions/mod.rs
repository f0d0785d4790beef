//! Captions: the words of a video, in one language each.
//!
//! **Invariants:** a video has one caption per language. A caption that is kept in storage is `WebVTT`: what somebody here
//! uploads is read and written anew ([`text`]); what other servers have is fetched when somebody first asks for it, and
//! checked for being text that begins as `WebVTT` does.

mod actions;
pub mod api;
pub mod federate;
mod model;
pub mod store;
pub mod text;

pub use model::Caption;

/// Where their files are kept in storage.
pub const FOLDER: &str = "video-captions";
