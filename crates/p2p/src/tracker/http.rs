//! How does the tracker answer download clients?
//!
//! `GET /tracker/announce` and `GET /tracker/scrape` with bencoded answers. Ids stand in the query as percent-encoded
//! bytes, so the query is read as bytes, not as text.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    time::{Duration, SystemTime},
};

use super::{
    KnownInfoHashes, Limits, PeerId,
    addresses::{Addresses, network},
    query::Query,
    random::Random,
};
use crate::{bencode::Value, infohash::InfoHash};

const DEFAULT_PEERS: usize = 50;
const MOST_PEERS: usize = 82;
const INTERVAL: Duration = Duration::from_mins(10);
/// Clients of one household or office in one swarm; more are one client that invents ports.
const PEERS_PER_ADDRESS: usize = 8;

/// The tracker of download clients.
#[derive(Debug)]
pub struct HttpTracker {
    limits: Limits,
    random: Random,
    addresses: Addresses,
    swarms: HashMap<InfoHash, Vec<Peer>>,
}

#[derive(Debug, Clone)]
struct Peer {
    id: PeerId,
    address: SocketAddr,
    is_complete: bool,
    last_seen: SystemTime,
}

impl HttpTracker {
    /// A tracker without peers. The seed decides whom it introduces to whom.
    pub fn new(limits: Limits, seed: u64) -> Self {
        Self { limits, random: Random::new(seed), addresses: Addresses::default(), swarms: HashMap::new() }
    }

    /// The infohashes that a query names: what a host may want to look up first.
    pub fn info_hashes(query: &str) -> Vec<InfoHash> {
        Query::parse(query).info_hashes()
    }

    /// The body that answers `GET /tracker/announce?query` from this address. Failures are bodies, too.
    pub fn announce(&mut self, now: SystemTime, address: IpAddr, query: &str, known: &impl KnownInfoHashes) -> Vec<u8> {
        if !self.addresses.may_announce(now, address, &self.limits) {
            return failure("too many requests");
        }
        match Announce::parse(query, address) {
            Ok(announce) if known.is_known(&announce.info_hash) => self.introduce(now, &announce),
            Ok(_) => failure("unknown info_hash"),
            Err(reason) => failure(reason),
        }
    }

    /// The body that answers `GET /tracker/scrape?query` from this address.
    pub fn scrape(&mut self, now: SystemTime, address: IpAddr, query: &str, known: &impl KnownInfoHashes) -> Vec<u8> {
        if !self.addresses.may_announce(now, address, &self.limits) {
            return failure("too many requests");
        }
        let info_hashes = Query::parse(query).info_hashes();
        if info_hashes.is_empty() || info_hashes.len() > self.limits.scraped {
            return failure("scrape needs info_hash, and not too many");
        }
        let files = info_hashes
            .into_iter()
            .filter(|info_hash| known.is_known(info_hash))
            .map(|info_hash| (info_hash.as_bytes().to_vec(), self.counts(&info_hash)))
            .collect();
        Value::dictionary([("files", Value::Dictionary(files))]).encode()
    }

    /// Drops silent peers; to be called about once a minute.
    pub fn tick(&mut self, now: SystemTime) {
        let lifetime = self.limits.peer_lifetime;
        self.swarms.retain(|_, peers| {
            peers.retain(|peer| peer.last_seen + lifetime > now);
            !peers.is_empty()
        });
        self.addresses.expire(now, &self.limits);
    }

    /// How many peers there are, and how many swarms they form; for metrics.
    pub fn size(&self) -> (usize, usize) {
        (self.swarms.values().map(Vec::len).sum(), self.swarms.len())
    }

