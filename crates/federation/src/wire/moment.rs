//! Moments on the wire: RFC 3339 in UTC with exactly three digits of milliseconds, as JavaScript writes them.

use chrono::{DateTime, Datelike, SecondsFormat, SubsecRound, Utc};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes a moment.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(moment: &DateTime<Utc>, target: S) -> Result<S::Ok, S::Error> {
    target.serialize_str(&moment.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// Reads a moment.
///
/// # Errors
/// If it is none.
pub fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<DateTime<Utc>, D::Error> {
    optional::deserialize(source)?.ok_or_else(|| D::Error::custom("a moment is missing"))
}

/// A year has four digits, also after the offset to UTC is taken off; otherwise what was read could not be written.
fn parse(text: &str) -> Option<DateTime<Utc>> {
    let moment = DateTime::parse_from_rfc3339(text).ok()?.to_utc().trunc_subsecs(3);
    (0..=9999).contains(&moment.year()).then_some(moment)
}

/// The same for a moment that may be missing or unreadable.
pub mod optional {
    use serde_json::Value;

    use super::{DateTime, Deserialize, Deserializer, Serializer, Utc, parse};

    /// Writes a moment, or `null`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(moment: &Option<DateTime<Utc>>, target: S) -> Result<S::Ok, S::Error> {
        match moment {
            Some(moment) => super::serialize(moment, target),
            None => target.serialize_none(),
        }
    }

    /// Reads a moment; `None` if it is none.
    ///
    /// # Errors
    /// None beyond those of JSON.
    pub fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        Ok(Value::deserialize(source)?.as_str().and_then(parse))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_cut_to_milliseconds() {
        let moment = parse("2026-11-22T05:04:48.3839+01:00").unwrap();
        assert_eq!(moment.to_rfc3339_opts(SecondsFormat::AutoSi, true), "2026-11-22T04:04:48.383Z");
    }

    #[test]
    fn a_year_that_cannot_be_written_is_not_read() {
        assert!(parse("9999-12-31T23:59:59Z").is_some());
        assert_eq!(parse("9999-12-31T23:59:59-00:01"), None);
        assert_eq!(parse("0000-01-01T00:00:00+00:01"), None);
    }
}
