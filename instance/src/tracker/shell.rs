//! Two trackers, their viewers' queues, and the lock around both.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use axum::extract::ws::Utf8Bytes;
use metrics::{counter, gauge};
use p2p::{
    InfoHash,
    tracker::{ClientMessage, Effect, HttpTracker, Limits, MessageError, Refused, SocketId, WebSocketTracker},
};
use platform::{Platform, clock::SharedClock, db::DbError};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use tracing::warn;

use super::ours::OurSwarms;

/// Messages that may wait for a viewer. Whoever falls further behind is closed.
const QUEUE: usize = 32;
/// How often silent peers are looked for.
const TICK: Duration = Duration::from_mins(1);

/// The trackers of a server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tracker {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    limits: Limits,
    clock: SharedClock,
    ours: OurSwarms,
    swarms: Mutex<Swarms>,
}

#[derive(Debug)]
struct Swarms {
    browsers: WebSocketTracker,
    downloaders: HttpTracker,
    queues: HashMap<SocketId, mpsc::Sender<Utf8Bytes>>,
    last_socket: SocketId,
}

impl Tracker {
    /// Trackers without peers.
    pub fn new(platform: &Platform) -> Self {
        let limits = Limits::default();
        let seed = || platform.random.below(u64::MAX);
        let swarms = Swarms {
            browsers: WebSocketTracker::new(limits.clone(), seed()),
            downloaders: HttpTracker::new(limits.clone(), seed()),
            queues: HashMap::new(),
            last_socket: SocketId(0),
        };
        let (clock, ours) = (platform.clock.clone(), OurSwarms::new(platform.db.clone()));
        Self { inner: Arc::new(Inner { limits, clock, ours, swarms: Mutex::new(swarms) }) }
    }

