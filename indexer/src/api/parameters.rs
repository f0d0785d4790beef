//! Reads the parameters of a search, however they are sent.
//!
//! Clients write lists as `k=a&k=b`, `k[]=a` or `k[0]=a`, numbers as strings, and everything in the query, in a JSON or
//! form body, or both; then the body wins, key by key. Unknown keys are ignored: instances send many that mean nothing to
//! an index.

mod collections;

use std::{collections::BTreeMap, str::FromStr};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use platform::{clock::Timestamp, ids};
use serde_json::Value;
use url::form_urlencoded;
use uuid::Uuid;

use crate::query::{Filters, MAX_COUNT, MAX_START, Range, Sort, VideoQuery};

const DEFAULT_COUNT: usize = 20;
/// Values of one key. Blocked hosts are the longest lists that clients send.
const MAX_VALUES: usize = 10_000;
/// Tags that all have to be there. Each one costs a walk through the index; nobody means more.
const MAX_TAGS_ALL_OF: usize = 50;
const MAX_VALUE_BYTES: usize = 2_000;

/// A parameter that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The parameter \"{name}\" {problem}.")]
pub struct BadParameter {
    /// Its key, or `body`.
    pub name: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl BadParameter {
    fn new(name: &'static str, problem: &'static str) -> Self {
        Self { name, problem }
    }
}

/// Keys with their values, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    values: BTreeMap<String, Vec<String>>,
}

impl Parameters {
    /// Reads `k=a&k=b&l[]=c`.
    pub fn from_query(query: &str) -> Self {
        let mut parameters = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            parameters.push(bare_key(&key), value.into_owned());
        }
        parameters
    }

    /// Reads a JSON object; what is neither a scalar nor a list of scalars is left out.
    ///
    /// # Errors
    /// [`BadParameter`] if it is not an object.
    pub fn from_json(body: &[u8]) -> Result<Self, BadParameter> {
        let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
            return Err(BadParameter::new("body", "must be a JSON object"));
        };
        let mut parameters = Self::default();
        for (key, value) in object {
            let values = if let Value::Array(values) = value { values } else { vec![value] };
            for text in values.into_iter().filter_map(scalar) {
                parameters.push(bare_key(&key), text);
            }
        }
        Ok(parameters)
    }

    /// Takes the other's keys over its own.
    #[must_use]
    pub fn overridden_by(mut self, other: Self) -> Self {
        self.values.extend(other.values);
        self
    }

    /// Reads a search for videos.
    ///
    /// # Errors
    /// [`BadParameter`] names the first parameter that makes no sense.
    pub fn video_query(&self) -> Result<VideoQuery, BadParameter> {
        Ok(VideoQuery {
            search: self.text("search")?.map(str::to_owned),
            start: self.number("start", MAX_START)?.unwrap_or_default(),
            count: self.number("count", MAX_COUNT)?.unwrap_or(DEFAULT_COUNT),
            sort: match self.text("sort")? {
                None => Sort::Match,
                Some(text) => Sort::parse(text).ok_or(BadParameter::new("sort", "does not name a sort order"))?,
            },
            filters: self.filters()?,
            boost_languages: self.list("boostLanguages")?,
        })
    }

    fn filters(&self) -> Result<Filters, BadParameter> {
        let nsfw = self.text("nsfw")?.filter(|text| *text != "both");
        Ok(Filters {
            nsfw: nsfw.map(|text| boolean("nsfw", text)).transpose()?,
            is_live: self.truth("isLive")?,
            categories: self.numbers("categoryOneOf")?,
            licences: self.numbers("licenceOneOf")?,
            languages: self.list("languageOneOf")?,
            tags_one_of: self.list("tagsOneOf")?,
            tags_all_of: self.list_up_to("tagsAllOf", MAX_TAGS_ALL_OF)?,
            uuids: self.uuids()?,
            host: self.text("host")?.map(str::to_owned),
            blocked_hosts: self.list("blockedHosts")?,
            blocked_accounts: self.list("blockedAccounts")?,
            published: Range { min: self.moment("startDate", Edge::First)?, max: self.moment("endDate", Edge::Last)? },
            originally_published: Range {
                min: self.moment("originallyPublishedStartDate", Edge::First)?,
                max: self.moment("originallyPublishedEndDate", Edge::Last)?,
            },
            duration: Range { min: self.number("durationMin", u64::MAX)?, max: self.number("durationMax", u64::MAX)? },
        })
    }

    /// The only value of a key, or the last one; an empty one is none.
    ///
    /// # Errors
    /// [`BadParameter`] if it is too long to be meant.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, BadParameter> {
        let Some(value) = self.values.get(name).and_then(|values| values.last()) else { return Ok(None) };
        if value.len() > MAX_VALUE_BYTES {
            return Err(BadParameter::new(name, "is too long"));
        }
        Ok(Some(value.trim()).filter(|value| !value.is_empty()))
    }

    /// Whether a key is `true`; an absent one is not.
    ///
    /// # Errors
    /// [`BadParameter`] if it is neither true nor false.
    pub fn flag(&self, name: &'static str) -> Result<bool, BadParameter> {
        Ok(self.truth(name)?.unwrap_or_default())
    }

    fn truth(&self, name: &'static str) -> Result<Option<bool>, BadParameter> {
        self.text(name)?.map(|text| boolean(name, text)).transpose()
    }

    fn list(&self, name: &'static str) -> Result<Vec<String>, BadParameter> {
        self.list_up_to(name, MAX_VALUES)
    }

    fn list_up_to(&self, name: &'static str, max: usize) -> Result<Vec<String>, BadParameter> {
        let values = self.values.get(name).map(Vec::as_slice).unwrap_or_default();
        if values.len() > max {
            return Err(BadParameter::new(name, "has too many values"));
        }
        if values.iter().any(|value| value.len() > MAX_VALUE_BYTES) {
            return Err(BadParameter::new(name, "has a value that is too long"));
        }
        Ok(values.iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect())
    }

    fn number<T>(&self, name: &'static str, max: T) -> Result<Option<T>, BadParameter>
    where
        T: FromStr + PartialOrd + Copy,
    {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let number =
            text.parse::<T>().map_err(|_| BadParameter::new(name, "must be a whole number that is not negative"))?;
        if number > max {
            return Err(BadParameter::new(name, "is out of range"));
        }
        Ok(Some(number))
    }

    fn numbers(&self, name: &'static str) -> Result<Vec<i64>, BadParameter> {
        self.list(name)?
            .iter()
            .map(|text| text.parse().map_err(|_| BadParameter::new(name, "must be made of whole numbers")))
            .collect()
    }

    /// Spellings that are no UUID match nothing, but do not spoil the others.
    fn uuids(&self) -> Result<Option<Vec<Uuid>>, BadParameter> {
        let texts = self.list("uuids")?;
        Ok((!texts.is_empty()).then(|| texts.iter().filter_map(|text| ids::parse_uuid(text)).collect()))
    }

    fn moment(&self, name: &'static str, edge: Edge) -> Result<Option<Timestamp>, BadParameter> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        parse_moment(text, edge).map(Some).ok_or(BadParameter::new(name, "must be a date or a time in ISO 8601"))
    }

    fn push(&mut self, key: String, value: String) {
        self.values.entry(key).or_default().push(value);
    }
}

