//! The chapters of a video.
//!
//! **Invariant:** the chapters of a video begin at different seconds, and are told in the order of time.

pub mod api;
mod model;
pub mod store;

pub use model::{Chapter, read_chapters};
