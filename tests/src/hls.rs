//! Plays a video the way a suspicious player would: every byte range of every playlist, each against its hash.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::client::Client;

/// What was found behind a master playlist.
#[derive(Debug, PartialEq, Eq)]
pub struct Playback {
    /// How many renditions there are.
    pub renditions: usize,
    /// How many segments all renditions have together; each agreed with its hash.
    pub segments: usize,
    /// The media files by name, with their SHA-256.
    pub files: BTreeMap<String, String>,
    /// Length of play of the longest rendition in milliseconds.
    pub duration_ms: u64,
}

/// Where a video's files are.
#[derive(Debug, Clone)]
pub struct Source {
    /// Address of the folder, without a slash at its end.
    pub folder: String,
    /// Name of the master playlist.
    pub master: String,
    /// Name of the hash list.
    pub hashes: String,
}

impl Source {
    /// The files of the first streaming playlist that a video's details name.
    pub fn of(details: &Value) -> Self {
        let playlist = &details["streamingPlaylists"][0];
        let (folder, master) =
            split(playlist["playlistUrl"].as_str().unwrap_or_else(|| panic!("no playlist: {details}")));
        let (_, hashes) = split(playlist["segmentsSha256Url"].as_str().expect("a list of hashes"));
        Self { folder, master, hashes }
    }

    /// The same files in another folder, such as that of a copy.
    #[must_use]
    pub fn moved_to(&self, folder: &str) -> Self {
        Self { folder: folder.trim_end_matches('/').to_owned(), ..self.clone() }
    }

    async fn fetch(&self, from: &Client, name: &str) -> Bytes {
        from.get_bytes(&format!("{}/{name}", self.folder)).await
    }

    /// Plays everything.
    pub async fn play(&self, from: &Client) -> Playback {
        let hashes: Value = serde_json::from_slice(&self.fetch(from, &self.hashes).await).expect("hashes in JSON");
        let master = text(&self.fetch(from, &self.master).await);
        let mut playback = Playback { renditions: 0, segments: 0, files: BTreeMap::new(), duration_ms: 0 };
        for rendition in master.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let playlist = MediaPlaylist::parse(&text(&self.fetch(from, rendition).await));
            let file = self.fetch(from, &playlist.file).await;
            for (start, length) in &playlist.segments {
                let bytes =
                    file.get(*start..start + length).unwrap_or_else(|| panic!("{rendition} goes beyond its file"));
                let key = format!("{start}-{}", start + length - 1);
                let expected =
                    hashes[&playlist.file][&key].as_str().unwrap_or_else(|| panic!("no hash of {rendition} {key}"));
                assert_eq!(hex::encode(Sha256::digest(bytes)), expected, "{rendition} {key}");
            }
            playback.renditions += 1;
            playback.segments += playlist.segments.len();
            playback.duration_ms = playback.duration_ms.max(playlist.duration_ms);
            playback.files.insert(playlist.file, hex::encode(Sha256::digest(&file)));
        }
        assert!(playback.segments > 0, "nothing to play in {}", self.folder);
        playback
    }
}

fn split(url: &str) -> (String, String) {
    let (folder, name) = url.rsplit_once('/').expect("an address with a path");
    (folder.to_owned(), name.to_owned())
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8(bytes.to_vec()).expect("a playlist is text")
}

/// A playlist of byte ranges in one file (RFC 8216, section 4.3.2.2).
struct MediaPlaylist {
    file: String,
    /// Start and length.
    segments: Vec<(usize, usize)>,
    duration_ms: u64,
}

impl MediaPlaylist {
    fn parse(text: &str) -> Self {
        let mut playlist = Self { file: String::new(), segments: vec![], duration_ms: 0 };
        let (mut next, mut seconds) = (0, 0.0);
        for line in text.lines() {
            if let Some(range) = line.strip_prefix("#EXT-X-BYTERANGE:") {
                let (length, start) =
                    range.split_once('@').map_or((range, None), |(length, start)| (length, Some(start)));
                let length: usize = length.parse().expect("a length");
                let start = start.map_or(next, |start| start.parse().expect("a start"));
                next = start + length;
                playlist.segments.push((start, length));
            } else if let Some(duration) = line.strip_prefix("#EXTINF:") {
                seconds += duration.split(',').next().unwrap_or_default().parse::<f64>().expect("a duration");
            } else if !line.starts_with('#') && !line.is_empty() {
                line.clone_into(&mut playlist.file);
            }
        }
        playlist.duration_ms = (seconds * 1_000.0) as u64;
        playlist
    }
}
