//! Hashing a file by its playlist: it succeeds exactly for a file of the length that the playlist covers.
//!
//! The bytes are a playlist, a zero byte, and the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::{hashes::hash_segments, playlist::MediaPlaylist};

fuzz_target!(|bytes: &[u8]| {
    let Some(zero) = bytes.iter().position(|byte| *byte == 0) else { return };
    let Ok(text) = std::str::from_utf8(&bytes[..zero]) else { return };
    let Ok(playlist) = MediaPlaylist::parse(text) else { return };
    let file = &bytes[zero + 1..];
    let hashes = hash_segments(file, &playlist);
    assert_eq!(hashes.is_ok(), file.len() as u64 == playlist.file_size());
    if let Ok(hashes) = hashes {
        assert_eq!(hashes.segments.len(), playlist.segments.len());
    }
});
