//! The command line of the `ffmpeg` program for one transcoding: every rendition out of one decoding.
//!
//! Pure: a [`Plan`] in, arguments out. The pictures go through one filter graph that turns them upright (FFmpeg does so by
//! itself), de-interlaces where needed, splits once per frame rate and once per rendition. The sound is resampled once,
//! with gaps filled with silence so that it stays in step. A key frame stands at every fourth second, so that segments
//! are four seconds long.

use std::ffi::OsString;
use std::path::Path;

use crate::protocol::names;
use crate::{AudioStream, Probe, Rendition};

/// Seconds of a segment, as in PeerTube.
pub const SEGMENT_SECONDS: u32 = 4;

/// The containers that are opened at all. What is missing here is missing on purpose: playlists (`hls`, `dash`, `concat`,
/// `imf`, `sdp`), picture sequences and everything else that refers to other files or to the network.
pub const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,mpegvideo,asf,ogg,mxf,nut,ivf,rm,dv,gif,\
    h264,hevc,m4v,av1,obu,wav,w64,mp3,flac,aac,aiff,ac3,eac3,caf,wv,ape,tta,amr,au";

/// What a picture may be that somebody gives for a video.
pub const PICTURES: &str = "jpeg_pipe,png_pipe,webp_pipe";

/// The largest picture that is decoded: 8192 × 8192 pixels.
pub const MAX_PIXELS: u64 = 8192 * 8192;

/// What music is shown with: 640 × 360 pixels of a dark blue-grey, so that it plays wherever a video plays.
const BACKDROP_COLOUR: &str = "0x14181f";

/// All that decides about the command line.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The upload.
    pub input: &'a Path,
    /// What the names of the results begin with; they go to the current folder.
    pub stem: &'a str,
    /// What the upload is.
    pub probe: &'a Probe,
    /// What to make of it.
    pub renditions: &'a [Rendition],
    /// Threads per decoder and encoder.
    pub threads: u32,
}

impl Plan<'_> {
    /// The arguments for the `ffmpeg` program.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        push(&mut arguments, &["-hide_banner", "-nostdin", "-v", "error", "-y", "-progress", "pipe:1"]);
        self.input_arguments(&mut arguments);
        push(
            &mut arguments,
            &["-filter_complex_threads", &self.threads.to_string(), "-filter_complex", &self.filter_graph()],
        );
        for (index, rendition) in self.renditions.iter().enumerate() {
            self.output_arguments(index, rendition, &mut arguments);
        }
        arguments
    }

    fn input_arguments(&self, arguments: &mut Vec<OsString>) {
        let (threads, max_pixels) = (self.threads.to_string(), MAX_PIXELS.to_string());
        push(arguments, &["-protocol_whitelist", "file,pipe", "-format_whitelist", CONTAINERS]);
        push(arguments, &["-max_pixels", &max_pixels, "-threads", &threads, "-i"]);
        arguments.push(prefixed("file:", self.input));
    }

    /// The graph from the input's streams to `[v0]`, `[v1]`, … and `[a0]`, `[a1]`, …
    fn filter_graph(&self) -> String {
        let mut chains = vec![self.picture_source()];
        for (index, rendition) in self.renditions.iter().enumerate() {
            let Rendition { width, height, frame_rate, .. } = rendition;
            chains.push(format!(
                "[s{index}]fps=fps={}/{},scale=w={width}:h={height}:flags=bicubic,setsar=1,format=yuv420p[v{index}]",
                frame_rate.numerator, frame_rate.denominator,
            ));
        }
        if let Some(audio) = &self.probe.audio {
            chains.push(self.sound_chain(audio));
        }
        chains.join(";")
    }

    fn picture_source(&self) -> String {
        let copies = self.copies("s");
        let Some(video) = &self.probe.video else {
            let (width, height) =
                self.renditions.first().map_or((2, 2), |rendition| (rendition.width, rendition.height));
            let seconds = self.probe.duration_ms as f64 / 1000.0;
            return format!(
                "color=color={BACKDROP_COLOUR}:size={width}x{height}:rate=25:duration={seconds:.3},{copies}"
            );
        };
        let deinterlace = if video.interlaced { "yadif=deint=interlaced," } else { "" };
        format!("[0:{}]{deinterlace}{copies}", video.index)
    }

    fn sound_chain(&self, audio: &AudioStream) -> String {
        format!(
            "[0:{}]aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo,a{}",
            audio.index,
            self.copies("a"),
        )
    }

    /// `split=2[x0][x1]`.
    fn copies(&self, label: &str) -> String {
        let labels: Vec<String> = (0..self.renditions.len()).map(|index| format!("[{label}{index}]")).collect();
        format!("split={}{}", labels.len(), labels.concat())
    }

    fn output_arguments(&self, index: usize, rendition: &Rendition, arguments: &mut Vec<OsString>) {
        let (maximum, buffer) = (rendition.max_bitrate_bps.to_string(), (rendition.max_bitrate_bps * 2).to_string());
        let key_frames = format!("expr:gte(t,n_forced*{SEGMENT_SECONDS})");
        push(
            arguments,
            &["-map", &format!("[v{index}]"), "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high"],
        );
        push(arguments, &["-threads:v", &self.threads.to_string(), "-maxrate:v", &maximum, "-bufsize:v", &buffer]);
        push(arguments, &["-force_key_frames", &key_frames, "-g:v", &longest_gop(rendition).to_string()]);
        if self.probe.audio.is_some() {
            let bitrate = rendition.audio_bitrate_bps.to_string();
            push(arguments, &["-map", &format!("[a{index}]"), "-c:a", "aac", "-b:a", &bitrate]);
        }
        push(arguments, &["-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags", "+bitexact"]);
        push(arguments, &["-max_muxing_queue_size", "4096", "-f", "hls", "-hls_time", &SEGMENT_SECONDS.to_string()]);
        push(arguments, &["-hls_list_size", "0", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]);
        push(arguments, &["-hls_flags", "single_file", "-hls_segment_filename"]);
        push(
            arguments,
            &[&names::video(self.stem, rendition.resolution), &names::playlist(self.stem, rendition.resolution)],
        );
    }
}

