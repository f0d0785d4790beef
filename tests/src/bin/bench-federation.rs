//! How many activities per second does a server take in, and how many does it send?
//!
//! Measures a server as a process of its own, over loopback, and prints rows of a table. `SHOAL_BIN` names the program.
//!
//! The other servers are two thousand addresses of `127.0.0.0/8`, all of which are this process. They follow the server;
//! then videos are deleted there, each of which is a fan-out to all of them, the last time while some of them never answer.
//! For the inbox, a hundred of them send likes, dislikes and announcements of a video, each signed with RSA-2048;
//! signatures are made before the clock starts. At last the server follows another Shoal with two thousand videos.
//! `SHOAL_BENCH_PEER_INBOX=http://127.0.0.1:9000` names a PeerTube that federates over plain http and has two videos: its
//! inbox gets the same.

#![expect(clippy::indexing_slicing, reason = "this crate is for tests: whatever goes wrong is a panic")]

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use federation::{
    ACTIVITY_JSON,
    signature::{self, SigningKey},
    wire::{Action, Activity, Actor, ActorKind},
};
use http::Method;
use platform::{
    clock::{Clock, SystemClock},
    config::variable,
};
use serde_json::Value;
use shoal_tests::{Client, Process};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, sleep},
};
use url::Url;

const SERVERS: usize = 2_000;
const FAN_OUTS: usize = 4;
/// One server in so many is dead.
const DEAD: usize = 50;
const BACKFILL: i64 = 2_000;
const SENDERS: usize = 100;
const ACTIVITIES: usize = 9_000;
const CONNECTIONS: usize = 48;
/// What a peer gets: it takes its time.
const PEER_ACTIVITIES: usize = 900;
const PATIENCE: Duration = Duration::from_mins(3);

/// All the other servers.
#[derive(Clone)]
struct Sinks {
    key: Arc<SigningKey>,
    public_pem: Arc<str>,
    received: Arc<AtomicUsize>,
    /// Whether one in [`DEAD`] takes requests and never answers.
    has_dead: Arc<AtomicBool>,
    port: u16,
}

impl Sinks {
    async fn start() -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
        let key = SigningKey::generate().expect("a key");
        let sinks = Self {
            public_pem: key.public_pem().expect("a key").into(),
            key: Arc::new(key),
            received: Arc::default(),
            has_dead: Arc::default(),
            port: listener.local_addr().expect("an address").port(),
        };
        let router = Router::new().route("/actor", get(actor)).route("/inbox", post(take)).with_state(sinks.clone());
        platform::tasks::Tasks::default().spawn("sinks", async move {
            let _ = axum::serve(listener, router).await;
        });
        sinks
    }

    fn actor(&self, number: usize) -> Url {
        let url = format!("http://127.{}.{}.1:{}/actor", 1 + number / 250, number % 250, self.port);
        Url::parse(&url).expect("an address")
    }

    /// Waits until so many requests have come in, and tells how long that took.
    async fn await_received(&self, count: usize, since: Instant) -> Duration {
        while self.received.load(Ordering::Relaxed) < count {
            assert!(since.elapsed() < PATIENCE, "{} of {count}", self.received.load(Ordering::Relaxed));
            sleep(Duration::from_millis(2)).await;
        }
        self.received.store(0, Ordering::Relaxed);
        since.elapsed()
    }
}

async fn actor(State(sinks): State<Sinks>, headers: HeaderMap) -> impl IntoResponse {
    let host = headers["host"].to_str().expect("a host");
    let id = Url::parse(&format!("http://{host}/actor")).expect("an address");
    let inbox = id.join("/inbox").expect("an address");
    let mut actor = Actor::local(ActorKind::Application, id, "sink", inbox.clone(), &sinks.public_pem);
    actor.inbox = inbox;
    ([("content-type", ACTIVITY_JSON)], actor.to_document().to_string())
}

async fn take(State(sinks): State<Sinks>, headers: HeaderMap, _body: bytes::Bytes) -> StatusCode {
    let host = headers["host"].to_str().expect("a host");
    let part = |index: usize| host.split('.').nth(index).and_then(|part| part.parse::<usize>().ok());
    let number = part(2).zip(part(1)).map(|(low, high)| low + (high - 1) * 250);
    if sinks.has_dead.load(Ordering::Relaxed) && number.is_some_and(|number| number % DEAD == 0) {
        std::future::pending::<()>().await;
    }
    sinks.received.fetch_add(1, Ordering::Relaxed);
    StatusCode::ACCEPTED
}

