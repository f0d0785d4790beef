//! What an actor decides about others and itself: whether a comment may stand, and that it lives elsewhere.

use serde::{Deserialize, Serialize};
use url::Url;

use super::lenient;

/// Whether a comment may stand under a video. The approval's own URL is what the comment's `replyApproval` names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplyDecision {
    /// The comment.
    #[serde(deserialize_with = "lenient::url")]
    pub object: Url,
    /// What it answers: the video or another comment.
    #[serde(deserialize_with = "lenient::url")]
    pub in_reply_to: Url,
}

/// An actor lives elsewhere from now on. Its followers follow it there if the new actor names the old one in
/// `alsoKnownAs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Move {
    /// The actor as it was, which is the one that speaks.
    #[serde(deserialize_with = "lenient::url")]
    pub object: Url,
    /// The actor as it will be.
    #[serde(deserialize_with = "lenient::url")]
    pub target: Url,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::wire::{Action, Activity};

    #[test]
    fn a_recorded_approval_names_the_comment_and_what_it_answers() {
        let text = include_str!("../../fixtures/peertube-6.3/wire/ApproveReply-1.json");
        let body = serde_json::from_str::<Value>(text).unwrap()["body"].clone();
        let Action::ApproveReply(approved) = Activity::from_value(&body).unwrap().action else { panic!("{body}") };
        assert_eq!(approved.object.port(), Some(9001));
        assert_eq!(approved.in_reply_to.port(), Some(9002));
    }

    #[test]
    fn an_actor_moves_only_itself() {
        let mut moved = json!({"type": "Move", "id": "https://a.test/1", "actor": "https://a.test/bob",
            "object": "https://a.test/bob", "target": "https://b.test/bob"});
        let read = Activity::from_value(&moved).unwrap();
        assert_eq!(read.check_origin(), Ok(()));
        assert_eq!(read.to_document()["target"], "https://b.test/bob");
        moved["object"] = "https://a.test/alice".into();
        assert!(Activity::from_value(&moved).is_err());
    }
}
