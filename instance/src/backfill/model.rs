use platform::clock::Timestamp;

use crate::actors::ActorId;

/// How far a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackfillState {
    /// It goes on.
    Reading,
    /// Everything has been read; it begins anew at `next_at`.
    Finished,
    /// The other server did not do its part; it goes on at `next_at`.
    Failed,
    /// An administrator stopped it.
    Paused,
}

impl BackfillState {
    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Paused => "paused",
        }
    }
}

/// How the videos of an actor are listed at its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Not known yet.
    Unknown,
    /// An outbox with whole videos on its pages: a server of this kind.
    Documents,
    /// PeerTube's REST API.
    Rest,
    /// An outbox that names videos.
    Outbox,
}

impl Source {
    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Documents => "documents",
            Self::Rest => "rest",
            Self::Outbox => "outbox",
        }
    }
}

/// The reading of what an actor has published.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Backfill {
    /// Whose.
    pub actor_id: ActorId,
    state: String,
    source: String,
    /// Where it goes on: entries of the listing that have been dealt with.
    pub cursor: i64,
    /// Where it goes on in an outbox: the address of the next page.
    pub next_url: Option<String>,
    /// Videos that have been dealt with.
    pub done: i64,
    /// Videos that the other server says there are.
    pub total: Option<i64>,
    /// Failures since something worked.
    pub failures: i64,
    /// A page of an outbox that was read.
    pub mark_url: Option<String>,
    /// What went wrong last, or why it ended before the end.
    pub error: Option<String>,
    /// When everything had been read.
    pub finished_at: Option<Timestamp>,
}

impl Backfill {
    /// How far it is.
    pub fn state(&self) -> BackfillState {
        match self.state.as_str() {
            "finished" => BackfillState::Finished,
            "failed" => BackfillState::Failed,
            "paused" => BackfillState::Paused,
            _ => BackfillState::Reading,
        }
    }

    /// How the videos are listed.
    pub fn source(&self) -> Source {
        match self.source.as_str() {
            "documents" => Source::Documents,
            "rest" => Source::Rest,
            "outbox" => Source::Outbox,
            _ => Source::Unknown,
        }
    }

    /// Where it stands.
    pub fn position(&self) -> Position {
        let url = |text: &Option<String>| text.as_deref().and_then(|text| url::Url::parse(text).ok());
        Position { cursor: self.cursor, next_url: url(&self.next_url), mark_url: url(&self.mark_url) }
    }
}

/// Where a reading goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position {
    /// Entries of the listing that have been dealt with.
    pub cursor: i64,
    /// The next page of an outbox.
    pub next_url: Option<url::Url>,
    /// A page that was read: an outbox that leads back to it leads in a circle.
    pub mark_url: Option<url::Url>,
}

/// Why a listing is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cut {
    /// The way on leads to a page that was read.
    #[error("its list leads back to where it was read before")]
    Circle,
    /// There is more than anybody has.
    #[error("its list has no end")]
    Endless,
}

/// One page of a listing.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// What is on it, the newest first.
    pub entries: Vec<Entry>,
    /// Where the next one begins; `None` after the last.
    pub next: Option<Position>,
    /// Why this is the last, although the listing goes on.
    pub cut: Option<Cut>,
    /// How many videos there are in all, if the page says so.
    pub total: Option<i64>,
}

/// A video in a listing.
#[derive(Debug, Clone)]
pub enum Entry {
    /// Where it is, and when it last changed, if that is known.
    Address(url::Url, Option<Timestamp>),
    /// All of it, from a page of its own host.
    Document(Box<federation::wire::Video>),
}

impl Entry {
    /// Its address.
    pub fn url(&self) -> &url::Url {
        match self {
            Self::Address(url, _) => url,
            Self::Document(video) => &video.id,
        }
    }

    /// When it last changed, if that is known.
    pub fn updated_at(&self) -> Option<Timestamp> {
        match self {
            Self::Address(_, updated_at) => *updated_at,
            Self::Document(video) => video.updated,
        }
    }
}
