//! A field of a change: one that is absent stays, one that is `null` becomes empty.

use serde::{Deserialize, Deserializer};

/// What is to become of a field that may be empty. A struct that has such fields takes `#[serde(default)]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Absent: it stays.
    #[default]
    Keep,
    /// `null`: it becomes empty.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Patch<T> {
    /// The field as it is afterwards.
    pub fn over(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// Whether the field stays as it is.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

/// From a form, where each field is sent: one without content is to be empty.
impl<T> From<Option<T>> for Patch<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(source).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Change {
        text: Patch<String>,
    }

    #[test]
    fn a_member_that_is_null_is_told_from_one_that_is_absent() {
        let after = |text: &str| serde_json::from_str::<Change>(text).unwrap().text.over(Some("before".to_owned()));
        assert_eq!(after("{}").as_deref(), Some("before"));
        assert_eq!(after(r#"{"text": null}"#), None);
        assert_eq!(after(r#"{"text": "x"}"#).as_deref(), Some("x"));
        assert!(serde_json::from_str::<Change>(r#"{"text": 1}"#).is_err());
    }
}
