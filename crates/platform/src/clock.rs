//! Time as an argument: nothing in Shoal asks the operating system what time it is, except [`SystemClock`].
//!
//! Timestamps are truncated to milliseconds, because that is what PeerTube's REST API shows and what both databases keep
//! without loss.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, SubsecRound, Utc};

/// A moment in UTC with millisecond precision.
pub type Timestamp = DateTime<Utc>;

/// A source of the present moment.
pub trait Clock: Send + Sync + Debug {
    /// The present moment, truncated to milliseconds.
    fn now(&self) -> Timestamp;
}

/// A clock as it is handed around.
pub type SharedClock = Arc<dyn Clock>;

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(3)
    }
}

/// A clock that stands still until a test moves it. Clones share the same time.
#[derive(Debug, Clone)]
pub struct FakeClock {
    now: Arc<Mutex<Timestamp>>,
}

impl FakeClock {
    /// Starts at the given moment.
    pub fn at(now: Timestamp) -> Self {
        Self { now: Arc::new(Mutex::new(now.trunc_subsecs(3))) }
    }

    /// Moves the time forward.
    pub fn advance(&self, by: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now += by;
    }

    /// Sets the time, which may also go back.
    pub fn set(&self, to: Timestamp) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = to.trunc_subsecs(3);
    }
}

impl Default for FakeClock {
    /// 1 March 2026, noon UTC.
    fn default() -> Self {
        Self::at(DateTime::from_timestamp(1_772_366_400, 0).unwrap_or_default())
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_has_no_digits_below_milliseconds() {
        assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1_000_000, 0);
    }

    #[test]
    fn clones_of_a_fake_clock_share_the_time() {
        let clock = FakeClock::default();
        let clone = clock.clone();
        clock.advance(Duration::from_mins(1));
        assert_eq!(clock.now(), clone.now());
    }
}
