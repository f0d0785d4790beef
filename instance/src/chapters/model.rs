use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// More chapters than any honest video has; federation's own bound.
const MAX_CHAPTERS: usize = 500;
/// PeerTube's own bound, in characters.
const LONGEST_TITLE: usize = 100;

/// A chapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Chapter {
    /// The second that it begins at.
    #[serde(rename = "timecode")]
    pub start_s: i64,
    /// Title.
    pub title: String,
}

impl Chapter {
    /// In the order of time; of several that begin at the same second, the first.
    pub fn sorted(chapters: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut by_start = BTreeMap::new();
        for chapter in chapters.into_iter().take(MAX_CHAPTERS) {
            by_start.entry(chapter.start_s).or_insert(chapter.title);
        }
        by_start.into_iter().map(|(start_s, title)| Self { start_s, title }).collect()
    }
}

/// Why chapters cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChapterError {
    /// There are too many.
    #[error("there are at most {MAX_CHAPTERS} chapters")]
    TooMany,
    /// A title is missing or too long.
    #[error("the title of the chapter at second {0} does not have 1 to {LONGEST_TITLE} characters")]
    Title(i64),
    /// One begins before the video, or after it.
    #[error("a chapter begins at second {0}, which is not in the video")]
    Outside(i64),
    /// Two begin together.
    #[error("two chapters begin at second {0}")]
    Twice(i64),
}

/// Checks what somebody wrote, and puts it in the order of time. A video of unknown length (0) has any second.
///
/// # Errors
/// [`ChapterError`] for the first chapter that cannot be used.
pub fn read_chapters(chapters: Vec<Chapter>, duration_s: i64) -> Result<Vec<Chapter>, ChapterError> {
    if chapters.len() > MAX_CHAPTERS {
        return Err(ChapterError::TooMany);
    }
    let mut by_start = BTreeMap::new();
    for Chapter { start_s, title } in chapters {
        let title = title.trim().to_owned();
        if !(1..=LONGEST_TITLE).contains(&title.chars().count()) {
            return Err(ChapterError::Title(start_s));
        }
        if start_s < 0 || (duration_s > 0 && start_s >= duration_s) {
            return Err(ChapterError::Outside(start_s));
        }
        if by_start.insert(start_s, title).is_some() {
            return Err(ChapterError::Twice(start_s));
        }
    }
    Ok(by_start.into_iter().map(|(start_s, title)| Chapter { start_s, title }).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chapter(start_s: i64, title: &str) -> Chapter {
        Chapter { start_s, title: title.to_owned() }
    }

    #[test]
    fn chapters_are_told_in_the_order_of_time() {
        let read = read_chapters(vec![chapter(2, " Middle "), chapter(0, "Start")], 5).unwrap();
        assert_eq!(read, [chapter(0, "Start"), chapter(2, "Middle")]);
    }

    #[test]
    fn what_is_wrong_with_a_chapter_is_said() {
        assert_eq!(read_chapters(vec![chapter(0, " ")], 5), Err(ChapterError::Title(0)));
        assert_eq!(read_chapters(vec![chapter(0, &"x".repeat(101))], 5), Err(ChapterError::Title(0)));
        assert_eq!(read_chapters(vec![chapter(5, "x")], 5), Err(ChapterError::Outside(5)));
        assert_eq!(read_chapters(vec![chapter(-1, "x")], 0), Err(ChapterError::Outside(-1)));
        assert_eq!(read_chapters(vec![chapter(1, "x"), chapter(1, "y")], 5), Err(ChapterError::Twice(1)));
        assert_eq!(read_chapters(vec![chapter(1, "x"); 501], 5), Err(ChapterError::TooMany));
    }

    proptest! {
        #[test]
        fn whatever_comes_from_elsewhere_begins_at_different_seconds(starts in prop::collection::vec(any::<i64>(), 0..40)) {
            let sorted = Chapter::sorted(starts.iter().map(|start| chapter(*start, "x")));
            prop_assert!(sorted.is_sorted_by(|a, b| a.start_s < b.start_s));
            prop_assert!(starts.iter().all(|start| sorted.iter().any(|chapter| chapter.start_s == *start)));
        }
    }
}
