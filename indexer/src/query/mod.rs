//! A search as it was asked, and how it becomes one for Tantivy.
//!
//! `parse` reads the words, `expand` finds what they may have meant, `rank` says how much each match is worth, and `filters`
//! and `limits` cut away what was not asked for; `sought` recognises the words in a text. Every step is bounded: [`parse::MAX_WORDS`], [`expand::MAX_SPELLINGS`].

mod dictionary;
pub(crate) mod expand;
pub(crate) mod filters;
pub(crate) mod limits;
mod most_of;
pub(crate) mod parse;
pub(crate) mod prior;
pub(crate) mod rank;
pub(crate) mod seek;
pub(crate) mod sought;
pub(crate) mod vocabulary;
pub(crate) mod ways;

pub use filters::{Filters, Range};

/// The most results that one page may hold.
pub const MAX_COUNT: usize = 500;
/// Where the last page may start.
pub const MAX_START: usize = 9_000;

/// A search for videos.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VideoQuery {
    /// What is looked for; `None` for everything.
    pub search: Option<String>,
    /// How many results to skip, at most [`MAX_START`].
    pub start: usize,
    /// How many results to give, at most [`MAX_COUNT`].
    pub count: usize,
    /// Which come first.
    pub sort: Sort,
    /// Which may appear at all.
    pub filters: Filters,
    /// Languages that the reader prefers; empty for no preference.
    pub boost_languages: Vec<String>,
}

/// The order of results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Best first.
    #[default]
    Match,
    /// By a property.
    By {
        /// Which.
        key: SortKey,
        /// Whether the greatest comes first.
        descending: bool,
    },
}

/// A property that results can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    /// The title, folded.
    Name,
    /// The length.
    Duration,
    /// When it was uploaded.
    CreatedAt,
    /// When it became public.
    PublishedAt,
    /// When it came out elsewhere; those that did not come last either way.
    OriginallyPublishedAt,
    /// How often it was watched.
    Views,
    /// How many liked it.
    Likes,
}

impl Sort {
    /// Most recently published first.
    pub const NEWEST: Self = Self::By { key: SortKey::PublishedAt, descending: true };

    /// Reads `name` or `-name`. Both `match` and `-match` mean best first, since clients send either. `None` if the name
    /// is not one of the contract.
    pub fn parse(text: &str) -> Option<Self> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let key = match name {
            "match" => return Some(Self::Match),
            "name" => SortKey::Name,
            "duration" => SortKey::Duration,
            "createdAt" => SortKey::CreatedAt,
            "publishedAt" => SortKey::PublishedAt,
            "originallyPublishedAt" => SortKey::OriginallyPublishedAt,
            "views" => SortKey::Views,
            "likes" => SortKey::Likes,
            _ => return None,
        };
        Some(Self::By { key, descending })
    }
}
