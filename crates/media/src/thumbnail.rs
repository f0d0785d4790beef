//! Which picture stands for a video? The most varied one around the middle, so never a black lead-in; turned upright.
//!
//! A cover stands for music that has one; a plain dark picture stands for what cannot be decoded.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use ffmpeg_next as ffmpeg;

use ffmpeg::codec;
use ffmpeg::format::Pixel;
use ffmpeg::format::context::Input;
use ffmpeg::frame::Video;
use ffmpeg::software::scaling;
use ffmpeg::{Packet, Rational};

use crate::orientation::Orientation;
use crate::picture::{GOOD_CONTRAST, PREVIEW_BOUNDS, THUMBNAIL_SIZE, contrast, cover, fit};
use crate::probe::{decoding_failed, open, open_picture, orientation, picture_stream, with_square_pixels};
use crate::protocol::{Picture, Probe, Thumbnails, names};
use crate::{MediaError, probe};

/// Where to look, in percent of the length, until a good picture is found.
const PLACES: [u64; 5] = [50, 25, 75, 10, 0];
const PICTURES_PER_PLACE: usize = 12;
const PACKETS_PER_PLACE: usize = 3000;

/// Pictures are compared at this size.
const COMPARED_SIZE: (u32, u32) = (64, 36);

/// The encoder's quality scale goes from 1 to 31, best first.
const JPEG_QUALITY: i32 = 4;

const RGB_BYTES: usize = 3;

/// Writes both pictures of a file into a folder. The file may be a video, or itself a picture: JPEG, PNG or WebP.
///
/// # Errors
/// Those of [`probe::probe`]; a stream that cannot be decoded is no error but gives a plain picture.
pub fn thumbnails(input: &Path, work_dir: &Path, stem: &str) -> Result<Thumbnails, MediaError> {
    let still = if is_picture(input)? { Some(read_picture(input)?) } else { pick(input, &probe::probe(input)?)? };
    let still = still.unwrap_or_else(Still::plain);
    let (width, height) = still.shown_size();
    let preview = fit(width, height, PREVIEW_BOUNDS);
    let write = |file: String, scaled: (u32, u32), cropped: (u32, u32)| {
        let jpeg = still.drawn(scaled, cropped).map_err(drawing_failed)?;
        write_jpeg(&jpeg, &work_dir.join(&file))?;
        Ok::<_, MediaError>(Picture { file, width: jpeg.width(), height: jpeg.height() })
    };
    Ok(Thumbnails {
        preview: write(names::preview(stem), preview, preview)?,
        thumbnail: write(names::thumbnail(stem), cover(width, height, THUMBNAIL_SIZE), THUMBNAIL_SIZE)?,
    })
}

/// What failed after decoding is no fault of the upload, unless it was too large.
pub(crate) fn drawing_failed(error: ffmpeg::Error) -> MediaError {
    match decoding_failed(error) {
        MediaError::NotMedia(reason) => MediaError::unavailable(format!("a picture cannot be made ({reason})")),
        other => other,
    }
}

/// A decoded picture and what is needed to show it.
pub(crate) struct Still {
    pub(crate) frame: Video,
    pub(crate) orientation: Orientation,
}

impl Still {
    /// A dark picture for what has none.
    fn plain() -> Self {
        let mut frame = Video::new(Pixel::YUV420P, 854, 480);
        for (plane, value) in [(0, 24), (1, 132), (2, 126)] {
            frame.data_mut(plane).fill(value);
        }
        Self { frame, orientation: Orientation::default() }
    }

    pub(crate) fn shown_size(&self) -> (u32, u32) {
        let (width, height) = (self.frame.width(), self.frame.height());
        let (width, height) = with_square_pixels(width, height, self.frame.aspect_ratio()).unwrap_or((width, height));
        self.orientation.shown_size(width, height)
    }

    /// Scaled, turned upright, cut to its middle, and in the pixel format of JPEG.
    pub(crate) fn drawn(&self, scaled: (u32, u32), cropped: (u32, u32)) -> Result<Video, ffmpeg::Error> {
        let (width, height) = self.orientation.shown_size(scaled.0, scaled.1);
        let stored = converted(&self.frame, Pixel::RGB24, width, height)?;
        let upright = upright(&stored, self.orientation, scaled, cropped)?;
        converted(&upright, Pixel::YUVJ420P, cropped.0, cropped.1)
    }
}

pub(crate) fn converted(frame: &Video, format: Pixel, width: u32, height: u32) -> Result<Video, ffmpeg::Error> {
    let method = scaling::Flags::BICUBIC;
    let mut scaler =
        scaling::Context::get(frame.format(), frame.width(), frame.height(), format, width, height, method)?;
    let mut converted = Video::empty();
    scaler.run(frame, &mut converted)?;
    Ok(converted)
}

