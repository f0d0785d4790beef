//! What is left where something was deleted. PeerTube keeps a tombstone for a comment that others answered.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::{WireError, kind_of, lenient, members, moment, read};
use crate::context::Context;

/// The `type` of the object.
pub const KIND: &str = "Tombstone";

/// Something that is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tombstone {
    /// The URL of what was there.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// What it was, such as `Note`.
    #[serde(default, deserialize_with = "lenient::text::<50, _>", skip_serializing_if = "Option::is_none")]
    pub former_type: Option<String>,
    /// What it answered.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<Url>,
    /// When it was published.
    #[serde(default, with = "moment::optional", skip_serializing_if = "Option::is_none")]
    pub published: Option<DateTime<Utc>>,
    /// When it last changed.
    #[serde(default, with = "moment::optional", skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
    /// When it was deleted.
    #[serde(default, with = "moment::optional", skip_serializing_if = "Option::is_none")]
    pub deleted: Option<DateTime<Utc>>,
}

impl Tombstone {
    /// A deleted comment, with the moments that PeerTube requires.
    pub fn of_comment(id: Url, in_reply_to: Url, published: DateTime<Utc>, deleted: DateTime<Utc>) -> Self {
        Self {
            id,
            former_type: Some(super::note::KIND.to_owned()),
            in_reply_to: Some(in_reply_to),
            published: Some(published),
            updated: Some(deleted),
            deleted: Some(deleted),
        }
    }

    /// Reads a tombstone.
    ///
    /// # Errors
    /// If it is none, or has no id.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        if kind_of(value) != Some(KIND) {
            return Err(WireError::kind(KIND, value));
        }
        read(KIND, value)
    }

    /// The members as they stand inside another document.
    pub fn to_members(&self) -> Map<String, Value> {
        let mut members = members(self);
        members.insert("type".to_owned(), KIND.into());
        members
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        Context::Base.document(self.to_members())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::wire::any_json::{any_json, spoiled};

    fn document() -> Value {
        json!({"type": "Tombstone", "id": "https://a.test/c/1", "formerType": "Note",
            "inReplyTo": "https://a.test/v/1", "published": "2026-11-22T04:00:00.000Z",
            "updated": "2026-11-22T05:00:00.000Z", "deleted": "2026-11-22T05:00:00.000Z"})
    }

    #[test]
    fn a_deleted_comment_says_what_it_was_and_when_it_went() {
        let url = |text| Url::parse(text).unwrap();
        let moment = |hour| format!("2026-11-22T0{hour}:00:00Z").parse().unwrap();
        let ours = Tombstone::of_comment(url("https://a.test/c/1"), url("https://a.test/v/1"), moment(4), moment(5));
        assert_eq!(Value::Object(ours.to_members()), document());
    }

    #[test]
    fn a_bare_tombstone_is_enough() {
        let bare = Tombstone::from_value(&json!({"type": "Tombstone", "id": "https://a.test/c/1"})).unwrap();
        assert_eq!(bare.deleted, None);
    }

    proptest! {
        #[test]
        fn any_json_is_read_without_panic(value in any_json()) {
            let _ = Tombstone::from_value(&value);
        }

        #[test]
        fn a_spoiled_tombstone_is_refused_or_written_as_it_was_read(value in spoiled(document())) {
            if let Ok(tombstone) = Tombstone::from_value(&value) {
                prop_assert_eq!(Tombstone::from_value(&tombstone.to_document()).unwrap(), tombstone);
            }
        }
    }
}
