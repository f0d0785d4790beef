//! How does the tracker answer browsers?

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    time::SystemTime,
};

use super::{
    KnownInfoHashes, Limits,
    addresses::Addresses,
    message::{self, Announce, Answer, ClientMessage, Event, MessageError},
    random::Random,
    swarm::{Left, Swarm},
};
use crate::infohash::InfoHash;

/// A connected browser, as the host numbers them; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// What the host has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a text message.
    Send {
        /// To whom.
        socket: SocketId,
        /// The JSON text.
        text: String,
    },
    /// Close the socket after what was sent, then call [`WebSocketTracker::close`].
    Close {
        /// Which one.
        socket: SocketId,
    },
}

/// Why a socket may not open; answer the upgrade with 403 or 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The address asked for swarms that are not ours a short while ago.
    #[error("address is blocked")]
    Blocked,
    /// The address has too many sockets open.
    #[error("too many connections from this address")]
    TooManyFromAddress,
    /// The tracker is full.
    #[error("too many connections")]
    Full,
}

/// The tracker of browsers. One owner calls it; its methods take microseconds.
#[derive(Debug)]
pub struct WebSocketTracker {
    limits: Limits,
    random: Random,
    addresses: Addresses,
    sockets: HashMap<SocketId, Socket>,
    swarms: HashMap<InfoHash, Swarm>,
}

#[derive(Debug)]
struct Socket {
    address: IpAddr,
    joined: BTreeSet<InfoHash>,
    /// Whether it ever was in a swarm of ours.
    is_viewer: bool,
}

impl WebSocketTracker {
    /// A tracker without peers. The seed decides whom it introduces to whom.
    pub fn new(limits: Limits, seed: u64) -> Self {
        Self {
            limits,
            random: Random::new(seed),
            addresses: Addresses::default(),
            sockets: HashMap::new(),
            swarms: HashMap::new(),
        }
    }

    /// Admits a socket; to be called before the upgrade is answered.
    ///
    /// # Errors
    /// [`Refused`], and the socket is unknown.
    pub fn open(&mut self, now: SystemTime, socket: SocketId, address: IpAddr) -> Result<(), Refused> {
        self.close(socket);
        if self.addresses.is_blocked(now, address) {
            return Err(Refused::Blocked);
        }
        if self.sockets.len() >= self.limits.sockets {
            return Err(Refused::Full);
        }
        if !self.addresses.open(address, &self.limits) {
            return Err(Refused::TooManyFromAddress);
        }
        self.sockets.insert(socket, Socket { address, joined: BTreeSet::new(), is_viewer: false });
        Ok(())
    }

    /// Forgets a closed socket and takes it out of all its swarms. Idempotent.
    pub fn close(&mut self, socket: SocketId) {
        let Some(closed) = self.sockets.remove(&socket) else {
            return;
        };
        self.addresses.close(closed.address);
        for info_hash in closed.joined {
            self.leave_swarm(socket, &info_hash);
        }
    }

    /// Takes one text message. A message from a socket that is not open has no effect.
    pub fn receive(
        &mut self,
        now: SystemTime,
        socket: SocketId,
        text: &str,
        known: &impl KnownInfoHashes,
    ) -> Vec<Effect> {
        match ClientMessage::parse(text, &self.limits) {
            Ok(message) => self.handle(now, socket, message, known),
            Err(error) => self.refuse(socket, error),
        }
    }

    /// Takes a message that the host has parsed already, to look up its infohashes first.
    pub fn handle(
        &mut self,
        now: SystemTime,
        socket: SocketId,
        message: ClientMessage,
        known: &impl KnownInfoHashes,
    ) -> Vec<Effect> {
        let Some(address) = self.sockets.get(&socket).map(|open| open.address) else {
            return Vec::new();
        };
        if !self.addresses.may_announce(now, address, &self.limits) {
            return vec![fail(socket, "too many requests", message.info_hashes().first())];
        }
        match message {
            ClientMessage::Announce(announce) => self.announce(now, socket, &announce, known),
            ClientMessage::Answer(answer) => self.answer(now, socket, &answer),
            ClientMessage::Scrape(info_hashes) => vec![self.scrape(socket, info_hashes, known)],
        }
    }

    /// Answers a message that could not be parsed.
    pub fn refuse(&mut self, socket: SocketId, error: MessageError) -> Vec<Effect> {
        if !self.sockets.contains_key(&socket) {
            return Vec::new();
        }
        let mut effects = vec![fail(socket, &error.to_string(), None)];
        // Those who send what no client sends are not asked twice.
        if matches!(error, MessageError::TooLarge | MessageError::Unreadable) {
            effects.push(Effect::Close { socket });
        }
        effects
    }

    /// Drops silent peers and forgets old addresses; to be called about once a minute.
    pub fn tick(&mut self, now: SystemTime) {
        let mut gone: Vec<(InfoHash, Left)> = Vec::new();
        for (info_hash, swarm) in &mut self.swarms {
            gone.extend(swarm.expire(now, &self.limits).into_iter().map(|left| (*info_hash, left)));
        }
        for (info_hash, left) in gone {
            self.note_left(&info_hash, &left);
        }
        self.swarms.retain(|_, swarm| !swarm.is_empty());
        self.addresses.expire(now, &self.limits);
    }

