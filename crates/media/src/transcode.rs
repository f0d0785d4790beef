//! From an upload to the files of a video: one run of the `ffmpeg` program, then playlists and hashes of our own.
//!
//! Runs inside the walls of [`crate::sandbox`], which `ffmpeg` inherits. Music without pictures becomes a video of a plain
//! dark picture, 640 × 360, so that it plays wherever a video plays.

#![expect(unsafe_code, reason = "a hook between fork and exec is unsafe by its nature")]

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

use crate::command::{Plan, progress_microseconds};
use crate::hashes::{SegmentHashes, hash_segments};
use crate::ladder::Source;
use crate::playlist::{MediaPlaylist, Variant, render_master};
use crate::protocol::{Probe, Progress, RenditionFiles, TranscodeOutput, TranscodeRequest, names};
use crate::worker::watch;
use crate::{FrameRate, Ladder, MediaError, Rendition, mp4, probe};

/// How much of what `ffmpeg` complains about is kept.
const COMPLAINT_BYTES: usize = 8 * 1024;
/// An initialisation part of ours is about 1,400 bytes long.
const MAX_INIT_BYTES: u64 = 64 * 1024;
const MAX_PLAYLIST_BYTES: u64 = 16 * 1024 * 1024;

/// What is said where memory ends: by FFmpeg, its encoders, the start of a thread, the loading of a library.
const OUT_OF_MEMORY: [&str; 4] =
    ["Cannot allocate memory", "malloc of size", "Resource temporarily unavailable", "failed to map segment"];

/// Less than this part of a file with a certain length decoded means that the rest is missing.
const COMPLETE_FROM: f64 = 0.9;
const UNCERTAIN_SECONDS: f64 = 2.0;

/// Transcodes an upload into its work folder.
///
/// # Errors
/// Those of [`probe::probe`]; [`MediaError::Crashed`], [`MediaError::OutOfMemory`], [`MediaError::TooLarge`] and
/// [`MediaError::TimedOut`] if `ffmpeg` hit a wall; [`MediaError::Unavailable`] if there is no `ffmpeg` or no room.
pub fn transcode(
    request: &TranscodeRequest,
    ffmpeg: &Path,
    threads: u32,
    mut on_progress: impl FnMut(Progress),
) -> Result<TranscodeOutput, MediaError> {
    let probe = probe::probe(&request.input)?;
    let renditions = plan_renditions(&probe, &request.ladder);
    let input = request.input.canonicalize().map_err(|error| cannot("find the upload", &error))?;
    let plan = Plan { input: &input, stem: &request.stem, probe: &probe, renditions: &renditions, threads };
    run(ffmpeg, &plan, &request.work_dir, &mut on_progress)?;
    collect(request, &probe, &renditions, &mut on_progress)
}

fn plan_renditions(probe: &Probe, ladder: &Ladder) -> Vec<Rendition> {
    if let Some(video) = &probe.video {
        let (width, height, frame_rate, bitrate_bps) = (video.width, video.height, video.frame_rate, video.bitrate_bps);
        return ladder.renditions(&Source { width, height, frame_rate, bitrate_bps });
    }
    let backdrop = Source { width: 640, height: 360, frame_rate: FrameRate::new(25, 1), bitrate_bps: None };
    let mut renditions = Ladder::new([360]).renditions(&backdrop);
    for rendition in &mut renditions {
        rendition.audio_bitrate_bps = 160_000;
    }
    renditions
}

fn cannot(what: &str, error: &dyn std::fmt::Display) -> MediaError {
    MediaError::unavailable(format!("the media worker cannot {what} ({error})"))
}

/// Runs `ffmpeg` to its end.
fn run(
    ffmpeg: &Path,
    plan: &Plan<'_>,
    work_dir: &Path,
    on_progress: &mut impl FnMut(Progress),
) -> Result<(), MediaError> {
    let mut child = start(ffmpeg, plan, work_dir)?;
    let complaints = child.stderr.take().map(|pipe| watch("complaints", move || tail(pipe))).transpose()?;
    if let Some(pipe) = child.stdout.take() {
        follow(pipe, plan.probe.duration_ms, on_progress);
    }
    let status = child.wait().map_err(|error| cannot("wait for ffmpeg", &error))?;
    let complaints = complaints.and_then(|thread| thread.join().ok()).unwrap_or_default();
    // For the log of the server, which reads this stream; it may name paths.
    eprint!("{complaints}");
    judge(status, &complaints)
}