/// The encoder places key frames of its own at cuts; at no rate may it need more than the forced ones.
fn longest_gop(rendition: &Rendition) -> u32 {
    rendition.frame_rate.rounded().saturating_add(1).saturating_mul(SEGMENT_SECONDS)
}

fn push(arguments: &mut Vec<OsString>, more: &[&str]) {
    arguments.extend(more.iter().map(OsString::from));
}

fn prefixed(prefix: &str, path: &Path) -> OsString {
    let mut text = OsString::from(prefix);
    text.push(path);
    text
}

/// How far `ffmpeg` is, out of a line that it wrote because of `-progress`: microseconds, where the line says so.
pub fn progress_microseconds(line: &str) -> Option<u64> {
    line.trim_end().strip_prefix("out_time_us=")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ladder::Source;
    use crate::orientation::Orientation;
    use crate::{FrameRate, Ladder, VideoStream};

    fn probe(with_video: bool, with_audio: bool) -> Probe {
        let video = VideoStream {
            index: 1,
            codec: "h264".to_owned(),
            width: 854,
            height: 480,
            frame_rate: FrameRate::new(25, 1),
            bitrate_bps: None,
            orientation: Orientation::default(),
            pixel_format: "yuv420p".to_owned(),
            interlaced: false,
        };
        let audio =
            AudioStream { index: 0, codec: "aac".to_owned(), channels: 1, sample_rate: 44_100, bitrate_bps: None };
        Probe {
            container: "mov".to_owned(),
            duration_ms: 12_500,
            duration_is_exact: true,
            size_bytes: 1,
            video: with_video.then_some(video),
            audio: with_audio.then_some(audio),
            cover_index: None,
        }
    }

    fn command_line(probe: &Probe) -> String {
        let source = Source { width: 854, height: 480, frame_rate: FrameRate::new(25, 1), bitrate_bps: None };
        let renditions = Ladder::new([240, 480]).renditions(&source);
        let plan = Plan { input: Path::new("/up/-i.mp4"), stem: "x", probe, renditions: &renditions, threads: 2 };
        let arguments: Vec<String> = plan.arguments().into_iter().map(|a| a.into_string().expect("UTF-8")).collect();
        arguments.join(" ")
    }

    #[test]
    fn one_decoding_feeds_every_rendition() {
        let line = command_line(&probe(true, true));
        assert_eq!(line.matches(" -i ").count(), 1);
        assert!(line.contains("[0:1]split=2[s0][s1];"), "{line}");
        assert!(line.contains("asplit=2[a0][a1]"), "{line}");
        assert!(line.ends_with(" x-480-fragmented.mp4 x-480.m3u8"), "{line}");
    }

    #[test]
    fn the_input_cannot_be_taken_for_an_option_or_a_url() {
        assert!(command_line(&probe(true, true)).contains(" -i file:/up/-i.mp4 "));
    }

    #[test]
    fn a_silent_video_asks_for_no_sound() {
        assert!(!command_line(&probe(true, false)).contains("aac -b:a"));
    }

    #[test]
    fn music_is_shown_with_a_plain_picture_of_its_length() {
        let line = command_line(&probe(false, true));
        assert!(line.contains("color=color=0x14181f:size=428x240:rate=25:duration=12.500,split=2[s0][s1]"), "{line}");
    }

    #[test]
    fn nothing_that_refers_to_other_files_is_opened() {
        for name in ["hls", "dash", "concat", "image2", "lavfi", "sdp", "imf", "ffmetadata"] {
            assert!(!CONTAINERS.split(',').any(|container| container.trim() == name), "{name}");
        }
    }

    #[test]
    fn progress_is_read_from_its_line_only() {
        assert_eq!(progress_microseconds("out_time_us=4016000\n"), Some(4_016_000));
        assert_eq!(progress_microseconds("out_time_us=N/A"), None);
        assert_eq!(progress_microseconds("frame=900"), None);
    }
}
