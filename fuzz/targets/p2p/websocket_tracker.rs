//! The tracker of browsers: it speaks JSON to open sockets only, never at greater length than what came in allows, and
//! forgets those who leave.
//!
//! Each line is a message; its first character says from which of four sockets it comes.
#![no_main]

use std::{
    net::{IpAddr, Ipv4Addr},
    time::SystemTime,
};

use libfuzzer_sys::fuzz_target;
use p2p::{
    InfoHash,
    tracker::{Effect, Limits, SocketId, WebSocketTracker},
};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const SOCKETS: u64 = 4;
/// A character may take six in JSON (`\u0001`), and then there are the ids around it.
const GROWTH: usize = 6;
const ENVELOPE_BYTES: usize = 2000;

fuzz_target!(|text: &str| {
    let mut tracker = WebSocketTracker::new(Limits::default(), 1);
    let mut open: Vec<SocketId> = (0..SOCKETS).map(SocketId).collect();
    open.iter().for_each(|socket| tracker.open(NOW, *socket, HOME).expect("there is room"));
    for line in text.lines() {
        let mut characters = line.chars();
        let Some(first) = characters.next() else { continue };
        let (socket, message) = (SocketId(u64::from(first) % SOCKETS), characters.as_str());
        for effect in tracker.receive(NOW, socket, message, &is_known) {
            match effect {
                Effect::Send { socket, text } => {
                    assert!(open.contains(&socket), "a message to a closed socket");
                    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
                    assert!(text.len() <= GROWTH * message.len() + ENVELOPE_BYTES, "{text}");
                }
                Effect::Close { socket } => {
                    tracker.close(socket);
                    open.retain(|other| *other != socket);
                }
            }
        }
        assert_eq!(tracker.size().0, open.len());
    }
    open.iter().for_each(|socket| tracker.close(*socket));
    assert_eq!((tracker.size(), tracker.peers()), ((0, 0), 0), "somebody who left is still there");
});

fn is_known(info_hash: &InfoHash) -> bool {
    info_hash.as_bytes()[0] < 200
}
