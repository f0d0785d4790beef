//! What the server and the media worker say to each other: one request on the worker's standard input, then events on
//! its standard output, one JSON object per line, the last of them `Done` or `Failed`.
//!
//! The worker's standard input stays open as long as the server wants the work: when it closes, the worker ends itself.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::orientation::Orientation;
use crate::{FrameRate, Ladder, MediaError};

/// No upload is longer than this.
pub(crate) const LONGEST: Duration = Duration::from_hours(48);
/// Encoders take no longer sides.
pub(crate) const MAX_SIDE_PIXELS: u32 = 16_384;
/// More channels than any honest upload has.
pub(crate) const MAX_CHANNELS: u32 = 64;

/// No line, in either direction, is longer.
pub(crate) const MAX_LINE_BYTES: usize = 256 * 1024;

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// FFmpeg's name of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub container: String,
    /// Length of play in milliseconds.
    pub duration_ms: u64,
    /// Whether the length is certain enough to call a shorter decoding incomplete.
    pub duration_is_exact: bool,
    /// Size of the file.
    pub size_bytes: u64,
    /// The picture, if there is one (the cover of a music file is none).
    pub video: Option<VideoStream>,
    /// The sound, if there is any.
    pub audio: Option<AudioStream>,
    /// Index of a still picture that comes with the sound.
    pub cover_index: Option<usize>,
}

/// The picture stream of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoStream {
    /// Index of the stream in the file.
    pub index: usize,
    /// FFmpeg's name of the codec.
    pub codec: String,
    /// Width in pixels as shown: turned upright, with square pixels.
    pub width: u32,
    /// Height in pixels as shown.
    pub height: u32,
    /// Pictures per second.
    pub frame_rate: FrameRate,
    /// Bits per second, where known.
    pub bitrate_bps: Option<u64>,
    /// How the stored picture is turned to be upright.
    pub orientation: Orientation,
    /// FFmpeg's name of the pixel format.
    pub pixel_format: String,
    /// Whether pictures are stored as two interleaved halves.
    pub interlaced: bool,
}

/// The sound stream of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioStream {
    /// Index of the stream in the file.
    pub index: usize,
    /// FFmpeg's name of the codec.
    pub codec: String,
    /// How many channels.
    pub channels: u32,
    /// Samples per second.
    pub sample_rate: u32,
    /// Bits per second, where known.
    pub bitrate_bps: Option<u64>,
}

/// A JPEG picture in the work folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// File name in the work folder.
    pub file: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// The pictures that stand for a video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnails {
    /// In the shape of the video, bounded by [`crate::picture::PREVIEW_BOUNDS`].
    pub preview: Picture,
    /// Exactly [`crate::picture::THUMBNAIL_SIZE`].
    pub thumbnail: Picture,
}

/// How far a transcoding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Milliseconds of the video that are done.
    pub done_ms: u64,
    /// Milliseconds of the video in all.
    pub total_ms: u64,
}

/// What is to be transcoded to where.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TranscodeRequest {
    /// The upload.
    pub input: PathBuf,
    /// An existing folder for the result, and for nothing else.
    pub work_dir: PathBuf,
    /// What the names of all results begin with: letters, digits, `-` and `_`, at most 100.
    pub stem: String,
    /// The rungs that the operator wants.
    pub ladder: Ladder,
}

/// The files of one rendition, all in the work folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenditionFiles {
    /// The label: the shorter side in pixels.
    pub resolution: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Pictures per second, rounded.
    pub fps: u32,
    /// Size of `video_file`.
    pub size_bytes: u64,
    /// The fragmented MP4 file.
    pub video_file: String,
    /// The media playlist.
    pub playlist_file: String,
    /// RFC 6381 names of the codecs, such as `avc1.64001f,mp4a.40.2`.
    pub codecs: String,
    /// Highest bit rate of any segment.
    pub peak_bps: u64,
    /// Whether there is a picture; always so today, since music gets a plain one.
    pub has_video: bool,
    /// Whether there is sound.
    pub has_audio: bool,
}

/// A transcoded video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscodeOutput {
    /// Length of play of the result in milliseconds.
    pub duration_ms: u64,
    /// The renditions in ascending order; at least one.
    pub renditions: Vec<RenditionFiles>,
    /// The master playlist.
    pub master_file: String,
    /// The hashes of all segments.
    pub segments_sha256_file: String,
}

