use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use platform::{clock::Timestamp, ids::Random};

use super::{
    downloads::Downloads,
    model::{LONGEST_VIEWING, Source, Watch, Watched},
    viewers::{Hasher, Viewer},
};
use crate::videos::VideoId;

/// Who has said nothing for so long is no longer there.
const PRESENT_FOR: TimeDelta = TimeDelta::minutes(1);
/// A watch is over when nothing was heard of it for so long.
const OVER_AFTER: TimeDelta = TimeDelta::minutes(10);
/// Longer than this, nobody is taken to watch without a break.
const LONGEST_WATCH: TimeDelta = TimeDelta::hours(12);
/// A viewer, or whoever downloads, counts again after this.
pub(super) const COUNTED_FOR: TimeDelta = TimeDelta::hours(1);
/// How often other servers are told how many watch.
const TOLD_EVERY: TimeDelta = TimeDelta::minutes(1);

const MAX_WATCHES: usize = 50_000;
const MAX_COUNTED: usize = 200_000;
const MAX_SOURCES: usize = 20_000;
const MAX_SOURCES_PER_VIDEO: usize = 2_000;
const MAX_VIEWERS: u32 = 10_000_000;
/// As many videos are written down at a time; the others come next.
pub(super) const BATCH: usize = 200;

/// What a player says.
#[derive(Debug, Clone, Copy)]
pub struct Report<'r> {
    /// What is watched.
    pub video: VideoId,
    /// Its length.
    pub duration_s: i64,
    /// Whether it is a stream.
    pub is_live: bool,
    /// From where.
    pub address: IpAddr,
    /// What tells viewers at one address apart.
    pub session: &'r str,
    /// Where the viewer is.
    pub at: u32,
    /// Whether they jumped there.
    pub jumped: bool,
}

/// What is to be written down and told.
#[derive(Debug, Default)]
pub struct Harvest {
    /// New views.
    pub views: Vec<(VideoId, u32)>,
    /// New downloads.
    pub downloads: Vec<(VideoId, u32)>,
    /// What was watched.
    pub watched: Vec<Watched>,
    /// Videos whose viewers other servers are to be told.
    pub watching: Vec<VideoId>,
}

impl Harvest {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.views.is_empty() && self.downloads.is_empty() && self.watched.is_empty() && self.watching.is_empty()
    }
}

/// Everybody who watches, here or elsewhere, as far as this process knows.
#[derive(Debug)]
pub struct Register {
    state: Mutex<State>,
    /// What this process calls itself when it tells how many watch.
    name: String,
    /// Held by whoever writes it down.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    hasher: Hasher,
    watches: HashMap<VideoId, HashMap<Viewer, Watch>>,
    watch_count: usize,
    counted: HashMap<(VideoId, Viewer), Timestamp>,
    new_views: HashMap<VideoId, u32>,
    downloads: Downloads,
    sources: HashMap<VideoId, HashMap<String, Source>>,
    source_count: usize,
    told_at: Option<Timestamp>,
}

impl Register {
    /// Nobody watches.
    pub fn new(random: &Random) -> Self {
        let state = State {
            hasher: Hasher::new(random.clone()),
            watches: HashMap::new(),
            watch_count: 0,
            counted: HashMap::new(),
            new_views: HashMap::new(),
            downloads: Downloads::new(random.clone()),
            sources: HashMap::new(),
            source_count: 0,
            told_at: None,
        };
        Self { state: Mutex::new(state), name: random.hex(8), writing: tokio::sync::Mutex::default() }
    }

