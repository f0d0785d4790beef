use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::latin1;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

/// A tracker that knows the infohashes whose first byte is below 200.
struct Stage {
    tracker: WebSocketTracker,
    now: SystemTime,
}

fn known(info_hash: &InfoHash) -> bool {
    info_hash.as_bytes()[0] < 200
}

fn id(byte: u8) -> String {
    latin1::encode(&[byte; 20])
}

fn announce(info_hash: u8, peer: u8) -> Value {
    json!({ "action": "announce", "info_hash": id(info_hash), "peer_id": id(peer), "numwant": 5, "event": "started" })
}

fn with_offers(mut announce: Value, offers: std::ops::Range<u8>) -> Value {
    let offers: Vec<Value> = offers
        .map(|offer| json!({ "offer": { "type": "offer", "sdp": format!("v={offer}") }, "offer_id": id(offer) }))
        .collect();
    announce["offers"] = offers.into();
    announce
}

fn answer(info_hash: u8, from: u8, to: u8, offer: u8) -> Value {
    json!({
        "action": "announce", "info_hash": id(info_hash), "peer_id": id(from), "to_peer_id": id(to),
        "offer_id": id(offer), "answer": { "type": "answer", "sdp": "v=0" },
    })
}

impl Stage {
    fn new(limits: Limits) -> Self {
        Self { tracker: WebSocketTracker::new(limits, 1), now: NOW }
    }

    fn with_sockets(count: u64) -> Self {
        let mut stage = Self::new(Limits::default());
        for socket in 1..=count {
            stage.tracker.open(NOW, SocketId(socket), HOME).unwrap();
        }
        stage
    }

    fn send(&mut self, socket: u64, message: &Value) -> Vec<Effect> {
        self.tracker.receive(self.now, SocketId(socket), &message.to_string(), &known)
    }

    /// What was sent to whom, in order.
    fn exchange(&mut self, socket: u64, message: &Value) -> Vec<(u64, Value)> {
        self.send(socket, message)
            .into_iter()
            .map(|effect| match effect {
                Effect::Send { socket, text } => (socket.0, serde_json::from_str(&text).unwrap()),
                Effect::Close { socket } => (socket.0, json!("closed")),
            })
            .collect()
    }

    fn advance(&mut self, by: Duration) {
        self.now += by;
    }
}

#[test]
fn an_announcement_is_answered_as_recorded_players_expect() {
    let mut stage = Stage::with_sockets(1);
    let expected = json!({
        "complete": 0, "incomplete": 1, "action": "announce", "interval": 120, "info_hash": id(1),
    });
    assert_eq!(stage.exchange(1, &announce(1, 11)), [(1, expected)]);
}

#[test]
fn an_offer_reaches_another_viewer_and_the_answer_comes_back() {
    let mut stage = Stage::with_sockets(2);
    stage.exchange(1, &announce(1, 11));
    let sent = stage.exchange(2, &with_offers(announce(1, 12), 50..55));
    let offer = json!({
        "action": "announce", "offer": { "type": "offer", "sdp": "v=50" }, "offer_id": id(50), "peer_id": id(12),
        "info_hash": id(1),
    });
    assert_eq!(sent[0].1["incomplete"], 2);
    assert_eq!(sent[1..], [(1, offer)]);

    let relayed = stage.exchange(1, &answer(1, 11, 12, 50));
    let expected = json!({
        "action": "announce", "answer": { "type": "answer", "sdp": "v=0" }, "offer_id": id(50), "peer_id": id(11),
        "info_hash": id(1),
    });
    assert_eq!(relayed, [(2, expected)]);
}

#[test]
fn nobody_answers_an_offer_that_was_not_handed_to_them() {
    let mut stage = Stage::with_sockets(3);
    stage.exchange(1, &announce(1, 11));
    stage.exchange(2, &with_offers(announce(1, 12), 50..51));
    stage.exchange(3, &announce(1, 13));
    assert_eq!(stage.exchange(3, &answer(1, 13, 12, 50)), []);
    assert_eq!(stage.exchange(1, &answer(1, 11, 12, 50)).len(), 1);
    assert_eq!(stage.exchange(1, &answer(1, 11, 12, 50)), [], "an offer is answered once");
}

#[test]
fn an_offer_cannot_be_answered_after_its_time() {
    let mut stage = Stage::with_sockets(2);
    stage.exchange(1, &announce(1, 11));
    stage.exchange(2, &with_offers(announce(1, 12), 50..51));
    stage.advance(Duration::from_secs(61));
    assert_eq!(stage.exchange(1, &answer(1, 11, 12, 50)), []);
}

