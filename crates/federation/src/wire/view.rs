//! Views: PeerTube counts them at the origin of a video, and servers report those of their visitors.
//!
//! One activity stands for two things: without a moment of expiry it is one view to be counted for ever; with one it
//! says that somebody, or so many, are watching right now, until that moment.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use super::{lenient, members, moment};

/// What is watched, and by how many.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// The video.
    #[serde(deserialize_with = "lenient::url")]
    pub object: Url,
    /// Until when they are taken to watch. `None` if this is a view to count.
    #[serde(default, with = "moment::optional", skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
    /// How many watch at the actor's server (PeerTube 6.2). `None` stands for one viewer.
    #[serde(rename = "result", default, deserialize_with = "viewers", skip_serializing)]
    pub viewers: Option<u64>,
}

impl View {
    /// One view, to be counted.
    pub fn counted(object: Url) -> Self {
        Self { object, expires: None, viewers: None }
    }

    /// So many are watching, until then.
    pub fn watching(object: Url, viewers: u64, expires: DateTime<Utc>) -> Self {
        Self { object, expires: Some(expires), viewers: Some(viewers) }
    }

    pub(super) fn to_members(&self) -> Map<String, Value> {
        let mut members = members(self);
        if let Some(viewers) = self.viewers {
            let result = json!({
                "type": "InteractionCounter",
                "interactionType": "WatchAction",
                "userInteractionCount": viewers,
            });
            members.insert("result".to_owned(), result);
        }
        members
    }
}

/// Reads the number in an `InteractionCounter`.
fn viewers<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Option<u64>, D::Error> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Counter {
        #[serde(default, deserialize_with = "lenient::optional_count")]
        user_interaction_count: Option<u64>,
    }
    Ok(lenient::or_default::<Counter, D>(source)?.user_interaction_count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Action, Activity};

    fn recorded(text: &str) -> View {
        let body = serde_json::from_str::<Value>(text).unwrap()["body"].clone();
        let Action::View(view) = Activity::from_value(&body).unwrap().action else { panic!("{body}") };
        view
    }

    #[test]
    fn a_view_that_expires_is_a_viewer_and_any_other_counts() {
        assert!(recorded(include_str!("../../fixtures/peertube-6.3/wire/View-1.json")).expires.is_some());
        assert_eq!(recorded(include_str!("../../fixtures/peertube-6.3/wire/View-2.json")).expires, None);
    }

    #[test]
    fn a_number_of_viewers_survives_reading_and_writing() {
        let url = |text| Url::parse(text).unwrap();
        let view = View::watching(url("https://b.test/v/1"), 12, "2026-11-22T04:00:00Z".parse().unwrap());
        let activity = Activity::new(url("https://a.test/1"), url("https://a.test/u"), Action::View(view));
        let document = activity.to_document();
        assert_eq!(document["result"]["userInteractionCount"], 12);
        assert_eq!(Activity::from_value(&document).unwrap(), activity);
    }
}