    fn introduce(&mut self, now: SystemTime, announce: &Announce) -> Vec<u8> {
        let peers = self.swarms.entry(announce.info_hash).or_default();
        // One entry per address and port, and few ports per address: nobody can fill a swarm from one place.
        peers.retain(|peer| peer.address != announce.address);
        let picked = self.random.distinct_below(peers.len(), announce.wanted);
        let picked: Vec<Peer> = picked.into_iter().filter_map(|index| peers.get(index).cloned()).collect();
        if !announce.is_stopping {
            let home = network(announce.address.ip());
            let mut neighbours = peers.iter().enumerate().filter(|(_, peer)| network(peer.address.ip()) == home);
            if let Some((longest_silent, _)) = neighbours.next()
                && neighbours.count() + 1 >= PEERS_PER_ADDRESS
            {
                peers.remove(longest_silent);
            }
            if peers.len() >= self.limits.peers_per_swarm {
                peers.remove(0);
            }
            peers.push(Peer {
                id: announce.peer_id,
                address: announce.address,
                is_complete: announce.is_complete,
                last_seen: now,
            });
        }
        if peers.is_empty() {
            self.swarms.remove(&announce.info_hash);
        }
        announced(&picked, announce.is_compact, self.complete_and_incomplete(&announce.info_hash))
    }

    fn counts(&self, info_hash: &InfoHash) -> Value {
        let (complete, incomplete) = self.complete_and_incomplete(info_hash);
        Value::dictionary([
            ("complete", Value::count(complete)),
            ("downloaded", Value::Integer(0)),
            ("incomplete", Value::count(incomplete)),
        ])
    }

    fn complete_and_incomplete(&self, info_hash: &InfoHash) -> (u64, u64) {
        let peers = self.swarms.get(info_hash).map_or(&[][..], Vec::as_slice);
        let complete = peers.iter().filter(|peer| peer.is_complete).count();
        (complete as u64, (peers.len() - complete) as u64)
    }
}

fn announced(peers: &[Peer], is_compact: bool, (complete, incomplete): (u64, u64)) -> Vec<u8> {
    let mut answer: BTreeMap<Vec<u8>, Value> = BTreeMap::new();
    answer.insert(b"complete".to_vec(), Value::count(complete));
    answer.insert(b"incomplete".to_vec(), Value::count(incomplete));
    answer.insert(b"interval".to_vec(), Value::count(INTERVAL.as_secs()));
    if is_compact {
        answer.insert(b"peers".to_vec(), compact(peers, SocketAddr::is_ipv4));
        answer.insert(b"peers6".to_vec(), compact(peers, SocketAddr::is_ipv6));
    } else {
        answer.insert(b"peers".to_vec(), Value::List(peers.iter().map(Peer::described).collect()));
    }
    Value::Dictionary(answer).encode()
}

/// Addresses and ports in network order, one after the other (BEP 23, BEP 7).
fn compact(peers: &[Peer], family: fn(&SocketAddr) -> bool) -> Value {
    let addresses = peers.iter().map(|peer| peer.address).filter(family);
    let bytes = addresses.flat_map(|address| {
        let mut bytes = match address.ip() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        bytes.extend(address.port().to_be_bytes());
        bytes
    });
    Value::Bytes(bytes.collect())
}

impl Peer {
    fn described(&self) -> Value {
        Value::dictionary([
            ("ip", Value::text(&self.address.ip().to_string())),
            ("peer id", Value::Bytes(self.id.0.to_vec())),
            ("port", Value::count(self.address.port().into())),
        ])
    }
}

fn failure(reason: &str) -> Vec<u8> {
    Value::dictionary([("failure reason", Value::text(reason))]).encode()
}

struct Announce {
    info_hash: InfoHash,
    peer_id: PeerId,
    address: SocketAddr,
    wanted: usize,
    is_complete: bool,
    is_stopping: bool,
    is_compact: bool,
}