    /// How many browsers are connected, and how many swarms they form; for metrics.
    pub fn size(&self) -> (usize, usize) {
        (self.sockets.len(), self.swarms.len())
    }

    /// How many peers the swarms have, one per socket and stream; for metrics.
    pub fn peers(&self) -> usize {
        self.sockets.values().map(|socket| socket.joined.len()).sum()
    }

    fn announce(
        &mut self,
        now: SystemTime,
        socket: SocketId,
        announce: &Announce,
        known: &impl KnownInfoHashes,
    ) -> Vec<Effect> {
        let info_hash = announce.info_hash;
        if announce.event == Event::Stopped {
            // A player also says so of swarms that it never joined, which harms nobody.
            self.leave_swarm(socket, &info_hash);
            return vec![self.announced(socket, &info_hash)];
        }
        if !known.is_known(&info_hash) {
            return self.turn_away(now, socket, &info_hash);
        }
        if !self.may_join(socket, &info_hash) {
            return vec![fail(socket, "too many streams on one connection", Some(&info_hash))];
        }
        let swarm = self.swarms.entry(info_hash).or_default();
        let left = swarm.join(now, socket, announce.peer_id, announce.is_complete, &self.limits);
        if announce.event == Event::Completed {
            swarm.count_download();
        }
        let introduced = swarm.introduce(now, (socket, announce.peer_id), &announce.offers, &mut self.random);
        let offers: Vec<Effect> = introduced
            .into_iter()
            .map(|(to, offer)| Effect::Send {
                socket: to,
                text: message::relayed_offer(&info_hash, announce.peer_id, offer),
            })
            .collect();
        for left in left {
            self.note_left(&info_hash, &left);
        }
        std::iter::once(self.announced(socket, &info_hash)).chain(offers).collect()
    }

    fn answer(&mut self, now: SystemTime, socket: SocketId, answer: &Answer) -> Vec<Effect> {
        let offerer =
            self.swarms.get_mut(&answer.info_hash).and_then(|swarm| swarm.claim(now, socket, answer, &self.limits));
        // A late answer is nobody's fault and gets no reply, like a timely one.
        offerer
            .map(|offerer| Effect::Send { socket: offerer, text: message::relayed_answer(answer) })
            .into_iter()
            .collect()
    }

    fn scrape(&self, socket: SocketId, info_hashes: Vec<InfoHash>, known: &impl KnownInfoHashes) -> Effect {
        let swarms: Vec<_> = info_hashes
            .into_iter()
            .filter(|info_hash| known.is_known(info_hash))
            .map(|info_hash| (info_hash, self.counts(&info_hash)))
            .collect();
        Effect::Send { socket, text: message::scraped(&swarms) }
    }

    /// Refuses an unknown infohash. A stranger is kept out for a while; a viewer whose video changed or was deleted
    /// meanwhile is only told.
    fn turn_away(&mut self, now: SystemTime, socket: SocketId, info_hash: &InfoHash) -> Vec<Effect> {
        let failure = fail(socket, "unknown info_hash", Some(info_hash));
        let Some(stranger) = self.sockets.get_mut(&socket) else {
            return Vec::new();
        };
        if stranger.is_viewer {
            self.leave_swarm(socket, info_hash);
            return vec![failure];
        }
        self.addresses.block(now, stranger.address, &self.limits);
        vec![failure, Effect::Close { socket }]
    }

    fn may_join(&mut self, socket: SocketId, info_hash: &InfoHash) -> bool {
        let Some(open) = self.sockets.get_mut(&socket) else {
            return false;
        };
        let has_room = open.joined.contains(info_hash) || open.joined.len() < self.limits.swarms_per_socket;
        if has_room {
            open.is_viewer = true;
            open.joined.insert(*info_hash);
        }
        has_room
    }

    fn leave_swarm(&mut self, socket: SocketId, info_hash: &InfoHash) {
        if let Some(swarm) = self.swarms.get_mut(info_hash) {
            swarm.leave(socket);
            if swarm.is_empty() {
                self.swarms.remove(info_hash);
            }
        }
        self.note_left(info_hash, &Left { socket });
    }

    fn note_left(&mut self, info_hash: &InfoHash, left: &Left) {
        if let Some(open) = self.sockets.get_mut(&left.socket) {
            open.joined.remove(info_hash);
        }
    }

    fn announced(&self, socket: SocketId, info_hash: &InfoHash) -> Effect {
        Effect::Send { socket, text: message::announced(info_hash, self.counts(info_hash), &self.limits) }
    }

    fn counts(&self, info_hash: &InfoHash) -> message::Counts {
        self.swarms.get(info_hash).map(Swarm::counts).unwrap_or_default()
    }
}

fn fail(socket: SocketId, reason: &str, info_hash: Option<&InfoHash>) -> Effect {
    Effect::Send { socket, text: message::failure(reason, info_hash) }
}

#[cfg(test)]
mod tests;
