//! Who has downloaded what in the last hour, and what of that is not written down yet.

use std::{collections::HashMap, net::IpAddr};

use platform::{clock::Timestamp, ids::Random};

use super::{
    register::{BATCH, COUNTED_FOR},
    viewers::{Hasher, Viewer},
};
use crate::videos::VideoId;

const MAX_COUNTED: usize = 50_000;

/// Downloads, as far as this process knows. One address counts once an hour for each video, however often it asks and
/// whatever parts: players and download managers ask many times.
#[derive(Debug)]
pub(super) struct Downloads {
    hasher: Hasher,
    counted: HashMap<(VideoId, Viewer), Timestamp>,
    new: HashMap<VideoId, u32>,
}

impl Downloads {
    pub(super) fn new(random: Random) -> Self {
        Self { hasher: Hasher::new(random), counted: HashMap::new(), new: HashMap::new() }
    }

    /// Somebody takes a file of a video.
    pub(super) fn report(&mut self, video: VideoId, address: IpAddr, now: Timestamp) {
        let key = (video, self.hasher.viewer(address, "", now));
        let is_known = self.counted.get(&key).is_some_and(|until| *until > now);
        if !is_known && (self.counted.len() < MAX_COUNTED || self.counted.contains_key(&key)) {
            self.counted.insert(key, now + COUNTED_FOR);
            self.add(video, 1);
        }
    }

    /// Also puts back what could not be written down.
    pub(super) fn add(&mut self, video: VideoId, downloads: u32) {
        let count = self.new.entry(video).or_default();
        *count = count.saturating_add(downloads);
    }

    /// Takes what is to be written down, and forgets what is past.
    pub(super) fn harvest(&mut self, now: Timestamp, is_last: bool) -> Vec<(VideoId, u32)> {
        self.counted.retain(|_, until| *until > now);
        let videos: Vec<VideoId> = self.new.keys().copied().take(if is_last { usize::MAX } else { BATCH }).collect();
        videos.into_iter().filter_map(|video| self.new.remove_entry(&video)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: VideoId = VideoId(7);

    fn moment(second: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_000_000 + second, 0).unwrap()
    }

    #[test]
    fn who_downloads_counts_once_an_hour() {
        let mut downloads = Downloads::new(Random::seeded(1));
        for (host, second) in [(1, 0), (1, 5), (2, 10), (1, 3_000)] {
            downloads.report(VIDEO, IpAddr::from([198, 51, 100, host]), moment(second));
        }
        assert_eq!(downloads.harvest(moment(3_000), false), [(VIDEO, 2)]);
        downloads.report(VIDEO, IpAddr::from([198, 51, 100, 1]), moment(3_600));
        assert_eq!(downloads.harvest(moment(3_600), false), [(VIDEO, 1)]);
        assert_eq!(downloads.harvest(moment(3_600), true), []);
    }

    #[test]
    fn a_crowd_of_addresses_fills_no_memory() {
        let mut downloads = Downloads::new(Random::seeded(1));
        for number in 0..u32::try_from(MAX_COUNTED).unwrap() + 100 {
            downloads.report(VIDEO, IpAddr::from(number.to_be_bytes()), moment(0));
        }
        assert_eq!(downloads.harvest(moment(0), false), [(VIDEO, u32::try_from(MAX_COUNTED).unwrap())]);
    }
}
