use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use platform::clock::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::users::UserId;

/// Who may have this server ask others for something that it does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RemoteLookup {
    /// Those who are logged in.
    #[default]
    Users,
    /// Everybody.
    Everybody,
    /// Nobody.
    Nobody,
}

impl RemoteLookup {
    /// Whether somebody may, who is logged in or not.
    pub fn allows(self, is_logged_in: bool) -> bool {
        match self {
            Self::Nobody => false,
            Self::Users => is_logged_in,
            Self::Everybody => true,
        }
    }
}

/// Whose look-ups are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Counted {
    User(UserId),
    Network(IpAddr),
    Strangers,
}

impl Counted {
    /// How long it takes until one look-up is forgotten, and how much may be waiting for that.
    fn allowance(self) -> (TimeDelta, TimeDelta) {
        match self {
            Self::User(_) => (TimeDelta::seconds(1), TimeDelta::seconds(60)),
            Self::Network(_) => (TimeDelta::seconds(10), TimeDelta::seconds(100)),
            Self::Strangers => (TimeDelta::milliseconds(500), TimeDelta::seconds(60)),
        }
    }
}

const CAPACITY: usize = 10_000;
const AT_ONCE: usize = 8;

/// The recent look-ups of each asker, and those that are under way.
#[derive(Debug)]
pub struct Lookups {
    /// When the last look-up of each will be forgotten, if they are forgotten one after another.
    pending_until: Mutex<HashMap<Counted, Timestamp>>,
    seats: Semaphore,
}

impl Default for Lookups {
    fn default() -> Self {
        Self { pending_until: Mutex::default(), seats: Semaphore::new(AT_ONCE) }
    }
}

impl Lookups {
    /// Counts a look-up of a user, or of a stranger at an address.
    ///
    /// # Errors
    /// How long to wait, if there were too many.
    pub(super) fn begin(&self, user: Option<UserId>, address: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let mut pending = self.pending_until.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() >= CAPACITY {
            pending.retain(|_, until| *until > now);
        }
        if let Some(user) = user {
            count(&mut pending, Counted::User(user), now)
        } else {
            count(&mut pending, Counted::Network(network_of(address)), now)?;
            count(&mut pending, Counted::Strangers, now)
        }
    }

    /// The seats for look-ups that are under way at the same time.
    pub(super) fn seats(&self) -> &Semaphore {
        &self.seats
    }
}

fn count(pending: &mut HashMap<Counted, Timestamp>, counted: Counted, now: Timestamp) -> Result<(), Duration> {
    let (each, allowance) = counted.allowance();
    let until = pending.get(&counted).map_or(now, |until| now.max(*until)) + each;
    let excess = until - now - allowance;
    if excess > TimeDelta::zero() {
        return Err(excess.to_std().unwrap_or_default());
    }
    // Whoever does not fit in is bounded by what all strangers have together.
    if pending.len() < CAPACITY || pending.contains_key(&counted) || counted == Counted::Strangers {
        pending.insert(counted, until);
    }
    Ok(())
}

/// The addresses of one IPv6 customer count as one.
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

    fn try_all(lookups: &Lookups, user: Option<UserId>, address: &str, now: Timestamp) -> usize {
        let address = address.parse().unwrap();
        (0..1_000).take_while(|_| lookups.begin(user, address, now).is_ok()).count()
    }

    #[test]
    fn a_stranger_looks_up_ten_times_and_then_every_ten_seconds() {
        let (lookups, clock) = (Lookups::default(), FakeClock::default());
        assert_eq!(try_all(&lookups, None, "198.51.100.7", clock.now()), 10);
        clock.advance(Duration::from_secs(10));
        assert_eq!(try_all(&lookups, None, "198.51.100.7", clock.now()), 1);
    }

    #[test]
    fn all_strangers_together_have_a_bound_that_users_do_not_feel() {
        let (lookups, now) = (Lookups::default(), FakeClock::default().now());
        let all: usize = (0..100).map(|n| try_all(&lookups, None, &format!("198.51.100.{n}"), now)).sum();
        assert_eq!(all, 120);
        assert_eq!(try_all(&lookups, Some(UserId(1)), "198.51.100.7", now), 60);
    }
}
