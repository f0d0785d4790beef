//! HLS playlists: reads the media playlist that our own encoder wrote, and writes both kinds by hand.
//!
//! A [`MediaPlaylist`] describes one file completely: an initialisation part from byte 0, then segments without gap or
//! overlap up to the file's last byte. [`MediaPlaylist::parse`] accepts nothing else. Follows RFC 8216.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most segments read from one playlist: 4-second segments of 48 hours.
const MAX_SEGMENTS: usize = 48 * 3600 / 4;

/// A run of bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByteRange {
    /// Offset of the first byte.
    pub start: u64,
    /// How many bytes; never 0 in a parsed playlist.
    pub length: u64,
}

impl ByteRange {
    /// Offset of the first byte after the range.
    pub const fn end(self) -> u64 {
        self.start.saturating_add(self.length)
    }

    /// `first-last`, both inclusive, as in an HTTP `Range` header and in PeerTube's `segments-sha256.json`.
    pub fn inclusive(self) -> String {
        format!("{}-{}", self.start, self.end().saturating_sub(1))
    }
}

/// One segment of a media playlist.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Length in seconds.
    pub seconds: f64,
    /// Where in the file it lies.
    pub range: ByteRange,
}

/// A video-on-demand media playlist over byte ranges of one fragmented MP4 file.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaPlaylist {
    /// The one file, named as the playlist names it.
    pub file: String,
    /// The initialisation part (`EXT-X-MAP`).
    pub init: ByteRange,
    /// The segments in order of play; at least one.
    pub segments: Vec<Segment>,
}

/// Why a text is not a media playlist that we serve.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PlaylistError {
    /// A line that does not say what its place demands.
    #[error("line {0} of the playlist cannot be read")]
    Line(usize),
    /// Something that every playlist of ours has.
    #[error("the playlist has no {0}")]
    Missing(&'static str),
    /// More segments than any video has.
    #[error("the playlist has more than {MAX_SEGMENTS} segments")]
    TooLong,
    /// Bytes of the file that no segment covers, or two cover.
    #[error("segment {0} does not begin where the one before it ends")]
    Gap(usize),
    /// A second file.
    #[error("the playlist names more than one file")]
    SeveralFiles,
}

impl MediaPlaylist {
    /// Reads a playlist.
    ///
    /// # Errors
    /// [`PlaylistError`] for anything but one file covered without gaps.
    pub fn parse(text: &str) -> Result<Self, PlaylistError> {
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            reader.line(line.trim_end()).ok_or(PlaylistError::Line(index + 1))?;
            if reader.segments.len() > MAX_SEGMENTS {
                return Err(PlaylistError::TooLong);
            }
        }
        let (file, init) = reader.map.ok_or(PlaylistError::Missing("EXT-X-MAP"))?;
        if !reader.ended {
            return Err(PlaylistError::Missing("EXT-X-ENDLIST"));
        }
        if reader.segments.is_empty() {
            return Err(PlaylistError::Missing("segment"));
        }
        if reader.files.iter().any(|other| *other != file) {
            return Err(PlaylistError::SeveralFiles);
        }
        let playlist = Self { file, init, segments: reader.segments };
        playlist.check_contiguous()?;
        Ok(playlist)
    }

    fn check_contiguous(&self) -> Result<(), PlaylistError> {
        let mut next = self.init.end();
        for (index, segment) in self.segments.iter().enumerate() {
            if segment.range.start != next {
                return Err(PlaylistError::Gap(index));
            }
            next = segment.range.end();
        }
        Ok(())
    }

    /// The size that the file must have.
    pub fn file_size(&self) -> u64 {
        self.segments.last().map_or(self.init.end(), |segment| segment.range.end())
    }

    /// Seconds of play.
    pub fn seconds(&self) -> f64 {
        self.segments.iter().map(|segment| segment.seconds).sum()
    }

    /// The bit rate of the most demanding segment: what `BANDWIDTH` of a master playlist promises (RFC 8216, 4.3.4.2).
    pub fn peak_bps(&self) -> u64 {
        // A last segment of a few pictures has a meaningless rate; a second is what players average over at least.
        let rate = |segment: &Segment| segment.range.length as f64 * 8.0 / segment.seconds.max(1.0);
        self.segments.iter().map(rate).fold(0.0, f64::max).ceil() as u64
    }

    /// The bit rate of the whole file.
    pub fn average_bps(&self) -> u64 {
        (self.file_size() as f64 * 8.0 / self.seconds().max(1.0)).ceil() as u64
    }

    /// Writes the playlist out.
    pub fn render(&self) -> String {
        let longest = self.segments.iter().map(|segment| segment.seconds).fold(0.0, f64::max);
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"{}\",BYTERANGE=\"{}@{}\"\n",
            (longest.round() as u64).max(1),
            self.file,
            self.init.length,
            self.init.start,
        );
        for Segment { seconds, range } in &self.segments {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "#EXTINF:{seconds:.6},\n#EXT-X-BYTERANGE:{}@{}\n{}\n",
                range.length, range.start, self.file
            );
        }
        text.push_str("#EXT-X-ENDLIST\n");
        text
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    started: bool,
    ended: bool,
    map: Option<(String, ByteRange)>,
    seconds: Option<f64>,
    range: Option<ByteRange>,
    files: Vec<String>,
    segments: Vec<Segment>,
}

