//! Tasks with a name, which shutdown can wait for.

use tokio_util::task::TaskTracker;
use tracing::{Instrument, info_span};

/// Starts tasks and remembers them. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
}

impl Tasks {
    /// Starts a task under the given name, which appears in its log lines.
    pub fn spawn<F>(&self, name: &'static str, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tracker.spawn(future.instrument(info_span!("task", task.name = name)));
    }

    /// How many are running.
    pub fn running(&self) -> usize {
        self.tracker.len()
    }

    /// Waits until all have ended. More can be started meanwhile, and are waited for too.
    pub async fn wait(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
