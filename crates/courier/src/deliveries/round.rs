//! All queues at the same time, each in its order.
//!
//! A **line** is a queue that is being worked off: one request at a time, the next when the answer is here. 256 lines whose
//! servers answer at once go on side by side; a server that takes longer than a second gives its place to another line,
//! and is waited for beside them. Of each queue only the next few rows are in
//! memory, and at most 512 lines are under way.
//!
//! Answers are written down, and the next queues read, while the next requests are under way: a tenth of a second's answers
//! in one transaction, since each costs a write to the disk. A server is *busy* from the reading of its queue until its
//! answers are written down, so that what was sent is not read again.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    future, panic,
    sync::Arc,
    time::Duration,
};

use federation::origin::Host;
use futures::{FutureExt, future::BoxFuture};
use platform::{
    clock::Timestamp,
    db::DbError,
    jobs::{JobContext, JobError},
};
use tokio::{
    pin,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until, timeout},
};
use tracing::Instrument;

use super::{
    outcome::Outcome,
    settle::Sent,
    store::{self, Delivery},
};
use crate::Courier;

const QUICK_LINES: usize = 256;
const LINES: usize = 512;
/// A server that takes longer is not waited for with a place that a quick one could have.
const SLOW_AFTER: Duration = Duration::from_secs(1);
/// How many queues are begun with one look into the database.
const HEADS: usize = 128;
/// How many rows of one queue are in memory.
const ROWS: i64 = 20;
/// How often the database is asked for queues that have begun meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often answers are written down while others are awaited, unless there are enough of them.
const SETTLE_EVERY: Duration = Duration::from_millis(100);
const ENOUGH_TO_SETTLE: usize = 500;
/// How much is written down at once.
const MOST_AT_ONCE: usize = 1_000;
/// An activity that got a 5xx this many times (within nine hours or so) may be what is wrong.
const SUSPICIOUS_ATTEMPTS: i64 = 10;

/// One run of the job.
pub(super) struct Round<'c> {
    courier: &'c Courier,
    /// Queues that may be begun, and the server whose queue was begun last: the next time, others come first.
    due: VecDeque<Host>,
    begun_last: String,
    busy: HashMap<Host, Busy>,
    lines: VecDeque<Line>,
    quick: Arc<Semaphore>,
    reading: Option<BoxFuture<'c, Result<Heads, DbError>>>,
    steps: JoinSet<Result<Step, DbError>>,
    sent: Vec<Sent>,
    settling: Option<BoxFuture<'c, Result<Vec<Host>, DbError>>>,
    next_settling: Instant,
    next_look: Instant,
    /// When the first of the servers that are left alone may be asked again.
    next_attempt: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Busy {
    is_sending: bool,
    unsettled: usize,
    /// Whether more was found in its queue meanwhile.
    has_more: bool,
    /// Whether it did not take the last one.
    is_paused: bool,
}

/// The beginnings of these servers' queues.
struct Heads {
    hosts: Vec<Host>,
    rows: Vec<Delivery>,
}

/// A queue that is being worked off.
struct Line {
    host: Host,
    rows: VecDeque<Delivery>,
}

/// A line that has gone on by one delivery, or two if the first is held for the trouble.
struct Step {
    line: Line,
    sent: Vec<(Delivery, Outcome)>,
}

impl<'c> Round<'c> {
    pub(super) fn new(courier: &'c Courier) -> Self {
        Self {
            courier,
            due: VecDeque::new(),
            begun_last: String::new(),
            busy: HashMap::new(),
            lines: VecDeque::new(),
            quick: Arc::new(Semaphore::new(QUICK_LINES)),
            reading: None,
            steps: JoinSet::new(),
            sent: Vec::new(),
            settling: None,
            next_settling: Instant::now(),
            next_look: Instant::now(),
            next_attempt: None,
        }
    }

    /// Sends what is due until nothing is, and comes back when the next server may be asked again.
    pub(super) async fn run(mut self, context: &JobContext) -> Result<(), JobError> {
        loop {
            let is_stopping = context.is_cancelled();
            if is_stopping {
                self.lines.clear();
                self.due.clear();
                self.next_look = Instant::now() + LOOK_EVERY;
            } else {
                if self.is_idle() || self.next_look <= Instant::now() {
                    self.look().await?;
                }
                self.begin_lines();
            }
            if self.is_idle() {
                return self.end(is_stopping);
            }
            self.settle_in_the_background();
            self.wait().await?;
        }
    }

