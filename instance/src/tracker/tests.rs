//! Through the door that browsers use: a real listener and real sockets.

use std::{net::SocketAddr, time::Duration};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use futures::{SinkExt, StreamExt};
use http_body_util::BodyExt;
use p2p::{
    InfoHash,
    infohash::{self, StreamKind},
};
use platform::{lifecycle, testing::TestPlatform};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};
use tower::ServiceExt;

use crate::{App, InstanceConfig, compose::Roles, routes, videos};

const SDP: &str = "v=0\r\n";
const UNKNOWN: InfoHash = InfoHash::new([7; 20]);

/// A listening server with one video.
struct Stage {
    test: TestPlatform,
    app: App,
    address: SocketAddr,
    playlist_url: String,
}

impl Stage {
    async fn new() -> Self {
        let test = TestPlatform::new().await;
        let (app, video) = App::staged(&test).await;
        let mut connection = test.platform.db.read().await.unwrap();
        let playlist = videos::store::playlist(&mut connection, video.id).await.unwrap().unwrap();
        drop(connection);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = lifecycle::serve(listener, routes::router(&app), test.platform.stop.clone(), 64);
        test.platform.tasks.spawn("listener", serving);
        Self { test, app, address, playlist_url: playlist.playlist_url }
    }

    fn stream(&self) -> InfoHash {
        infohash::v2(&self.playlist_url, StreamKind::Main, 0)
    }

    /// The same stream, as older players name it.
    fn older_stream(&self) -> InfoHash {
        infohash::v1(&self.playlist_url, 0)
    }

    /// A browser behind the reverse proxy of the server.
    async fn browser(&self, name: u8) -> Browser {
        self.try_browser(name).await.unwrap()
    }

    async fn try_browser(&self, name: u8) -> Result<Browser, tungstenite::Error> {
        let mut request = format!("ws://{}/tracker/socket", self.address).into_client_request()?;
        request.headers_mut().insert("x-forwarded-for", format!("198.51.100.{name}").parse().unwrap());
        let (socket, _) = connect_async(request).await?;
        Ok(Browser { socket, peer_id: format!("-PM0202-peer-number{name}") })
    }

    async fn get(&self, path: &str) -> (StatusCode, Vec<u8>) {
        get(&self.app, path).await
    }

    /// Stops the server, which must not take longer than saying good-bye does.
    async fn stop(self) {
        self.test.platform.stop.cancel();
        tokio::time::timeout(Duration::from_secs(30), self.test.platform.tasks.wait()).await.unwrap();
    }
}

/// As download clients write it into a query.
pub(super) fn percent_encoded(info_hash: InfoHash) -> String {
    info_hash.as_bytes().iter().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat()
}

async fn get(app: &App, path: &str) -> (StatusCode, Vec<u8>) {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 40_000))));
    let response = routes::router(app).oneshot(request).await.unwrap();
    let status = response.status();
    (status, response.into_body().collect().await.unwrap().to_bytes().to_vec())
}

struct Browser {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    peer_id: String,
}

impl Browser {
    async fn send(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn announce(&mut self, info_hash: InfoHash, more: Value) {
        let mut message = json!({ "action": "announce", "info_hash": info_hash.to_latin1(), "peer_id": self.peer_id });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.send(message).await;
    }

    async fn hear(&mut self) -> Value {
        match self.next().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("the tracker said {other:?}"),
        }
    }

    async fn hear_close(&mut self) -> u16 {
        match self.next().await {
            Some(Ok(Message::Close(Some(frame)))) => frame.code.into(),
            other => panic!("the tracker said {other:?}"),
        }
    }

    /// What the tracker says, pings apart.
    async fn next(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        loop {
            match tokio::time::timeout(Duration::from_hours(1), self.socket.next()).await.unwrap() {
                Some(Ok(Message::Ping(_))) => {}
                other => return other,
            }
        }
    }

    /// How many peers a swarm has.
    async fn count(&mut self, info_hash: InfoHash) -> Value {
        self.send(json!({ "action": "scrape", "info_hash": info_hash.to_latin1() })).await;
        self.hear().await["files"][info_hash.to_latin1()]["incomplete"].clone()
    }
}

fn offer(id: &str) -> Value {
    json!({ "numwant": 1, "offers": [{ "offer_id": id, "offer": { "type": "offer", "sdp": SDP } }] })
}

#[tokio::test]
async fn two_viewers_of_a_video_exchange_offer_and_answer() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = (stage.browser(1).await, stage.browser(2).await);
    alice.announce(stage.stream(), json!({ "event": "started" })).await;
    assert_eq!(alice.hear().await["incomplete"], 1);

    bob.announce(stage.stream(), offer("the-offer-number-001")).await;
    assert_eq!(bob.hear().await["incomplete"], 2);
    let offered = alice.hear().await;
    assert_eq!(offered["offer"], json!({ "type": "offer", "sdp": SDP }));
    assert_eq!(offered["peer_id"], bob.peer_id);

    let answer = json!({
        "to_peer_id": bob.peer_id, "offer_id": offered["offer_id"], "answer": { "type": "answer", "sdp": SDP },
    });
    alice.announce(stage.stream(), answer).await;
    let answered = bob.hear().await;
    assert_eq!(answered["answer"], json!({ "type": "answer", "sdp": SDP }));
    assert_eq!((&answered["peer_id"], &answered["offer_id"]), (&json!(alice.peer_id), &offered["offer_id"]));
    stage.stop().await;
}

