//! What the suites stand on: worlds of several servers in one process, and single servers as processes of their own.
//!
//! A [`World`] has one clock that stands still, seeded randomness, and work that is done only when a test says so; between
//! its servers everything is real: listeners, HTTP, signatures, databases, media workers. A [`Process`](process::Process) is
//! the program itself, for tests that kill it.

#![expect(clippy::indexing_slicing, reason = "this crate is for tests: whatever goes wrong is a panic")]

pub mod answer;
pub mod client;
pub mod clip;
mod doorway;
pub mod form;
pub mod hls;
pub mod logs;
pub mod process;
pub mod program;
pub mod server;
pub mod shape;
pub mod stranger;
pub mod user;
pub mod world;

pub use answer::Answer;
pub use client::Client;
pub use clip::Clip;
pub use process::Process;
pub use server::Server;
pub use stranger::Stranger;
pub use user::User;
pub use world::World;

// Each crate registers its statements when it is linked; naming it links it.
use courier as _;
use federation as _;
use indexer as _;
use p2p as _;
use redundancy as _;
use search_ui as _;