impl Reader {
    /// Takes one line; `None` if it has no place here.
    fn line(&mut self, line: &str) -> Option<()> {
        if !self.started {
            self.started = line == "#EXTM3U";
            return self.started.then_some(());
        }
        if line.is_empty() {
            return Some(());
        }
        if self.ended {
            return None;
        }
        if let Some(value) = line.strip_prefix("#EXT-X-MAP:") {
            self.map = Some(parse_map(value)?);
        } else if let Some(value) = line.strip_prefix("#EXTINF:") {
            self.seconds = Some(parse_seconds(value)?);
        } else if let Some(value) = line.strip_prefix("#EXT-X-BYTERANGE:") {
            self.range = Some(parse_byte_range(value)?);
        } else if line == "#EXT-X-ENDLIST" {
            self.ended = true;
        } else if !line.starts_with('#') {
            self.segments.push(Segment { seconds: self.seconds.take()?, range: self.range.take()? });
            if self.files.last().is_none_or(|file| file != line) {
                self.files.push(line.to_owned());
            }
        }
        Some(())
    }
}

/// `URI="name",BYTERANGE="length@start"`.
fn parse_map(value: &str) -> Option<(String, ByteRange)> {
    let (file, rest) = value.strip_prefix("URI=\"")?.split_once('"')?;
    let range = rest.strip_prefix(",BYTERANGE=\"")?.strip_suffix('"')?;
    let range = parse_byte_range(range)?;
    (range.start == 0 && !file.is_empty()).then(|| (file.to_owned(), range))
}

/// `4.000000,` with an optional title.
fn parse_seconds(value: &str) -> Option<f64> {
    let (seconds, _title) = value.split_once(',')?;
    seconds.parse().ok().filter(|seconds: &f64| seconds.is_finite() && (0.0..=86_400.0).contains(seconds))
}

/// `length@start`.
fn parse_byte_range(value: &str) -> Option<ByteRange> {
    let (length, start) = value.split_once('@')?;
    let range = ByteRange { start: start.parse().ok()?, length: length.parse().ok()? };
    (range.length > 0 && range.start.checked_add(range.length).is_some()).then_some(range)
}

/// One line of a master playlist.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// File name of the media playlist.
    pub playlist_file: String,
    /// Highest bit rate of any segment.
    pub peak_bps: u64,
    /// Bit rate of the whole.
    pub average_bps: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Pictures per second.
    pub frame_rate: f64,
    /// RFC 6381 names of the codecs, comma-separated.
    pub codecs: String,
}

/// Writes a master playlist.
///
/// The variants keep their order, which the caller makes ascending: PeerTube's players derive a swarm from the position.
pub fn render_master(variants: &[Variant]) -> String {
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    for variant in variants {
        let Variant { playlist_file, peak_bps, average_bps, width, height, frame_rate, codecs } = variant;
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={peak_bps},AVERAGE-BANDWIDTH={average_bps},RESOLUTION={width}x{height},\
             FRAME-RATE={},CODECS=\"{codecs}\"\n{playlist_file}\n",
            frame_rate_text(*frame_rate),
        );
    }
    text
}

/// At most three decimals, none where none are needed.
fn frame_rate_text(rate: f64) -> String {
    let text = format!("{rate:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
#[path = "playlist_tests.rs"]
mod tests;