impl Announce {
    /// The peer's address is the one that it speaks from, whatever it claims.
    fn parse(query: &str, address: IpAddr) -> Result<Self, &'static str> {
        let query = Query::parse(query);
        let [info_hash] = query.info_hashes()[..] else {
            return Err("invalid info_hash");
        };
        let peer_id = query.get("peer_id").and_then(|bytes| bytes.try_into().ok()).ok_or("invalid peer_id")?;
        let port = query.number::<u16>("port").filter(|port| *port > 0).ok_or("invalid port")?;
        Ok(Self {
            info_hash,
            peer_id: PeerId(peer_id),
            address: SocketAddr::new(address.to_canonical(), port),
            wanted: query.number("numwant").unwrap_or(DEFAULT_PEERS).min(MOST_PEERS),
            is_complete: query.number("left") == Some(0_u64),
            is_stopping: query.get("event") == Some(b"stopped".as_slice()),
            is_compact: query.get("compact") == Some(b"1".as_slice()),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;
    const HASH: &str = "%01%02%03%04%05%06%07%08%09%0a%0b%0c%0d%0e%0f%10%11%12%13%FF";

    fn tracker() -> HttpTracker {
        HttpTracker::new(Limits::default(), 1)
    }

    fn announce(tracker: &mut HttpTracker, last_octet: u8, more: &str) -> String {
        let query = format!("info_hash={HASH}&peer_id=-TR4000-abcdefghijk{last_octet}&port=6881{more}");
        let answer = tracker.announce(NOW, [192, 0, 2, last_octet].into(), &query, &|_: &InfoHash| true);
        answer.into_iter().map(char::from).collect()
    }

    #[test]
    fn clients_learn_of_each_other() {
        let mut tracker = tracker();
        assert_eq!(announce(&mut tracker, 1, "&left=0"), "d8:completei1e10:incompletei0e8:intervali600e5:peerslee");
        assert_eq!(
            announce(&mut tracker, 2, ""),
            "d8:completei1e10:incompletei1e8:intervali600e5:peersl\
             d2:ip9:192.0.2.17:peer id20:-TR4000-abcdefghijk14:porti6881eeee"
        );
    }

    #[test]
    fn compact_answers_hold_six_bytes_per_peer() {
        let mut tracker = tracker();
        announce(&mut tracker, 1, "");
        let answer = announce(&mut tracker, 2, "&compact=1");
        assert!(answer.ends_with("5:peers6:\u{c0}\0\u{2}\u{1}\u{1a}\u{e1}6:peers60:e"), "{answer:?}");
    }

    #[test]
    fn one_address_cannot_fill_a_swarm_with_invented_ports() {
        let mut tracker = tracker();
        announce(&mut tracker, 1, "");
        for port in 1..=100 {
            let query = format!("info_hash={HASH}&peer_id=-TR4000-abcdefghijkl&port={port}");
            tracker.announce(NOW, [192, 0, 2, 2].into(), &query, &|_: &InfoHash| true);
        }
        assert_eq!(tracker.size(), (1 + PEERS_PER_ADDRESS, 1));
    }

    #[test]
    fn a_client_that_stops_is_gone() {
        let mut tracker = tracker();
        announce(&mut tracker, 1, "");
        announce(&mut tracker, 1, "&event=stopped");
        assert!(tracker.swarms.is_empty());
    }

    #[test]
    fn a_silent_client_is_gone_after_twenty_minutes() {
        let mut tracker = tracker();
        announce(&mut tracker, 1, "");
        tracker.tick(NOW + Duration::from_mins(20));
        assert!(tracker.swarms.is_empty());
    }

    #[test]
    fn unknown_and_malformed_requests_fail_plainly() {
        let mut tracker = tracker();
        let mut ask = |query: &str| {
            let body = tracker.announce(NOW, [192, 0, 2, 1].into(), query, &|_: &InfoHash| false);
            String::from_utf8(body).unwrap()
        };
        let query = format!("info_hash={HASH}&peer_id=-TR4000-abcdefghijkl&port=6881");
        assert_eq!(ask(&query), "d14:failure reason17:unknown info_hashe");
        assert_eq!(ask(""), "d14:failure reason17:invalid info_hashe");
        assert_eq!(ask(&query.replace("6881", "0")), "d14:failure reason12:invalid porte");
    }

    #[test]
    fn a_scrape_counts_what_it_names_and_lists_nothing() {
        let mut tracker = tracker();
        announce(&mut tracker, 1, "&left=0");
        let known = |_: &InfoHash| true;
        let answer = tracker.scrape(NOW, [192, 0, 2, 9].into(), &format!("info_hash={HASH}"), &known);
        let counts = b"d8:completei1e10:downloadedi0e10:incompletei0eeee";
        assert!(answer.ends_with(counts), "{}", String::from_utf8_lossy(&answer));
        let refused = tracker.scrape(NOW, [192, 0, 2, 9].into(), "", &known);
        assert!(refused.starts_with(b"d14:failure reason"));
    }

    proptest! {
        #[test]
        fn any_query_is_answered_without_a_panic(query in ".*") {
            let answer = tracker().announce(NOW, [192, 0, 2, 1].into(), &query, &|_: &InfoHash| true);
            prop_assert!(answer.starts_with(b"d"));
        }
    }
}
