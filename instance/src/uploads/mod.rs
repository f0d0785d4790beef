//! Bringing videos here.
//!
//! **Invariant:** a file in `originals/` belongs to a row of `video_sources`, or a job is waiting to remove it.

mod actions;
pub mod api;
mod jobs;
pub mod pages;
pub mod store;

pub use actions::{NewUpload, UploadError};
pub use jobs::job_set;
