//! Who does too much of something?

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use moka::future::Cache;
use platform::clock::Timestamp;

const REMEMBERED: u64 = 20_000;

/// An allowance for each of many: so much at once, and then so much per second. Whose turn it is, is reckoned by the clock
/// of the platform, so that tests own it.
pub(crate) struct Allowances {
    burst: f64,
    per_second: f64,
    purses: Cache<String, Arc<Mutex<Purse>>>,
}

#[derive(Debug, Clone, Copy)]
struct Purse {
    left: f64,
    counted_at: Timestamp,
}

impl Allowances {
    pub(crate) fn new(burst: u32, per_second: f64) -> Self {
        Self { burst: f64::from(burst), per_second, purses: Cache::new(REMEMBERED) }
    }

    /// Takes one from somebody's allowance.
    ///
    /// # Errors
    /// If nothing is left: how long until there is.
    pub(crate) async fn take(&self, whose: &str, now: Timestamp) -> Result<(), Duration> {
        self.with(whose, now, |left| {
            if *left < 1.0 {
                return Err(Duration::from_secs_f64((1.0 - *left) / self.per_second));
            }
            *left -= 1.0;
            Ok(())
        })
        .await
    }

    /// Whether anything is left, without taking it.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub(crate) async fn check(&self, whose: &str, now: Timestamp) -> Result<(), Duration> {
        self.with(whose, now, |left| {
            if *left < 1.0 { Err(Duration::from_secs_f64((1.0 - *left) / self.per_second)) } else { Ok(()) }
        })
        .await
    }

    async fn with<T>(&self, whose: &str, now: Timestamp, change: impl FnOnce(&mut f64) -> T) -> T {
        let full = async { Arc::new(Mutex::new(Purse { left: self.burst, counted_at: now })) };
        let purse = self.purses.get_with_by_ref(whose, full).await;
        let mut purse = purse.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = (now - purse.counted_at).to_std().unwrap_or_default().as_secs_f64();
        purse.left = (purse.left + passed * self.per_second).min(self.burst);
        purse.counted_at = purse.counted_at.max(now);
        change(&mut purse.left)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[tokio::test]
    async fn an_allowance_is_spent_and_grows_again() {
        let start = Timestamp::default();
        let allowances = Allowances::new(2, 0.5);
        for _ in 0..2 {
            allowances.take("beta", start).await.unwrap();
        }
        assert_eq!(allowances.take("beta", start).await, Err(Duration::from_secs(2)));
        assert_eq!(allowances.check("beta", start).await, Err(Duration::from_secs(2)));
        allowances.take("gamma", start).await.unwrap();
        let later = start + TimeDelta::seconds(2);
        allowances.check("beta", later).await.unwrap();
        allowances.take("beta", later).await.unwrap();
        assert!(allowances.take("beta", later).await.is_err());
        assert!(allowances.take("beta", start).await.is_err(), "time that goes back gives nothing");
    }
}
