//! The chapters of a video: a document of its own, to which the video's `hasParts` leads. PeerTube gives it no `type`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{WireError, lenient, members, read};
use crate::context::Context;

const MAX_CHAPTERS: usize = 500;
const MAX_TITLE: usize = 200;

/// The chapters of a video, in the order of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chapters {
    /// The URL of the document.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// Them.
    #[serde(rename = "hasPart", deserialize_with = "lenient::list::<Chapter, MAX_CHAPTERS, _>")]
    pub chapters: Vec<Chapter>,
}

/// One chapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chapter {
    /// Title.
    #[serde(deserialize_with = "lenient::required_text::<MAX_TITLE, _>")]
    pub name: String,
    /// The second it begins at.
    #[serde(deserialize_with = "lenient::small")]
    pub start_offset: u32,
    /// The second it ends at.
    #[serde(default, deserialize_with = "lenient::optional_small", skip_serializing_if = "Option::is_none")]
    pub end_offset: Option<u32>,
}

impl Chapters {
    /// The chapters of one of our own videos, from titles and the seconds that they begin at. Each ends where the next
    /// begins, and the last with the video.
    pub fn new(id: Url, starts: impl IntoIterator<Item = (String, u32)>, duration_seconds: u32) -> Self {
        let mut starts: Vec<_> = starts.into_iter().collect();
        starts.sort_by_key(|(_, start)| *start);
        let ends: Vec<_> = starts.iter().skip(1).map(|(_, start)| *start).chain([duration_seconds]).collect();
        let chapter = |((name, start_offset), end)| Chapter { name, start_offset, end_offset: Some(end) };
        Self { id, chapters: starts.into_iter().zip(ends).map(chapter).collect() }
    }

    /// Reads chapters, and puts them in the order of time.
    ///
    /// # Errors
    /// If there is no list of them, or no id.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        let mut chapters: Self = read("chapters", value)?;
        chapters.chapters.sort_by_key(|chapter| chapter.start_offset);
        Ok(chapters)
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        Context::Chapters.document(members(self))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::any_json::{any_json, spoiled};

    fn recorded() -> Value {
        serde_json::from_str(include_str!("../../fixtures/peertube-6.3/ap/chapters.json")).unwrap()
    }

    #[test]
    fn recorded_chapters_are_those_we_would_write() {
        let read = Chapters::from_value(&recorded()).unwrap();
        let ours = Chapters::new(read.id.clone(), [("Middle".to_owned(), 2), ("Start".to_owned(), 0)], 5);
        assert_eq!(ours, read);
        assert_eq!(ours.to_document(), recorded());
    }

    #[test]
    fn a_document_without_a_list_of_parts_is_none() {
        let mut other = recorded();
        other.as_object_mut().unwrap().remove("hasPart");
        assert!(Chapters::from_value(&other).is_err());
    }

    proptest! {
        #[test]
        fn any_json_is_read_without_panic(value in any_json()) {
            let _ = Chapters::from_value(&value);
        }

        #[test]
        fn spoiled_chapters_are_refused_or_written_as_they_were_read(value in spoiled(recorded())) {
            if let Ok(chapters) = Chapters::from_value(&value) {
                prop_assert_eq!(Chapters::from_value(&chapters.to_document()).unwrap(), chapters);
            }
        }
    }
}
