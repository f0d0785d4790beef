//! From an uploaded file to a stream that plays everywhere.
//!
//! **Invariant:** a video becomes published in the transaction that records its stream; until then nothing of the new
//! stream is referred to. The job may be cut off anywhere and starts again from the uploaded file.

mod actions;
mod jobs;

pub use jobs::{Transcode, job_set};
