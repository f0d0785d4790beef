use tantivy::{
    Term,
    query::{BooleanQuery, ConstScoreQuery, EmptyQuery, Occur, Query, TermSetQuery},
};

use crate::{query::Filters, schema::Fields};

/// A search for channels or playlists.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CollectionQuery {
    /// What is looked for; `None` for everything.
    pub search: Option<String>,
    /// How many results to skip.
    pub start: usize,
    /// How many results to give.
    pub count: usize,
    /// Which come first.
    pub sort: CollectionSort,
    /// Only these, by their handles or UUIDs; `None` for any, an empty list for none.
    pub identities: Option<Vec<String>>,
    /// Only this instance.
    pub host: Option<String>,
    /// None of these instances.
    pub blocked_hosts: Vec<String>,
    /// None of what belongs to these accounts, as `name@host`.
    pub blocked_accounts: Vec<String>,
}

/// The order of results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CollectionSort {
    /// Best first; newest first without words.
    #[default]
    Match,
    /// By name.
    DisplayName {
        /// Whether the last comes first.
        descending: bool,
    },
    /// By age.
    CreatedAt {
        /// Whether the newest comes first.
        descending: bool,
    },
}

impl CollectionSort {
    /// Reads `displayName` or `-displayName`. Both `match` and `-match` mean best first. `None` if the name is not one of
    /// the contract.
    pub fn parse(text: &str) -> Option<Self> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        match name {
            "match" => Some(Self::Match),
            "displayName" => Some(Self::DisplayName { descending }),
            "createdAt" => Some(Self::CreatedAt { descending }),
            _ => None,
        }
    }
}

impl CollectionQuery {
    /// Limits a query for words to what may appear; the scores stay what they were.
    pub(super) fn limit(&self, fields: &Fields, query: Box<dyn Query>) -> Box<dyn Query> {
        let filters = Filters {
            host: self.host.clone(),
            blocked_hosts: self.blocked_hosts.clone(),
            blocked_accounts: self.blocked_accounts.clone(),
            ..Filters::default()
        };
        let query = filters.apply(fields, query);
        let Some(identities) = &self.identities else { return query };
        if identities.is_empty() {
            return Box::new(EmptyQuery);
        }
        let terms = identities.iter().map(|identity| Term::from_field_text(fields.uuid, identity));
        let only: Box<dyn Query> = Box::new(ConstScoreQuery::new(Box::new(TermSetQuery::new(terms)), 0.0));
        Box::new(BooleanQuery::new(vec![(Occur::Must, query), (Occur::Must, only)]))
    }
}
