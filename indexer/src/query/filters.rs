//! Which videos may appear at all?

use std::ops::Bound;

use platform::clock::Timestamp;
use tantivy::{
    Term,
    query::{BooleanQuery, ConstScoreQuery, EmptyQuery, Occur, Query, RangeQuery, TermQuery, TermSetQuery},
    schema::{Field, IndexRecordOption},
};
use uuid::Uuid;

use crate::{schema::Fields, text::fold};

/// What a search is limited to. The default lets everything through.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filters {
    /// Only sensitive videos, or only others.
    pub nsfw: Option<bool>,
    /// Only live streams, or only others.
    pub is_live: Option<bool>,
    /// One of these categories; empty for any.
    pub categories: Vec<i64>,
    /// One of these licences; empty for any.
    pub licences: Vec<i64>,
    /// One of these languages; empty for any.
    pub languages: Vec<String>,
    /// At least one of these tags; empty for any.
    pub tags_one_of: Vec<String>,
    /// Each of these tags.
    pub tags_all_of: Vec<String>,
    /// One of these videos; `None` for any, an empty list for none.
    pub uuids: Option<Vec<Uuid>>,
    /// Only this instance.
    pub host: Option<String>,
    /// None of these instances.
    pub blocked_hosts: Vec<String>,
    /// None of these accounts, as `name@host`.
    pub blocked_accounts: Vec<String>,
    /// When it became public.
    pub published: Range<Timestamp>,
    /// When it came out elsewhere; with a limit, videos without that date are out.
    pub originally_published: Range<Timestamp>,
    /// In seconds.
    pub duration: Range<u64>,
}

/// Between two values, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range<T> {
    /// The least.
    pub min: Option<T>,
    /// The greatest.
    pub max: Option<T>,
}

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self { min: None, max: None }
    }
}

impl Filters {
    /// Limits a query; the scores stay what they were.
    pub fn apply(&self, fields: &Fields, query: Box<dyn Query>) -> Box<dyn Query> {
        let mut clauses = self.required(fields);
        let excluded = self.excluded(fields);
        if clauses.is_empty() && excluded.is_empty() {
            return query;
        }
        clauses.push((Occur::Must, query));
        clauses.extend(excluded);
        Box::new(BooleanQuery::new(clauses))
    }

    fn required(&self, fields: &Fields) -> Vec<Clause> {
        let mut required: Vec<Box<dyn Query>> = Vec::new();
        required.extend(self.nsfw.map(|nsfw| one(Term::from_field_bool(fields.nsfw, nsfw))));
        required.extend(self.is_live.map(|live| one(Term::from_field_bool(fields.live, live))));
        required.extend(any_of(self.categories.iter().map(|id| Term::from_field_i64(fields.category, *id))));
        required.extend(any_of(self.licences.iter().map(|id| Term::from_field_i64(fields.licence, *id))));
        required.extend(any_of(self.languages.iter().map(|code| Term::from_field_text(fields.language, code))));
        required.extend(any_of(self.tags_one_of.iter().map(|tag| Term::from_field_text(fields.tag, &fold(tag)))));
        required.extend(self.tags_all_of.iter().map(|tag| one(Term::from_field_text(fields.tag, &fold(tag)))));
        required.extend(self.host.iter().map(|host| one(lower(fields.host, host))));
        if let Some(uuids) = &self.uuids {
            let terms = uuids.iter().map(|uuid| Term::from_field_text(fields.uuid, &uuid.to_string()));
            required.push(any_of(terms).unwrap_or_else(|| Box::new(EmptyQuery)));
        }
        required
            .extend(between(&self.published, |time| Term::from_field_i64(fields.published, time.timestamp_millis())));
        required.extend(between(&self.originally_published, |time| {
            Term::from_field_i64(fields.originally_published, time.timestamp_millis())
        }));
        required.extend(between(&self.duration, |seconds| Term::from_field_u64(fields.duration, seconds)));
        required.into_iter().map(|query| (Occur::Must, unscored(query))).collect()
    }

    fn excluded(&self, fields: &Fields) -> Vec<Clause> {
        let hosts = any_of(self.blocked_hosts.iter().map(|host| lower(fields.host, host)));
        let accounts = any_of(self.blocked_accounts.iter().map(|handle| account(fields.account, handle)));
        hosts.into_iter().chain(accounts).map(|query| (Occur::MustNot, query)).collect()
    }
}

type Clause = (Occur, Box<dyn Query>);

pub(super) fn one(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

/// `None` without terms.
pub(super) fn any_of(terms: impl Iterator<Item = Term>) -> Option<Box<dyn Query>> {
    let terms: Vec<Term> = terms.collect();
    (!terms.is_empty()).then(|| Box::new(TermSetQuery::new(terms)) as Box<dyn Query>)
}

/// `None` without a limit.
fn between<T: Copy>(range: &Range<T>, term: impl Fn(T) -> Term) -> Option<Box<dyn Query>> {
    if range.min.is_none() && range.max.is_none() {
        return None;
    }
    let bound = |value: Option<T>| value.map_or(Bound::Unbounded, |value| Bound::Included(term(value)));
    Some(Box::new(RangeQuery::new(bound(range.min), bound(range.max))))
}

pub(super) fn unscored(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

pub(super) fn lower(field: Field, host: &str) -> Term {
    Term::from_field_text(field, &host_spelling(host))
}

fn account(field: Field, handle: &str) -> Term {
    Term::from_field_text(field, &account_spelling(handle))
}

/// A host as the index has it.
pub(crate) fn host_spelling(host: &str) -> String {
    host.trim().to_lowercase()
}

/// A handle as the index has it: hosts know no case, names do.
pub(crate) fn account_spelling(handle: &str) -> String {
    let handle = handle.trim().trim_start_matches('@');
    match handle.rsplit_once('@') {
        Some((name, host)) => format!("{name}@{}", host.to_lowercase()),
        None => handle.to_owned(),
    }
}