#[test]
fn a_socket_with_two_streams_leaves_both_when_it_closes() {
    let mut stage = Stage::with_sockets(2);
    stage.exchange(1, &announce(1, 11));
    stage.exchange(1, &announce(2, 21));
    stage.tracker.close(SocketId(1));
    for stream in [1, 2] {
        assert_eq!(stage.exchange(2, &announce(stream, 12))[0].1["incomplete"], 1);
    }
}

#[test]
fn a_level_switch_leaves_one_stream_only() {
    let mut stage = Stage::with_sockets(1);
    stage.exchange(1, &announce(1, 11));
    stage.exchange(1, &announce(2, 21));
    let mut stop = announce(1, 11);
    stop["event"] = json!("stopped");
    assert_eq!(stage.exchange(1, &stop)[0].1["incomplete"], 0);
    assert_eq!(stage.exchange(1, &announce(2, 21))[0].1["incomplete"], 1);
}

#[test]
fn a_stranger_who_asks_for_an_unknown_swarm_is_kept_out_for_three_minutes() {
    let mut stage = Stage::with_sockets(1);
    let sent = stage.exchange(1, &announce(200, 11));
    assert_eq!(sent[0].1["failure reason"], "unknown info_hash");
    assert_eq!(sent[1], (1, json!("closed")));
    assert_eq!(stage.tracker.open(NOW, SocketId(2), HOME), Err(Refused::Blocked));
    stage.advance(Duration::from_mins(3));
    assert_eq!(stage.tracker.open(stage.now, SocketId(2), HOME), Ok(()));
}

#[test]
fn a_viewer_whose_video_was_deleted_is_told_and_not_blocked() {
    let mut stage = Stage::with_sockets(1);
    stage.exchange(1, &announce(1, 11));
    let message = announce(1, 11).to_string();
    for _ in 0..2 {
        let effects = stage.tracker.receive(NOW, SocketId(1), &message, &|_: &InfoHash| false);
        assert_eq!(effects.len(), 1);
    }
    assert_eq!(stage.tracker.open(NOW, SocketId(2), HOME), Ok(()));
    assert_eq!(stage.tracker.size(), (2, 0));
}

#[test]
fn a_silent_peer_is_gone_after_twenty_minutes() {
    let mut stage = Stage::with_sockets(2);
    stage.exchange(1, &announce(1, 11));
    stage.advance(Duration::from_mins(20));
    stage.tracker.tick(stage.now);
    assert_eq!(stage.tracker.size(), (2, 0));
    assert_eq!(stage.exchange(2, &with_offers(announce(1, 12), 0..5)).len(), 1);
}

#[test]
fn a_reconnected_player_replaces_its_dead_socket() {
    let mut stage = Stage::with_sockets(2);
    stage.exchange(1, &announce(1, 11));
    assert_eq!(stage.exchange(2, &announce(1, 11))[0].1["incomplete"], 1);
}

#[test]
fn a_full_swarm_forgets_the_most_silent_peer() {
    let mut stage = Stage::new(Limits { peers_per_swarm: 2, ..Limits::default() });
    for socket in 1..=3 {
        stage.tracker.open(NOW, SocketId(socket), HOME).unwrap();
        stage.exchange(socket, &announce(1, socket as u8));
        stage.advance(Duration::from_secs(1));
    }
    let sent = stage.exchange(3, &with_offers(announce(1, 3), 0..5));
    assert_eq!(sent.iter().map(|(socket, _)| *socket).collect::<Vec<_>>(), [3, 2]);
}

#[test]
fn scraping_counts_known_swarms_and_lists_nothing() {
    let mut stage = Stage::with_sockets(1);
    let mut seeder = announce(1, 11);
    seeder["left"] = json!(0);
    stage.exchange(1, &seeder);
    let scrape = json!({ "action": "scrape", "info_hash": [id(1), id(200)] });
    let expected = json!({
        "action": "scrape", "files": { id(1): { "complete": 1, "incomplete": 0, "downloaded": 0 } },
        "flags": { "min_request_interval": 600 },
    });
    assert_eq!(stage.exchange(1, &scrape), [(1, expected)]);
    let refused = stage.exchange(1, &json!({ "action": "scrape" }));
    assert_eq!(refused[0].1["failure reason"], "scrape needs info_hash");
}

