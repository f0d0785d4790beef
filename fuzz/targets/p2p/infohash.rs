//! Infohashes in documents and messages: one that is read is written as it stood there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use p2p::{
    InfoHash,
    infohash::{self, StreamKind, StreamTraits},
};

fuzz_target!(|text: &str| {
    if let Some(info_hash) = InfoHash::from_hex(text) {
        assert_eq!(info_hash.to_hex(), text.to_ascii_lowercase());
    }
    if let Some(info_hash) = InfoHash::from_latin1(text) {
        assert_eq!(info_hash.to_latin1(), text);
    }
    // The traits come from a master playlist; any text may stand there.
    let mut parts = text.split('\n').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    let traits = StreamTraits {
        codecs: next(),
        frame_rate: next(),
        language: next(),
        channels: next(),
        name: next(),
        video_range: next(),
        ..StreamTraits::default()
    };
    let swarm = infohash::v2_3("https://alpha.test/master.m3u8", StreamKind::Main, &traits);
    assert!(swarm.as_bytes().is_ascii());
});