    /// What this process calls itself when it tells how many watch.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One writes it down at a time, so that what was taken is written when this can be had.
    pub async fn writing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.writing.lock().await
    }

    /// A viewer is somewhere in a video.
    pub fn report(&self, report: &Report<'_>, now: Timestamp) {
        let mut state = self.lock();
        let viewer = state.hasher.viewer(report.address, report.session, now);
        let is_full = state.watch_count >= MAX_WATCHES;
        let State { watches, watch_count, counted, new_views, .. } = &mut *state;
        let of_video = watches.entry(report.video).or_default();
        if is_full && !of_video.contains_key(&viewer) {
            return;
        }
        let watch = of_video.entry(viewer).or_insert_with(|| {
            *watch_count += 1;
            Watch::begin(report.at, now)
        });
        watch.go_on(report.at, report.jumped, now);
        if !watch.is_view(report.duration_s, report.is_live) {
            return;
        }
        let key = (report.video, viewer);
        let is_known = counted.get(&key).is_some_and(|until| *until > now);
        if !is_known && (counted.len() < MAX_COUNTED || counted.contains_key(&key)) {
            counted.insert(key, now + COUNTED_FOR);
            *new_views.entry(report.video).or_default() += 1;
        }
    }

    /// Puts back what could not be written down.
    pub fn add_views(&self, video: VideoId, views: u32) {
        let mut state = self.lock();
        let count = state.new_views.entry(video).or_default();
        *count = count.saturating_add(views);
    }

    /// Somebody here takes a file of a video with them.
    pub fn report_download(&self, video: VideoId, address: IpAddr, now: Timestamp) {
        self.lock().downloads.report(video, address, now);
    }

    /// Puts back what could not be written down.
    pub fn add_downloads(&self, video: VideoId, downloads: u32) {
        self.lock().downloads.add(video, downloads);
    }

    /// Another server says how many watch there. `id` is that of what it said, or what it called that before.
    pub fn hear(&self, video: VideoId, id: &str, viewers: u64, is_origin: bool, expires: Timestamp, now: Timestamp) {
        if expires <= now {
            return;
        }
        let viewers = u32::try_from(viewers).unwrap_or(u32::MAX).min(MAX_VIEWERS);
        let source = Source { viewers, until: expires.min(now + LONGEST_VIEWING), is_origin };
        let mut state = self.lock();
        let is_full = state.source_count >= MAX_SOURCES;
        let State { sources, source_count, .. } = &mut *state;
        let of_video = sources.entry(video).or_default();
        let is_new = !of_video.contains_key(id);
        if is_new && (is_full || of_video.len() >= MAX_SOURCES_PER_VIDEO) {
            return;
        }
        *source_count += usize::from(is_new);
        of_video.insert(id.to_owned(), source);
    }

    /// How many watch a video, everywhere.
    pub fn viewers(&self, video: VideoId, now: Timestamp) -> i64 {
        self.lock().viewers(video, now)
    }

    /// How many watch a video here.
    pub fn viewers_here(&self, video: VideoId, now: Timestamp) -> i64 {
        self.lock().viewers_here(video, now)
    }

    /// Takes what is to be written down, and forgets what is past. `is_last`: the process ends, and every watch with it.
    pub fn harvest(&self, now: Timestamp, is_last: bool) -> Harvest {
        let mut state = self.lock();
        let views: Vec<VideoId> =
            state.new_views.keys().copied().take(if is_last { usize::MAX } else { BATCH }).collect();
        let views = views.into_iter().filter_map(|video| state.new_views.remove_entry(&video)).collect();
        let downloads = state.downloads.harvest(now, is_last);
        let watched = state.end_watches(now, is_last);
        state.forget(now);
        let is_due = state.told_at.is_none_or(|then| now - then >= TOLD_EVERY);
        let watching = if is_due { state.watched_videos(now) } else { vec![] };
        if is_due {
            state.told_at = Some(now);
        }
        Harvest { views, downloads, watched, watching }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn viewers_here(&self, video: VideoId, now: Timestamp) -> i64 {
        let present = |watch: &&Watch| now - watch.last_at < PRESENT_FOR;
        let count = self.watches.get(&video).map_or(0, |watches| watches.values().filter(present).count());
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// The origin's word is for everybody, ours included; that of others is for their own.
    fn viewers(&self, video: VideoId, now: Timestamp) -> i64 {
        let (mut everywhere, mut elsewhere) = (0, 0);
        for source in self.sources.get(&video).into_iter().flat_map(HashMap::values) {
            if source.until > now {
                let sum = if source.is_origin { &mut everywhere } else { &mut elsewhere };
                *sum += i64::from(source.viewers);
            }
        }
        everywhere.max(elsewhere + self.viewers_here(video, now))
    }

    fn watched_videos(&self, now: Timestamp) -> Vec<VideoId> {
        let mut videos: Vec<(i64, VideoId)> = self
            .watches
            .keys()
            .chain(self.sources.keys())
            .map(|video| (self.viewers(*video, now), *video))
            .filter(|(viewers, _)| *viewers > 0)
            .collect();
        videos.sort_unstable_by_key(|(viewers, video)| (-viewers, *video));
        videos.dedup();
        videos.truncate(BATCH);
        videos.into_iter().map(|(_, video)| video).collect()
    }

    fn end_watches(&mut self, now: Timestamp, all: bool) -> Vec<Watched> {
        let mut ended = vec![];
        for (video, watches) in &mut self.watches {
            let over = watches.extract_if(|_, watch| {
                all || now - watch.last_at >= OVER_AFTER || now - watch.started_at >= LONGEST_WATCH
            });
            ended.extend(over.map(|(_, watch)| Watched { video: *video, watch }));
        }
        self.watches.retain(|_, watches| !watches.is_empty());
        self.watch_count = self.watches.values().map(HashMap::len).sum();
        ended.retain(|watched| watched.watch.watched_s() > 0);
        ended
    }

    fn forget(&mut self, now: Timestamp) {
        self.counted.retain(|_, until| *until > now);
        for sources in self.sources.values_mut() {
            sources.retain(|_, source| source.until > now);
        }
        self.sources.retain(|_, sources| !sources.is_empty());
        self.source_count = self.sources.values().map(HashMap::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: VideoId = VideoId(7);

    fn moment(second: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_000_000 + second, 0).unwrap()
    }

    fn register() -> Register {
        Register::new(&Random::seeded(1))
    }

    fn report(host: u8, at: u32) -> Report<'static> {
        let address = IpAddr::from([198, 51, 100, host]);
        Report { video: VIDEO, duration_s: 600, is_live: false, address, session: "", at, jumped: false }
    }

    fn watch_from(register: &Register, host: u8, from: i64) {
        for second in [0, 10, 20] {
            register.report(&report(host, second), moment(from + i64::from(second)));
        }
    }

    #[test]
    fn a_viewer_counts_once_an_hour() {
        let register = register();
        watch_from(&register, 1, 0);
        watch_from(&register, 1, 100);
        watch_from(&register, 2, 200);
        assert_eq!(register.harvest(moment(300), false).views, [(VIDEO, 2)]);
        assert_eq!(register.harvest(moment(300), false).views, []);
        watch_from(&register, 1, 3_700);
        assert_eq!(register.harvest(moment(3_800), false).views, [(VIDEO, 1)]);
    }

    #[test]
    fn viewers_are_there_until_they_have_been_silent_for_a_minute() {
        let register = register();
        watch_from(&register, 1, 0);
        register.report(&report(2, 0), moment(0));
        assert_eq!(register.viewers(VIDEO, moment(20)), 2);
        assert_eq!(register.viewers(VIDEO, moment(60)), 1);
        assert_eq!(register.viewers(VIDEO, moment(80)), 0);
    }

    #[test]
    fn a_watch_is_written_down_when_it_is_over_or_the_process_ends() {
        let register = register();
        watch_from(&register, 1, 0);
        register.report(&report(2, 0), moment(0));
        assert!(register.harvest(moment(100), false).watched.is_empty());
        let harvest = register.harvest(moment(700), false);
        assert_eq!(
            harvest.watched.iter().map(|it| it.watch.watched_s()).collect::<Vec<_>>(),
            [20],
            "who only came, did not watch"
        );
        watch_from(&register, 3, 800);
        assert_eq!(register.harvest(moment(820), true).watched.len(), 1);
    }

    #[test]
    fn other_servers_viewers_are_added_to_ours() {
        let register = register();
        register.report(&report(1, 0), moment(0));
        register.hear(VIDEO, "b", 3, false, moment(120), moment(0));
        register.hear(VIDEO, "b", 5, false, moment(120), moment(0));
        register.hear(VIDEO, "c", 1, false, moment(120), moment(0));
        assert_eq!(register.viewers(VIDEO, moment(1)), 7);
        assert_eq!(register.viewers(VIDEO, moment(120)), 0);
    }

    #[test]
    fn the_origin_speaks_for_everybody() {
        let register = register();
        register.report(&report(1, 0), moment(0));
        register.hear(VIDEO, "a", 40, true, moment(120), moment(0));
        assert_eq!(register.viewers(VIDEO, moment(1)), 40);
        register.hear(VIDEO, "a", 0, true, moment(120), moment(1));
        assert_eq!(register.viewers(VIDEO, moment(2)), 1, "whoever watches here is seen here");
    }

    #[test]
    fn what_others_say_is_bounded_in_number_and_time() {
        let register = register();
        for number in 0..MAX_SOURCES_PER_VIDEO + 100 {
            register.hear(VIDEO, &number.to_string(), u64::MAX, false, moment(1_000_000), moment(0));
        }
        let most = i64::from(MAX_VIEWERS) * i64::try_from(MAX_SOURCES_PER_VIDEO).unwrap();
        assert_eq!(register.viewers(VIDEO, moment(1)), most);
        assert_eq!(register.viewers(VIDEO, moment(600)), 0, "nobody watches for more than ten minutes without a word");
        register.hear(VIDEO, "late", 1, false, moment(600), moment(600));
        assert_eq!(register.viewers(VIDEO, moment(600)), 0);
    }

    #[test]
    fn others_are_told_once_a_minute_while_somebody_watches() {
        let register = register();
        assert!(register.harvest(moment(0), false).is_empty());
        register.report(&report(1, 0), moment(61));
        assert_eq!(register.harvest(moment(61), false).watching, [VIDEO]);
        assert!(register.harvest(moment(66), false).is_empty());
        register.report(&report(1, 30), moment(100));
        assert_eq!(register.harvest(moment(121), false).watching, [VIDEO]);
    }
}
