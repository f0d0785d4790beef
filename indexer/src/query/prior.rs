//! What is a video worth before anybody asks for anything?

use serde::Serialize;

/// Of the decimal logarithm of the views.
pub const POPULARITY: f32 = 0.025;
/// The largest logarithm that counts.
pub const MAX_POPULARITY: f32 = 9.0;
pub const RECENCY: f32 = 0.06;
pub const RECENT_DAYS: f32 = 365.0;
/// What remains of the score of a video in a language that the reader did not ask for.
pub const OTHER_LANGUAGE: f32 = 0.5;

/// What a video gains by being watched and by being new, each as a factor that is at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prior {
    /// By being watched: up to about 1.2.
    pub popularity: f32,
    /// By being new: up to 1.06.
    pub recency: f32,
}

impl Prior {
    /// Of a video with so many views that was published so many days ago.
    pub fn of(views: u64, age_days: f32) -> Self {
        let popularity = (1.0 + views as f32).log10();
        let recency = (-age_days.max(0.0) / RECENT_DAYS).exp();
        Self { popularity: 1.0 + POPULARITY * popularity.min(MAX_POPULARITY), recency: 1.0 + RECENCY * recency }
    }

    /// Both together.
    pub fn factor(self) -> f32 {
        self.popularity * self.recency
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn more_views_and_less_age_are_better() {
        let prior = |views, age_days| Prior::of(views, age_days).factor();
        assert!(prior(1_000, 10.0) > prior(10, 10.0));
        assert!(prior(10, 1.0) > prior(10, 1_000.0));
    }

    proptest! {
        #[test]
        fn the_prior_stays_gentle(views: u64, age in -1e6_f32..1e6) {
            let factor = Prior::of(views, age).factor();
            prop_assert!((1.0..1.3).contains(&factor), "{}", factor);
        }
    }
}