    fn is_idle(&self) -> bool {
        self.awaits_no_answer() && self.settling.is_none() && self.sent.is_empty() && self.due.is_empty()
    }

    fn awaits_no_answer(&self) -> bool {
        self.reading.is_none() && self.lines.is_empty() && self.steps.is_empty()
    }

    fn end(self, is_stopping: bool) -> Result<(), JobError> {
        if is_stopping {
            return Err(JobError::snooze(Duration::ZERO));
        }
        let now = self.courier.platform().clock.now();
        let rest = self.next_attempt.map(|moment| (moment - now).to_std().unwrap_or_default());
        rest.map_or(Ok(()), |rest| Err(JobError::snooze(rest)))
    }

    /// Which queues are there?
    async fn look(&mut self) -> Result<(), DbError> {
        let started = Instant::now();
        let waiting = store::waiting(&mut self.courier.platform().db.read().await?).await?;
        let now = self.courier.platform().clock.now();
        self.due.clear();
        self.next_attempt = None;
        for queue in waiting {
            let Ok(host) = queue.host.parse::<Host>() else { continue };
            let opens_at = self.courier.rest_while_closed(&host).map(|rest| now + rest);
            let next_attempt_at = queue.next_attempt_at.max(opens_at);
            match (next_attempt_at.filter(|moment| *moment > now), self.busy.get_mut(&host)) {
                (_, Some(busy)) => busy.has_more = true,
                (Some(moment), None) => {
                    self.next_attempt = Some(self.next_attempt.map_or(moment, |earliest| earliest.min(moment)));
                }
                (None, None) => self.due.push_back(host),
            }
        }
        let turn = self.due.iter().position(|host| host.as_str() > self.begun_last.as_str());
        self.due.rotate_left(turn.unwrap_or_default());
        // A look at very many queues takes its time: it must not become all that is done.
        self.next_look = started + LOOK_EVERY.max(started.elapsed() * 20);
        Ok(())
    }

    fn begin_lines(&mut self) {
        self.read_heads_in_the_background();
        while self.steps.len() < LINES && !self.lines.is_empty() {
            let Ok(place) = self.quick.clone().try_acquire_owned() else { return };
            if let Some(line) = self.lines.pop_front() {
                let courier = self.courier.clone();
                self.steps.spawn(async move { line.go_on(&courier, place).await }.in_current_span());
            }
        }
    }

    fn read_heads_in_the_background(&mut self) {
        if self.reading.is_some() || self.lines.len() >= HEADS || self.due.is_empty() {
            return;
        }
        let mut hosts: Vec<Host> = self.due.drain(..self.due.len().min(HEADS)).collect();
        hosts.retain(|host| !self.busy.contains_key(host));
        let Some(last) = hosts.last() else { return };
        last.as_str().clone_into(&mut self.begun_last);
        self.busy.extend(hosts.iter().map(|host| (host.clone(), Busy { is_sending: true, ..Busy::default() })));
        let courier = self.courier;
        let reading = async move {
            let rows = store::heads(&mut courier.platform().db.read().await?, &hosts).await?;
            Ok(Heads { hosts, rows })
        };
        self.reading = Some(reading.boxed());
    }

    fn take_heads(&mut self, heads: Heads) {
        let mut empty: HashSet<Host> = heads.hosts.into_iter().collect();
        for head in heads.rows {
            let Ok(host) = head.host.parse::<Host>() else { continue };
            empty.remove(&host);
            self.lines.push_back(Line { host, rows: VecDeque::from([head]) });
        }
        for host in empty {
            self.busy.remove(&host);
        }
    }

    fn settle_in_the_background(&mut self) {
        if self.settling.is_some() || self.sent.is_empty() {
            return;
        }
        let may_wait = !self.awaits_no_answer() && self.sent.len() < ENOUGH_TO_SETTLE;
        if may_wait && Instant::now() < self.next_settling {
            return;
        }
        self.next_settling = Instant::now() + SETTLE_EVERY;
        let sent: Vec<Sent> = self.sent.drain(..self.sent.len().min(MOST_AT_ONCE)).collect();
        let courier = self.courier;
        let settling = async move {
            courier.settle(&sent).await?;
            Ok::<_, DbError>(sent.into_iter().map(|sent| sent.host).collect())
        };
        self.settling = Some(settling.boxed());
    }

