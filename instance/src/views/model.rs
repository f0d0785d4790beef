use chrono::TimeDelta;
use platform::clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::videos::VideoId;

/// So much has to be watched for a view, or half of what is shorter than twice that.
const SECONDS_FOR_A_VIEW: u32 = 10;
const MAX_SECTIONS: usize = 200;
/// Nobody watches faster.
const TOP_SPEED: i64 = 4;
/// Reports come late, and say whole seconds.
const SLACK_S: i64 = 5;

/// A part of a video that was watched without a jump, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section(pub u32, pub u32);

impl Section {
    /// How long it is.
    pub fn length(self) -> u32 {
        self.1.saturating_sub(self.0)
    }
}

/// One viewer's watching of one video.
#[derive(Debug, Clone)]
pub struct Watch {
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last heard of.
    pub last_at: Timestamp,
    /// What was watched, in the order in which it was.
    pub sections: Vec<Section>,
}

impl Watch {
    /// A viewer who has just come.
    pub fn begin(at: u32, now: Timestamp) -> Self {
        Self { started_at: now, last_at: now, sections: vec![Section(at, at)] }
    }

    /// The viewer is somewhere. What lies between is watched, unless they jumped, or could not have got there since.
    pub fn go_on(&mut self, at: u32, jumped: bool, now: Timestamp) {
        let elapsed = (now - self.last_at).num_seconds().max(0);
        self.last_at = now;
        let reach = elapsed.saturating_mul(TOP_SPEED).saturating_add(SLACK_S);
        let is_full = self.sections.len() >= MAX_SECTIONS;
        match self.sections.last_mut() {
            Some(last) if !jumped && at >= last.1 && i64::from(at - last.1) <= reach => last.1 = at,
            _ if is_full => {}
            _ => self.sections.push(Section(at, at)),
        }
    }

    /// Seconds in all.
    pub fn watched_s(&self) -> u32 {
        self.sections.iter().fold(0, |sum, section| sum.saturating_add(section.length()))
    }

    /// Whether it is a view.
    pub fn is_view(&self, duration_s: i64, is_live: bool) -> bool {
        let watched = self.watched_s();
        let half_is_enough = !is_live && duration_s > 0 && watched > 0;
        watched >= SECONDS_FOR_A_VIEW || (half_is_enough && i64::from(watched) * 2 >= duration_s)
    }
}

/// A watch that is over.
#[derive(Debug, Clone)]
pub struct Watched {
    /// What was watched.
    pub video: VideoId,
    /// How.
    pub watch: Watch,
}

/// A viewer, or all those of another server, as told by a `View` that expires.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// How many.
    pub viewers: u32,
    /// Until when.
    pub until: Timestamp,
    /// Whether the video's own server says so, and means all viewers everywhere.
    pub is_origin: bool,
}

/// Who told last, and until when viewers may be taken to watch.
pub const LONGEST_VIEWING: TimeDelta = TimeDelta::minutes(10);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment(second: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_000_000 + second, 0).unwrap()
    }

    #[test]
    fn ten_seconds_are_a_view_and_nine_are_not() {
        let mut watch = Watch::begin(0, moment(0));
        watch.go_on(9, false, moment(9));
        assert!(!watch.is_view(600, false));
        watch.go_on(10, false, moment(10));
        assert!(watch.is_view(600, false));
    }

    #[test]
    fn half_of_a_short_video_is_a_view_but_not_of_a_stream() {
        let mut watch = Watch::begin(0, moment(0));
        assert!(!watch.is_view(1, false), "nothing was watched yet");
        watch.go_on(3, false, moment(3));
        assert!(watch.is_view(6, false));
        assert!(!watch.is_view(6, true));
    }

    #[test]
    fn what_was_jumped_over_was_not_watched() {
        let mut watch = Watch::begin(0, moment(0));
        watch.go_on(300, true, moment(5));
        watch.go_on(304, false, moment(9));
        assert_eq!(watch.sections, [Section(0, 0), Section(300, 304)]);
    }

    #[test]
    fn nobody_watches_an_hour_in_a_second() {
        let mut watch = Watch::begin(0, moment(0));
        watch.go_on(3_600, false, moment(1));
        assert_eq!(watch.watched_s(), 0);
    }

    proptest! {
        #[test]
        fn no_one_watches_more_than_the_clock_allows(reports in prop::collection::vec((0_u32.., any::<bool>(), 0_i64..1_000), 0..300)) {
            let mut watch = Watch::begin(0, moment(0));
            let mut now = 0;
            for (at, jumped, pause) in &reports {
                now += pause;
                watch.go_on(*at, *jumped, moment(now));
            }
            let reports = i64::try_from(reports.len()).unwrap();
            prop_assert!(i64::from(watch.watched_s()) <= now * TOP_SPEED + reports * SLACK_S);
            prop_assert!(watch.sections.len() <= MAX_SECTIONS);
        }
    }
}
