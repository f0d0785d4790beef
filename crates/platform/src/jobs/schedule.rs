use std::{pin::Pin, str::FromStr, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Job, enqueue, store};
use crate::{
    clock::{SharedClock, Timestamp},
    db::{Db, DbError, Tx},
};

type Enqueue = Arc<
    dyn for<'t> Fn(&'t mut Tx, Timestamp) -> Pin<Box<dyn Future<Output = Result<(), DbError>> + Send + 't>>
        + Send
        + Sync,
>;

/// A job that comes back at set times.
#[derive(Clone)]
pub struct Schedule {
    name: &'static str,
    times: cron::Schedule,
    enqueue: Enqueue,
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Schedule({}: {})", self.name, self.times)
    }
}

impl Schedule {
    /// A schedule in the syntax of the `cron` crate: seconds first, `"0 */5 * * * *"` is every five minutes, in UTC.
    ///
    /// # Panics
    /// If the expression is wrong: it is part of the program, not of its input.
    #[expect(clippy::expect_used, reason = "documented under Panics")]
    pub fn new<J: Job>(name: &'static str, expression: &str, job: impl Fn() -> J + Send + Sync + 'static) -> Self {
        let times = cron::Schedule::from_str(expression).expect("a valid cron expression in the program");
        let job = Arc::new(job);
        let enqueue: Enqueue = Arc::new(move |tx, now| {
            let job = job();
            Box::pin(async move { enqueue(tx, now, &job).await })
        });
        Self { name, times, enqueue }
    }
}

/// Enqueues the jobs of schedules when they are due; several nodes share the work without doubling it.
#[derive(Debug, Clone)]
pub struct Scheduler {
    db: Db,
    clock: SharedClock,
    schedules: Arc<Vec<Schedule>>,
}

const TICK: Duration = Duration::from_secs(1);

impl Scheduler {
    /// Prepares it.
    pub fn new(db: Db, clock: SharedClock, schedules: Vec<Schedule>) -> Self {
        Self { db, clock, schedules: Arc::new(schedules) }
    }

    /// Watches the clock until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.tick().await {
                warn!(%error, "schedules could not be read");
            }
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Enqueues what is due. A schedule that was missed several times runs once.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn tick(&self) -> Result<(), DbError> {
        let now = self.clock.now();
        for schedule in self.schedules.iter() {
            let due = store::next_run(&mut self.db.read().await?, schedule.name).await?;
            if due.is_some_and(|due| due > now) {
                continue;
            }
            let Some(next) = schedule.times.after(&now).next() else { continue };
            let mut tx = self.db.begin().await?;
            if store::advance_schedule(&mut tx, schedule.name, due, next).await? && due.is_some() {
                (schedule.enqueue)(&mut tx, now).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}
