//! Long arithmetic, away from the threads that answer requests, and hardly more of it at once than there are cores for it:
//! one more, so that no core waits while the next piece is handed over.

use std::thread::available_parallelism;

use tokio::{sync::Semaphore, task::spawn_blocking};

/// Making signatures, and putting documents into canonical form.
#[derive(Debug)]
pub(crate) struct Heavy {
    permits: Semaphore,
}

impl Default for Heavy {
    fn default() -> Self {
        Self { permits: Semaphore::new(available_parallelism().map_or(1, usize::from) + 1) }
    }
}

impl Heavy {
    /// Does the work when it is its turn. `None` if it panicked.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _permit = self.permits.acquire().await.ok()?;
        spawn_blocking(work).await.ok()
    }
}