/// A whole signed request, ready to be written to a connection.
fn request(sinks: &Sinks, server: &Url, sender: usize, number: usize, action: Action) -> Vec<u8> {
    let actor = sinks.actor(sender);
    let id = actor.join(&format!("/activities/{number}")).expect("an address");
    let body = Activity::new(id, actor.clone(), action).to_document().to_string();
    let inbox = server.join("/inbox").expect("an address");
    let mut headers = HeaderMap::new();
    let now = SystemClock.now();
    signature::sign(&sinks.key, &actor, &Method::POST, &inbox, Some(body.as_bytes()), now, &mut headers)
        .expect("a signature");
    let host = federation::origin::Host::of(server).expect("a host");
    let mut text = format!("POST /inbox HTTP/1.1\r\nhost: {host}\r\ncontent-type: {ACTIVITY_JSON}\r\n");
    for (name, value) in &headers {
        write!(text, "{name}: {}\r\n", value.to_str().expect("text")).expect("memory");
    }
    write!(text, "content-length: {}\r\n\r\n{body}", body.len()).expect("memory");
    text.into_bytes()
}

/// Sends requests over several connections, and tells how many were answered with 204.
async fn send_all(server: &Url, requests: Vec<Vec<u8>>, connections: usize) -> usize {
    let address = format!("{}:{}", server.host_str().expect("a host"), server.port().expect("a port"));
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (requests, next, address) = (requests.clone(), next.clone(), address.clone());
        tasks.spawn(async move {
            let mut connection = TcpStream::connect(address).await.expect("a connection");
            connection.set_nodelay(true).expect("an option");
            let mut taken = 0;
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                connection.write_all(request).await.expect("a request");
                taken += usize::from(read_answer(&mut connection).await);
            }
            taken
        });
    }
    tasks.join_all().await.into_iter().sum()
}

/// Whether the answer is 204. Any other is shown.
async fn read_answer(connection: &mut TcpStream) -> bool {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = connection.read(&mut buffer).await.expect("an answer");
        assert!(read > 0, "the connection was closed");
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            let is_taken = head.starts_with("HTTP/1.1 204");
            assert!(is_taken || head.starts_with("HTTP/1.1 "), "{text}");
            if !is_taken {
                println!("{text}");
            }
            return is_taken;
        }
    }
}

/// Deletions per second, each of which goes to all servers but the dead ones.
async fn measure_fan_out(server: &Process, sinks: &Sinks, times: usize) -> Vec<f64> {
    let videos = server.get_json("/api/v1/videos?count=100").await;
    let dead = if sinks.has_dead.load(Ordering::Relaxed) { SERVERS / DEAD } else { 0 };
    let mut rates = Vec::new();
    for video in videos["data"].as_array().expect("videos").iter().take(times) {
        let uuid = video["uuid"].as_str().expect("a uuid");
        server.calm().await;
        let started = Instant::now();
        server.admin().delete(&format!("/api/v1/videos/{uuid}")).await.assert_success();
        let took = sinks.await_received(SERVERS - dead, started).await;
        rates.push((SERVERS - dead) as f64 / took.as_secs_f64());
    }
    rates
}

/// How long it takes after a follow until everything that another Shoal has published is known.
async fn measure_backfill(server: &Process) -> Duration {
    let folder = tempfile::tempdir().expect("a folder");
    let mut source = Process::start("source", &["instance"], folder.path(), "").await;
    source.kill();
    source.command(&["bench-seed", "--videos", &BACKFILL.to_string()]);
    source.restart().await;
    let before = known_elsewhere(server).await;
    let started = Instant::now();
    let host = source.url().trim_start_matches("http://").to_owned();
    server.admin().follow_server(&host).await;
    while known_elsewhere(server).await < before + BACKFILL {
        assert!(started.elapsed() < PATIENCE, "{} of {BACKFILL}", known_elsewhere(server).await);
        sleep(Duration::from_millis(50)).await;
    }
    started.elapsed()
}

async fn known_elsewhere(server: &Process) -> i64 {
    server.get_json("/api/v1/videos?count=1&isLocal=false").await["total"].as_i64().expect("a number")
}

async fn measure_inbox(server: &Process, url: &Url, sinks: &Sinks) -> (usize, f64) {
    let videos = server.get_json("/api/v1/videos?count=100&sort=publishedAt&isLocal=true").await;
    let requests = reactions(sinks, url, &id_of(&videos["data"][0]), ACTIVITIES);
    let started = Instant::now();
    let taken = send_all(url, requests, CONNECTIONS).await;
    (taken, ACTIVITIES as f64 / started.elapsed().as_secs_f64())
}

fn id_of(video: &Value) -> Url {
    Url::parse(video["url"].as_str().expect("a video")).expect("an address")
}

