//! Which videos are worth a copy, and in what order?
//!
//! Every public video of a followed server that is not too large, newest first, as far as the budget goes. Pure: the
//! same candidates give the same picks on every node.

use std::time::Duration;

use platform::clock::Timestamp;
use uuid::Uuid;

use crate::{
    Config,
    budget::{Budget, human},
    catalogue::{Candidate, MirrorSource},
    model::{Mirror, MirrorState},
};

/// Playlists, hash list and pictures are small, but not nothing.
const SMALL_FILES_BYTES: u64 = 4_000_000;
/// After a failure, the video is tried again with the next check after this time.
const SECOND_CHANCE: Duration = Duration::from_hours(6);
/// A copy that made no progress for so long has lost its worker.
const STALLED: Duration = Duration::from_hours(24);
/// Candidates that one check starts at most; the next one goes on.
const PICKED_AT_ONCE: usize = 1_000;

/// Why a video is not copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The operator wants no video of this size.
    #[error("skipped: {} is more than the {} allowed for one video", human(*.size_bytes), human(*.limit_bytes))]
    TooLarge {
        /// Size of its files.
        size_bytes: u64,
        /// `redundancy.max_video_size`.
        limit_bytes: u64,
    },
    /// The origin does not say how large its files are, or has none.
    #[error("skipped: the origin declares no file sizes")]
    NoSize,
}

/// How much a video may take on disk: its declared size and 5 %, and something for the small files.
///
/// # Errors
/// [`Unfit`] if it shall not be copied at all.
pub fn judge(source: &MirrorSource, config: &Config) -> Result<u64, Unfit> {
    let sizes = source.files.iter().map(|file| file.size_bytes);
    if source.files.is_empty() || sizes.clone().any(|size| size == 0) {
        return Err(Unfit::NoSize);
    }
    let size_bytes = sizes.fold(0, u64::saturating_add);
    let limit_bytes = config.max_video_size.get();
    if size_bytes > limit_bytes {
        return Err(Unfit::TooLarge { size_bytes, limit_bytes });
    }
    Ok(reservation(size_bytes))
}

/// What is reserved for a video of this declared size.
pub fn reservation(declared_bytes: u64) -> u64 {
    with_tolerance(declared_bytes).saturating_add(small_files(declared_bytes))
}

/// The most that a file of this declared size may be: origins round, and rewrite headers.
pub fn with_tolerance(declared_bytes: u64) -> u64 {
    declared_bytes.saturating_add(declared_bytes / 20)
}

/// The most that all playlists, hash lists and pictures of a video may be: they grow with the number of segments.
pub fn small_files(declared_bytes: u64) -> u64 {
    SMALL_FILES_BYTES.saturating_add(declared_bytes / 100)
}

/// A candidate that the hourly check should think about.
#[derive(Debug, Clone)]
pub struct Due {
    /// The video.
    pub candidate: Candidate,
    /// What is reserved for it already.
    pub held_bytes: u64,
}

/// Whether the hourly check should think about a video, given what is known of it.
pub fn due(candidate: Candidate, known: Option<&Mirror>, now: Timestamp) -> Option<Due> {
    let Some(mirror) = known else { return Some(Due { candidate, held_bytes: 0 }) };
    let is_due = match mirror.state {
        MirrorState::Waiting | MirrorState::Copying => mirror.updated_at + STALLED <= now,
        MirrorState::Complete => mirror.playlist_url != candidate.playlist_url,
        MirrorState::Skipped => true,
        MirrorState::Failed => mirror.updated_at + SECOND_CHANCE <= now,
    };
    is_due.then_some(Due { candidate, held_bytes: mirror.reserved_bytes.max(0) as u64 })
}

/// The candidates that fit the budget, newest first.
pub fn pick(mut candidates: Vec<Due>, mut budget: Budget, config: &Config) -> Vec<Uuid> {
    candidates.sort_by_key(|due| (std::cmp::Reverse(due.candidate.published_at), due.candidate.uuid));
    let mut picked = Vec::new();
    for Due { candidate, held_bytes } in candidates {
        if candidate.size_bytes == 0 || candidate.size_bytes > config.max_video_size.get() {
            continue;
        }
        if let Ok(smaller) = budget.reserve(reservation(candidate.size_bytes).saturating_sub(held_bytes)) {
            budget = smaller;
            picked.push(candidate.uuid);
        }
        if picked.len() == PICKED_AT_ONCE {
            break;
        }
    }
    picked
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use platform::config::ByteSize;
    use proptest::prelude::*;

    use super::*;

    fn candidate(number: u8, size_bytes: u64, minutes: i64) -> Due {
        let candidate = Candidate {
            uuid: Uuid::from_bytes([number; 16]),
            playlist_url: "https://origin.test/master.m3u8".to_owned(),
            size_bytes,
            published_at: DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes),
        };
        Due { candidate, held_bytes: 0 }
    }

    fn config(limit: u64) -> Config {
        Config { max_video_size: ByteSize(limit), ..Config::default() }
    }

    #[test]
    fn the_newest_video_comes_first_and_a_smaller_one_fills_the_rest() {
        let candidates = vec![candidate(1, 10_000_000, 1), candidate(2, 90_000_000, 3), candidate(3, 40_000_000, 2)];
        let budget = Budget::new(ByteSize(reservation(90_000_000) + reservation(10_000_000)), 0);
        assert_eq!(pick(candidates, budget, &config(u64::MAX)), [Uuid::from_bytes([2; 16]), Uuid::from_bytes([1; 16])]);
    }

    proptest! {
        #[test]
        fn picks_fit_the_budget_and_do_not_depend_on_the_order(
            sizes in prop::collection::vec((0_u64..50_000_000, 0_i64..5), 0..60),
            limit in 0_u64..400_000_000,
            used in 0_u64..400_000_000,
            most in 0_u64..60_000_000,
        ) {
            let candidates: Vec<Due> = sizes
                .iter()
                .enumerate()
                .map(|(number, (size, minutes))| candidate(number as u8, *size, *minutes))
                .collect();
            let budget = Budget::new(ByteSize(limit), used);
            let picked = pick(candidates.clone(), budget, &config(most));
            let chosen: Vec<&Candidate> =
                candidates.iter().map(|due| &due.candidate).filter(|c| picked.contains(&c.uuid)).collect();
            let taken: u64 = chosen.iter().map(|c| reservation(c.size_bytes)).sum();
            prop_assert!(taken <= budget.free_bytes());
            prop_assert!(chosen.iter().all(|c| c.size_bytes <= most));
            let reversed = candidates.into_iter().rev().collect();
            prop_assert_eq!(pick(reversed, budget, &config(most)), picked);
        }

        #[test]
        fn a_reservation_covers_everything_that_a_copy_may_write(declared in 0_u64..(1 << 50)) {
            prop_assert_eq!(with_tolerance(declared) + small_files(declared), reservation(declared));
        }
    }
}
