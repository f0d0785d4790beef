//! Who is this viewer, without knowing who it is?

use std::net::{IpAddr, Ipv6Addr};

use platform::{clock::Timestamp, ids::Random};
use sha2::{Digest, Sha256};

/// As many people behind one address are told apart. More, and one address could be a crowd.
const SEATS: u8 = 4;
const SECONDS_PER_DAY: i64 = 86_400;

/// A viewer, for as long as the salt lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Viewer([u8; 16]);

/// Makes viewers of addresses. The salt changes every day, and is forgotten.
#[derive(Debug)]
pub struct Hasher {
    random: Random,
    salt: [u8; 16],
    day: i64,
}

impl Hasher {
    /// With a salt of its own.
    pub fn new(random: Random) -> Self {
        Self { random, salt: [0; 16], day: i64::MIN }
    }

    /// The viewer at an address; an IPv6 address counts as its /64. `session` tells those behind one address apart.
    pub fn viewer(&mut self, address: IpAddr, session: &str, now: Timestamp) -> Viewer {
        let day = now.timestamp().div_euclid(SECONDS_PER_DAY);
        if day != self.day {
            self.random.fill(&mut self.salt);
            self.day = day;
        }
        let seat = self.digest(session.as_bytes(), &[]).first().map_or(0, |byte| byte % SEATS);
        let network = match address.to_canonical() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).octets().to_vec(),
        };
        Viewer(self.digest(&network, &[seat]))
    }

    fn digest(&self, one: &[u8], other: &[u8]) -> [u8; 16] {
        let digest = Sha256::new().chain_update(self.salt).chain_update(one).chain_update(other).finalize();
        let mut short = [0; 16];
        for (to, from) in short.iter_mut().zip(digest) {
            *to = from;
        }
        short
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn moment(second: i64) -> Timestamp {
        Timestamp::from_timestamp(SECONDS_PER_DAY * 20_000 + second, 0).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_is_the_same_viewer_all_day_and_another_one_tomorrow() {
        let mut hasher = Hasher::new(Random::seeded(1));
        let home = address("198.51.100.7");
        let today = hasher.viewer(home, "", moment(0));
        assert_eq!(hasher.viewer(home, "", moment(SECONDS_PER_DAY - 1)), today);
        assert_eq!(hasher.viewer(address("::ffff:198.51.100.7"), "", moment(5)), today);
        assert_ne!(hasher.viewer(address("198.51.100.8"), "", moment(5)), today);
        assert_ne!(hasher.viewer(home, "", moment(SECONDS_PER_DAY)), today);
    }

    #[test]
    fn a_network_of_one_customer_is_one_viewer() {
        let mut hasher = Hasher::new(Random::seeded(1));
        let viewer = hasher.viewer(address("2001:db8::1"), "", moment(0));
        assert_eq!(hasher.viewer(address("2001:db8::ffff:2"), "", moment(0)), viewer);
        assert_ne!(hasher.viewer(address("2001:db8:0:1::1"), "", moment(0)), viewer);
    }

    #[test]
    fn one_address_is_never_a_crowd() {
        let mut hasher = Hasher::new(Random::seeded(1));
        let viewers: HashSet<Viewer> =
            (0..200).map(|n| hasher.viewer(address("198.51.100.7"), &format!("session {n}"), moment(0))).collect();
        assert_eq!(viewers.len(), usize::from(SEATS));
    }
}
