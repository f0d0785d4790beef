//! `segments-sha256.json`: the hash of every segment, by which players and mirrors check what strangers send them.
//!
//! PeerTube's form is `{file: {"first-last": sha256}}` with both byte offsets inclusive and the hash in hexadecimal.
//! The initialisation part is not listed. Files and segments keep their order.

use std::io::{self, Read};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use sha2::{Digest, Sha256};

use crate::playlist::{ByteRange, MediaPlaylist};

const CHUNK_BYTES: usize = 64 * 1024;

/// The hashes of one file's segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHashes {
    /// File name.
    pub file: String,
    /// Every segment with its SHA-256 in lower-case hexadecimal.
    pub segments: Vec<(ByteRange, String)>,
}

/// The hashes of all files of a video, in the form of `segments-sha256.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SegmentHashes {
    /// One entry per file.
    pub files: Vec<FileHashes>,
}

/// Hashes the segments of a file while reading it once, front to back.
///
/// # Errors
/// [`io::ErrorKind::UnexpectedEof`] if the file is shorter than its playlist says, [`io::ErrorKind::InvalidData`] if it is longer.
pub fn hash_segments(mut file: impl Read, playlist: &MediaPlaylist) -> io::Result<FileHashes> {
    hash_exactly(&mut file, playlist.init.length)?;
    let mut segments = Vec::with_capacity(playlist.segments.len());
    for segment in &playlist.segments {
        segments.push((segment.range, hash_exactly(&mut file, segment.range.length)?));
    }
    if file.read(&mut [0])? != 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is longer than its playlist says"));
    }
    Ok(FileHashes { file: playlist.file.clone(), segments })
}

fn hash_exactly(file: &mut impl Read, length: u64) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut section = file.take(length);
    let mut count_bytes = 0;
    loop {
        let count = section.read(&mut chunk)?;
        let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        hasher.update(bytes);
        count_bytes += count as u64;
    }
    if count_bytes == length { Ok(hex::encode(hasher.finalize())) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

impl Serialize for SegmentHashes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.files.len()))?;
        for file in &self.files {
            map.serialize_entry(&file.file, &Segments(&file.segments))?;
        }
        map.end()
    }
}

struct Segments<'a>(&'a [(ByteRange, String)]);

impl Serialize for Segments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(range, hash)| (range.inclusive(), hash)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playlist::Segment;

    fn playlist(init: u64, lengths: &[u64]) -> MediaPlaylist {
        let mut next = init;
        let segments = lengths.iter().map(|length| {
            let range = ByteRange { start: next, length: *length };
            next = range.end();
            Segment { seconds: 4.0, range }
        });
        let segments = segments.collect();
        MediaPlaylist { file: "x-240-fragmented.mp4".to_owned(), init: ByteRange { start: 0, length: init }, segments }
    }

    #[test]
    fn every_segment_is_hashed_and_the_initialisation_part_is_not_listed() {
        let hashes = hash_segments(&b"initabcxyz"[..], &playlist(4, &[3, 3])).expect("the file fits its playlist");
        let json = serde_json::to_string(&SegmentHashes { files: vec![hashes] }).expect("plain data");
        assert_eq!(
            json,
            "{\"x-240-fragmented.mp4\":{\
             \"4-6\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\",\
             \"7-9\":\"3608bca1e44ea6c4d268eb6db02260269892c0b42b86bbf1e77a6fa16c3c9282\"}}"
        );
    }

    #[test]
    fn a_file_of_another_length_is_refused() {
        let kind = |bytes: &[u8]| hash_segments(bytes, &playlist(4, &[3])).map_err(|error| error.kind());
        assert_eq!(kind(b"initab"), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(kind(b"initabcd"), Err(io::ErrorKind::InvalidData));
        assert!(kind(b"initabc").is_ok());
    }
}
