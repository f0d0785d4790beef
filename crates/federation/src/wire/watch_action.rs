//! What somebody watched of a video, without saying who: the statistics that servers send to a video's origin.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;

use super::{Audience, WireError, duration, kind_of, lenient, members, moment, read};
use crate::context::Context;

/// The `type` of the object.
pub const KIND: &str = "WatchAction";

const COMPLETED: &str = "CompletedActionStatus";
const MAX_SECTIONS: usize = 1000;

/// One person's watching of one video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchAction {
    /// To whom it is addressed.
    #[serde(flatten)]
    pub audience: Audience,
    /// Its URL, at the server of the watcher.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// The same on every server.
    pub uuid: Uuid,
    /// The video, at its origin.
    #[serde(rename = "object", deserialize_with = "lenient::url")]
    pub video: Url,
    /// When it began.
    #[serde(with = "moment")]
    pub start_time: DateTime<Utc>,
    /// When it ended.
    #[serde(with = "moment")]
    pub end_time: DateTime<Utc>,
    /// How long was watched in all.
    #[serde(default, with = "duration")]
    pub duration: Duration,
    /// From where. `None` if that is not told.
    #[serde(default, deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    pub location: Option<WatchLocation>,
    /// Which parts, in the order in which they were watched.
    #[serde(default, deserialize_with = "lenient::list::<WatchSection, MAX_SECTIONS, _>")]
    pub watch_sections: Vec<WatchSection>,
}

/// From where somebody watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchLocation {
    /// The country, as two letters.
    #[serde(default, deserialize_with = "lenient::text::<100, _>")]
    pub address_country: Option<String>,
    /// The part of the country, by name.
    #[serde(default, deserialize_with = "lenient::text::<200, _>")]
    pub address_region: Option<String>,
}

/// A part of a video that was watched without a jump, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchSection {
    /// Where it begins.
    #[serde(deserialize_with = "lenient::small")]
    pub start_timestamp: u32,
    /// Where it ends.
    #[serde(deserialize_with = "lenient::small")]
    pub end_timestamp: u32,
}

impl WatchAction {
    /// Reads what was watched.
    ///
    /// # Errors
    /// If it is something else, or if its id, UUID, video or a moment is missing.
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
        members.insert("actionStatus".to_owned(), COMPLETED.into());
        members
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        Context::WatchAction.document(self.to_members())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::wire::any_json::{any_json, spoiled};

    fn document() -> Value {
        json!({
            "to": ["https://b.test/accounts/bob"], "cc": [],
            "type": "WatchAction", "id": "https://a.test/videos/local-viewer/765302c9-fce1-4814-9d74-679a3dc97046",
            "uuid": "765302c9-fce1-4814-9d74-679a3dc97046", "object": "https://b.test/videos/watch/1",
            "startTime": "2026-11-22T04:00:00.000Z", "endTime": "2026-11-22T04:01:00.000Z", "duration": "PT12S",
            "actionStatus": "CompletedActionStatus",
            "location": {"addressCountry": "FR", "addressRegion": "Brittany"},
            "watchSections": [{"startTimestamp": 0, "endTimestamp": 7}, {"startTimestamp": 10, "endTimestamp": 15}],
        })
    }

    #[test]
    fn what_was_watched_survives_reading_and_writing() {
        let watched = WatchAction::from_value(&document()).unwrap();
        assert_eq!(watched.duration, Duration::from_secs(12));
        assert_eq!(watched.watch_sections.len(), 2);
        assert_eq!(Value::Object(watched.to_members()), document());
    }

    #[test]
    fn nobody_has_to_tell_where_they_are() {
        let mut document = document();
        document.as_object_mut().unwrap().remove("location");
        let watched = WatchAction::from_value(&document).unwrap();
        assert_eq!(watched.location, None);
        assert_eq!(watched.to_members().get("location"), None);
    }

    #[test]
    fn sections_of_the_wrong_shape_are_left_out_and_the_rest_is_bounded() {
        let mut document = document();
        document["watchSections"] = json!([{"startTimestamp": -1, "endTimestamp": 2}, 7]);
        assert_eq!(WatchAction::from_value(&document).unwrap().watch_sections, []);
        document["watchSections"] = vec![json!({"startTimestamp": 0, "endTimestamp": 2}); 5000].into();
        assert_eq!(WatchAction::from_value(&document).unwrap().watch_sections.len(), MAX_SECTIONS);
    }

    proptest! {
        #[test]
        fn any_json_is_read_without_panic(value in any_json()) {
            let _ = WatchAction::from_value(&value);
        }

        #[test]
        fn spoiled_statistics_are_refused_or_written_as_they_were_read(value in spoiled(document())) {
            if let Ok(watched) = WatchAction::from_value(&value) {
                let again = WatchAction::from_value(&watched.to_document()).unwrap();
                prop_assert_eq!(again.to_document(), watched.to_document());
            }
        }
    }
}
