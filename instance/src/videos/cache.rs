use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::body::Bytes;
use tokio::time::Instant;

/// No answer is used for longer, whatever happens: with several nodes, another one may have changed something.
const LIFETIME: Duration = Duration::from_secs(1);
const CAPACITY: usize = 256;

/// Recent answers to "which videos are there", kept until this process changes anything in the database.
///
/// **Invariant:** an answer is stored under the generation ([`platform::db::Db::generation`]) that was current *before*
/// it was read, so a change that happens meanwhile outdates it.
#[derive(Debug, Default)]
pub struct VideoListCache {
    answers: Mutex<Answers>,
}

#[derive(Debug, Default)]
struct Answers {
    generation: u64,
    by_query: HashMap<String, (Instant, Bytes)>,
}

impl VideoListCache {
    /// The answer to a query, if it still holds.
    pub fn get(&self, generation: u64, query: &str) -> Option<Bytes> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.generation != generation {
            return None;
        }
        let (stored, body) = answers.by_query.get(query)?;
        (stored.elapsed() < LIFETIME).then(|| body.clone())
    }

    /// Remembers an answer that was read at a generation.
    pub fn put(&self, generation: u64, query: String, body: Bytes) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if generation < answers.generation {
            return;
        }
        if generation > answers.generation || answers.by_query.len() >= CAPACITY {
            answers.by_query.clear();
            answers.generation = generation;
        }
        answers.by_query.insert(query, (Instant::now(), body));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_outdated_by_any_later_change() {
        let cache = VideoListCache::default();
        cache.put(7, "count=1".to_owned(), Bytes::from_static(b"old"));
        assert_eq!(cache.get(7, "count=1"), Some(Bytes::from_static(b"old")));
        assert_eq!(cache.get(8, "count=1"), None);
        cache.put(8, "count=1".to_owned(), Bytes::from_static(b"new"));
        cache.put(7, "count=1".to_owned(), Bytes::from_static(b"late"));
        assert_eq!(cache.get(8, "count=1"), Some(Bytes::from_static(b"new")));
    }

    #[tokio::test(start_paused = true)]
    async fn no_answer_lives_longer_than_a_second() {
        let cache = VideoListCache::default();
        cache.put(1, String::new(), Bytes::new());
        tokio::time::advance(Duration::from_millis(1_001)).await;
        assert_eq!(cache.get(1, ""), None);
    }
}
