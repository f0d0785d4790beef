//! Comments as PeerTube's REST API shows them.

use std::collections::HashMap;

use platform::db::{Connection, DbError};
use serde_json::{Value, json};

use super::{Comment, model::CommentOnVideo, tree::Branch};
use crate::{
    accounts::{self, AccountId},
    actors::images::Avatars,
    videos::{account_json, iso},
};

/// The authors of some comments, as the API shows them.
#[derive(Debug, Default)]
pub struct Authors(HashMap<AccountId, Value>);

impl Authors {
    /// Reads each author once.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn of(connection: &mut Connection, comments: &[&Comment]) -> Result<Self, DbError> {
        let mut authors = HashMap::new();
        for comment in comments {
            let (Some(account), Some(actor)) = (comment.account_id, comment.author_actor_id) else { continue };
            if authors.contains_key(&account) {
                continue;
            }
            if let Some(found) = accounts::store::find_by_actor(connection, actor).await? {
                let mut value = account_json(&found);
                // The number of the author's row among the users is nobody's business.
                if let Some(members) = value.as_object_mut() {
                    members.remove("userId");
                }
                authors.insert(account, value);
            }
        }
        Ok(Self(authors))
    }

    fn get(&self, comment: &Comment) -> Value {
        comment.account_id.and_then(|id| self.0.get(&id)).cloned().unwrap_or_default()
    }
}

/// A comment under its video.
pub fn comment_json(comment: &Comment, authors: &Authors) -> Value {
    json!({
        "id": comment.id.0,
        "url": comment.url,
        "text": comment.text,
        "threadId": comment.thread().0,
        "inReplyToCommentId": comment.in_reply_to_id.map(|id| id.0),
        "videoId": comment.video_id.0,
        "createdAt": iso(comment.created_at).to_string(),
        "updatedAt": iso(comment.updated_at).to_string(),
        "deletedAt": comment.deleted_at.map(|moment| iso(moment).to_string()),
        "heldForReview": comment.is_held,
        "isDeleted": comment.is_stone(),
        "totalRepliesFromVideoAuthor": comment.replies_by_owner,
        "totalReplies": comment.replies,
        "account": authors.get(comment),
    })
}

/// A comment with what answers it.
pub fn tree_json(branch: &Branch<'_>, authors: &Authors) -> Value {
    let children: Vec<Value> = branch.children.iter().map(|child| tree_json(child, authors)).collect();
    json!({ "comment": comment_json(branch.comment, authors), "children": children })
}

/// Comments in the lists of those who look after comments.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn with_videos_json(connection: &mut Connection, entries: &[CommentOnVideo]) -> Result<Vec<Value>, DbError> {
    let comments: Vec<&Comment> = entries.iter().map(|entry| &entry.comment).collect();
    let authors = Authors::of(connection, &comments).await?;
    let avatars = Avatars::of(connection, entries.iter().map(|entry| entry.video_channel_actor_id)).await?;
    Ok(entries.iter().map(|entry| with_video_json(entry, &authors, &avatars)).collect())
}

fn with_video_json(entry: &CommentOnVideo, authors: &Authors, avatars: &Avatars) -> Value {
    let comment = &entry.comment;
    json!({
        "id": comment.id.0,
        "url": comment.url,
        "text": comment.text,
        "threadId": comment.thread().0,
        "inReplyToCommentId": comment.in_reply_to_id.map(|id| id.0),
        "videoId": comment.video_id.0,
        "createdAt": iso(comment.created_at).to_string(),
        "updatedAt": iso(comment.updated_at).to_string(),
        "heldForReview": comment.is_held,
        "automaticTags": [],
        "video": {
            "id": comment.video_id.0,
            "uuid": entry.video_uuid,
            "name": entry.video_name,
            "channel": {
                "id": entry.video_channel_id.0,
                "name": entry.video_channel_username,
                "displayName": entry.video_channel_display_name,
                "url": entry.video_channel_url,
                "host": entry.video_channel_host,
                "avatars": avatars.json(entry.video_channel_actor_id, &entry.video_channel_url),
            },
        },
        "account": authors.get(comment),
    })
}