/// Which moment of a day a plain date stands for.
#[derive(Clone, Copy)]
enum Edge {
    First,
    Last,
}

fn parse_moment(text: &str, edge: Edge) -> Option<Timestamp> {
    // In a query, the plus of a time zone arrives as a space.
    let text = text.replace(' ', "+");
    if let Ok(moment) = DateTime::parse_from_rfc3339(&text) {
        return Some(moment.with_timezone(&Utc));
    }
    let midnight = text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN).and_utc();
    match edge {
        Edge::First => Some(midnight),
        Edge::Last => midnight.checked_add_signed(TimeDelta::days(1) - TimeDelta::milliseconds(1)),
    }
}

fn boolean(name: &'static str, text: &str) -> Result<bool, BadParameter> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(BadParameter::new(name, "must be true or false")),
    }
}

/// `tags[]` and `tags[3]` are `tags`.
fn bare_key(key: &str) -> String {
    match key.strip_suffix(']').and_then(|key| key.rsplit_once('[')) {
        Some((name, index)) if index.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
        _ => key.to_owned(),
    }
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn query(text: &str) -> VideoQuery {
        Parameters::from_query(text).video_query().unwrap()
    }

    fn complaint(text: &str) -> &'static str {
        Parameters::from_query(text).video_query().unwrap_err().name
    }

    #[test]
    fn without_parameters_everything_is_asked_for_twenty_at_a_time() {
        assert_eq!(query(""), VideoQuery { count: 20, ..VideoQuery::default() });
        assert_eq!(query("search=&nsfw=both&sort="), query(""));
    }

    #[test]
    fn lists_come_in_every_form() {
        let expected = ["a", "b"];
        for text in ["tagsOneOf=a&tagsOneOf=b", "tagsOneOf[]=a&tagsOneOf[]=b", "tagsOneOf%5B0%5D=a&tagsOneOf%5B1%5D=b"]
        {
            assert_eq!(query(text).filters.tags_one_of, expected, "{text}");
        }
        let json = Parameters::from_json(br#"{"tagsOneOf": ["a", "b"]}"#).unwrap().video_query().unwrap();
        assert_eq!(json.filters.tags_one_of, expected);
        assert_eq!(query("tagsOneOf=a").filters.tags_one_of, ["a"]);
        assert_eq!(query("categoryOneOf=1&categoryOneOf[]=2").filters.categories, [1, 2]);
    }

    #[test]
    fn numbers_may_be_strings_and_the_body_wins() {
        let body =
            Parameters::from_json(br#"{"count": "5", "start": 10, "isLive": false, "uuids": null, "x": {"y": 1}}"#);
        let merged = Parameters::from_query("count=7&search=kde").overridden_by(body.unwrap()).video_query().unwrap();
        assert_eq!((merged.count, merged.start, merged.search.as_deref()), (5, 10, Some("kde")));
        assert_eq!(merged.filters.is_live, Some(false));
    }

    #[test]
    fn every_bad_value_is_named() {
        for (text, name) in [
            ("start=-1", "start"),
            ("start=9001", "start"),
            ("count=501", "count"),
            ("count=many", "count"),
            ("sort=best", "sort"),
            ("nsfw=maybe", "nsfw"),
            ("isLive=2", "isLive"),
            ("categoryOneOf=1&categoryOneOf=x", "categoryOneOf"),
            ("licenceOneOf=x", "licenceOneOf"),
            ("startDate=yesterday", "startDate"),
            ("endDate=2026-13-01", "endDate"),
            ("originallyPublishedStartDate=1", "originallyPublishedStartDate"),
            ("originallyPublishedEndDate=1", "originallyPublishedEndDate"),
            ("durationMin=-3", "durationMin"),
            ("durationMax=1.5", "durationMax"),
        ] {
            assert_eq!(complaint(text), name, "{text}");
        }
        assert_eq!(complaint(&format!("search={}", "a".repeat(MAX_VALUE_BYTES + 1))), "search");
        assert_eq!(complaint(&"&blockedHosts=a.example".repeat(MAX_VALUES + 1)), "blockedHosts");
        assert_eq!(complaint(&"&tagsAllOf=a".repeat(MAX_TAGS_ALL_OF + 1)), "tagsAllOf");
        assert_eq!(Parameters::from_json(b"[]"), Err(BadParameter::new("body", "must be a JSON object")));
        assert!(Parameters::from_json(b"{").is_err());
    }

    #[test]
    fn what_the_index_does_not_know_is_ignored() {
        let ignored =
            "searchTarget=search-index&include=1&isLocal=true&skipCount=x&publishedAfter=y&autoTagOneOf[]=z&a[b]=c";
        assert_eq!(query(ignored), query(""));
    }

    #[test]
    fn a_plain_end_date_includes_its_day() {
        let published = query("startDate=2026-02-01&endDate=2026-02-01").filters.published;
        assert_eq!(published.min.unwrap().to_rfc3339(), "2026-02-01T00:00:00+00:00");
        assert_eq!(published.max.unwrap().to_rfc3339(), "2026-02-01T23:59:59.999+00:00");
        let exact = query("startDate=2026-02-01T10:00:00.000%2B02:00").filters.published.min;
        assert_eq!(exact.unwrap().to_rfc3339(), "2026-02-01T08:00:00+00:00");
        assert_eq!(query("startDate=2026-02-01T10:00:00.000+02:00").filters.published.min, exact);
    }

    #[test]
    fn uuids_come_in_both_spellings_and_bad_ones_match_nothing() {
        let uuids = query("uuids[]=765302c9-fce1-4814-9d74-679a3dc97046&uuids[]=fBs2nTA2VZt3MZsAC6Rvp5&uuids[]=x")
            .filters
            .uuids;
        assert_eq!(uuids.unwrap().len(), 2);
        assert_eq!(query("uuids[]=x").filters.uuids, Some(vec![]));
        assert_eq!(query("").filters.uuids, None);
    }

    proptest! {
        #[test]
        fn any_query_is_read_without_panic(text in "\\PC{0,200}") {
            let _ = Parameters::from_query(&text).video_query();
        }

        #[test]
        fn any_value_of_a_known_key_is_read_without_panic(key in "start|count|sort|nsfw|startDate|endDate|uuids|durationMin", value in "\\PC{0,30}") {
            let mut parameters = Parameters::default();
            parameters.push(key, value);
            let _ = parameters.video_query();
        }
    }
}