/// The middle of a stored picture, turned upright. `shown` is the size of all of it once it is upright.
fn upright(
    stored: &Video,
    orientation: Orientation,
    shown: (u32, u32),
    cropped: (u32, u32),
) -> Result<Video, ffmpeg::Error> {
    let mut upright = Video::new(Pixel::RGB24, cropped.0, cropped.1);
    let (stride, row_bytes) = (upright.stride(0), cropped.0 as usize * RGB_BYTES);
    let (left, top) = (shown.0.saturating_sub(cropped.0) / 2, shown.1.saturating_sub(cropped.1) / 2);
    let (pixels, stored_stride) = (stored.data(0), stored.stride(0));
    for (y, row) in (top..).zip(upright.data_mut(0).chunks_mut(stride.max(1)).take(cropped.1 as usize)) {
        let row = row.get_mut(..row_bytes).ok_or(ffmpeg::Error::Bug)?;
        for (x, pixel) in (left..).zip(row.chunks_exact_mut(RGB_BYTES)) {
            let (column, line) = orientation.stored_point((x, y), shown);
            let at = line as usize * stored_stride + column as usize * RGB_BYTES;
            pixel.copy_from_slice(pixels.get(at..at + RGB_BYTES).ok_or(ffmpeg::Error::Bug)?);
        }
    }
    Ok(upright)
}

/// Whether a file begins as a picture does.
fn is_picture(path: &Path) -> Result<bool, MediaError> {
    let unreadable = |error: std::io::Error| MediaError::unavailable(format!("the file cannot be read ({error})"));
    let mut head = Vec::with_capacity(12);
    File::open(path).map_err(unreadable)?.take(12).read_to_end(&mut head).map_err(unreadable)?;
    let is_webp = head.starts_with(b"RIFF") && head.ends_with(b"WEBP");
    Ok(is_webp || head.starts_with(&[0xFF, 0xD8, 0xFF]) || head.starts_with(b"\x89PNG\r\n\x1a\n"))
}

/// Decodes a single picture, however plain it is: somebody chose it.
fn read_picture(path: &Path) -> Result<Still, MediaError> {
    let mut input = open_picture(path)?;
    let unreadable = || MediaError::not_media("it is no picture that can be decoded");
    let index = picture_stream(&input)?.ok_or_else(unreadable)?.index;
    let stream = input.stream(index).ok_or_else(unreadable)?;
    let orientation = orientation(&stream);
    let context = codec::context::Context::from_parameters(stream.parameters()).map_err(decoding_failed)?;
    let mut decoder = context.decoder().video().map_err(decoding_failed)?;
    let mut best = None;
    look_around(&mut input, &mut decoder, index, &mut best);
    best.map(|(_, frame)| Still { frame, orientation }).ok_or_else(unreadable)
}

/// The most varied of the first pictures at each place, the first good one if there is one.
fn pick(path: &Path, probe: &Probe) -> Result<Option<Still>, MediaError> {
    let Some(index) = probe.video.as_ref().map(|video| video.index).or(probe.cover_index) else { return Ok(None) };
    let mut input = open(path)?;
    let Some(stream) = input.stream(index) else { return Ok(None) };
    let orientation = orientation(&stream);
    let context = codec::context::Context::from_parameters(stream.parameters()).map_err(decoding_failed)?;
    let mut decoder = context.decoder().video().map_err(decoding_failed)?;
    let mut best = None;
    for percent in PLACES {
        let microseconds = (probe.duration_ms * 10 * percent) as i64;
        // A file that cannot seek is read on from where it is.
        if input.seek(microseconds, ..microseconds).is_ok() {
            decoder.flush();
        }
        look_around(&mut input, &mut decoder, index, &mut best);
        if best.as_ref().is_some_and(|(contrast, _)| *contrast >= GOOD_CONTRAST) {
            break;
        }
    }
    Ok(best.map(|(_, frame)| Still { frame, orientation }))
}

/// Decodes a few pictures from here on and keeps the most varied.
fn look_around(input: &mut Input, decoder: &mut codec::decoder::Video, index: usize, best: &mut Option<(f64, Video)>) {
    let mut pictures = 0;
    for _ in 0..PACKETS_PER_PLACE {
        let mut packet = Packet::empty();
        let sent = match packet.read(input) {
            Ok(()) if packet.stream() != index => continue,
            Ok(()) => decoder.send_packet(&packet),
            Err(ffmpeg::Error::InvalidData) => continue,
            Err(_) => decoder.send_eof(),
        };
        let mut frame = Video::empty();
        while decoder.receive_frame(&mut frame).is_ok() {
            pictures += 1;
            keep_better(std::mem::replace(&mut frame, Video::empty()), best);
        }
        // Damaged packets are skipped; after the end there is nothing more to send.
        let ended = packet.size() == 0 || matches!(sent, Err(ffmpeg::Error::Eof));
        if ended || pictures >= PICTURES_PER_PLACE {
            return;
        }
    }
}

