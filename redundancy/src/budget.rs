//! Is there room for one more copy?
//!
//! **Invariant:** what copies take and what copies in progress may still take is never more than the limit. Space is
//! reserved before the first byte is fetched, and a copy that would outgrow its reservation is given up.

use platform::config::ByteSize;

/// The space that copies may take, and do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    limit_bytes: u64,
    used_bytes: u64,
}

/// There is not enough room. Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("skipped: the budget of {} has {} left, and this video takes {}", human(*.limit), human(*.free), human(*.wanted))]
pub struct OverBudget {
    limit: u64,
    free: u64,
    wanted: u64,
}

impl Budget {
    /// A budget of which `used_bytes` are taken or reserved.
    pub fn new(limit: ByteSize, used_bytes: u64) -> Self {
        Self { limit_bytes: limit.get(), used_bytes }
    }

    /// What is left. Nothing, if the limit was lowered below what is used.
    pub fn free_bytes(self) -> u64 {
        self.limit_bytes.saturating_sub(self.used_bytes)
    }

    /// The budget after a reservation.
    ///
    /// # Errors
    /// [`OverBudget`] if it does not fit.
    pub fn reserve(self, wanted_bytes: u64) -> Result<Self, OverBudget> {
        let free_bytes = self.free_bytes();
        if wanted_bytes > free_bytes {
            return Err(OverBudget { limit: self.limit_bytes, free: free_bytes, wanted: wanted_bytes });
        }
        Ok(Self { used_bytes: self.used_bytes + wanted_bytes, ..self })
    }
}

/// Megabytes, for people.
pub(crate) fn human(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_refusal_says_what_is_missing() {
        let full = Budget::new(ByteSize(10_000_000), 9_000_000).reserve(2_500_000).unwrap_err();
        assert_eq!(full.to_string(), "skipped: the budget of 10.0 MB has 1.0 MB left, and this video takes 2.5 MB");
    }

    proptest! {
        #[test]
        fn reservations_never_exceed_the_limit(limit: u64, used: u64, wishes: Vec<u64>) {
            let mut budget = Budget::new(ByteSize(limit), used);
            let mut granted: u64 = 0;
            for wish in wishes {
                if let Ok(smaller) = budget.reserve(wish) {
                    budget = smaller;
                    granted += wish;
                }
            }
            prop_assert!(granted == 0 || u128::from(granted) + u128::from(used) <= u128::from(limit));
            prop_assert!(granted <= limit.saturating_sub(used));
        }
    }
}
