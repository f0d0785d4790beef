//! What administrators set while the server runs, as opposed to the configuration file, which is read at the start.
//!
//! **Invariant:** handlers read the settings from memory ([`crate::moderation::Border::settings`]); whoever changes them
//! has them read again. Another process on the same database notices within half a minute.

mod actions;
pub mod api;
mod model;
pub mod pages;
pub mod store;
#[cfg(test)]
mod tests;

pub use actions::SettingsError;
pub use model::{FollowPolicy, Settings};

pub use crate::lookup::RemoteLookup;