fn keep_better(frame: Video, best: &mut Option<(f64, Video)>) {
    let Some(contrast) = contrast_of(&frame) else { return };
    if best.as_ref().is_none_or(|(so_far, _)| contrast > *so_far) {
        *best = Some((contrast, frame));
    }
}

/// `None` for a frame that cannot be converted.
fn contrast_of(frame: &Video) -> Option<f64> {
    let (width, height) = COMPARED_SIZE;
    let small = converted(frame, Pixel::GRAY8, width, height).ok()?;
    let rows = small.data(0).chunks(small.stride(0).max(1)).take(height as usize);
    Some(contrast(rows.flat_map(|row| row.iter().take(width as usize).copied())))
}

pub(crate) fn write_jpeg(picture: &Video, path: &Path) -> Result<(), MediaError> {
    let bytes = encode_jpeg(picture).map_err(drawing_failed)?;
    let written = File::create(path).and_then(|mut file| file.write_all(&bytes));
    written.map_err(|error| MediaError::unavailable(format!("a picture cannot be written ({error})")))
}

fn encode_jpeg(picture: &Video) -> Result<Vec<u8>, ffmpeg::Error> {
    let codec = codec::encoder::find(codec::Id::MJPEG).ok_or(ffmpeg::Error::EncoderNotFound)?;
    let mut encoder = codec::context::Context::new_with_codec(codec).encoder().video()?;
    encoder.set_width(picture.width());
    encoder.set_height(picture.height());
    encoder.set_format(picture.format());
    encoder.set_time_base(Rational::new(1, 25));
    encoder.set_qmin(JPEG_QUALITY);
    encoder.set_qmax(JPEG_QUALITY);
    let mut encoder = encoder.open()?;
    encoder.send_frame(picture)?;
    encoder.send_eof()?;
    let mut packet = Packet::empty();
    encoder.receive_packet(&mut packet)?;
    packet.data().map(<[u8]>::to_vec).ok_or(ffmpeg::Error::InvalidData)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_picture_can_be_drawn_twice_in_odd_sizes() {
        ffmpeg::init().expect("FFmpeg starts");
        ffmpeg::log::set_level(ffmpeg::log::Level::Fatal);
        let still = Still::plain();
        for (scaled, cropped) in [((333, 187), (333, 187)), ((280, 158), (280, 157))] {
            let drawn = still.drawn(scaled, cropped).expect("a picture");
            assert_eq!((drawn.width(), drawn.height()), cropped);
            let jpeg = encode_jpeg(&drawn).expect("a JPEG file");
            assert!(jpeg.starts_with(&[0xff, 0xd8]) && jpeg.ends_with(&[0xff, 0xd9]));
        }
    }

    #[test]
    fn a_picture_is_turned_upright_and_cut_to_its_middle() {
        // Stored: 3 by 2 pixels, numbered row by row; the phone was held upright, so that the left edge is the top.
        let mut stored = Video::new(Pixel::RGB24, 3, 2);
        let stride = stored.stride(0);
        for (line, row) in (0_u8..).zip(stored.data_mut(0).chunks_mut(stride).take(2)) {
            for (column, pixel) in (0_u8..).zip(row.chunks_exact_mut(RGB_BYTES).take(3)) {
                pixel.fill(line * 3 + column);
            }
        }
        let quarter = Orientation { transposed: true, flipped_horizontally: true, flipped_vertically: false };
        let numbers = |picture: &Video| -> Vec<u8> {
            let rows = picture.data(0).chunks(picture.stride(0)).take(picture.height() as usize);
            rows.flat_map(|row| row.chunks(RGB_BYTES).take(picture.width() as usize).map(|pixel| pixel[0])).collect()
        };
        let all = upright(&stored, quarter, (2, 3), (2, 3)).unwrap();
        assert_eq!(numbers(&all), [3, 0, 4, 1, 5, 2]);
        let middle = upright(&stored, quarter, (2, 3), (2, 1)).unwrap();
        assert_eq!(numbers(&middle), [4, 1]);
        let plain = upright(&stored, Orientation::default(), (3, 2), (3, 2)).unwrap();
        assert_eq!(numbers(&plain), [0, 1, 2, 3, 4, 5]);
    }
}
