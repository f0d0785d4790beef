//! Reports to the moderators of another server.
//!
//! PeerTube reports one video, comment or account, for reasons from a list; Mastodon and its kin report an account
//! together with some of its posts.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    WireError,
    lenient::{self, items},
    read,
};

const MAX_OBJECTS: usize = 100;
const MAX_CONTENT: usize = 3000;
const MAX_REASONS: usize = 20;

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flag {
    /// What is reported; never empty.
    #[serde(rename = "object", default, deserialize_with = "lenient::urls::<MAX_OBJECTS, _>")]
    pub objects: Vec<Url>,
    /// Why, in the reporter's words.
    #[serde(default, deserialize_with = "lenient::text_or_empty::<MAX_CONTENT, _>")]
    pub content: String,
    /// Why, in PeerTube's words: `spamOrMisleading`, `privacy`, …
    #[serde(rename = "tag", default, deserialize_with = "reasons")]
    pub reasons: Vec<String>,
    /// From which second of a video.
    #[serde(default, deserialize_with = "lenient::optional_small")]
    pub start_at: Option<u32>,
    /// To which second of a video.
    #[serde(default, deserialize_with = "lenient::optional_small")]
    pub end_at: Option<u32>,
}

impl Flag {
    /// A report of one thing.
    pub fn new(object: Url, content: impl Into<String>) -> Self {
        Self { objects: vec![object], content: content.into(), reasons: Vec::new(), start_at: None, end_at: None }
    }

    pub(super) fn from_members(value: &Value) -> Result<Self, WireError> {
        let mut flag: Self = read("Flag", value)?;
        if flag.content.is_empty() {
            flag.content = read::<Summary>("Flag", value)?.summary;
        }
        if flag.objects.is_empty() {
            return Err(WireError::malformed("Flag", "it reports nothing"));
        }
        Ok(flag)
    }

    pub(super) fn to_members(&self) -> Map<String, Value> {
        let object = match self.objects.as_slice() {
            [object] => json!(object),
            objects => json!(objects),
        };
        let tag: Vec<Value> = self.reasons.iter().map(|name| json!({"type": "Hashtag", "name": name})).collect();
        [
            ("object", object),
            ("content", json!(self.content)),
            ("mediaType", json!("text/markdown")),
            ("tag", json!(tag)),
            ("startAt", json!(self.start_at)),
            ("endAt", json!(self.end_at)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// Where Lemmy writes why.
#[derive(Deserialize)]
struct Summary {
    #[serde(default, deserialize_with = "lenient::text_or_empty::<MAX_CONTENT, _>")]
    summary: String,
}

fn reasons<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    struct Reason {
        #[serde(deserialize_with = "lenient::required_text::<100, _>")]
        name: String,
    }
    let value = Value::deserialize(source)?;
    let reasons = items(&value).iter().filter_map(|item| Reason::deserialize(item).ok());
    Ok(reasons.map(|reason| reason.name).take(MAX_REASONS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Action, Activity};

    fn read_flag(body: &Value) -> Flag {
        let Action::Flag(flag) = Activity::from_value(body).unwrap().action else { panic!("{body}") };
        flag
    }

    #[test]
    fn a_recorded_report_says_what_and_why() {
        let text = include_str!("../../fixtures/peertube-6.3/wire/Flag-1.json");
        let flag = read_flag(&serde_json::from_str::<Value>(text).unwrap()["body"]);
        assert_eq!(flag.content, "abuse reason");
        assert_eq!(flag.reasons, ["spamOrMisleading"]);
        assert_eq!(flag.objects.len(), 1);
    }

    #[test]
    fn an_account_is_reported_together_with_its_posts() {
        let body = json!({"type": "Flag", "id": "https://m.test/1", "actor": "https://m.test/actor", "content": "",
            "object": ["https://a.test/accounts/bob", {"id": "https://a.test/c/1"}, 7]});
        assert_eq!(read_flag(&body).objects.len(), 2);
        assert_eq!(Activity::from_value(&body).unwrap().check_origin(), Ok(()));
    }

    #[test]
    fn a_report_of_nothing_is_refused() {
        let body = json!({"type": "Flag", "id": "https://m.test/1", "actor": "https://m.test/actor", "object": []});
        assert!(Activity::from_value(&body).is_err());
    }
}
