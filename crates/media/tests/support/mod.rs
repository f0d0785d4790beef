//! What the tests share: a folder, clips, and a worker that runs in a child process.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use media::footage::{Footage, Scene};
use media::{Ladder, Limits, MediaError, MediaWorker, Progress, TranscodeOutput, TranscodeRequest};

pub const WORKER: &str = env!("CARGO_BIN_EXE_media-worker-for-tests");
pub const STEM: &str = "9c9de5e8-0a1e-484a-b099-e80766180a6d";

pub fn limits() -> Limits {
    let minute = Duration::from_mins(1);
    Limits { wall_time: minute, stall_time: minute, cpu_time: minute, threads: 1, ..Limits::default() }
}

/// The real worker.
pub fn worker() -> MediaWorker {
    worker_that(&["media-worker"], limits())
}

/// A worker that behaves as the arguments say.
pub fn worker_that(arguments: &[&str], limits: Limits) -> MediaWorker {
    MediaWorker::new(PathBuf::from(WORKER), arguments.iter().map(Into::into).collect(), limits)
}

/// A folder with an upload in it.
pub struct Workshop {
    pub folder: tempfile::TempDir,
    pub input: PathBuf,
    pub work_dir: PathBuf,
}

impl Workshop {
    pub fn with_upload(name: &str, bytes: &[u8]) -> Self {
        let workshop = Self::empty(name);
        std::fs::write(&workshop.input, bytes).expect("the upload can be written");
        workshop
    }

    pub fn empty(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (input, work_dir) = (folder.path().join(name), folder.path().join("work 100%d"));
        std::fs::create_dir(&work_dir).expect("a work folder");
        Self { folder, input, work_dir }
    }

    pub async fn with_footage(name: &str, scene: Scene, size: (u32, u32), seconds: f64) -> Self {
        let workshop = Self::empty(name);
        let footage = Footage { scene, size, frame_rate: 25, duration: Duration::from_secs_f64(seconds) };
        footage.generate(&ffmpeg(), &workshop.input).await.expect("footage");
        workshop
    }

    /// Makes the upload with arguments for the `ffmpeg` program.
    pub fn with_ffmpeg(name: &str, arguments: &[&str]) -> Self {
        let workshop = Self::empty(name);
        let mut command = Command::new(ffmpeg());
        command.args(["-v", "error", "-nostdin", "-y"]).args(arguments).arg(&workshop.input);
        assert!(command.status().expect("ffmpeg starts").success(), "{arguments:?}");
        workshop
    }

    pub fn request(&self, rungs: &[u32]) -> TranscodeRequest {
        TranscodeRequest {
            input: self.input.clone(),
            work_dir: self.work_dir.clone(),
            stem: STEM.to_owned(),
            ladder: Ladder::new(rungs.iter().copied()),
        }
    }

    pub async fn transcode(&self, rungs: &[u32]) -> Result<TranscodeOutput, MediaError> {
        worker().transcode(self.request(rungs), |_: Progress| {}).await
    }

    pub fn made(&self, name: &str) -> PathBuf {
        self.work_dir.join(name)
    }
}

pub fn ffmpeg() -> PathBuf {
    media::client::find_ffmpeg().expect("these tests need the ffmpeg program")
}

/// Asks `ffprobe` for fields of each stream (`v` or `a`), or for other entries (`format`).
pub fn ffprobe(path: &Path, section: &str, field: &str) -> String {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-of", "default=nokey=1:noprint_wrappers=1"]);
    if section == "format" {
        command.args(["-show_entries", field]);
    } else {
        command.args(["-select_streams", section, "-show_entries", &format!("stream={field}")]);
    }
    if path.extension().is_some_and(|extension| extension == "jpg") {
        command.args(["-f", "image2", "-pattern_type", "none"]);
    }
    let output = command.arg(path).output().expect("ffprobe starts");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// Decodes all of a file and says what was wrong with it: nothing, it is hoped.
pub fn complaints_when_decoding(path: &Path) -> String {
    let mut command = Command::new(ffmpeg());
    command.args(["-v", "warning", "-nostdin", "-xerror", "-i"]).arg(path).args(["-f", "null", "-"]);
    let output = command.output().expect("ffmpeg starts");
    String::from_utf8_lossy(&output.stderr).into_owned()
}
