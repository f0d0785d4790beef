//! Durations on the wire: ISO 8601. PeerTube writes whole seconds (`PT5S`); others write hours and minutes too.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer};
use serde_json::Value;

/// Nothing lasts longer than a year here; what claims to is misread or a lie.
const MAX: Duration = Duration::from_hours(366 * 24);

/// Writes whole seconds, cutting off the rest.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(duration: &Duration, target: S) -> Result<S::Ok, S::Error> {
    target.serialize_str(&format!("PT{}S", duration.as_secs()))
}

/// Reads a duration; nothing at all where there is none, as for a live stream that has not ended.
///
/// # Errors
/// None beyond those of JSON.
pub fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Duration, D::Error> {
    Ok(optional::deserialize(source)?.unwrap_or_default())
}

/// Reads `PT1H2M3.5S`, `P1DT2H` and the like. `None` if it is none, or longer than a year.
pub fn parse(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('P').filter(|rest| !rest.is_empty() && rest.len() <= 40)?;
    let (date, time) = rest.split_once('T').unwrap_or((rest, ""));
    let seconds =
        sum(date, &[('W', 604_800.0), ('D', 86_400.0)])? + sum(time, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)])?;
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| *duration <= MAX)
}

/// Adds up numbers that each end in their unit, in the order of the units.
fn sum(mut text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut seconds = 0.0;
    for (unit, factor) in units {
        if let Some((number, rest)) = text.split_once(*unit) {
            let digits = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.');
            seconds += digits.then(|| number.parse::<f64>().ok()).flatten()? * factor;
            text = rest;
        }
    }
    text.is_empty().then_some(seconds)
}

/// The same for a duration that may be missing or unreadable.
pub mod optional {
    use super::{Deserialize, Deserializer, Duration, Serializer, Value, parse};

    /// Writes a duration, or `null`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, target: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, target),
            None => target.serialize_none(),
        }
    }

    /// Reads a duration; `None` if it is none.
    ///
    /// # Errors
    /// None beyond those of JSON.
    pub fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Duration>, D::Error> {
        Ok(Value::deserialize(source)?.as_str().and_then(parse))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_in_every_usual_spelling() {
        for (text, seconds) in
            [("PT5S", 5.0), ("PT0S", 0.0), ("PT1H2M3.5S", 3723.5), ("P1DT2H", 93600.0), ("PT90M", 5400.0)]
        {
            assert_eq!(parse(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_none() {
        for text in ["", "P", "5", "PTS", "PT-5S", "PT1S2M", "PT1e9S", "PT99999999999999999999S", "PTinfS"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "P?T?[0-9.HMSDW]{0,20}") {
            let _ = parse(&text);
        }

        #[test]
        fn whole_seconds_survive(seconds in 0..31_000_000_u64) {
            prop_assert_eq!(parse(&format!("PT{seconds}S")), Some(Duration::from_secs(seconds)));
        }
    }
}