    /// Waits until something has happened.
    async fn wait(&mut self) -> Result<(), DbError> {
        let is_settling_put_off = self.settling.is_none() && !self.sent.is_empty();
        let wake_at = if is_settling_put_off { self.next_look.min(self.next_settling) } else { self.next_look };
        tokio::select! {
            Some(step) = self.steps.join_next() => self.take(outcome(step)?),
            heads = finished(&mut self.reading) => {
                self.reading = None;
                self.take_heads(heads?);
            }
            settled = finished(&mut self.settling) => {
                self.settling = None;
                settled?.iter().for_each(|host| self.release(host));
            }
            () = sleep_until(wake_at) => {}
        }
        while let Some(step) = self.steps.try_join_next() {
            self.take(outcome(step)?);
        }
        Ok(())
    }

    fn take(&mut self, step: Step) {
        let Step { line, sent } = step;
        let goes_on = sent.last().is_some_and(|(last, outcome)| {
            !matches!(outcome, Outcome::Later { .. }) && (last.has_next || !line.rows.is_empty())
        });
        let busy = self.busy.entry(line.host.clone()).or_default();
        busy.unsettled += sent.len();
        busy.is_sending = goes_on;
        busy.is_paused = sent.iter().any(|(_, outcome)| matches!(outcome, Outcome::Later { .. }));
        let host = line.host.clone();
        self.sent.extend(sent.into_iter().map(|(delivery, outcome)| Sent { host: host.clone(), delivery, outcome }));
        if goes_on {
            self.lines.push_back(line);
        } else {
            self.release_if_settled(&host);
        }
    }

    /// A delivery to this server has been written down.
    fn release(&mut self, host: &Host) {
        if let Some(busy) = self.busy.get_mut(host) {
            busy.unsettled = busy.unsettled.saturating_sub(1);
        }
        self.release_if_settled(host);
    }

    fn release_if_settled(&mut self, host: &Host) {
        let is_over = |busy: &Busy| !busy.is_sending && busy.unsettled == 0;
        if !self.busy.get(host).is_some_and(is_over) {
            return;
        }
        if self.busy.remove(host).is_some_and(|busy| busy.has_more && !busy.is_paused) {
            self.due.push_back(host.clone());
        }
    }
}

/// What becomes of it, if there is anything.
async fn finished<T>(work: &mut Option<BoxFuture<'_, T>>) -> T {
    match work {
        Some(work) => work.await,
        None => future::pending().await,
    }
}

/// A step runs by itself, but its panic is that of the round.
fn outcome(step: Result<Result<Step, DbError>, JoinError>) -> Result<Step, DbError> {
    step.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()))
}

impl Line {
    async fn go_on(mut self, courier: &Courier, place: OwnedSemaphorePermit) -> Result<Step, DbError> {
        let Some(delivery) = self.rows.pop_front() else { return Ok(Step { line: self, sent: Vec::new() }) };
        let outcome = send(courier, &delivery, place).await?;
        self.read_on(courier, &delivery).await?;
        let sent = self.suspect(courier, delivery, outcome).await?;
        Ok(Step { line: self, sent })
    }

    async fn read_on(&mut self, courier: &Courier, after: &Delivery) -> Result<(), DbError> {
        if self.rows.is_empty() && after.has_next {
            self.rows = store::following(&mut courier.platform().db.read().await?, after, ROWS).await?.into();
        }
        Ok(())
    }

    /// A server that answers everything with 5xx will be back. If it takes the next activity, it is this one that is wrong,
    /// and must not hold up the others.
    async fn suspect(
        &mut self,
        courier: &Courier,
        delivery: Delivery,
        outcome: Outcome,
    ) -> Result<Vec<(Delivery, Outcome)>, DbError> {
        let is_suspicious = matches!(outcome, Outcome::Later { by_failure: true, .. });
        if !is_suspicious || delivery.attempts + 1 < SUSPICIOUS_ATTEMPTS {
            return Ok(vec![(delivery, outcome)]);
        }
        let Some(next) = self.rows.pop_front() else { return Ok(vec![(delivery, outcome)]) };
        match courier.send(&next).await? {
            Outcome::Delivered => {
                let verdict = Outcome::refused("it alone is answered with a failure, again and again");
                self.read_on(courier, &next).await?;
                Ok(vec![(delivery, verdict), (next, Outcome::Delivered)])
            }
            _ => Ok(vec![(delivery, outcome)]),
        }
    }
}

async fn send(courier: &Courier, delivery: &Delivery, place: OwnedSemaphorePermit) -> Result<Outcome, DbError> {
    let sending = courier.send(delivery);
    pin!(sending);
    if let Ok(outcome) = timeout(SLOW_AFTER, &mut sending).await {
        return outcome;
    }
    drop(place);
    sending.await
}
