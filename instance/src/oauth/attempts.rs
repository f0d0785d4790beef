//! How often may one address be wrong about a password?
//!
//! Fifteen times at once, then once in twenty seconds: 15 per 5 minutes, as PeerTube has it. Right passwords do not count.
//!
//! **Invariants:** an attempt is counted before its password is hashed, so that attempts at the same time cannot outrun the
//! limit; however many addresses try, [`CAPACITY`] of them are remembered.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use platform::clock::Timestamp;

/// After so long, an attempt is forgotten.
const PER_ATTEMPT: TimeDelta = TimeDelta::seconds(20);
/// So much may be waiting to be forgotten: fifteen attempts.
const ALLOWANCE: TimeDelta = TimeDelta::minutes(5);
const CAPACITY: usize = 10_000;

/// The recent attempts of each address. An IPv6 address counts as its /56, which one customer has to themselves.
#[derive(Debug, Default)]
pub struct LogInAttempts {
    /// When the last attempt of each address will be forgotten, if they are forgotten one after another.
    pending_until: Mutex<HashMap<IpAddr, Timestamp>>,
}

impl LogInAttempts {
    /// Counts an attempt of which nobody knows yet how it ends.
    ///
    /// # Errors
    /// How long to wait, if there were too many.
    pub(super) fn begin(&self, address: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let network = network_of(address);
        let mut pending = self.lock();
        let until = pending.get(&network).map_or(now, |until| now.max(*until)) + PER_ATTEMPT;
        let excess = until - now - ALLOWANCE;
        if excess > TimeDelta::zero() {
            return Err(excess.to_std().unwrap_or_default());
        }
        if pending.len() >= CAPACITY && !pending.contains_key(&network) {
            make_room(&mut pending, now);
        }
        pending.insert(network, until);
        Ok(())
    }

    /// The password was right: the attempt does not count.
    pub(super) fn forgive(&self, address: IpAddr) {
        if let Some(until) = self.lock().get_mut(&network_of(address)) {
            *until -= PER_ATTEMPT;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Timestamp>> {
        self.pending_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets whoever has nothing pending, or else whoever has the least.
fn make_room(pending: &mut HashMap<IpAddr, Timestamp>, now: Timestamp) {
    pending.retain(|_, until| *until > now);
    if pending.len() >= CAPACITY
        && let Some(least) = pending.iter().min_by_key(|(_, until)| **until).map(|(network, _)| *network)
    {
        pending.remove(&least);
    }
}

fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - 56))).into(),
    }
}

#[cfg(test)]
mod tests {
    use platform::clock::{Clock, FakeClock};

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));

    fn try_all(attempts: &LogInAttempts, address: IpAddr, now: Timestamp) -> usize {
        (0..100).take_while(|_| attempts.begin(address, now).is_ok()).count()
    }

    #[test]
    fn an_address_is_wrong_fifteen_times_and_then_every_twenty_seconds() {
        let (attempts, clock) = (LogInAttempts::default(), FakeClock::default());
        assert_eq!(try_all(&attempts, HERE, clock.now()), 15);
        assert_eq!(attempts.begin(HERE, clock.now()), Err(Duration::from_secs(20)));
        clock.advance(Duration::from_secs(20));
        assert_eq!(try_all(&attempts, HERE, clock.now()), 1);
        clock.advance(Duration::from_mins(5));
        assert_eq!(try_all(&attempts, HERE, clock.now()), 15);
    }

    #[test]
    fn right_passwords_do_not_count() {
        let (attempts, now) = (LogInAttempts::default(), FakeClock::default().now());
        for _ in 0..100 {
            attempts.begin(HERE, now).unwrap();
            attempts.forgive(HERE);
        }
        assert_eq!(try_all(&attempts, HERE, now), 15);
    }

    #[test]
    fn the_addresses_of_one_ipv6_customer_are_one() {
        let (attempts, now) = (LogInAttempts::default(), FakeClock::default().now());
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(try_all(&attempts, address("2001:db8:0:1ff::1"), now), 15);
        assert_eq!(try_all(&attempts, address("2001:db8:0:100:ffff::2"), now), 0);
        assert_eq!(try_all(&attempts, address("2001:db8:0:200::1"), now), 15);
    }

    #[test]
    fn a_flood_of_addresses_takes_no_more_memory_and_pardons_nobody_who_was_refused() {
        let (attempts, now) = (LogInAttempts::default(), FakeClock::default().now());
        try_all(&attempts, HERE, now);
        for number in (0_u32..).take(CAPACITY + 100) {
            attempts.begin(IpAddr::V4(number.into()), now).unwrap();
        }
        assert_eq!(attempts.lock().len(), CAPACITY);
        assert_eq!(try_all(&attempts, HERE, now), 0);
    }
}
