//! Avatars and banners of actors, each in several sizes.
//!
//! **Invariants:** a picture that somebody here gives is decoded by the media worker alone and kept as what that made of it. A
//! picture of a remote actor is fetched when somebody first looks at it, never larger than it may be, kept as it came, and
//! served under the type that its first bytes show: what is no picture is not kept.

pub mod actions;
pub mod api;
mod avatars;
mod lazy;
pub mod model;
pub mod store;

pub use avatars::Avatars;
pub use lazy::LazyImages;
pub use model::{ActorImage, ImageKind, RemoteImage};
