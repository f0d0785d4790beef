//! What is in this file? Opens it with the FFmpeg libraries, inside the walls, and decodes nothing but headers.

#![expect(unsafe_code, reason = "two fields that the safe bindings do not show are read through a pointer")]

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use ffmpeg_next as ffmpeg;

use ffmpeg::codec;
use ffmpeg::codec::packet::side_data::Type as SideData;
use ffmpeg::ffi::{AVDurationEstimationMethod, AVFieldOrder};
use ffmpeg::format::context::Input;
use ffmpeg::format::stream::Disposition;
use ffmpeg::media::Type;
use ffmpeg::{Dictionary, Rational, Stream};

use crate::command::{CONTAINERS, MAX_PIXELS, PICTURES};
use crate::orientation::Orientation;
use crate::protocol::{AudioStream, LONGEST, MAX_CHANNELS, MAX_SIDE_PIXELS, Probe, VideoStream};
use crate::{FrameRate, MediaError, mp4};

/// More streams than any honest upload has.
const MAX_STREAMS: &str = "100";

/// Says what a file is.
///
/// # Errors
/// [`MediaError::NotMedia`] if it is nothing that can be played, [`MediaError::Truncated`] if its end is missing.
pub fn probe(path: &Path) -> Result<Probe, MediaError> {
    let size_bytes = check_file(path)?;
    let mut input = open(path)?;
    let video = picture_stream(&input)?;
    let audio = sound_stream(&input);
    if video.is_none() && audio.is_none() {
        return Err(MediaError::not_media("it has neither pictures nor sound that can be decoded"));
    }
    let container = input.format().name().to_owned();
    let cover_index = input.streams().find(is_cover).map(|stream| stream.index());
    let (duration, duration_is_exact) = match stated_duration(&input) {
        Some(duration) => (duration, true),
        None => (measured_duration(&mut input), false),
    };
    if duration.is_zero() || duration > LONGEST {
        return Err(MediaError::not_media("its length cannot be determined"));
    }
    let duration_ms = duration.as_millis() as u64;
    Ok(Probe { container, duration_ms, duration_is_exact, size_bytes, video, audio, cover_index })
}

fn check_file(path: &Path) -> Result<u64, MediaError> {
    let unreadable = |error: std::io::Error| MediaError::unavailable(format!("the file cannot be read ({error})"));
    let mut file = File::open(path).map_err(unreadable)?;
    let size_bytes = file.metadata().map_err(unreadable)?.len();
    if size_bytes == 0 {
        return Err(MediaError::not_media("it is empty"));
    }
    if mp4::is_cut_short(&mut file).map_err(unreadable)? {
        return Err(MediaError::Truncated("its end is missing, so it was probably not uploaded completely".to_owned()));
    }
    Ok(size_bytes)
}

/// Opens a file for demultiplexing: local files only, known containers only.
pub(crate) fn open(path: &Path) -> Result<Input, MediaError> {
    open_as(path, CONTAINERS)
}

/// Opens a picture, of kinds that are no uploads by themselves.
pub(crate) fn open_picture(path: &Path) -> Result<Input, MediaError> {
    open_as(path, PICTURES)
}

pub(crate) fn open_as(path: &Path, containers: &str) -> Result<Input, MediaError> {
    ffmpeg::init().map_err(|error| MediaError::unavailable(format!("FFmpeg does not start ({error})")))?;
    ffmpeg::log::set_level(ffmpeg::log::Level::Fatal);
    let Some(path) = path.to_str().filter(|path| !path.contains('\0')) else {
        return Err(MediaError::unavailable("the file's path is not UTF-8"));
    };
    let mut options = Dictionary::new();
    options.set("protocol_whitelist", "file");
    options.set("format_whitelist", containers);
    options.set("max_streams", MAX_STREAMS);
    ffmpeg::format::input_with_dictionary(&format!("file:{path}"), options).map_err(|error| match error {
        ffmpeg::Error::Other { errno } if errno == libc::EINVAL => MediaError::not_media("its kind is not accepted"),
        error => decoding_failed(error),
    })
}

/// Says what an error of the libraries means for the upload.
pub(crate) fn decoding_failed(error: ffmpeg::Error) -> MediaError {
    match error {
        // "Try again" is what starting a thread says when there is no room for its stack.
        ffmpeg::Error::Other { errno } if errno == libc::ENOMEM || errno == libc::EAGAIN => MediaError::OutOfMemory,
        ffmpeg::Error::Other { errno } if errno == libc::ENOSPC => MediaError::unavailable("its disk is full"),
        ffmpeg::Error::Other { errno } if errno == libc::EACCES || errno == libc::EIO => {
            MediaError::unavailable(format!("a file cannot be read or written ({error})"))
        }
        error => MediaError::not_media(error.to_string()),
    }
}

/// The largest picture stream that is not the cover of something else.
pub(crate) fn picture_stream(input: &Input) -> Result<Option<VideoStream>, MediaError> {
    let candidates = input.streams().filter(|stream| stream.parameters().medium() == Type::Video && !is_cover(stream));
    let mut streams: Vec<VideoStream> = candidates.filter_map(|stream| describe_pictures(&stream)).collect();
    streams.sort_by_key(|stream| std::cmp::Reverse(u64::from(stream.width) * u64::from(stream.height)));
    let Some(stream) = streams.into_iter().next() else { return Ok(None) };
    let (width, height) = (stream.width, stream.height);
    if width.max(height) > MAX_SIDE_PIXELS || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(MediaError::not_media(format!("its pictures are too large ({width} × {height} pixels)")));
    }
    Ok(Some(stream))
}

fn is_cover(stream: &Stream<'_>) -> bool {
    let stills = Disposition::ATTACHED_PIC;
    stream.parameters().medium() == Type::Video && stream.disposition().intersects(stills)
}

