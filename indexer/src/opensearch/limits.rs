//! Which entries may appear at all, as the cluster is asked.

use serde_json::{Map, Value, json};
use tantivy::schema::Field;

use super::{layout::Layout, render::Renderer};
use crate::{
    query::{
        Filters, Range,
        filters::{account_spelling, host_spelling},
        limits::{Rule, written_in},
        parse::Terms,
        seek::Seek,
    },
    text::{canonical, fold, language},
};

/// Clusters take 65,536 values in one clause.
const MAX_VALUES: usize = 50_000;

/// What must and must not be true.
#[derive(Debug, Default)]
pub(super) struct Limits {
    required: Vec<Value>,
    excluded: Vec<Value>,
}

impl Limits {
    /// Cuts a query; the scores stay what they were.
    pub fn apply(self, query: Value) -> Value {
        if self.required.is_empty() && self.excluded.is_empty() {
            return query;
        }
        json!({"bool": {"must": [query], "filter": self.required, "must_not": self.excluded}})
    }

    /// What was typed into the search.
    pub fn add_terms(&mut self, layout: &Layout, terms: &Terms) {
        for limit in &terms.limits {
            let clauses = if limit.negated { &mut self.excluded } else { &mut self.required };
            clauses.push(rule(layout, &limit.rule));
        }
        let renderer = Renderer { layout, named: false };
        for words in &terms.excluded {
            let side_by_side = Seek::side_by_side(words);
            self.excluded.extend(written_in(&layout.fields).map(|field| renderer.holds(field, &side_by_side)));
        }
    }

    /// What was chosen beside it.
    pub fn add_filters(&mut self, layout: &Layout, filters: &Filters) {
        // Each field by name, so that a new one cannot be forgotten here.
        let Filters {
            nsfw,
            is_live,
            categories,
            licences,
            languages,
            tags_one_of,
            tags_all_of,
            uuids,
            host,
            blocked_hosts,
            blocked_accounts,
            published,
            originally_published,
            duration,
        } = filters;
        let fields = &layout.fields;
        let mut require = Require { layout, clauses: &mut self.required };
        require.one(fields.nsfw, *nsfw);
        require.one(fields.live, *is_live);
        require.any(fields.category, categories.iter().map(|id| json!(id)));
        require.any(fields.licence, licences.iter().map(|id| json!(id)));
        require.any(fields.language, languages.iter().map(|code| json!(code)));
        require.any(fields.tag, tags_one_of.iter().map(|tag| json!(fold(tag))));
        tags_all_of.iter().for_each(|tag| require.one(fields.tag, Some(fold(tag))));
        require.one(fields.host, host.as_deref().map(host_spelling));
        if let Some(uuids) = uuids {
            require.among(fields.uuid, uuids.iter().map(ToString::to_string).collect());
        }
        require.between(fields.published, published, |moment| moment.timestamp_millis());
        require.between(fields.originally_published, originally_published, |moment| moment.timestamp_millis());
        require.between(fields.duration, duration, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
        let mut exclude = Require { layout, clauses: &mut self.excluded };
        exclude.each_any(fields.host, blocked_hosts.iter().map(|host| json!(host_spelling(host))).collect());
        exclude
            .each_any(fields.account, blocked_accounts.iter().map(|handle| json!(account_spelling(handle))).collect());
    }

    /// Only those with one of these identities.
    pub fn require_identity(&mut self, layout: &Layout, identities: &[String]) {
        Require { layout, clauses: &mut self.required }.among(layout.fields.uuid, identities.to_vec());
    }
}

/// Adds clauses.
struct Require<'a> {
    layout: &'a Layout,
    clauses: &'a mut Vec<Value>,
}

impl Require<'_> {
    fn one(&mut self, field: Field, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            let value: Value = value.into();
            self.clauses.push(json!({"term": {self.layout.name(field): {"value": value}}}));
        }
    }

    /// One of some values; without any, everything.
    fn any(&mut self, field: Field, values: impl Iterator<Item = Value>) {
        let values: Vec<Value> = values.take(MAX_VALUES).collect();
        if !values.is_empty() {
            self.clauses.push(json!({"terms": {self.layout.name(field): values}}));
        }
    }

    /// One of some values; without any, nothing.
    fn among(&mut self, field: Field, mut values: Vec<String>) {
        values.truncate(MAX_VALUES);
        self.clauses.push(if values.is_empty() {
            json!({"match_none": {}})
        } else {
            json!({"terms": {self.layout.name(field): values}})
        });
    }

    /// One of any number of values, in as many clauses as that takes.
    fn each_any(&mut self, field: Field, values: Vec<Value>) {
        for values in values.chunks(MAX_VALUES) {
            self.clauses.push(json!({"terms": {self.layout.name(field): values}}));
        }
    }

    fn between<T: Copy>(&mut self, field: Field, range: &Range<T>, number: impl Fn(T) -> i64) {
        let mut bounds = Map::new();
        for (bound, value) in [("gte", range.min), ("lte", range.max)] {
            if let Some(value) = value {
                bounds.insert(bound.to_owned(), json!(number(value)));
            }
        }
        if !bounds.is_empty() {
            self.clauses.push(json!({"range": {self.layout.name(field): bounds}}));
        }
    }
}

fn rule(layout: &Layout, rule: &Rule) -> Value {
    let fields = &layout.fields;
    let term = |field, value: String| json!({"term": {layout.name(field): {"value": value}}});
    let range = |field, bound: &str, value: i64| json!({"range": {layout.name(field): {bound: value}}});
    let seconds = |seconds: &u64| i64::try_from(*seconds).unwrap_or(i64::MAX);
    match rule {
        Rule::Tag(tag) => term(fields.tag, fold(tag)),
        Rule::Channel(name) => {
            json!({"terms": {layout.name(fields.channel): [fold(name.trim_start_matches('@')), canonical(name)]}})
        }
        Rule::Host(host) => term(fields.host, host_spelling(host)),
        Rule::Language(code) => term(fields.any_language, language::primary(code).to_owned()),
        Rule::Before(moment) => range(fields.published, "lt", moment.timestamp_millis()),
        Rule::After(moment) => range(fields.published, "gte", moment.timestamp_millis()),
        Rule::Longer(length) => range(fields.duration, "gte", seconds(length)),
        Rule::Shorter(length) => range(fields.duration, "lte", seconds(length)),
    }
}
