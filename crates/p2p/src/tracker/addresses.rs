//! Is this address still welcome?

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::SystemTime,
};

use super::Limits;

/// What is remembered of each address that asked lately.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    records: HashMap<IpAddr, Record>,
}

#[derive(Debug, Default)]
struct Record {
    sockets: usize,
    window_start: Option<SystemTime>,
    announces: u32,
    blocked_until: Option<SystemTime>,
}

impl Addresses {
    /// Counts a socket in; `false` if the address has its share already.
    pub(super) fn open(&mut self, address: IpAddr, limits: &Limits) -> bool {
        let record = self.records.entry(network(address)).or_default();
        let has_room = record.sockets < limits.sockets_per_address;
        record.sockets += usize::from(has_room);
        has_room
    }

    /// Counts a socket out.
    pub(super) fn close(&mut self, address: IpAddr) {
        if let Some(record) = self.records.get_mut(&network(address)) {
            record.sockets = record.sockets.saturating_sub(1);
        }
    }

    /// Counts an announcement; `false` if there were too many lately.
    pub(super) fn may_announce(&mut self, now: SystemTime, address: IpAddr, limits: &Limits) -> bool {
        let record = self.records.entry(network(address)).or_default();
        if record.window_start.is_none_or(|start| start + limits.announce_window <= now) {
            record.window_start = Some(now);
            record.announces = 0;
        }
        record.announces = record.announces.saturating_add(1);
        record.announces <= limits.announces_per_address
    }

    pub(super) fn block(&mut self, now: SystemTime, address: IpAddr, limits: &Limits) {
        self.records.entry(network(address)).or_default().blocked_until = Some(now + limits.block);
    }

    pub(super) fn is_blocked(&self, now: SystemTime, address: IpAddr) -> bool {
        self.records.get(&network(address)).is_some_and(|record| record.is_blocked(now))
    }

    /// Forgets addresses of which nothing needs remembering.
    pub(super) fn expire(&mut self, now: SystemTime, limits: &Limits) {
        self.records.retain(|_, record| {
            let counts = record.window_start.is_some_and(|start| start + limits.announce_window > now);
            record.sockets > 0 || counts || record.is_blocked(now)
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }
}

impl Record {
    fn is_blocked(&self, now: SystemTime) -> bool {
        self.blocked_until.is_some_and(|until| until > now)
    }
}

/// A household or server owns a whole IPv6 /64, so that is what counts as one address.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_ipv6_network_shares_one_allowance() {
        let limits = Limits { sockets_per_address: 1, ..Limits::default() };
        let mut addresses = Addresses::default();
        assert!(addresses.open("2001:db8::1".parse().unwrap(), &limits));
        assert!(!addresses.open("2001:db8::2".parse().unwrap(), &limits));
        assert!(addresses.open("2001:db8:0:1::1".parse().unwrap(), &limits));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_the_same_address() {
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), network("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn announcing_is_allowed_again_in_the_next_window() {
        let limits = Limits { announces_per_address: 1, ..Limits::default() };
        let (mut addresses, now, address) = (Addresses::default(), SystemTime::UNIX_EPOCH, [192, 0, 2, 1].into());
        assert!(addresses.may_announce(now, address, &limits));
        assert!(!addresses.may_announce(now, address, &limits));
        assert!(addresses.may_announce(now + limits.announce_window, address, &limits));
    }
}
