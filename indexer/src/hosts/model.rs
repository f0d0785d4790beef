use platform::clock::Timestamp;

use crate::listen::{Follow, FollowState};

/// Why an instance is on the list. Of several reasons the one that comes last here is kept: it outlives the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// It follows an instance of the list, or is followed by one.
    Neighbour,
    /// One of `indexer.directories` names it.
    Directory,
    /// The instance beside follows it, and its operator wants what comes by this follow to be indexed.
    Follow,
    /// It asked for it in its consent file.
    OptIn,
    /// `indexer.hosts` names it.
    Configuration,
    /// The operator added it.
    Manual,
}

impl Source {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Neighbour => "neighbour",
            Self::Directory => "directory",
            Self::Follow => "follow",
            Self::OptIn => "opt_in",
            Self::Configuration => "configuration",
            Self::Manual => "manual",
        }
    }

    pub(super) fn parse(name: &str) -> Self {
        [Self::Neighbour, Self::Directory, Self::Follow, Self::OptIn, Self::Configuration]
            .into_iter()
            .find(|source| source.name() == name)
            .unwrap_or(Self::Manual)
    }
}

/// How reading an instance goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostState {
    /// It was never read completely, and nothing went wrong so far.
    Waiting,
    /// The last reading was complete.
    Indexed,
    /// The last reading failed; what was known before stays.
    Failing,
    /// The instance does not want to be indexed; nothing of it is.
    Refused,
}

impl HostState {
    /// As the database and links spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Indexed => "indexed",
            Self::Failing => "failing",
            Self::Refused => "refused",
        }
    }

    pub(super) fn parse(name: &str) -> Self {
        [Self::Indexed, Self::Failing, Self::Refused]
            .into_iter()
            .find(|state| state.name() == name)
            .unwrap_or(Self::Waiting)
    }
}

/// What the operator is told about an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct HostStatus {
    /// The instance.
    pub host: String,
    /// Its base URL.
    pub origin: String,
    /// Why it is on the list.
    pub source: Source,
    /// Since when it is on the list.
    pub added_at: Timestamp,
    /// How it goes.
    pub state: HostState,
    /// Indexed videos.
    pub video_count: i64,
    /// Records of the last complete reading that could not be used.
    pub rejected_count: i64,
    /// Whether it is being read, and then how many videos of its list have been.
    pub reading: Option<i64>,
    /// When it was last tried.
    pub last_crawl_at: Option<Timestamp>,
    /// When it was last read completely.
    pub last_success_at: Option<Timestamp>,
    /// When it is next tried.
    pub next_crawl_at: Timestamp,
    /// What went wrong, if something did.
    pub last_error: Option<String>,
    /// Since when nothing of it is found, because it could not be read for long; `None` if it is found.
    pub hidden_at: Option<Timestamp>,
    /// Whether it tells what is new; `None` if it was not asked to.
    pub follow: Option<Follow>,
}

/// Which instances of the list are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostFilter {
    /// Only those whose name contains this; all if empty.
    pub search: String,
    /// Only those that are in this state.
    pub state: Option<HostState>,
}

/// How many instances and videos the list comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct HostCounts {
    /// Instances on the list.
    pub listed: i64,
    /// Those whose last reading was complete.
    pub indexed: i64,
    /// Those whose last reading failed.
    pub failing: i64,
    /// Those that do not want to be indexed by their `robots.txt` or a header.
    pub refused: i64,
    /// Indexed videos.
    pub videos: i64,
}

#[derive(sqlx::FromRow)]
pub(super) struct HostRow {
    host: String,
    origin: String,
    source: String,
    added_at: Timestamp,
    state: String,
    video_count: i64,
    rejected_count: i64,
    pass_started_at: Option<Timestamp>,
    next_start: i64,
    last_crawl_at: Option<Timestamp>,
    last_success_at: Option<Timestamp>,
    next_crawl_at: Timestamp,
    last_error: Option<String>,
    hidden_at: Option<Timestamp>,
    follow_state: Option<String>,
    follow_since: Option<Timestamp>,
    follow_error: Option<String>,
}

impl HostRow {
    fn follow(&mut self) -> Option<Follow> {
        let state = FollowState::parse(self.follow_state.as_deref()?)?;
        Some(Follow { state, since: self.follow_since?, error: self.follow_error.take() })
    }
}

impl From<HostRow> for HostStatus {
    fn from(mut row: HostRow) -> Self {
        Self {
            follow: row.follow(),
            host: row.host,
            origin: row.origin,
            source: Source::parse(&row.source),
            added_at: row.added_at,
            state: HostState::parse(&row.state),
            video_count: row.video_count,
            rejected_count: row.rejected_count,
            reading: row.pass_started_at.map(|_| row.next_start),
            last_crawl_at: row.last_crawl_at,
            last_success_at: row.last_success_at,
            next_crawl_at: row.next_crawl_at,
            last_error: row.last_error,
            hidden_at: row.hidden_at,
        }
    }
}
