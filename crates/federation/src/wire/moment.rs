//! Moments on the wire: RFC 3339 in UTC with exactly three digits of milliseconds, as JavaScript writes them.

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
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

fn parse(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc().trunc_subsecs(3))
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
