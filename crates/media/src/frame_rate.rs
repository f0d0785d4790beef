//! How many pictures a second, exactly: a fraction, because 30000/1001 is not 29.97.

use serde::{Deserialize, Serialize};

/// The rates that cameras and films really have. A measured rate within half a percent of one of these is meant to be it.
const WELL_KNOWN: [FrameRate; 9] = [
    FrameRate::new(24_000, 1001),
    FrameRate::new(24, 1),
    FrameRate::new(25, 1),
    FrameRate::new(30_000, 1001),
    FrameRate::new(30, 1),
    FrameRate::new(48, 1),
    FrameRate::new(50, 1),
    FrameRate::new(60_000, 1001),
    FrameRate::new(60, 1),
];

/// Pictures per second as a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameRate {
    /// Pictures in `denominator` seconds.
    pub numerator: u32,
    /// Seconds in which `numerator` pictures are shown; never 0 in a rate made by [`FrameRate::measured`].
    pub denominator: u32,
}

impl FrameRate {
    /// The rate of `numerator / denominator` pictures per second.
    pub const fn new(numerator: u32, denominator: u32) -> Self {
        Self { numerator, denominator }
    }

    /// Makes a usable rate of what a file claims: `None` if the claim is no number above zero.
    ///
    /// Rates beside a well-known one become it; others (variable rates give odd averages) are rounded to a whole
    /// number between 1 and 1000.
    pub fn measured(pictures_per_second: f64) -> Option<Self> {
        if !pictures_per_second.is_finite() || pictures_per_second <= 0.0 {
            return None;
        }
        let nearest = WELL_KNOWN.into_iter().min_by(|a, b| {
            let distance = |rate: &Self| (rate.as_f64() - pictures_per_second).abs();
            distance(a).total_cmp(&distance(b))
        })?;
        if (nearest.as_f64() - pictures_per_second).abs() / nearest.as_f64() < 0.005 {
            return Some(nearest);
        }
        Some(Self::new(pictures_per_second.round().clamp(1.0, 1000.0) as u32, 1))
    }

    /// Pictures per second as a floating-point number; 0 for a rate without a denominator.
    pub fn as_f64(self) -> f64 {
        if self.denominator == 0 { 0.0 } else { f64::from(self.numerator) / f64::from(self.denominator) }
    }

    /// Pictures per second as people say it: 30000/1001 is "30".
    pub fn rounded(self) -> u32 {
        self.as_f64().round() as u32
    }

    /// Half as many pictures per second.
    #[must_use]
    pub const fn halved(self) -> Self {
        if self.numerator.is_multiple_of(2) {
            Self::new(self.numerator / 2, self.denominator)
        } else {
            Self::new(self.numerator, self.denominator.saturating_mul(2))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measured_rate_becomes_the_well_known_rate_beside_it() {
        assert_eq!(FrameRate::measured(29.97), Some(FrameRate::new(30_000, 1001)));
        assert_eq!(FrameRate::measured(29.999), Some(FrameRate::new(30, 1)));
        assert_eq!(FrameRate::measured(23.98), Some(FrameRate::new(24_000, 1001)));
    }

    #[test]
    fn an_odd_rate_becomes_a_whole_number() {
        assert_eq!(FrameRate::measured(17.3), Some(FrameRate::new(17, 1)));
        assert_eq!(FrameRate::measured(0.2), Some(FrameRate::new(1, 1)));
        assert_eq!(FrameRate::measured(90_000.0), Some(FrameRate::new(1000, 1)));
    }

    #[test]
    fn nonsense_is_no_rate() {
        for nonsense in [0.0, -25.0, f64::NAN, f64::INFINITY] {
            assert_eq!(FrameRate::measured(nonsense), None);
        }
        assert!(FrameRate::new(25, 0).as_f64().abs() < f64::EPSILON);
    }

    #[test]
    fn halving_keeps_the_fraction_exact() {
        assert_eq!(FrameRate::new(60_000, 1001).halved(), FrameRate::new(30_000, 1001));
        assert_eq!(FrameRate::new(75, 1).halved(), FrameRate::new(75, 2));
    }
}
