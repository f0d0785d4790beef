//! Pictures that people give for themselves: an avatar, a banner. One picture in, several sizes out, each filled to its edges.

use std::path::Path;

use ffmpeg_next as ffmpeg;

use ffmpeg::format::Pixel;
use ffmpeg::format::context::Input;
use ffmpeg::frame::Video;
use ffmpeg::media::Type;
use ffmpeg::{Packet, codec};

use crate::MediaError;
use crate::command::MAX_PIXELS;
use crate::picture::cover;
use crate::probe::{decoding_failed, open_as, orientation};
use crate::protocol::{MAX_SIDE_PIXELS, Picture, names};
use crate::thumbnail::{Still, converted, drawing_failed, write_jpeg};

/// The kinds of pictures that are taken, as FFmpeg calls them.
const KINDS: &str = "jpeg_pipe,png_pipe,webp_pipe,gif_pipe,gif,mjpeg";

/// A picture is complete after its first packet; a few more are read before it counts as damaged.
const PACKETS: usize = 16;

/// Writes a picture into a folder once in each of the sizes, as JPEG. What does not fit is cut off at the sides.
///
/// # Errors
/// [`MediaError::NotMedia`] if it is no picture of a known kind.
pub fn crop(input: &Path, work_dir: &Path, stem: &str, sizes: &[(u32, u32)]) -> Result<Vec<Picture>, MediaError> {
    let still = read(open_as(input, KINDS)?)?;
    let (width, height) = still.shown_size();
    let write = |&size: &(u32, u32)| {
        let jpeg = still.drawn(cover(width, height, size), size).map_err(drawing_failed)?;
        let file = names::crop(stem, size);
        write_jpeg(&jpeg, &work_dir.join(&file))?;
        Ok(Picture { file, width: jpeg.width(), height: jpeg.height() })
    };
    sizes.iter().map(write).collect()
}

fn read(mut input: Input) -> Result<Still, MediaError> {
    let no_picture = || MediaError::not_media("it is no picture");
    let stream = input.streams().best(Type::Video).ok_or_else(no_picture)?;
    let (index, orientation) = (stream.index(), orientation(&stream));
    let context = codec::context::Context::from_parameters(stream.parameters()).map_err(decoding_failed)?;
    let mut decoder = context.decoder().video().map_err(decoding_failed)?;
    let (width, height) = (decoder.width(), decoder.height());
    if width.max(height) > MAX_SIDE_PIXELS || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(MediaError::not_media(format!("it is too large ({width} × {height} pixels)")));
    }
    let mut frame = Video::empty();
    for _ in 0..PACKETS {
        let mut packet = Packet::empty();
        let at_end = match packet.read(&mut input) {
            Ok(()) if packet.stream() != index => continue,
            Ok(()) => decoder.send_packet(&packet).is_err(),
            Err(_) => decoder.send_eof().is_err() || decoder.receive_frame(&mut frame).is_err(),
        };
        if frame.width() > 0 || decoder.receive_frame(&mut frame).is_ok() {
            let frame = on_white(&frame).map_err(drawing_failed)?;
            return Ok(Still { frame, orientation });
        }
        if at_end {
            break;
        }
    }
    Err(no_picture())
}

/// What can be seen through, on white: JPEG pictures cannot be seen through.
fn on_white(frame: &Video) -> Result<Video, ffmpeg::Error> {
    let (width, height) = (frame.width(), frame.height());
    let clear = converted(frame, Pixel::RGBA, width, height)?;
    let mut solid = Video::new(Pixel::RGB24, width, height);
    let (from_stride, to_stride) = (clear.stride(0).max(1), solid.stride(0).max(1));
    let rows = clear.data(0).chunks(from_stride).zip(solid.data_mut(0).chunks_mut(to_stride));
    for (from, to) in rows.take(height as usize) {
        for (from, to) in from.chunks_exact(4).zip(to.chunks_exact_mut(3)).take(width as usize) {
            let [red, green, blue, alpha] = from else { continue };
            for (target, colour) in to.iter_mut().zip([red, green, blue]) {
                *target = blend(*colour, *alpha);
            }
        }
    }
    solid.set_color_range(ffmpeg::color::Range::JPEG);
    Ok(solid)
}

/// A colour as it looks on white when it is so solid.
fn blend(colour: u8, alpha: u8) -> u8 {
    let (colour, alpha) = (u32::from(colour), u32::from(alpha));
    ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_shows_as_white() {
        assert_eq!((blend(10, 0), blend(10, 255), blend(0, 128)), (255, 10, 127));
    }
}
