use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

tokio::task_local! {
    static CURRENT: Arc<QueryStats>;
}

/// What a request or job has cost in the database so far.
#[derive(Debug, Default)]
pub struct QueryStats {
    count: AtomicU64,
    nanoseconds: AtomicU64,
}

impl QueryStats {
    /// Statements sent.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Time spent waiting for their answers.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }
}

/// Runs a future and counts the statements that it sends.
pub async fn with_stats<F: Future>(stats: Arc<QueryStats>, future: F) -> F::Output {
    CURRENT.scope(stats, future).await
}

pub(super) fn record(duration: Duration) {
    let _ = CURRENT.try_with(|stats| {
        stats.count.fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        stats.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    });
}
