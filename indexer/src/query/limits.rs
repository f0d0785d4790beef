//! What somebody may write into a search to limit it: `tag:`, `channel:`, `host:`, `lang:`, `before:`, `after:`,
//! `longer:`, `shorter:`, and each with a minus before it for the contrary.

use std::ops::Bound;

use chrono::{Datelike, NaiveDate, NaiveTime};
use platform::clock::Timestamp;
use tantivy::{
    Term,
    query::{AllQuery, BooleanQuery, Occur, Query, RangeQuery},
    schema::Field,
};

use super::{
    filters::{any_of, lower, one, unscored},
    parse::Terms,
    seek::Seek,
};
use crate::{
    schema::Fields,
    text::{canonical, fold, language},
};

/// Something that must or must not be true of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What.
    pub rule: Rule,
    /// Whether it must not be true.
    pub negated: bool,
}

/// Something that can be true of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// It has this tag.
    Tag(String),
    /// It is in the channel with this name or handle.
    Channel(String),
    /// It is on this instance.
    Host(String),
    /// It is in this language, as declared or as its text shows.
    Language(String),
    /// It became public before this moment.
    Before(Timestamp),
    /// It became public at this moment or later.
    After(Timestamp),
    /// It takes at least so many seconds.
    Longer(u64),
    /// It takes at most so many seconds.
    Shorter(u64),
}

impl Limit {
    /// Reads a key and its value; `None` if they are words like any other.
    pub fn parse(key: &str, value: &str, negated: bool) -> Option<Self> {
        let text = || Some(value.trim().to_owned()).filter(|text| !text.is_empty());
        let rule = match key.to_ascii_lowercase().as_str() {
            "tag" => Rule::Tag(text()?),
            "channel" => Rule::Channel(text()?),
            "host" => Rule::Host(text()?),
            "lang" | "language" => Rule::Language(text()?.to_lowercase()),
            "before" => Rule::Before(day(value)?),
            "after" => Rule::After(day(value)?),
            "longer" => Rule::Longer(seconds(value)?),
            "shorter" => Rule::Shorter(seconds(value)?),
            _ => return None,
        };
        Some(Self { rule, negated })
    }
}

impl Terms {
    /// Cuts away what the limits and exclusions say; the scores stay what they were.
    pub fn apply(&self, fields: &Fields, query: Box<dyn Query>) -> Box<dyn Query> {
        if self.limits.is_empty() && self.excluded.is_empty() {
            return query;
        }
        let mut clauses = vec![(Occur::Must, query)];
        for limit in &self.limits {
            let rule = limit.rule.query(fields);
            clauses.push(if limit.negated { (Occur::MustNot, rule) } else { (Occur::Must, unscored(rule)) });
        }
        clauses.extend(self.excluded.iter().map(|words| (Occur::MustNot, either(fields, words))));
        Box::new(BooleanQuery::new(clauses))
    }
}

/// The words side by side wherever something is written, to be excluded; a video in which they are spoken once need not be
/// about them. Each field is there twice, so that this is a union even if one field alone has the words: Tantivy asks what
/// it excludes about videos before its first one, which a phrase alone does not bear (0.27).
fn either(fields: &Fields, words: &[String]) -> Box<dyn Query> {
    let (side_by_side, in_fields) = (Seek::side_by_side(words), written_in(fields));
    let twice = in_fields.iter().chain(&in_fields);
    Box::new(BooleanQuery::union(twice.map(|field| side_by_side.query(*field, 1.0)).collect()))
}

/// The fields that words are written in.
pub(crate) fn written_in(fields: &Fields) -> [Field; 4] {
    [fields.title, fields.tags, fields.names, fields.description]
}

/// The fields that words are written or spoken in.
pub(super) fn anywhere(fields: &Fields) -> [Field; 5] {
    [fields.title, fields.tags, fields.names, fields.description, fields.spoken]
}

impl Rule {
    fn query(&self, fields: &Fields) -> Box<dyn Query> {
        match self {
            Self::Tag(tag) => one(Term::from_field_text(fields.tag, &fold(tag))),
            Self::Channel(name) => {
                let spellings = [fold(name.trim_start_matches('@')), canonical(name)];
                any_of(spellings.iter().map(|name| Term::from_field_text(fields.channel, name)))
                    .unwrap_or_else(|| Box::new(AllQuery))
            }
            Self::Host(host) => one(lower(fields.host, host)),
            Self::Language(code) => one(Term::from_field_text(fields.any_language, language::primary(code))),
            Self::Before(moment) => range(Bound::Unbounded, Bound::Excluded(published(fields, *moment))),
            Self::After(moment) => range(Bound::Included(published(fields, *moment)), Bound::Unbounded),
            Self::Longer(seconds) => range(Bound::Included(duration(fields, *seconds)), Bound::Unbounded),
            Self::Shorter(seconds) => range(Bound::Unbounded, Bound::Included(duration(fields, *seconds))),
        }
    }
}

fn range(least: Bound<Term>, greatest: Bound<Term>) -> Box<dyn Query> {
    Box::new(RangeQuery::new(least, greatest))
}

fn published(fields: &Fields, moment: Timestamp) -> Term {
    Term::from_field_i64(fields.published, moment.timestamp_millis())
}

fn duration(fields: &Fields, seconds: u64) -> Term {
    Term::from_field_u64(fields.duration, seconds)
}

/// The first moment of a year, a month or a day: `2024`, `2024-05`, `2024-05-17`.
fn day(text: &str) -> Option<Timestamp> {
    let mut numbers = text.splitn(3, '-').map(|part| part.parse::<u32>().ok().filter(|_| part.len() <= 4));
    let year = i32::try_from(numbers.next()??).ok()?;
    let month = numbers.next().unwrap_or(Some(1))?;
    let day = numbers.next().unwrap_or(Some(1))?;
    let date = NaiveDate::from_ymd_opt(year, month, day).filter(|date| date.year() >= 1)?;
    Some(date.and_time(NaiveTime::MIN).and_utc())
}

/// `90s`, `10m`, `2h`; minutes if nothing else is said.
fn seconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits)? {
        "s" | "sec" => 1,
        "" | "m" | "min" => 60,
        "h" => 3_600,
        _ => return None,
    };
    digits.parse::<u32>().ok().map(|number| u64::from(number) * unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_date_may_be_a_year_a_month_or_a_day() {
        for (text, expected) in [
            ("2024", Some("2024-01-01")),
            ("2024-05", Some("2024-05-01")),
            ("2024-5-17", Some("2024-05-17")),
            ("2024-13", None),
            ("0", None),
            ("20240517", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(day(text).map(|moment| moment.format("%F").to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_length_is_in_minutes_unless_it_says_otherwise() {
        for (text, expected) in [
            ("10", Some(600)),
            ("10m", Some(600)),
            ("90s", Some(90)),
            ("2h", Some(7_200)),
            ("m", None),
            ("1d", None),
            ("-1", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn keys_know_no_case_and_others_are_words() {
        let expected = Limit { rule: Rule::Longer(600), negated: true };
        assert_eq!(Limit::parse("LONGER", "10", true), Some(expected));
        assert_eq!(Limit::parse("re", "zero", false), None);
        assert_eq!(Limit::parse("tag", " ", false), None);
    }

    proptest! {
        #[test]
        fn any_value_is_read_without_panic(key in "before|after|longer|shorter|lang", value in "\\PC{0,20}") {
            let _ = Limit::parse(&key, &value, false);
        }
    }
}