#[test]
fn limits_hold() {
    let mut stage = Stage::new(Limits {
        sockets: 3,
        sockets_per_address: 2,
        swarms_per_socket: 1,
        announces_per_address: 6,
        ..Limits::default()
    });
    let tracker = &mut stage.tracker;
    tracker.open(NOW, SocketId(1), HOME).unwrap();
    tracker.open(NOW, SocketId(2), HOME).unwrap();
    assert_eq!(tracker.open(NOW, SocketId(3), HOME), Err(Refused::TooManyFromAddress));
    tracker.open(NOW, SocketId(4), [192, 0, 2, 2].into()).unwrap();
    assert_eq!(tracker.open(NOW, SocketId(5), [192, 0, 2, 3].into()), Err(Refused::Full));

    let mut reason = |message: Value| stage.exchange(1, &message)[0].1["failure reason"].clone();
    assert_eq!(reason(with_offers(announce(1, 11), 0..11)), "too many offers");
    let mut long = with_offers(announce(1, 11), 0..1);
    long["offers"][0]["offer"]["sdp"] = json!("v".repeat(9_000));
    assert_eq!(reason(long), "invalid session description");
    let mut disguised = with_offers(announce(1, 11), 0..1);
    disguised["offers"][0]["offer"]["type"] = json!("rollback");
    assert_eq!(reason(disguised), "invalid session description");
    assert_eq!(reason(json!({ "action": "announce", "info_hash": "x", "peer_id": id(1) })), "invalid info_hash");
    assert_eq!(reason(announce(1, 11)), Value::Null);
    assert_eq!(reason(announce(2, 11)), "too many streams on one connection");
    for _ in 0..4 {
        assert_eq!(reason(announce(1, 11)), Value::Null);
    }
    assert_eq!(reason(announce(1, 11)), "too many requests");
}

#[test]
fn nonsense_closes_the_connection() {
    let mut stage = Stage::with_sockets(1);
    let effects = stage.tracker.receive(NOW, SocketId(1), "{", &known);
    assert_eq!(effects.last(), Some(&Effect::Close { socket: SocketId(1) }));
    let huge = " ".repeat(200_000);
    let effects = stage.tracker.receive(NOW, SocketId(1), &huge, &known);
    assert_eq!(effects.last(), Some(&Effect::Close { socket: SocketId(1) }));
}

#[test]
fn nothing_is_kept_when_everybody_left() {
    let mut stage = Stage::with_sockets(3);
    for socket in 1..=3 {
        stage.exchange(socket, &with_offers(announce(1, socket as u8), 0..5));
        stage.tracker.close(SocketId(socket));
    }
    stage.advance(Duration::from_hours(1));
    stage.tracker.tick(stage.now);
    assert_eq!(stage.tracker.size(), (0, 0));
    assert_eq!(stage.tracker.addresses.len(), 0);
}

proptest! {
    #[test]
    fn any_text_is_answered_without_a_panic(text in ".*") {
        let mut stage = Stage::with_sockets(1);
        let _ = stage.tracker.receive(NOW, SocketId(1), &text, &known);
    }

    #[test]
    fn sockets_and_swarms_agree_whatever_happens(steps in prop::collection::vec((0_u8..6, 1_u64..5, 0_u8..4), 0..80)) {
        let mut stage = Stage::new(Limits { peers_per_swarm: 2, swarms_per_socket: 2, ..Limits::default() });
        for (kind, socket, stream) in steps {
            match kind {
                0 => drop(stage.tracker.open(stage.now, SocketId(socket), HOME)),
                1 => stage.tracker.close(SocketId(socket)),
                2 => stage.advance(Duration::from_secs(400)),
                3 => stage.tracker.tick(stage.now),
                4 => drop(stage.send(socket, &with_offers(announce(stream, socket as u8), 0..3))),
                _ => drop(stage.send(socket, &json!({
                    "action": "announce", "event": "stopped", "info_hash": id(stream), "peer_id": id(1),
                }))),
            }
            let joined: usize = stage.tracker.sockets.values().map(|open| open.joined.len()).sum();
            let members: usize = stage.tracker.swarms.values().map(|swarm| {
                let counts = swarm.counts();
                counts.complete + counts.incomplete
            }).sum();
            prop_assert_eq!(joined, members);
            prop_assert!(stage.tracker.swarms.values().all(|swarm| !swarm.is_empty()));
        }
    }
}
