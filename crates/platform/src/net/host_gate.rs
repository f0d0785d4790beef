//! Is it our turn to talk to this server?
//!
//! One gate per remote authority (host and port): a rate, and a number of simultaneous requests. Long transfers have seats
//! of their own, so that mirroring a server's videos does not hold up the activities we deliver to it. Gates of servers
//! that we have not talked to for an hour are forgotten.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use moka::future::Cache;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};

use super::{NetConfig, NetError};

const MAX_GATES: u64 = 10_000;
const FORGET_AFTER: Duration = Duration::from_hours(1);
const MAX_WAIT: Duration = Duration::from_mins(2);

/// How long a request keeps its seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// A bounded exchange.
    Short,
    /// The transfer of a large file.
    Long,
}

/// A seat at a server; dropping it lets the next request in.
#[derive(Debug)]
pub(super) struct Pass {
    _seat: OwnedSemaphorePermit,
}

/// The gates of all servers.
#[derive(Debug, Clone)]
pub(super) struct HostGates {
    gates: Cache<String, Arc<Gate>>,
    paces: Cache<(String, u64), Arc<DefaultDirectRateLimiter>>,
    requests_per_second: NonZeroU32,
    concurrent_requests: usize,
}

#[derive(Debug)]
struct Gate {
    rate: DefaultDirectRateLimiter,
    short_seats: Arc<Semaphore>,
    long_seats: Arc<Semaphore>,
}

impl HostGates {
    pub(super) fn new(config: &NetConfig) -> Self {
        Self {
            gates: Cache::builder().max_capacity(MAX_GATES).time_to_idle(FORGET_AFTER).build(),
            paces: Cache::builder().max_capacity(MAX_GATES).time_to_idle(FORGET_AFTER).build(),
            requests_per_second: NonZeroU32::new(config.requests_per_second_per_host).unwrap_or(NonZeroU32::MIN),
            concurrent_requests: config.concurrent_requests_per_host.max(1) as usize,
        }
    }

    /// Waits for our turn. `pace` is the least time between two requests of those who name the same pace, in addition to
    /// the rate that holds for everyone.
    ///
    /// # Errors
    /// [`NetError::Timeout`] if the queue does not move for two minutes beyond the pace.
    pub(super) async fn enter(&self, authority: &str, seat: Seat, pace: Option<Duration>) -> Result<Pass, NetError> {
        let longest = MAX_WAIT + pace.unwrap_or_default() * 2;
        time::timeout(longest, self.wait(authority, seat, pace))
            .await
            .map_err(|_| NetError::Timeout(format!("too many of our own requests wait for {authority}")))?
    }

    async fn wait(&self, authority: &str, seat: Seat, pace: Option<Duration>) -> Result<Pass, NetError> {
        let gate = self.gates.get_with_by_ref(authority, async { Arc::new(self.new_gate()) }).await;
        let seats = match seat {
            Seat::Short => &gate.short_seats,
            Seat::Long => &gate.long_seats,
        };
        let taken = Arc::clone(seats).acquire_owned().await;
        let seat = taken.map_err(|_| NetError::Timeout("the client is shutting down".into()))?;
        if let Some(limiter) = self.pace_limiter(authority, pace).await {
            wait_for_turn(&limiter).await;
        }
        wait_for_turn(&gate.rate).await;
        Ok(Pass { _seat: seat })
    }

    fn new_gate(&self) -> Gate {
        Gate {
            rate: RateLimiter::direct(Quota::per_second(self.requests_per_second)),
            short_seats: Arc::new(Semaphore::new(self.concurrent_requests)),
            long_seats: Arc::new(Semaphore::new(self.concurrent_requests)),
        }
    }

    async fn pace_limiter(&self, authority: &str, pace: Option<Duration>) -> Option<Arc<DefaultDirectRateLimiter>> {
        let pace = pace?;
        let quota = Quota::with_period(pace)?; // a pace of zero is no pace
        let key = (authority.to_owned(), pace.as_millis() as u64);
        Some(self.paces.get_with(key, async { Arc::new(RateLimiter::direct(quota)) }).await)
    }
}

async fn wait_for_turn(limiter: &DefaultDirectRateLimiter) {
    let clock = DefaultClock::default();
    while let Err(not_until) = limiter.check() {
        time::sleep(not_until.wait_time_from(clock.now())).await;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use tokio::time::Instant;

    use super::*;

    fn gates(requests_per_second: u32, concurrent: u32) -> HostGates {
        HostGates::new(&NetConfig {
            requests_per_second_per_host: requests_per_second,
            concurrent_requests_per_host: concurrent,
            ..NetConfig::default()
        })
    }

    #[tokio::test]
    async fn a_full_server_makes_the_next_request_wait_until_a_seat_is_free() {
        let gates = gates(1_000, 1);
        let first = gates.enter("a.test", Seat::Short, None).await.expect("a seat");
        let mut second = Box::pin(gates.enter("a.test", Seat::Short, None));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert!(second.await.is_ok());
    }

    #[tokio::test]
    async fn a_full_server_does_not_hold_up_others_nor_long_transfers_short_requests() {
        let gates = gates(1_000, 1);
        let _long = gates.enter("a.test", Seat::Long, None).await.expect("a seat");
        let _short = gates.enter("a.test", Seat::Short, None).await.expect("a seat");
        let _other = gates.enter("b.test", Seat::Short, None).await.expect("a seat");
    }

    #[tokio::test]
    async fn requests_beyond_the_rate_are_spread_out() {
        let gates = gates(20, 8);
        let start = Instant::now();
        for _ in 0..24 {
            gates.enter("a.test", Seat::Short, None).await.expect("a seat");
        }
        assert!(start.elapsed() >= Duration::from_millis(150), "four requests beyond the burst of twenty");
    }

    #[tokio::test]
    async fn a_pace_holds_requests_apart() {
        let gates = gates(1_000, 8);
        let start = Instant::now();
        for _ in 0..3 {
            gates.enter("a.test", Seat::Short, Some(Duration::from_millis(60))).await.expect("a seat");
        }
        assert!(start.elapsed() >= Duration::from_millis(110));
    }
}
