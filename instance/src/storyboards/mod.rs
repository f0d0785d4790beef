//! Storyboards: one picture of many small ones, which the player shows above its time line.
//!
//! Those of other servers' videos are fetched when somebody first asks for them. This server makes none.

pub mod api;
pub mod federate;
mod model;
pub mod store;

pub use model::Storyboard;

/// Where their files are kept in storage.
pub const FOLDER: &str = "storyboards";
