//! Which comment answers which: a thread as a tree, from rows in the order in which they were written.
//!
//! What answers something that is not shown is not shown either. What lies deeper than the bound stands beside what it
//! answers, so that neither a page nor a parser of JSON is asked for more levels than it has.

use std::collections::HashMap;

use super::{Comment, CommentId};

/// A comment and what answers it.
#[derive(Debug)]
pub struct Branch<'c> {
    /// The comment.
    pub comment: &'c Comment,
    /// What answers it, the oldest first.
    pub children: Vec<Branch<'c>>,
}

/// The answers by what they answer.
pub struct Thread<'c> {
    children: HashMap<CommentId, Vec<&'c Comment>>,
}

impl<'c> Thread<'c> {
    /// Sorts answers to what they answer; of several threads, if need be.
    pub fn new(replies: &'c [Comment]) -> Self {
        let mut children: HashMap<CommentId, Vec<&Comment>> = HashMap::new();
        for reply in replies {
            if let Some(parent) = reply.in_reply_to_id {
                children.entry(parent).or_default().push(reply);
            }
        }
        Self { children }
    }

    /// The tree below a comment, `levels` deep.
    pub fn grow(&self, root: &'c Comment, levels: usize) -> Branch<'c> {
        let mut children = vec![];
        for child in self.children_of(root.id) {
            if levels > 1 {
                children.push(self.grow(child, levels - 1));
            } else {
                let below = self.flatten(child).into_iter().map(|(comment, _)| comment);
                children.extend(below.map(|comment| Branch { comment, children: vec![] }));
            }
        }
        Branch { comment: root, children }
    }

    /// A comment and everything below it, each before its answers, with its level from 0.
    pub fn flatten(&self, root: &'c Comment) -> Vec<(&'c Comment, usize)> {
        let (mut flat, mut waiting) = (vec![], vec![(root, 0)]);
        while let Some((comment, level)) = waiting.pop() {
            flat.push((comment, level));
            waiting.extend(self.children_of(comment.id).iter().rev().map(|child| (*child, level + 1)));
        }
        flat
    }

    fn children_of(&self, id: CommentId) -> &[&'c Comment] {
        self.children.get(&id).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use platform::clock::Timestamp;

    use super::*;
    use crate::videos::VideoId;

    fn comment(id: i64, parent: Option<i64>) -> Comment {
        let moment = Timestamp::from_timestamp_millis(id).unwrap();
        Comment {
            id: CommentId(id),
            url: format!("https://a.test/{id}"),
            video_id: VideoId(1),
            account_id: None,
            in_reply_to_id: parent.map(CommentId),
            thread_id: parent.map(|_| CommentId(1)),
            is_local: true,
            text: String::new(),
            is_held: false,
            reply_approval_url: None,
            replies: 0,
            replies_by_owner: 0,
            deleted_at: None,
            created_at: moment,
            updated_at: moment,
            author_actor_id: None,
            author_display_name: None,
            author_username: None,
            author_host: None,
            author_url: None,
            author_avatar_file: None,
        }
    }

    #[test]
    fn answers_stand_under_what_they_answer() {
        let root = comment(1, None);
        let replies = [comment(2, Some(1)), comment(3, Some(1)), comment(4, Some(2)), comment(6, Some(5))];
        let thread = Thread::new(&replies);
        let order: Vec<(i64, usize)> = thread.flatten(&root).iter().map(|(c, level)| (c.id.0, *level)).collect();
        assert_eq!(order, [(1, 0), (2, 1), (4, 2), (3, 1)], "the answer to what is not shown is not shown");
        let tree = thread.grow(&root, 10);
        assert_eq!(tree.children.iter().map(|b| b.children.len()).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn what_is_too_deep_is_kept_and_stands_flat() {
        let root = comment(1, None);
        let replies: Vec<Comment> = (2..=60).map(|id| comment(id, Some(id - 1))).collect();
        let thread = Thread::new(&replies);
        let (mut depth, mut count, mut branch) = (0, 1, &thread.grow(&root, 5));
        while let Some(first) = branch.children.first() {
            depth += 1;
            count += branch.children.len();
            branch = first;
        }
        assert_eq!((depth, count), (5, 60));
    }
}
