use platform::clock::Timestamp;

/// Why an instance is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `indexer.hosts` names it.
    Configuration,
    /// The operator added it.
    Manual,
    /// The instance beside follows it, and its operator wants what comes by this follow to be indexed.
    Follow,
}

impl Source {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Manual => "manual",
            Self::Follow => "follow",
        }
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
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Indexed => "indexed",
            Self::Failing => "failing",
            Self::Refused => "refused",
        }
    }

    fn parse(name: &str) -> Self {
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
}

#[derive(sqlx::FromRow)]
pub(super) struct HostRow {
    host: String,
    origin: String,
    state: String,
    video_count: i64,
    rejected_count: i64,
    pass_started_at: Option<Timestamp>,
    next_start: i64,
    last_crawl_at: Option<Timestamp>,
    last_success_at: Option<Timestamp>,
    next_crawl_at: Timestamp,
    last_error: Option<String>,
}

impl From<HostRow> for HostStatus {
    fn from(row: HostRow) -> Self {
        Self {
            host: row.host,
            origin: row.origin,
            state: HostState::parse(&row.state),
            video_count: row.video_count,
            rejected_count: row.rejected_count,
            reading: row.pass_started_at.map(|_| row.next_start),
            last_crawl_at: row.last_crawl_at,
            last_success_at: row.last_success_at,
            next_crawl_at: row.next_crawl_at,
            last_error: row.last_error,
        }
    }
}
