//! How much may strangers ask of the tracker?

use std::time::Duration;

/// Bounds on sockets, messages and peers. The defaults suit tens of thousands of viewers.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Sockets open at once, over all addresses.
    pub sockets: usize,
    /// Sockets open at once from one address (an IPv6 /64 network counts as one).
    pub sockets_per_address: usize,
    /// Streams that one socket may watch at once: a player joins one swarm per quality and audio track.
    pub swarms_per_socket: usize,
    /// Peers of one swarm; the one that was silent longest makes room.
    pub peers_per_swarm: usize,
    /// Size of one message from a client.
    pub message_bytes: usize,
    /// Offers in one announcement; players send five, or ten of the older family.
    pub offers: usize,
    /// Size of one session description. Those of data channels are 1 to 2 KB.
    pub sdp_bytes: usize,
    /// Announcements and scrapes from one address in [`Limits::announce_window`].
    pub announces_per_address: u32,
    /// See [`Limits::announces_per_address`].
    pub announce_window: Duration,
    /// Infohashes in one scrape.
    pub scraped: usize,
    /// How often a client shall announce.
    pub interval: Duration,
    /// A peer that was silent for so long is gone.
    pub peer_lifetime: Duration,
    /// How long an offer may be answered; the players give up after 50 seconds.
    pub offer_lifetime: Duration,
    /// How long an address is kept out after it asked for a swarm that is not ours.
    pub block: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sockets: 50_000,
            sockets_per_address: 100,
            swarms_per_socket: 32,
            peers_per_swarm: 1_000,
            message_bytes: 128 * 1024,
            offers: 10,
            sdp_bytes: 8 * 1024,
            announces_per_address: 1_000,
            announce_window: Duration::from_mins(5),
            scraped: 20,
            interval: Duration::from_mins(2),
            peer_lifetime: Duration::from_mins(20),
            offer_lifetime: Duration::from_mins(1),
            block: Duration::from_mins(3),
        }
    }
}
