use serde::{Deserialize, Serialize};

/// What somebody thinks of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    /// They like it.
    Like,
    /// They do not.
    Dislike,
}

impl Rating {
    /// Its name in the database and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Dislike => "dislike",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Like, Self::Dislike].into_iter().find(|rating| rating.name() == name)
    }

    /// What a change from one opinion to another adds to the likes and dislikes of a video.
    pub(super) fn difference(before: Option<Self>, after: Option<Self>) -> (i64, i64) {
        let change = |rating: Self| i64::from(after == Some(rating)) - i64::from(before == Some(rating));
        (change(Self::Like), change(Self::Dislike))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_mind_moves_one_from_one_counter_to_the_other() {
        let (like, dislike) = (Some(Rating::Like), Some(Rating::Dislike));
        assert_eq!(Rating::difference(None, like), (1, 0));
        assert_eq!(Rating::difference(like, dislike), (-1, 1));
        assert_eq!(Rating::difference(dislike, None), (0, -1));
        assert_eq!(Rating::difference(like, like), (0, 0));
    }
}
