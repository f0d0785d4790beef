use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A span of time as people write it: `"500ms"`, `"30s"`, `"5m"`, `"6h"`, `"7d"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanDuration(pub Duration);

impl HumanDuration {
    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The span.
    pub const fn get(self) -> Duration {
        self.0
    }
}

const TIME_UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl FromStr for HumanDuration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let milliseconds = parse(text, &TIME_UNITS).ok_or_else(|| {
            format!("`{text}` is no span of time: write a number with ms, s, m, h or d, as in \"30s\"")
        })?;
        Ok(Self(Duration::from_millis(milliseconds)))
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        write_in(formatter, milliseconds, &TIME_UNITS, "")
    }
}

/// A number of bytes as people write it: `"500 MB"`, `"50 GB"`, `"1 TB"`, or a plain number. Units are powers of 1000,
/// those with an `i` (`"4 GiB"`) of 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

const SIZE_UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
];

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.trim().parse().ok().or_else(|| parse(text, &SIZE_UNITS)).map(Self).ok_or_else(|| {
            format!("`{text}` is no size: write a number with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in \"50 GB\"")
        })
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_in(formatter, self.0, &SIZE_UNITS, " ")
    }
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits_end = text.find(|character: char| !character.is_ascii_digit())?;
    let (digits, unit) = text.split_at_checked(digits_end)?;
    let factor = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))?.1;
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Writes in the largest unit that needs no fraction.
fn write_in(formatter: &mut fmt::Formatter<'_>, value: u64, units: &[(&str, u64)], space: &str) -> fmt::Result {
    let fits = |factor: u64| value == 0 && factor == 1 || value != 0 && value.is_multiple_of(factor);
    let (name, factor) = units.iter().rev().find(|(_, factor)| fits(*factor)).copied().unwrap_or(("", 1));
    write!(formatter, "{}{space}{name}", value / factor)
}

macro_rules! as_text {
    ($type:ident, $name:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                #[serde(untagged)]
                enum Written {
                    Text(String),
                    Number(u64),
                }
                let text = match Written::deserialize(deserializer)? {
                    Written::Text(text) => text,
                    Written::Number(number) => number.to_string(),
                };
                text.parse().map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string" })
            }
        }
    };
}

as_text!(HumanDuration, "HumanDuration");
as_text!(ByteSize, "ByteSize");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_and_sizes_read_as_people_write_them() {
        assert_eq!("90s".parse(), Ok(HumanDuration::from_secs(90)));
        assert_eq!("7 d".parse(), Ok(HumanDuration::from_secs(604_800)));
        assert_eq!("50 GB".parse(), Ok(ByteSize(50_000_000_000)));
        assert_eq!("4GiB".parse(), Ok(ByteSize(4 << 30)));
        assert_eq!("1024".parse(), Ok(ByteSize(1024)));
        assert!("soon".parse::<HumanDuration>().is_err());
        assert!("30".parse::<HumanDuration>().is_err());
        assert!("99999999999 TB".parse::<ByteSize>().is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value: u64) {
            prop_assert_eq!(ByteSize(value).to_string().parse(), Ok(ByteSize(value)));
            let span = HumanDuration(Duration::from_millis(value));
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
