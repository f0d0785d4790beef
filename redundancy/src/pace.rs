//! How fast may we download? At most so many bytes per second over all copies together, with bursts of one second.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use platform::config::ByteSize;
use tokio::time::{Instant, sleep};

/// The bandwidth that all copies share.
#[derive(Debug)]
pub(crate) struct Pace {
    bytes_per_second: Option<u64>,
    paid_until: Mutex<Instant>,
}

const BURST: Duration = Duration::from_secs(1);

impl Pace {
    pub(crate) fn new(limit: Option<ByteSize>) -> Self {
        Self { bytes_per_second: limit.map(|limit| limit.get().max(1)), paid_until: Mutex::new(Instant::now()) }
    }

    /// Waits until these bytes, which have arrived, are within the limit.
    pub(crate) async fn spend(&self, bytes: usize) {
        let Some(rate) = self.bytes_per_second else { return };
        let cost = Duration::from_secs_f64(bytes as f64 / rate as f64);
        let wait = {
            let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
            charge(&mut paid_until, Instant::now(), cost)
        };
        sleep(wait).await;
    }
}

/// Adds a cost to what was spent, and tells how long to wait. Time that was not used is not saved up.
fn charge(paid_until: &mut Instant, now: Instant, cost: Duration) -> Duration {
    *paid_until = (*paid_until).max(now) + cost;
    paid_until.duration_since(now).saturating_sub(BURST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn downloads_keep_to_the_limit_after_a_burst() {
        let start = Instant::now();
        let (mut paid_until, mut now) = (start, start);
        for _ in 0..10 {
            now += charge(&mut paid_until, now, SECOND);
        }
        assert_eq!(now - start, 9 * SECOND);
    }

    #[test]
    fn two_copies_share_the_limit() {
        let now = Instant::now();
        let mut paid_until = now;
        assert_eq!(charge(&mut paid_until, now, SECOND), Duration::ZERO);
        assert_eq!(charge(&mut paid_until, now, SECOND), SECOND);
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let start = Instant::now();
        let mut paid_until = start;
        assert_eq!(charge(&mut paid_until, start + 100 * SECOND, 3 * SECOND), 2 * SECOND);
    }
}
