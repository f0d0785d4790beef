//! Whose turn is it to be written down?
//!
//! A commit costs the same whether one activity is in it or fifty, and most of it is waiting for the disk. What comes in
//! while one transaction is written is therefore written together in the next: one activity of each server after the
//! other, so that a server that sends thousands does not delay the one of another. What fails is undone by itself, and
//! spoils nothing of the rest.
//!
//! **Invariant:** who is answered that all is well finds it in the database.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    panic::AssertUnwindSafe,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use federation::origin::Host;
use futures::{FutureExt, future::BoxFuture};
use platform::{
    db::Tx,
    web::{ApiResult, Problem},
};
use tokio::sync::oneshot;

use super::{InboxError, VerifiedActivity, store};
use crate::Courier;

/// How much is written in one transaction.
const AT_ONCE: usize = 64;
/// How much of one server may wait.
const WAITING_PER_HOST: usize = 200;
const RETRY_AFTER: Duration = Duration::from_secs(5);

type Act = Box<dyn for<'t> FnOnce(&'t mut Tx, &'t VerifiedActivity) -> BoxFuture<'t, ApiResult<()>> + Send>;

/// What waits to be written.
#[derive(Default)]
pub(crate) struct Turns {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: HashMap<Host, VecDeque<Work>>,
    /// Whose turn is next.
    order: VecDeque<Host>,
    is_written: bool,
}

struct Work {
    verified: VerifiedActivity,
    act: Act,
    answer: oneshot::Sender<ApiResult<()>>,
}

impl Queue {
    fn push(&mut self, work: Work) -> Result<(), InboxError> {
        let host = work.verified.sender.clone();
        let line = self.waiting.entry(host.clone()).or_default();
        if line.len() >= WAITING_PER_HOST {
            return Err(InboxError::TooMany { host, retry_after: RETRY_AFTER });
        }
        if line.is_empty() {
            self.order.push_back(host);
        }
        line.push_back(work);
        Ok(())
    }

    /// One of each, then the next of each.
    fn take(&mut self) -> Vec<Work> {
        let mut taken = Vec::new();
        while taken.len() < AT_ONCE
            && let Some(host) = self.order.pop_front()
        {
            let Some(line) = self.waiting.get_mut(&host) else { continue };
            taken.extend(line.pop_front());
            if line.is_empty() {
                self.waiting.remove(&host);
            } else {
                self.order.push_back(host);
            }
        }
        taken
    }
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Courier {
    /// Acts upon an activity, unless that was done before, in a transaction that it may share with others. When this comes
    /// back without an error, that transaction is committed.
    ///
    /// `act` must not wait for anything but the database.
    ///
    /// # Errors
    /// What `act` says; what it did is then undone. 429 if too much of the same server waits already.
    pub async fn apply<F>(&self, verified: VerifiedActivity, act: F) -> ApiResult<()>
    where
        F: for<'t> FnOnce(&'t mut Tx, &'t VerifiedActivity) -> BoxFuture<'t, ApiResult<()>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let is_first = {
            let mut queue = self.inner.turns.lock();
            queue.push(Work { verified, act: Box::new(act), answer })?;
            !mem::replace(&mut queue.is_written, true)
        };
        if is_first {
            let courier = self.clone();
            self.platform().tasks.spawn("inbox", async move { courier.write_all().await });
        }
        answered.await.unwrap_or_else(|_| Err(Problem::internal(&"an activity was left in the middle")))
    }

    async fn write_all(&self) {
        loop {
            let batch = {
                let mut queue = self.inner.turns.lock();
                let batch = queue.take();
                queue.is_written = !batch.is_empty();
                batch
            };
            if batch.is_empty() {
                return;
            }
            // After a panic, those who wait hear that their channel is gone.
            let _ = AssertUnwindSafe(self.write(batch)).catch_unwind().await;
        }
    }

    async fn write(&self, batch: Vec<Work>) {
        metrics::histogram!("shoal_inbox_batch").record(batch.len() as f64);
        let mut answers = Vec::with_capacity(batch.len());
        let outcome = self.write_together(batch, &mut answers).await;
        for (answer, own) in answers {
            // Nobody may be there to hear it any more.
            let _ = answer.send(match &outcome {
                Ok(()) => own,
                Err(problem) => own.and(Err(problem.clone())),
            });
        }
    }

    async fn write_together(
        &self,
        batch: Vec<Work>,
        answers: &mut Vec<(oneshot::Sender<ApiResult<()>>, ApiResult<()>)>,
    ) -> ApiResult<()> {
        let is_alone = batch.len() == 1;
        let mut batch = batch.into_iter();
        let outcome = async {
            let mut tx = self.platform().db.begin().await?;
            for Work { verified, act, answer } in batch.by_ref() {
                if !is_alone {
                    store::begin_part(&mut tx).await?;
                }
                let own = self.act_once(&mut tx, &verified, act).await;
                let has_failed = own.is_err();
                answers.push((answer, own));
                match (is_alone, has_failed) {
                    (true, true) => return Ok(()),
                    (true, false) => {}
                    (false, true) => store::undo_part(&mut tx).await?,
                    (false, false) => store::end_part(&mut tx).await?,
                }
            }
            Ok::<_, Problem>(tx.commit().await?)
        }
        .await;
        answers.extend(batch.map(|work| (work.answer, Ok(()))));
        outcome
    }

    async fn act_once(&self, tx: &mut Tx, verified: &VerifiedActivity, act: Act) -> ApiResult<()> {
        if verified.accept_once(tx, self.platform().clock.now()).await? {
            act(tx, verified).await?;
        }
        Ok(())
    }
}
