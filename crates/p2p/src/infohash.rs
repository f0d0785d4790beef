//! Which swarm does a stream belong to?
//!
//! Players derive a 20-byte infohash from the URL of the master playlist **as the origin serves it** and from the
//! place of a stream in it. Three families of players do so in three ways and never see each other:
//!
//! | family | used by | infohash |
//! | --- | --- | --- |
//! | p2p-media-loader 1 | PeerTube up to 7.0 | SHA-1 of text |
//! | p2p-media-loader 2.0 to 2.2 | PeerTube 7.1 to 8.2, Shoal | 15 bytes of an MD5, as 20 characters of base64 |
//! | p2p-media-loader 2.3 | nobody yet | 15 bytes of a SHA-1, likewise |
//!
//! Our player joins the second; our tracker serves the first two ([`of_playlist`]) and, given the streams' traits,
//! the third.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::Md5;
use sha1::{Digest as _, Sha1};

use crate::latin1;

mod traits;

pub use traits::StreamTraits;

/// The 20-byte name of a swarm.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InfoHash([u8; 20]);

impl InfoHash {
    /// Takes the 20 bytes as they are.
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Reads 40 hexadecimal digits; `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Reads the 20 characters, one per byte, that `WebTorrent` trackers put into JSON.
    pub fn from_latin1(text: &str) -> Option<Self> {
        latin1::decode_20(text).map(Self)
    }

    /// The 20 bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// 40 hexadecimal digits, as PeerTube's database and ActivityPub `Infohash` tags have them.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// 20 characters, one per byte, as `WebTorrent` trackers put them into JSON.
    pub fn to_latin1(self) -> String {
        latin1::encode(&self.0)
    }
}

impl fmt::Display for InfoHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_hex())
    }
}

impl fmt::Debug for InfoHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "InfoHash({self})")
    }
}

/// What a stream is to the player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// A variant (`EXT-X-STREAM-INF`).
    Main,
    /// A separate audio rendition (`EXT-X-MEDIA`).
    Secondary,
}

impl StreamKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Secondary => "secondary",
        }
    }
}

/// The swarm of a variant for p2p-media-loader 1; `variant` counts from 0 in the order of the master playlist.
///
/// That family has no swarms for separate audio.
pub fn v1(playlist_url: &str, variant: usize) -> InfoHash {
    InfoHash(Sha1::digest(format!("2{playlist_url}+V{variant}")).into())
}

/// The swarm of a stream for p2p-media-loader 2.0 to 2.2; `index` counts from 0 among the streams of its kind, in the
/// order of the master playlist.
pub fn v2(playlist_url: &str, kind: StreamKind, index: usize) -> InfoHash {
    let digest: [u8; 16] = Md5::digest(format!("v2-{playlist_url}-{}-{index}", kind.name())).into();
    let [_, rest @ ..] = digest;
    printable(&rest)
}

/// The swarm of a stream for p2p-media-loader 2.3, which names streams by their traits instead of their place.
pub fn v2_3(playlist_url: &str, kind: StreamKind, traits: &StreamTraits) -> InfoHash {
    let digest: [u8; 20] = Sha1::digest(format!("v2-{playlist_url}-{}-{}", kind.name(), traits.index())).into();
    let [first @ .., _, _, _, _, _] = digest;
    printable::<15>(&first)
}

/// Every swarm that players of families 1 and 2.0 to 2.2 join for one playlist: what a tracker has to know of a video.
///
/// `variants` is the number of `EXT-X-STREAM-INF` entries, `has_separate_audio` whether an `EXT-X-MEDIA` audio
/// rendition stands beside them.
pub fn of_playlist(playlist_url: &str, variants: usize, has_separate_audio: bool) -> Vec<InfoHash> {
    let first_family = (0..variants).map(|index| v1(playlist_url, index));
    let second_family = (0..variants).map(|index| v2(playlist_url, StreamKind::Main, index));
    let audio = has_separate_audio.then(|| v2(playlist_url, StreamKind::Secondary, 0));
    first_family.chain(second_family).chain(audio).collect()
}

/// Fifteen bytes are exactly twenty characters of base64, which is how version 2 fills an infohash.
fn printable<const FIFTEEN: usize>(bytes: &[u8; FIFTEEN]) -> InfoHash {
    const { assert!(FIFTEEN == 15, "only 15 bytes make 20 characters") };
    let mut characters = [0; 20];
    let written = BASE64_STANDARD.encode_slice(bytes, &mut characters);
    debug_assert_eq!(written.ok(), Some(20));
    InfoHash(characters)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://example.org/static/streaming-playlists/hls/9c9de5e8-0a1e-484a-b099-e80766180a6d/\
                       4c3a6b0e-7e4d-4a1c-9f0f-0e5a9a3d3f11-master.m3u8";

    #[test]
    fn version_1_hashes_what_old_players_hash() {
        assert_eq!(v1(URL, 0).to_hex(), "e593dcdea449cb6ac77f56075a0ff6e92ef33087");
    }

    #[test]
    fn version_1_agrees_with_a_recorded_server() {
        let url = "http://127.0.0.1:9001/static/streaming-playlists/hls/cdb84a0b-eba2-4f42-bba0-aa57c98619cf/\
                   bfac4754-9fa6-402b-b9a8-e08946beb70e-master.m3u8";
        assert_eq!(v1(url, 0).to_hex(), "4891b4158d2d42f4c3a1a4a6972adc7cb5f298fc");
        assert_eq!(v1(url, 2).to_hex(), "28ca297105462e0dbc228ccb49841fe6c32f303f");
    }

    #[test]
    fn version_2_hashes_what_current_players_hash() {
        assert_eq!(v2(URL, StreamKind::Main, 0).as_bytes(), b"GWlHO1Ad9J6BGCXouNmK");
        assert_eq!(v2(URL, StreamKind::Main, 0).to_hex(), "47576c484f314164394a36424743586f754e6d4b");
        assert_eq!(v2(URL, StreamKind::Main, 1).as_bytes(), b"NsVEfttEdJ0P+C/SJSYK");
        assert_eq!(v2(URL, StreamKind::Secondary, 0).as_bytes(), b"K4I0U7v+RhakglafWdJW");
    }

    #[test]
    fn version_2_3_hashes_what_the_newest_players_hash() {
        let swarm = |kind, traits: &StreamTraits| v2_3(URL, kind, traits).as_bytes().to_owned();
        let level = StreamTraits {
            bitrate_bps: 784_630,
            codecs: "avc1.64001f".to_owned(),
            resolution: Some((854, 480)),
            frame_rate: "30.000".to_owned(),
            ..StreamTraits::default()
        };
        assert_eq!(&swarm(StreamKind::Main, &level), b"dBGianPHV5U0lpBHReoa");
        let decimal = StreamTraits {
            codecs: "avc1.66.30".to_owned(),
            frame_rate: "29.970".to_owned(),
            video_range: "sdr".to_owned(),
            ..level
        };
        assert_eq!(&swarm(StreamKind::Main, &decimal), b"Z95WPU/LGKEmSVR/Yjfw");
        assert_eq!(&swarm(StreamKind::Main, &StreamTraits::default()), b"hKWR+o8Gsj1Q8ye51TQ2");
        let audio = StreamTraits {
            codecs: "mp4a.40.2".to_owned(),
            language: "en-GB".to_owned(),
            channels: "2/JOC".to_owned(),
            name: " Audio_0 ".to_owned(),
            ..StreamTraits::default()
        };
        assert_eq!(&swarm(StreamKind::Secondary, &audio), b"MGgG4dUkRbYE7Ukjxwx1");
    }

    #[test]
    fn a_playlist_has_a_swarm_per_variant_and_family_and_one_for_audio() {
        assert_eq!(of_playlist(URL, 3, false).len(), 6);
        let with_audio = of_playlist(URL, 1, true);
        assert_eq!(with_audio.last(), Some(&v2(URL, StreamKind::Secondary, 0)));
    }

    #[test]
    fn hexadecimal_of_another_length_is_no_infohash() {
        assert_eq!(InfoHash::from_hex("abcd"), None);
        assert_eq!(InfoHash::from_hex(&v1(URL, 0).to_hex()), Some(v1(URL, 0)));
    }
}