#[tokio::test]
async fn a_stranger_to_all_our_swarms_is_closed_and_kept_out_for_three_minutes() {
    let stage = Stage::new().await;
    let mut stranger = stage.browser(1).await;
    stranger.announce(UNKNOWN, json!({})).await;
    assert_eq!(stranger.hear().await["failure reason"], "unknown info_hash");
    assert_eq!(stranger.hear_close().await, 1008);

    let status = |outcome: Result<Browser, tungstenite::Error>| match outcome {
        Ok(_) => StatusCode::SWITCHING_PROTOCOLS.as_u16(),
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
    };
    assert_eq!(status(stage.try_browser(1).await), 403);
    assert_eq!(status(stage.try_browser(2).await), 101);
    stage.test.clock.advance(Duration::from_mins(3));
    assert_eq!(status(stage.try_browser(1).await), 101);
    stage.stop().await;
}

#[tokio::test]
async fn a_closed_socket_leaves_all_its_swarms() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = (stage.browser(1).await, stage.browser(2).await);
    for (info_hash, peer_id) in
        [(stage.stream(), "-PM0202-main-stream-"), (stage.older_stream(), "-PM0202-older-stream")]
    {
        alice.peer_id = peer_id.to_owned();
        alice.announce(info_hash, json!({})).await;
        assert_eq!(alice.hear().await["incomplete"], 1);
        assert_eq!(bob.count(info_hash).await, 1);
    }
    alice.socket.close(None).await.unwrap();
    while alice.next().await.is_some() {}
    for info_hash in [stage.stream(), stage.older_stream()] {
        let left = async {
            while bob.count(info_hash).await != 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), left).await.unwrap();
    }
    stage.stop().await;
}

#[tokio::test]
async fn nobody_can_list_the_swarms() {
    let stage = Stage::new().await;
    let mut curious = stage.browser(1).await;
    curious.send(json!({ "action": "scrape" })).await;
    assert_eq!(curious.hear().await["failure reason"], "scrape needs info_hash");
    assert_eq!(curious.count(stage.stream()).await, 0);
    let (_, body) = stage.get("/tracker/scrape").await;
    assert!(body.starts_with(b"d14:failure reason"), "{}", String::from_utf8_lossy(&body));
    stage.stop().await;
}

#[tokio::test]
async fn a_download_client_gets_a_bencoded_answer() {
    let stage = Stage::new().await;
    let announce = |info_hash: InfoHash| {
        let info_hash = percent_encoded(info_hash);
        format!("/tracker/announce?info_hash={info_hash}&peer_id=-TR4000-abcdefghijkl&port=6881")
    };
    let (status, body) = stage.get(&announce(stage.older_stream())).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(String::from_utf8_lossy(&body), "d8:completei0e10:incompletei1e8:intervali600e5:peerslee");
    let (status, body) = stage.get(&announce(UNKNOWN)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(String::from_utf8_lossy(&body), "d14:failure reason17:unknown info_hashe");
    stage.stop().await;
}

#[tokio::test]
async fn a_message_beyond_the_limit_ends_the_connection_unread() {
    let stage = Stage::new().await;
    let mut flooder = stage.browser(1).await;
    // The server may hang up while this is still being sent.
    let _ = flooder.socket.send(Message::text(" ".repeat(200_000))).await;
    let heard = flooder.next().await;
    assert!(!matches!(heard, Some(Ok(Message::Text(_)))), "{heard:?}");
    stage.stop().await;
}

#[tokio::test]
async fn viewers_are_told_when_the_server_stops() {
    let stage = Stage::new().await;
    let mut viewer = stage.browser(1).await;
    viewer.announce(stage.stream(), json!({})).await;
    assert_eq!(viewer.hear().await["incomplete"], 1);
    stage.test.platform.stop.cancel();
    assert_eq!(viewer.hear_close().await, 1001);
    stage.stop().await;
}

#[tokio::test]
async fn a_viewer_that_is_silent_for_a_quarter_of_an_hour_is_closed() {
    let stage = Stage::new().await;
    let mut viewer = stage.browser(1).await;
    viewer.announce(stage.stream(), json!({})).await;
    assert_eq!(viewer.hear().await["incomplete"], 1);
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    assert_eq!(viewer.hear_close().await, 1000);
    let minutes = began.elapsed().as_secs() / 60;
    assert!((14..=15).contains(&minutes), "{minutes} minutes");
    tokio::time::resume();
    stage.stop().await;
}

#[tokio::test]
async fn without_p2p_there_is_no_tracker() {
    let test = TestPlatform::new().await;
    let config = InstanceConfig { p2p: false, media_worker: Some("/nonexistent".into()), ..InstanceConfig::default() };
    let app = App::open(&test.platform, config, Roles::parse(&["instance"]).unwrap()).await.unwrap();
    for path in ["/tracker/socket", "/tracker/announce", "/tracker/scrape"] {
        assert_eq!(get(&app, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}
