//! Which picture stands for a video? The most varied one around the middle, so never a black lead-in; turned upright.
//!
//! A cover stands for music that has one; a plain dark picture stands for what cannot be decoded.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use ffmpeg_next as ffmpeg;

use ffmpeg::codec;
use ffmpeg::filter::Graph;
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

/// Writes both pictures of a file into a folder. The file may be a video, or itself a picture: JPEG, PNG or WebP.
///
/// # Errors
/// Those of [`probe::probe`]; a stream that cannot be decoded is no error but gives a plain picture.
pub fn thumbnails(input: &Path, work_dir: &Path, stem: &str) -> Result<Thumbnails, MediaError> {
    let still = if is_picture(input)? { Some(read_picture(input)?) } else { pick(input, &probe::probe(input)?)? };
    let still = still.unwrap_or_else(Still::plain);
    let (width, height) = still.shown_size();
    let (preview_width, preview_height) = fit(width, height, PREVIEW_BOUNDS);
    let preview = format!("scale=w={preview_width}:h={preview_height}:flags=bicubic");
    let (cover_width, cover_height) = cover(width, height, THUMBNAIL_SIZE);
    let (thumbnail_width, thumbnail_height) = THUMBNAIL_SIZE;
    let thumbnail = format!(
        "scale=w={cover_width}:h={cover_height}:flags=bicubic,crop=w={thumbnail_width}:h={thumbnail_height}:exact=1"
    );
    let write = |file: String, scaling: &str| {
        let jpeg = still.scaled(scaling).map_err(drawing_failed)?;
        write_jpeg(&jpeg, &work_dir.join(&file))?;
        Ok::<_, MediaError>(Picture { file, width: jpeg.width(), height: jpeg.height() })
    };
    Ok(Thumbnails {
        preview: write(names::preview(stem), &preview)?,
        thumbnail: write(names::thumbnail(stem), &thumbnail)?,
    })
}

/// What failed after decoding is no fault of the upload, unless it was too large.
fn drawing_failed(error: ffmpeg::Error) -> MediaError {
    match decoding_failed(error) {
        MediaError::NotMedia(reason) => MediaError::unavailable(format!("a picture cannot be made ({reason})")),
        other => other,
    }
}

/// A decoded picture and what is needed to show it.
struct Still {
    frame: Video,
    orientation: Orientation,
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

    fn shown_size(&self) -> (u32, u32) {
        let (width, height) = (self.frame.width(), self.frame.height());
        let (width, height) = with_square_pixels(width, height, self.frame.aspect_ratio()).unwrap_or((width, height));
        self.orientation.shown_size(width, height)
    }

    /// Turned upright, scaled, and in the pixel format of JPEG.
    fn scaled(&self, scaling: &str) -> Result<Video, ffmpeg::Error> {
        let (width, height) = (self.frame.width(), self.frame.height());
        let format = self.frame.format().descriptor().ok_or(ffmpeg::Error::InvalidData)?.name();
        let source = format!("video_size={width}x{height}:pix_fmt={format}:time_base=1/25:pixel_aspect=1/1");
        let mut graph = Graph::new();
        graph.add(&filter("buffer")?, "in", &source)?;
        graph.add(&filter("buffersink")?, "out", "")?;
        let mut steps = self.orientation.filters();
        steps.extend([scaling, "setsar=1", "format=yuvj420p"]);
        graph.output("in", 0)?.input("out", 0)?.parse(&steps.join(","))?;
        graph.validate()?;
        // A source takes the picture's data away from the frame that it is given.
        graph.get("in").ok_or(ffmpeg::Error::Bug)?.source().add(&self.frame.clone())?;
        let mut scaled = Video::empty();
        // A source is read to its end before some filters let go of the only picture.
        graph.get("in").ok_or(ffmpeg::Error::Bug)?.source().close(1)?;
        graph.get("out").ok_or(ffmpeg::Error::Bug)?.sink().frame(&mut scaled)?;
        Ok(scaled)
    }
}

fn filter(name: &str) -> Result<ffmpeg::Filter, ffmpeg::Error> {
    ffmpeg::filter::find(name).ok_or(ffmpeg::Error::FilterNotFound)
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
    let method = scaling::Flags::BILINEAR;
    let mut scaler =
        scaling::Context::get(frame.format(), frame.width(), frame.height(), Pixel::GRAY8, width, height, method)
            .ok()?;
    let mut small = Video::empty();
    scaler.run(frame, &mut small).ok()?;
    let rows = small.data(0).chunks(small.stride(0).max(1)).take(height as usize);
    Some(contrast(rows.flat_map(|row| row.iter().take(width as usize).copied())))
}

fn write_jpeg(picture: &Video, path: &Path) -> Result<(), MediaError> {
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
        for (scaling, size) in
            [("scale=w=333:h=187", (333, 187)), ("scale=w=280:h=158,crop=w=280:h=157:exact=1", (280, 157))]
        {
            let scaled = still.scaled(scaling).expect("a picture");
            assert_eq!((scaled.width(), scaled.height()), size);
            let jpeg = encode_jpeg(&scaled).expect("a JPEG file");
            assert!(jpeg.starts_with(&[0xff, 0xd8]) && jpeg.ends_with(&[0xff, 0xd9]));
        }
    }
}