    /// Starts the task that forgets silent peers. It ends when the server stops.
    pub fn start(&self, platform: &Platform) {
        let (tracker, stop) = (self.clone(), platform.stop.clone());
        platform.tasks.spawn("tracker", async move {
            let mut minutes = interval(TICK);
            minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = minutes.tick() => tracker.tick(),
                    () = stop.cancelled() => break,
                }
            }
        });
    }

    /// What strangers may ask.
    pub(super) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Lets a browser in, to be called before its connection becomes a WebSocket.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn open(&self, address: IpAddr) -> Result<Admission, Refused> {
        let (queue, messages) = mpsc::channel(QUEUE);
        let now = self.now();
        let mut swarms = self.lock();
        let socket = SocketId(swarms.last_socket.0 + 1);
        swarms.browsers.open(now, socket, address)?;
        swarms.last_socket = socket;
        swarms.queues.insert(socket, queue);
        Ok(Admission { tracker: self.clone(), socket, messages })
    }

    /// The body that answers a download client.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn announce(&self, address: IpAddr, query: &str) -> Result<Vec<u8>, Arc<DbError>> {
        let ours = self.ours_in(query).await?;
        let answer = self.lock().downloaders.announce(self.now(), address, query, &|it: &InfoHash| ours.contains(it));
        count("http", if answer.starts_with(b"d14:failure reason") { "refused" } else { "accepted" });
        Ok(answer)
    }

    /// The body that answers a download client's question for numbers.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn scrape(&self, address: IpAddr, query: &str) -> Result<Vec<u8>, Arc<DbError>> {
        let ours = self.ours_in(query).await?;
        Ok(self.lock().downloaders.scrape(self.now(), address, query, &|it: &InfoHash| ours.contains(it)))
    }

    async fn ours_in(&self, query: &str) -> Result<HashSet<InfoHash>, Arc<DbError>> {
        let mut named = HttpTracker::info_hashes(query);
        named.truncate(self.inner.limits.scraped);
        self.inner.ours.among(&named).await
    }

    /// Takes a message of a browser and passes on what follows from it.
    async fn receive(&self, socket: SocketId, text: &str) {
        let message = match ClientMessage::parse(text, &self.inner.limits) {
            Ok(message) => message,
            Err(error) => return self.refuse(socket, error),
        };
        // An answer is passed on if it was asked for, whatever it is about.
        let named = if matches!(message, ClientMessage::Answer(_)) { &[] } else { message.info_hashes() };
        let ours = match self.inner.ours.among(named).await {
            Ok(ours) => ours,
            // Turning a viewer away for that would be wrong; players announce again by themselves.
            Err(error) => return warn!(%error, "a message to the tracker could not be answered"),
        };
        let is_announce = matches!(message, ClientMessage::Announce(_));
        let now = self.now();
        let mut swarms = self.lock();
        let effects = swarms.browsers.handle(now, socket, message, &|it: &InfoHash| ours.contains(it));
        if is_announce {
            count("websocket", outcome(&effects));
        }
        swarms.carry_out(effects);
    }

    fn refuse(&self, socket: SocketId, error: MessageError) {
        count("websocket", "invalid");
        let mut swarms = self.lock();
        let effects = swarms.browsers.refuse(socket, error);
        swarms.carry_out(effects);
    }

    /// Forgets silent peers, and tells the metrics how many are left.
    pub(super) fn tick(&self) {
        let now = self.now();
        let mut swarms = self.lock();
        swarms.browsers.tick(now);
        swarms.downloaders.tick(now);
        let (sockets, browser_swarms) = swarms.browsers.size();
        let (downloader_peers, downloader_swarms) = swarms.downloaders.size();
        gauge!("shoal_tracker_sockets").set(sockets as f64);
        gauge!("shoal_tracker_peers", "tracker" => "websocket").set(swarms.browsers.peers() as f64);
        gauge!("shoal_tracker_peers", "tracker" => "http").set(downloader_peers as f64);
        gauge!("shoal_tracker_swarms", "tracker" => "websocket").set(browser_swarms as f64);
        gauge!("shoal_tracker_swarms", "tracker" => "http").set(downloader_swarms as f64);
    }

    fn now(&self) -> SystemTime {
        self.inner.clock.now().into()
    }

    fn lock(&self) -> MutexGuard<'_, Swarms> {
        self.inner.swarms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Swarms {
    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { socket, text } => self.send(socket, text),
                Effect::Close { socket } => self.close(socket),
            }
        }
    }

    fn send(&mut self, socket: SocketId, text: String) {
        let Some(queue) = self.queues.get(&socket) else { return };
        if queue.try_send(text.into()).is_err() {
            counter!("shoal_tracker_slow_sockets_total").increment(1);
            self.close(socket);
        }
    }

    /// Takes a viewer out of everything. What waits for it is still sent; then its connection ends.
    fn close(&mut self, socket: SocketId) {
        self.queues.remove(&socket);
        self.browsers.close(socket);
    }
}

/// A browser that was let in. Dropping this takes it out of all its swarms.
#[derive(Debug)]
pub(super) struct Admission {
    tracker: Tracker,
    socket: SocketId,
    messages: mpsc::Receiver<Utf8Bytes>,
}

impl Admission {
    /// What to send next; `None` when the connection shall be closed. Nothing is lost if this is dropped while it waits.
    pub(super) async fn next_message(&mut self) -> Option<Utf8Bytes> {
        self.messages.recv().await
    }

    /// Takes what the browser said.
    pub(super) async fn receive(&self, text: &str) {
        self.tracker.receive(self.socket, text).await;
    }

    /// Takes something that no browser says.
    pub(super) fn receive_unreadable(&self) {
        self.tracker.refuse(self.socket, MessageError::Unreadable);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.tracker.lock().close(self.socket);
    }
}

/// The first effect of an announcement is the answer to it.
fn outcome(effects: &[Effect]) -> &'static str {
    let is_closed = effects.iter().any(|effect| matches!(effect, Effect::Close { .. }));
    match effects.first() {
        Some(Effect::Send { text, .. }) if !text.contains("\"failure reason\"") => "accepted",
        Some(_) if is_closed => "stranger",
        Some(_) => "refused",
        None => "late",
    }
}

fn count(tracker: &'static str, outcome: &'static str) {
    counter!("shoal_tracker_announces_total", "tracker" => tracker, "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests;