/// `None` for a stream that no decoder takes.
fn describe_pictures(stream: &Stream<'_>) -> Option<VideoStream> {
    let parameters = stream.parameters();
    let (codec, bitrate_bps) = (parameters.id().name().to_owned(), u64::try_from(parameters.bit_rate()).ok());
    let interlaced = is_interlaced(&parameters);
    let decoder = codec::context::Context::from_parameters(parameters).ok()?.decoder().video().ok()?;
    let orientation = orientation(stream);
    let (width, height) = with_square_pixels(decoder.width(), decoder.height(), decoder.aspect_ratio())?;
    let (width, height) = orientation.shown_size(width, height);
    Some(VideoStream {
        index: stream.index(),
        codec,
        width,
        height,
        frame_rate: frame_rate(stream),
        bitrate_bps: bitrate_bps.filter(|bitrate| *bitrate > 0),
        orientation,
        pixel_format: decoder.format().descriptor().map_or("unknown", |descriptor| descriptor.name()).to_owned(),
        interlaced,
    })
}

pub(crate) fn orientation(stream: &Stream<'_>) -> Orientation {
    let matrix = stream.side_data().find(|side_data| side_data.kind() == SideData::DisplayMatrix);
    matrix.and_then(|matrix| Orientation::from_display_matrix(matrix.data())).unwrap_or_default()
}

/// The size with square pixels; `None` without pixels, or if the pixels are absurdly long.
pub(crate) fn with_square_pixels(width: u32, height: u32, pixel_shape: Rational) -> Option<(u32, u32)> {
    if width == 0 || height == 0 {
        return None;
    }
    let shape = f64::from(pixel_shape.numerator()) / f64::from(pixel_shape.denominator());
    if !shape.is_finite() || shape <= 0.0 || (shape - 1.0).abs() < 0.001 {
        return Some((width, height));
    }
    let stretched = (f64::from(width) * shape).round();
    (0.05..20.0).contains(&shape).then_some(((stretched as u32).max(1), height))
}

fn frame_rate(stream: &Stream<'_>) -> FrameRate {
    let as_number = |rate: Rational| f64::from(rate.numerator()) / f64::from(rate.denominator());
    FrameRate::measured(as_number(stream.avg_frame_rate()))
        .or_else(|| FrameRate::measured(as_number(stream.rate())))
        .unwrap_or(FrameRate::new(25, 1))
}

fn is_interlaced(parameters: &codec::Parameters) -> bool {
    // SAFETY: the pointer is that of live parameters, borrowed for the time of the read; the field is set by FFmpeg itself.
    let order = unsafe { (*parameters.as_ptr()).field_order };
    !matches!(order, AVFieldOrder::AV_FIELD_UNKNOWN | AVFieldOrder::AV_FIELD_PROGRESSIVE)
}

/// The first sound stream that a decoder takes; a stream marked as the default goes first.
fn sound_stream(input: &Input) -> Option<AudioStream> {
    let mut streams: Vec<Stream<'_>> =
        input.streams().filter(|stream| stream.parameters().medium() == Type::Audio).collect();
    streams.sort_by_key(|stream| !stream.disposition().contains(Disposition::DEFAULT));
    streams.iter().find_map(describe_sound)
}

fn describe_sound(stream: &Stream<'_>) -> Option<AudioStream> {
    let parameters = stream.parameters();
    let (codec, bitrate_bps) = (parameters.id().name().to_owned(), u64::try_from(parameters.bit_rate()).ok());
    let decoder = codec::context::Context::from_parameters(parameters).ok()?.decoder().audio().ok()?;
    let (channels, sample_rate) = (u32::from(decoder.channels()), decoder.rate());
    let plausible = (1..=MAX_CHANNELS).contains(&channels) && (1000..=768_000).contains(&sample_rate);
    let bitrate_bps = bitrate_bps.filter(|bitrate| *bitrate > 0);
    plausible.then_some(AudioStream { index: stream.index(), codec, channels, sample_rate, bitrate_bps })
}

/// The length that the file states; `None` if it states none, or if FFmpeg guesses it from the bit rate.
fn stated_duration(input: &Input) -> Option<Duration> {
    // SAFETY: the pointer is that of a live context, borrowed for the time of the read; the field is set by FFmpeg itself.
    let method = unsafe { (*input.as_ptr()).duration_estimation_method };
    if matches!(method, AVDurationEstimationMethod::AVFMT_DURATION_FROM_BITRATE) {
        return None;
    }
    u64::try_from(input.duration()).ok().filter(|duration| *duration > 0).map(Duration::from_micros)
}

/// The time between the first and the end of the last packet, found by reading all of the file (without decoding).
fn measured_duration(input: &mut Input) -> Duration {
    let mut span: Option<(f64, f64)> = None;
    for (stream, packet) in input.packets() {
        let seconds = |ticks: i64| ticks as f64 * f64::from(stream.time_base());
        let Some(start) = packet.pts().or_else(|| packet.dts()).map(seconds) else { continue };
        let end = start + seconds(packet.duration());
        span = Some(span.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
    }
    let seconds = span.map_or(0.0, |(first, last)| last - first);
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_pixels_make_a_wide_picture() {
        assert_eq!(with_square_pixels(720, 576, Rational::new(64, 45)), Some((1024, 576)));
        assert_eq!(with_square_pixels(720, 576, Rational::new(0, 1)), Some((720, 576)));
        assert_eq!(with_square_pixels(720, 576, Rational::new(1, 0)), Some((720, 576)));
        assert_eq!(with_square_pixels(720, 576, Rational::new(1000, 1)), None);
        assert_eq!(with_square_pixels(0, 576, Rational::new(1, 1)), None);
    }
}
