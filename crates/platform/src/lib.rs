//! What every role stands on: configuration, time, randomness, the database, jobs, outbound HTTP, storage, pages and the
//! life cycle of the process.
//!
//! Nothing here knows what a video or an activity is. A role receives a [`Platform`] and hands back a [`role::Role`].

#![warn(missing_docs)]

pub mod clock;
pub mod config;
pub mod db;
pub mod ids;
pub mod jobs;
pub mod lifecycle;
pub mod net;
pub mod role;
pub mod storage;
pub mod tasks;
pub mod telemetry;
pub mod testing;
pub mod web;

mod platform;

pub use platform::{DataDir, MountError, Operator, Platform, PublicUrl};

/// Re-exported so that [`sql!`] works in crates that do not depend on `inventory` themselves.
#[doc(hidden)]
pub use inventory;
