//! Everything that touches FFmpeg: what is in this file, which renditions does it deserve, and how are they made?
//!
//! Two invariants hold here.
//!
//! - **Foreign media is only ever decoded inside a child process** that has walled itself in ([`sandbox`]) before it
//!   opens the file. The server talks to that child through [`MediaWorker`]; the child's entry point is
//!   [`worker_main`], which `shoal media-worker` calls.
//! - **Nothing that the child says is trusted**: its messages are bounded, its texts cleaned, and the files that it
//!   claims to have written are looked at before their names are handed on.
//!
//! The pure modules ([`ladder`], [`playlist`], [`hashes`], [`mp4`], [`orientation`], [`picture`]) decide; `probe`,
//! `thumbnail`, `still` and `transcode` do, inside the walls; [`footage`] makes clips for demonstrations and tests.

#![deny(missing_docs)]

pub mod client;
mod command;
pub mod error;
pub mod footage;
pub mod frame_rate;
pub mod hashes;
pub mod ladder;
pub mod mp4;
pub mod orientation;
pub mod picture;
pub mod playlist;
mod probe;
pub mod protocol;
pub mod sandbox;
mod still;
mod thumbnail;
mod transcode;
mod worker;

pub use client::{Limits, MediaWorker};
pub use error::MediaError;
pub use frame_rate::FrameRate;
pub use ladder::{Ladder, Rendition};
pub use protocol::{
    AudioStream, Picture, Probe, Progress, RenditionFiles, Thumbnails, TranscodeOutput, TranscodeRequest, VideoStream,
};
pub use worker::worker_main;