fn start(ffmpeg: &Path, plan: &Plan<'_>, work_dir: &Path) -> Result<Child, MediaError> {
    let worker = getpid();
    let mut command = Command::new(ffmpeg);
    command.args(plan.arguments()).env_clear().current_dir(work_dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let die_with_the_worker = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The worker may have died before this took effect.
        if getppid() == Some(worker) { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
    };
    // SAFETY: the hook runs between fork and exec; it makes two system calls, allocates nothing and takes no lock.
    unsafe { command.pre_exec(die_with_the_worker) };
    command.spawn().map_err(|error| cannot("start the ffmpeg program", &error))
}

/// Reports progress until `ffmpeg` closes its output.
fn follow(pipe: ChildStdout, total_ms: u64, on_progress: &mut impl FnMut(Progress)) {
    let mut done_ms = 0;
    for line in BufReader::new(pipe).lines().map_while(Result::ok) {
        let Some(now_ms) = progress_microseconds(&line).map(|microseconds| microseconds / 1000) else { continue };
        if now_ms > done_ms {
            done_ms = now_ms;
            on_progress(Progress { done_ms: now_ms.min(total_ms), total_ms });
        }
    }
}

/// The last bytes of a stream, as text.
fn tail(mut pipe: impl Read) -> String {
    let mut kept: VecDeque<u8> = VecDeque::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = pipe.read(&mut chunk) {
        kept.extend(chunk.iter().take(count));
        let surplus = kept.len().saturating_sub(COMPLAINT_BYTES);
        kept.drain(..surplus);
    }
    String::from_utf8_lossy(kept.make_contiguous()).into_owned()
}

/// Says what the end of `ffmpeg` means for the upload.
fn judge(status: ExitStatus, complaints: &str) -> Result<(), MediaError> {
    if let Some(signal) = status.signal() {
        return Err(match signal {
            libc::SIGXCPU => MediaError::TimedOut,
            libc::SIGXFSZ => MediaError::TooLarge,
            signal => MediaError::Crashed { signal },
        });
    }
    if status.success() {
        return Ok(());
    }
    let complained_of = |text: &str| complaints.contains(text);
    Err(if OUT_OF_MEMORY.iter().any(|text| complained_of(text)) {
        MediaError::OutOfMemory
    } else if complained_of("No space left on device") {
        MediaError::unavailable("its disk is full")
    } else if complained_of("File too large") {
        MediaError::TooLarge
    } else if complained_of("Unknown encoder") || complained_of("Unrecognized option") {
        MediaError::unavailable("its ffmpeg program lacks a part that is needed (H.264 with libx264, AAC, HLS)")
    } else {
        MediaError::not_media("it cannot be decoded")
    })
}

/// Turns what `ffmpeg` wrote into what we serve: playlists and hashes of our own.
fn collect(
    request: &TranscodeRequest,
    probe: &Probe,
    renditions: &[Rendition],
    on_progress: &mut impl FnMut(Progress),
) -> Result<TranscodeOutput, MediaError> {
    let (mut files, mut variants, mut hashes) = (Vec::new(), Vec::new(), SegmentHashes::default());
    let mut seconds: f64 = 0.0;
    for rendition in renditions {
        let playlist = read_playlist(request, rendition)?;
        seconds = seconds.max(playlist.seconds());
        write(request, &names::playlist(&request.stem, rendition.resolution), &playlist.render())?;
        let file = open_result(request, &playlist.file)?;
        hashes.files.push(hash_segments(file, &playlist).map_err(|error| cannot("hash a result", &error))?);
        let described = describe(request, rendition, &playlist)?;
        variants.push(variant(rendition, &described, &playlist));
        files.push(described);
        on_progress(Progress { done_ms: probe.duration_ms, total_ms: probe.duration_ms });
    }
    check_complete(probe, seconds)?;
    let (master_file, segments_sha256_file) = (names::master(&request.stem), names::segments_sha256(&request.stem));
    write(request, &master_file, &render_master(&variants))?;
    let hashes = serde_json::to_string(&hashes).map_err(|error| cannot("write the hashes", &error))?;
    write(request, &segments_sha256_file, &hashes)?;
    let duration_ms = (seconds * 1000.0).round() as u64;
    Ok(TranscodeOutput { duration_ms, renditions: files, master_file, segments_sha256_file })
}

fn read_playlist(request: &TranscodeRequest, rendition: &Rendition) -> Result<MediaPlaylist, MediaError> {
    let mut text = String::new();
    let name = names::playlist(&request.stem, rendition.resolution);
    // Without a single picture or sound, ffmpeg succeeds and writes nothing.
    let nothing = || MediaError::not_media("there is nothing in it that can be decoded");
    let file = File::open(request.work_dir.join(name)).map_err(|_| nothing())?;
    file.take(MAX_PLAYLIST_BYTES).read_to_string(&mut text).map_err(|error| cannot("read a playlist", &error))?;
    let playlist = MediaPlaylist::parse(&text).map_err(|_| nothing())?;
    if playlist.file == names::video(&request.stem, rendition.resolution) { Ok(playlist) } else { Err(nothing()) }
}

fn open_result(request: &TranscodeRequest, name: &str) -> Result<File, MediaError> {
    File::open(request.work_dir.join(name)).map_err(|error| cannot("read a result", &error))
}

fn write(request: &TranscodeRequest, name: &str, text: &str) -> Result<(), MediaError> {
    fs::write(request.work_dir.join(name), text).map_err(|error| cannot("write a result", &error))
}

fn describe(
    request: &TranscodeRequest,
    rendition: &Rendition,
    playlist: &MediaPlaylist,
) -> Result<RenditionFiles, MediaError> {
    let mut init = Vec::new();
    let file = open_result(request, &playlist.file)?;
    let length = playlist.init.length.min(MAX_INIT_BYTES);
    file.take(length).read_to_end(&mut init).map_err(|error| cannot("read a result", &error))?;
    let codecs = mp4::codecs_of_init(&init);
    Ok(RenditionFiles {
        resolution: rendition.resolution,
        width: rendition.width,
        height: rendition.height,
        fps: rendition.frame_rate.rounded(),
        size_bytes: playlist.file_size(),
        video_file: playlist.file.clone(),
        playlist_file: names::playlist(&request.stem, rendition.resolution),
        codecs: codecs.joined(),
        peak_bps: playlist.peak_bps(),
        has_video: codecs.video.is_some(),
        has_audio: codecs.audio.is_some(),
    })
}

fn variant(rendition: &Rendition, files: &RenditionFiles, playlist: &MediaPlaylist) -> Variant {
    Variant {
        playlist_file: files.playlist_file.clone(),
        peak_bps: files.peak_bps,
        average_bps: playlist.average_bps(),
        width: rendition.width,
        height: rendition.height,
        frame_rate: rendition.frame_rate.as_f64(),
        codecs: files.codecs.clone(),
    }
}

/// A file that promises much more than could be decoded was cut short.
fn check_complete(probe: &Probe, decoded_seconds: f64) -> Result<(), MediaError> {
    let promised_seconds = probe.duration_ms as f64 / 1000.0;
    let missing_seconds = promised_seconds - decoded_seconds;
    if probe.duration_is_exact
        && missing_seconds > UNCERTAIN_SECONDS
        && decoded_seconds < promised_seconds * COMPLETE_FROM
    {
        return Err(MediaError::Truncated(format!(
            "it should be {promised_seconds:.0} seconds long, but only {decoded_seconds:.0} seconds can be decoded"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(raw: i32, complaints: &str) -> Result<(), MediaError> {
        judge(ExitStatus::from_raw(raw), complaints)
    }

    #[test]
    fn the_end_of_ffmpeg_is_told_in_terms_of_the_upload() {
        assert_eq!(ended(0, "harmless warnings"), Ok(()));
        assert_eq!(ended(libc::SIGSEGV, ""), Err(MediaError::Crashed { signal: 11 }));
        assert_eq!(ended(libc::SIGXCPU, ""), Err(MediaError::TimedOut));
        assert_eq!(ended(libc::SIGXFSZ, ""), Err(MediaError::TooLarge));
        assert_eq!(ended(1 << 8, "x: Cannot allocate memory"), Err(MediaError::OutOfMemory));
        assert!(matches!(ended(1 << 8, "x: No space left on device"), Err(MediaError::Unavailable(_))));
        assert!(
            matches!(ended(1 << 8, "/var/lib/x.mp4: garbage"), Err(MediaError::NotMedia(reason)) if !reason.contains('/'))
        );
    }

    #[test]
    fn only_the_end_of_many_complaints_is_kept() {
        let complaints = "old complaint\n".repeat(10_000) + "the last one";
        let kept = tail(complaints.as_bytes());
        assert_eq!(kept.len(), COMPLAINT_BYTES);
        assert!(kept.ends_with("the last one"));
    }
}