fn reactions(sinks: &Sinks, server: &Url, video: &Url, count: usize) -> Vec<Vec<u8>> {
    let action = |number: usize| match number % 3 {
        0 => Action::Like(video.clone()),
        1 => Action::Dislike(video.clone()),
        _ => Action::Announce(video.clone()),
    };
    (0..count).map(|number| request(sinks, server, number % SENDERS, number, action(number))).collect()
}

/// How many activities per second a PeerTube takes, and how many it applies. It answers first and applies afterwards, in
/// the order of arrival: when a like of another video is counted, everything before it is done.
async fn measure_peer_inbox(peer: &Url, sinks: &Sinks) -> (usize, f64, f64) {
    let client = Client::new(peer.as_str().trim_end_matches('/').to_owned(), reqwest::ClientBuilder::new());
    let videos = client.get_json("/api/v1/videos?count=2&isLocal=true").await;
    let (video, other) = (id_of(&videos["data"][0]), id_of(&videos["data"][1]));
    let likes_path = format!("/api/v1/videos/{}", videos["data"][1]["uuid"].as_str().expect("two videos"));
    let likes = async || client.get_json(&likes_path).await["likes"].as_i64().expect("a number");
    let end = async |sender: usize| {
        let wanted = likes().await + 1;
        let like = request(sinks, peer, sender, 0, Action::Like(other.clone()));
        send_all(peer, vec![like], 1).await;
        while likes().await < wanted {
            sleep(Duration::from_millis(20)).await;
        }
    };
    // Keys are fetched before the clock starts.
    send_all(peer, reactions(sinks, peer, &video, SENDERS), CONNECTIONS).await;
    end(SENDERS).await;
    let requests = reactions(sinks, peer, &video, PEER_ACTIVITIES);
    let started = Instant::now();
    let taken = send_all(peer, requests, CONNECTIONS).await;
    let taken_after = started.elapsed();
    end(SENDERS + 1).await;
    let rate = |after: Duration| taken as f64 / after.as_secs_f64();
    (taken, rate(taken_after), rate(started.elapsed()))
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    // More to the section `net`, which comes last.
    let more = "requests_per_second_per_host = 10000\n";
    let mut process = Process::start("bench", &["instance"], folder.path(), more).await;
    process.kill();
    process.command(&["bench-seed", "--videos", "10"]);
    process.restart().await;
    let server = Url::parse(process.url()).expect("an address");
    let sinks = Sinks::start().await;

    let us = server.join("/accounts/peertube").expect("an address");
    let follows = (0..SERVERS).map(|number| request(&sinks, &server, number, 0, Action::Follow(us.clone()))).collect();
    let started = Instant::now();
    let followed = send_all(&server, follows, CONNECTIONS).await;
    assert_eq!(followed, SERVERS, "every server follows");
    sinks.await_received(SERVERS, started).await;
    let follow_rate = SERVERS as f64 / started.elapsed().as_secs_f64();

    println!("| {SERVERS} new followers: key fetched, followed, answered | | {follow_rate:.0}/s |");

    let fan_outs = measure_fan_out(&process, &sinks, FAN_OUTS).await;
    let shown: Vec<String> = fan_outs.iter().map(|rate| format!("{rate:.0}")).collect();
    let best = fan_outs.iter().copied().fold(0.0, f64::max);
    println!(
        "| fan-out: deliveries signed and sent to {SERVERS} servers | at least 2,000/s | {best:.0}/s (each of {FAN_OUTS}: {}) |",
        shown.join(", ")
    );
    sinks.has_dead.store(true, Ordering::Relaxed);
    let with_dead = measure_fan_out(&process, &sinks, 1).await[0];
    sinks.has_dead.store(false, Ordering::Relaxed);
    println!(
        "| the same when {} of them take it and never answer | | {with_dead:.0}/s to the others |",
        SERVERS / DEAD
    );

    let (taken, inbox) = measure_inbox(&process, &server, &sinks).await;
    println!(
        "| inbox: activities verified (RSA-2048) and applied, SQLite | at least 1,000/s on 2 cores | {inbox:.0}/s ({taken} of {ACTIVITIES} taken) |"
    );
    let backfill = measure_backfill(&process).await.as_secs_f64();
    println!("| backfill: {BACKFILL} videos of a Shoal that is followed | under 60 s | {backfill:.1} s |");
    if let Some(peer) = variable("SHOAL_BENCH_PEER_INBOX") {
        let peer = Url::parse(&peer).expect("an address");
        let (taken, accepted, applied) = measure_peer_inbox(&peer, &sinks).await;
        println!(
            "| inbox of {peer}, in the same run | | takes {accepted:.0}/s, applies {applied:.0}/s ({taken} of {PEER_ACTIVITIES} taken): we apply {:.0} times as many |",
            inbox / applied
        );
    }
}
