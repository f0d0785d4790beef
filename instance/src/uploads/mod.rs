//! Bringing videos here.
//!
//! **Invariant:** a file in `originals/` belongs to a row of `video_sources`, or its upload was cut off; what was cut off
//! is swept away when the server starts.

mod actions;
pub mod api;
pub mod pages;
pub mod store;

pub use actions::{NewUpload, UploadError, sweep};
