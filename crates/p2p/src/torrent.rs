//! How does a download client get a video file from us?
//!
//! Each file has a single-file torrent (BEP 3) with this server as tracker and web seed (BEP 19), and a magnet link
//! that names the torrent's address. Field values follow what PeerTube writes, so that links from either software are
//! the same swarm. The infohash covers the name: renaming a video makes a new torrent.

use std::time::{Duration, SystemTime};

use sha1::{Digest as _, Sha1};

use crate::{bencode::Value, infohash::InfoHash};

mod pieces;

pub use pieces::{PieceHasher, Pieces, piece_length};

/// The addresses of a tracker, as torrents and magnets list them.
#[derive(Debug, Clone)]
pub struct TrackerUrls {
    /// `wss://host:port/tracker/socket`, with the port even if it is the default.
    pub websocket: String,
    /// `https://host/tracker/announce`.
    pub http: String,
}

/// A torrent of one file.
#[derive(Debug, Clone)]
pub struct Torrent {
    /// The file's name for people; see [`display_name`].
    pub name: String,
    /// Length of the file.
    pub length_bytes: u64,
    /// Hashes of the file's pieces, in order; see [`PieceHasher`].
    pub pieces: Pieces,
    /// Where peers meet.
    pub trackers: TrackerUrls,
    /// Where the file can be had over HTTP; empty for a private video.
    pub web_seeds: Vec<String>,
    /// When the torrent was made, to the second.
    pub created_at: SystemTime,
}

impl Torrent {
    /// The name of the torrent's swarm: SHA-1 of its `info` dictionary.
    pub fn info_hash(&self) -> InfoHash {
        InfoHash::new(Sha1::digest(self.info().encode()).into())
    }

    /// The `.torrent` file.
    pub fn encode(&self) -> Vec<u8> {
        let tier = |url: &str| Value::List(vec![Value::text(url)]);
        Value::dictionary([
            ("announce", Value::text(&self.trackers.websocket)),
            ("announce-list", Value::List(vec![tier(&self.trackers.websocket), tier(&self.trackers.http)])),
            ("created by", Value::text("PeerTube")),
            ("creation date", Value::count(seconds_since_1970(self.created_at))),
            ("encoding", Value::text("UTF-8")),
            ("info", self.info()),
            ("url-list", Value::List(self.web_seeds.iter().map(|url| Value::text(url)).collect())),
        ])
        .encode()
    }

    /// The magnet link; `torrent_url` is where [`Torrent::encode`] is served, `video_name` what people see.
    pub fn magnet(&self, torrent_url: &str, video_name: &str) -> String {
        let mut magnet = format!(
            "magnet:?xs={}&xt=urn:btih:{}&dn={}&tr={}&tr={}",
            percent_encode(torrent_url),
            self.info_hash(),
            percent_encode(video_name).replace("%20", "+"),
            percent_encode(&self.trackers.http),
            percent_encode(&self.trackers.websocket),
        );
        for url in &self.web_seeds {
            magnet.push_str("&ws=");
            magnet.push_str(&percent_encode(url));
        }
        magnet
    }

    fn info(&self) -> Value {
        Value::dictionary([
            ("length", Value::count(self.length_bytes)),
            ("name", Value::text(&self.name)),
            ("piece length", Value::count(self.pieces.piece_length_bytes())),
            ("pieces", Value::Bytes(self.pieces.concatenated())),
        ])
    }
}

/// The name of a file for people: the video's name without characters that file systems refuse, its height and its
/// extension (with the dot).
pub fn display_name(video_name: &str, height: u32, extension: &str) -> String {
    let safe: String =
        video_name.chars().map(|character| if r#"/\?%*:|"<>"#.contains(character) { '-' } else { character }).collect();
    format!("{safe} {height}p{extension}")
}

fn seconds_since_1970(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// Escapes everything but what a browser's `encodeURIComponent` leaves alone.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 0xf)]);
        }
    }
    encoded
}

fn hex_digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn torrent(content: &[u8], web_seeds: Vec<String>) -> Torrent {
        let mut hasher = PieceHasher::for_length(content.len() as u64);
        hasher.update(content);
        Torrent {
            name: display_name("Sea: waves", 720, ".mp4"),
            length_bytes: content.len() as u64,
            pieces: hasher.finish(),
            trackers: TrackerUrls {
                websocket: "wss://tube.test:443/tracker/socket".to_owned(),
                http: "https://tube.test/tracker/announce".to_owned(),
            },
            web_seeds,
            created_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_319_682),
        }
    }

    #[test]
    fn a_torrent_names_both_trackers_and_the_web_seed() {
        let encoded = torrent(b"abc", vec!["https://tube.test/a.mp4".to_owned()]).encode();
        let text = String::from_utf8_lossy(&encoded);
        assert!(text.starts_with(
            "d8:announce34:wss://tube.test:443/tracker/socket13:announce-listll34:wss://tube.test:443/tracker/socketel\
             34:https://tube.test/tracker/announceee10:created by8:PeerTube13:creation datei1795319682e8:encoding5:UTF-8\
             4:infod6:lengthi3e4:name19:Sea- waves 720p.mp412:piece lengthi16384e6:pieces20:"
        ), "{text}");
        assert!(text.ends_with("e8:url-listl23:https://tube.test/a.mp4ee"), "{text}");
    }

    #[test]
    fn the_infohash_is_that_of_the_info_dictionary() {
        let info = [
            b"d6:lengthi3e4:name19:Sea- waves 720p.mp412:piece lengthi16384e6:pieces20:".as_slice(),
            &hex::decode("a9993e364706816aba3e25717850c26c9cd0d89d").unwrap(),
            b"e",
        ]
        .concat();
        assert_eq!(torrent(b"abc", Vec::new()).info_hash().as_bytes().as_slice(), Sha1::digest(info).as_slice());
    }

    #[test]
    fn a_magnet_carries_everything_in_the_usual_order() {
        let torrent = torrent(b"abc", vec!["https://tube.test/a.mp4".to_owned()]);
        let magnet = torrent.magnet("https://tube.test/t.torrent", "Sea waves (1/2)");
        assert_eq!(
            magnet,
            format!(
                "magnet:?xs=https%3A%2F%2Ftube.test%2Ft.torrent&xt=urn:btih:{}&dn=Sea+waves+(1%2F2)\
                 &tr=https%3A%2F%2Ftube.test%2Ftracker%2Fannounce&tr=wss%3A%2F%2Ftube.test%3A443%2Ftracker%2Fsocket\
                 &ws=https%3A%2F%2Ftube.test%2Fa.mp4",
                torrent.info_hash()
            )
        );
    }

    #[test]
    fn a_private_video_has_no_web_seed() {
        assert!(!torrent(b"abc", Vec::new()).magnet("https://tube.test/t", "x").contains("&ws="));
    }
}
