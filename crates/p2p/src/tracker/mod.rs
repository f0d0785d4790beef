//! Who else watches this?
//!
//! A tracker introduces viewers of the same stream to each other. Two are here, which never mix their peers:
//!
//! - [`WebSocketTracker`] relays WebRTC offers and answers between browsers, in the `WebTorrent` dialect;
//! - [`HttpTracker`] hands out addresses to download clients (BEP 3, BEP 23).
//!
//! Both are state machines without I/O: the host brings messages, the time and an answer to "is this infohash ours?",
//! and carries out the effects. Invariants:
//!
//! - only known infohashes have swarms, and nobody can list them;
//! - a peer is a pair of socket and infohash: players use another peer id for each stream on one socket, and all of
//!   them leave when the socket closes;
//! - an answer travels only to the peer whose offer was handed to the one who answers;
//! - everything that a stranger can make grow has a limit in [`Limits`].

mod addresses;
mod http;
mod limits;
mod message;
mod query;
mod random;
mod swarm;
mod websocket;

pub use http::HttpTracker;
pub use limits::Limits;
pub use message::{ClientMessage, MessageError};
pub use websocket::{Effect, Refused, SocketId, WebSocketTracker};

use crate::{infohash::InfoHash, latin1};

/// Says which infohashes are of this server's videos. A closure will do.
pub trait KnownInfoHashes {
    /// Whether peers of this infohash may meet here.
    fn is_known(&self, info_hash: &InfoHash) -> bool;
}

impl<F: Fn(&InfoHash) -> bool> KnownInfoHashes for F {
    fn is_known(&self, info_hash: &InfoHash) -> bool {
        self(info_hash)
    }
}

/// The 20 bytes that a peer calls itself in a swarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId([u8; 20]);

/// The 20 bytes that tell one offer from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfferId([u8; 20]);

impl PeerId {
    /// Takes the 20 bytes as they are.
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    fn to_latin1(self) -> String {
        latin1::encode(&self.0)
    }
}

impl OfferId {
    fn to_latin1(self) -> String {
        latin1::encode(&self.0)
    }
}
