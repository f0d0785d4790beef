//! What browsers and servers of the PeerTube family say to each other to share video bytes.
//!
//! Everything here is pure: no sockets, no clock, no database. Callers bring the bytes and the time, and carry out the
//! effects. The modules are:
//!
//! - [`infohash`]: which swarm does a stream belong to? (three families of players, three answers)
//! - [`tracker`]: who else watches this? A `WebSocket` and an HTTP tracker as state machines.
//! - [`torrent`]: `.torrent` files and magnet links for download clients, and the [`bencode`] they are written in.
//! - [`wire`]: the messages that two browsers exchange once they are connected.
//!
//! How a host wires the tracker to its listener is told in the `README.md` beside this crate's manifest.

#![warn(missing_docs)]

pub mod bencode;
pub mod infohash;
mod latin1;
pub mod torrent;
pub mod tracker;
pub mod wire;

pub use infohash::InfoHash;