/// The whole of what a worker is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Assignment {
    pub task: Task,
    pub limits: ProcessLimits,
    /// The `ffmpeg` program.
    pub ffmpeg: PathBuf,
    /// What else the worker and `ffmpeg` may read, besides the system's libraries.
    pub readable: Vec<PathBuf>,
    /// Whether to refuse to work where the kernel cannot fence in file access.
    pub require_landlock: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    Probe { input: PathBuf },
    Thumbnails { input: PathBuf, work_dir: PathBuf, stem: String },
    Crop { input: PathBuf, work_dir: PathBuf, stem: String, sizes: Vec<(u32, u32)> },
    Transcode(TranscodeRequest),
}

/// What the kernel enforces on the worker and on `ffmpeg`, each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessLimits {
    /// Address space.
    pub memory_bytes: u64,
    /// Processor time.
    pub cpu_time: Duration,
    /// Size of any one file written.
    pub file_bytes: u64,
    /// Threads per decoder and encoder.
    pub threads: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Event {
    /// The walls stand; comes first.
    Walled(crate::sandbox::Walls),
    Progress(Progress),
    Done(Outcome),
    Failed(MediaError),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Probed(Probe),
    Pictured(Thumbnails),
    Cropped(Vec<Picture>),
    Transcoded(TranscodeOutput),
}

impl Probe {
    /// Whether these can be the properties of a file: a worker in a stranger's hands could say anything.
    pub(crate) fn is_plausible(&self) -> bool {
        let is_name = |text: &str| (1..=100).contains(&text.len()) && !text.chars().any(char::is_control);
        let video = self.video.as_ref().is_none_or(|video| {
            let side = 1..=MAX_SIDE_PIXELS;
            let rate = video.frame_rate.as_f64();
            let named = is_name(&video.codec) && is_name(&video.pixel_format);
            side.contains(&video.width) && side.contains(&video.height) && rate > 0.0 && named
        });
        let audio = self.audio.as_ref().is_none_or(|audio| is_name(&audio.codec) && audio.channels <= MAX_CHANNELS);
        let length = Duration::from_millis(self.duration_ms);
        is_name(&self.container) && video && audio && !length.is_zero() && length <= LONGEST
    }
}

impl Picture {
    /// Whether it is no larger than asked for.
    pub(crate) fn fits(&self, (width, height): (u32, u32)) -> bool {
        (1..=width).contains(&self.width) && (1..=height).contains(&self.height)
    }
}

impl TranscodeOutput {
    /// Whether these can be the properties of a video: a worker in a stranger's hands could say anything.
    pub(crate) fn is_plausible(&self) -> bool {
        let side = 1..=MAX_SIDE_PIXELS;
        let is_codecs = |text: &str| {
            (1..=100).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".,".contains(&byte))
        };
        let rendition = |rendition: &RenditionFiles| {
            side.contains(&rendition.width) && side.contains(&rendition.height) && is_codecs(&rendition.codecs)
        };
        !self.renditions.is_empty()
            && self.renditions.is_sorted_by(|a, b| a.resolution < b.resolution)
            && self.renditions.iter().all(rendition)
            && Duration::from_millis(self.duration_ms) <= LONGEST
    }
}

/// Whether a text may begin the names of results: it becomes part of paths, URLs and playlists.
pub(crate) fn is_stem(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=100).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-')
}

/// The names of a video's files.
pub(crate) mod names {
    pub fn video(stem: &str, resolution: u32) -> String {
        format!("{stem}-{resolution}-fragmented.mp4")
    }

    pub fn playlist(stem: &str, resolution: u32) -> String {
        format!("{stem}-{resolution}.m3u8")
    }

    pub fn master(stem: &str) -> String {
        format!("{stem}-master.m3u8")
    }

    pub fn segments_sha256(stem: &str) -> String {
        format!("{stem}-segments-sha256.json")
    }

    pub fn preview(stem: &str) -> String {
        format!("{stem}-preview.jpg")
    }

    pub fn thumbnail(stem: &str) -> String {
        format!("{stem}-thumbnail.jpg")
    }

    pub fn crop(stem: &str, (width, height): (u32, u32)) -> String {
        format!("{stem}-{width}x{height}.jpg")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_cannot_leave_its_folder() {
        assert!(is_stem("9c9de5e8-0a1e-484a-b099-e80766180a6d"));
        for bad in ["", "../x", "a/b", "a b", "-i", "a\nb", "ä", &"x".repeat(101)] {
            assert!(!is_stem(bad), "{bad:?}");
        }
    }
}
