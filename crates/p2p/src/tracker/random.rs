//! Whom to introduce? Any peers, as long as it is not always the same ones; nothing here need be unpredictable.

/// `SplitMix64`: a small generator whose whole state is its seed.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, or 0 if there is none. The bias of the remainder is far below what matters here.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    /// `wanted` different numbers below `bound`, or all of them if there are fewer (Floyd's algorithm).
    pub(super) fn distinct_below(&mut self, bound: usize, wanted: usize) -> Vec<usize> {
        let mut picked: Vec<usize> = Vec::with_capacity(wanted.min(bound));
        for top in bound.saturating_sub(wanted)..bound {
            let candidate = self.below(top + 1);
            picked.push(if picked.contains(&candidate) { top } else { candidate });
        }
        picked
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn picks_are_distinct_in_range_and_as_many_as_there_can_be(seed: u64, bound in 0_usize..50, wanted in 0_usize..60) {
            let picked = Random::new(seed).distinct_below(bound, wanted);
            prop_assert_eq!(picked.len(), wanted.min(bound));
            prop_assert_eq!(picked.iter().collect::<BTreeSet<_>>().len(), picked.len());
            prop_assert!(picked.iter().all(|index| *index < bound));
        }
    }

    #[test]
    fn everybody_is_picked_sooner_or_later() {
        let mut random = Random::new(7);
        let picked: BTreeSet<usize> = (0..200).flat_map(|_| random.distinct_below(10, 2)).collect();
        assert_eq!(picked.len(), 10);
    }
}
