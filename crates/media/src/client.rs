//! The server's side of the media worker: starts it, listens to it, and ends it, with all that it started, when it misbehaves.
//!
//! Invariant: when a call here returns or is dropped, no process that it started is left.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing::{debug, warn};

use crate::MediaError;
use crate::picture::{PREVIEW_BOUNDS, THUMBNAIL_SIZE};
use crate::protocol::{
    Assignment, Event, MAX_LINE_BYTES, Outcome, Picture, Probe, ProcessLimits, Progress, Task, Thumbnails,
    TranscodeOutput, TranscodeRequest, is_stem, names,
};
use crate::sandbox::{Fence, Walls};
use conversation::Conversation;

mod conversation;
mod process;

/// Probing and thumbnails read a few seconds of the file at most; whatever needs longer spins.
const QUICK_CPU_TIME: Duration = Duration::from_mins(2);
const QUICK_WALL_TIME: Duration = Duration::from_mins(5);

/// Where the `ffmpeg` program is looked for if nobody says: workers get no environment, so no `PATH` either.
const FFMPEG_PLACES: [&str; 3] = ["/usr/local/bin/ffmpeg", "/usr/bin/ffmpeg", "/bin/ffmpeg"];

const MAX_THREADS: usize = 16;

/// What one job may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Address space of each process.
    pub memory_bytes: u64,
    /// Processor time of each process.
    pub cpu_time: Duration,
    /// Time from start to end, whatever happens in it.
    pub wall_time: Duration,
    /// Time without any progress.
    pub stall_time: Duration,
    /// Size of any one resulting file.
    pub file_bytes: u64,
    /// Threads of each decoder and encoder; 0 for one per processor, at most 16.
    pub threads: u32,
    /// Whether to refuse to work where the kernel cannot fence in file access (Linux before 5.13, or Landlock not enabled).
    pub require_landlock: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 6 << 30,
            cpu_time: Duration::from_hours(96),
            wall_time: Duration::from_hours(24),
            stall_time: Duration::from_mins(5),
            file_bytes: 256 << 30,
            threads: 0,
            require_landlock: false,
        }
    }
}

/// Runs media jobs, each in a child process of its own. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MediaWorker {
    program: PathBuf,
    arguments: Vec<OsString>,
    ffmpeg: Option<PathBuf>,
    limits: Limits,
}

impl MediaWorker {
    /// A worker that starts the given program, which must call [`crate::worker_main`] when it gets these arguments.
    pub fn new(program: PathBuf, arguments: Vec<OsString>, limits: Limits) -> Self {
        let ffmpeg = find_ffmpeg();
        Self { program, arguments, ffmpeg, limits }
    }

    /// Uses this `ffmpeg` program instead of the system's.
    #[must_use]
    pub fn with_ffmpeg(mut self, ffmpeg: PathBuf) -> Self {
        self.ffmpeg = Some(ffmpeg);
        self
    }

    /// Says what a file is.
    ///
    /// # Errors
    /// [`MediaError`], most of all [`MediaError::NotMedia`] and [`MediaError::Truncated`].
    pub async fn probe(&self, input: &Path) -> Result<Probe, MediaError> {
        let task = Task::Probe { input: absolute(input)? };
        match self.run(task, &self.quick_limits(), |_| {}).await? {
            Outcome::Probed(probe) if probe.is_plausible() => Ok(probe),
            _ => Err(answered_another_question()),
        }
    }

    /// Makes the pictures that stand for a file, in an existing folder; their names begin with `stem`.
    ///
    /// # Errors
    /// As [`MediaWorker::probe`].
    pub async fn thumbnails(&self, input: &Path, work_dir: &Path, stem: &str) -> Result<Thumbnails, MediaError> {
        check_stem(stem)?;
        let (input, work_dir) = (absolute(input)?, absolute(work_dir)?);
        let task = Task::Thumbnails { input, work_dir: work_dir.clone(), stem: stem.to_owned() };
        let Outcome::Pictured(made) = self.run(task, &self.quick_limits(), |_| {}).await? else {
            return Err(answered_another_question());
        };
        if !made.preview.fits(PREVIEW_BOUNDS) || !made.thumbnail.fits(THUMBNAIL_SIZE) {
            return Err(answered_another_question());
        }
        check_result(&work_dir, &made.preview.file, &names::preview(stem), None).await?;
        check_result(&work_dir, &made.thumbnail.file, &names::thumbnail(stem), None).await?;
        Ok(made)
    }

    /// Makes a picture fit each of the sizes, filled to the edges, as JPEG files in an existing folder, in the same order.
    ///
    /// # Errors
    /// As [`MediaWorker::probe`].
    pub async fn crop(
        &self,
        input: &Path,
        work_dir: &Path,
        stem: &str,
        sizes: &[(u32, u32)],
    ) -> Result<Vec<Picture>, MediaError> {
        check_stem(stem)?;
        let (input, work_dir) = (absolute(input)?, absolute(work_dir)?);
        let task = Task::Crop { input, work_dir: work_dir.clone(), stem: stem.to_owned(), sizes: sizes.to_vec() };
        let Outcome::Cropped(made) = self.run(task, &self.quick_limits(), |_| {}).await? else {
            return Err(answered_another_question());
        };
        if made.len() != sizes.len() {
            return Err(answered_another_question());
        }
        for (picture, &size) in made.iter().zip(sizes) {
            if (picture.width, picture.height) != size {
                return Err(answered_another_question());
            }
            check_result(&work_dir, &picture.file, &names::crop(stem, size), None).await?;
        }
        Ok(made)
    }

    /// Turns an upload into the files of a video. On an error the work folder may hold leftovers.
    ///
    /// # Errors
    /// Any [`MediaError`].
    pub async fn transcode(
        &self,
        request: TranscodeRequest,
        on_progress: impl FnMut(Progress),
    ) -> Result<TranscodeOutput, MediaError> {
        check_stem(&request.stem)?;
        let (input, work_dir) = (absolute(&request.input)?, absolute(&request.work_dir)?);
        let request = TranscodeRequest { input, work_dir: work_dir.clone(), ..request };
        let stem = request.stem.clone();
        let outcome = self.run(Task::Transcode(request), &self.limits, on_progress).await?;
        let Outcome::Transcoded(made) = outcome else { return Err(answered_another_question()) };
        check_files(&work_dir, &stem, &made).await?;
        Ok(made)
    }

    async fn run(
        &self,
        task: Task,
        limits: &Limits,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<Outcome, MediaError> {
        let assignment = self.assignment(task, limits)?;
        let mut conversation = Conversation::open(&self.program, &self.arguments, &assignment, limits).await?;
        loop {
            match conversation.next().await? {
                Event::Walled(walls) => report_walls(walls),
                Event::Progress(progress) => on_progress(progress),
                Event::Done(outcome) => return Ok(outcome),
                Event::Failed(error) => return Err(error.sanitised()),
            }
        }
    }

    fn assignment(&self, task: Task, limits: &Limits) -> Result<Vec<u8>, MediaError> {
        let ffmpeg =
            self.ffmpeg.clone().ok_or_else(|| MediaError::unavailable("the ffmpeg program is not installed"))?;
        let Limits { memory_bytes, cpu_time, file_bytes, threads, require_landlock, .. } = *limits;
        let threads = if threads == 0 { default_threads() } else { threads };
        let limits = ProcessLimits { memory_bytes, cpu_time, file_bytes, threads };
        let readable = vec![ffmpeg.clone()];
        let assignment = Assignment { task, limits, ffmpeg, readable, require_landlock };
        let mut line =
            serde_json::to_vec(&assignment).map_err(|_| MediaError::unavailable("a path of the job is not UTF-8"))?;
        line.push(b'\n');
        if line.len() > MAX_LINE_BYTES {
            Err(MediaError::unavailable("a path of the job is too long"))
        } else {
            Ok(line)
        }
    }

    fn quick_limits(&self) -> Limits {
        Limits {
            cpu_time: self.limits.cpu_time.min(QUICK_CPU_TIME),
            wall_time: self.limits.wall_time.min(QUICK_WALL_TIME),
            stall_time: self.limits.stall_time.max(QUICK_WALL_TIME),
            ..self.limits
        }
    }
}

/// The system's `ffmpeg` program, `None` if there is none in the usual places.
pub fn find_ffmpeg() -> Option<PathBuf> {
    FFMPEG_PLACES.into_iter().map(PathBuf::from).find(|path| path.is_file())
}

fn default_threads() -> u32 {
    std::thread::available_parallelism().map_or(1, |processors| processors.get().min(MAX_THREADS)) as u32
}

fn absolute(path: &Path) -> Result<PathBuf, MediaError> {
    std::path::absolute(path)
        .map_err(|error| MediaError::unavailable(format!("a path of the job is unusable ({error})")))
}

fn check_stem(stem: &str) -> Result<(), MediaError> {
    if is_stem(stem) { Ok(()) } else { Err(MediaError::unavailable("a file name of the job is not acceptable")) }
}

fn answered_another_question() -> MediaError {
    MediaError::unavailable("the media worker gave a senseless answer")
}

fn report_walls(walls: Walls) {
    match walls.landlock {
        Fence::Full => debug!(?walls, "the media worker is walled in"),
        Fence::Partial => debug!(?walls, "the media worker is walled in as far as this kernel knows how"),
        Fence::None => warn!(
            ?walls,
            "this kernel has no Landlock: a hostile upload that takes over FFmpeg could read the files of this server"
        ),
    }
}

/// Checks that the worker made what it says, under the names that it was told.
async fn check_files(work_dir: &Path, stem: &str, made: &TranscodeOutput) -> Result<(), MediaError> {
    if !made.is_plausible() {
        return Err(answered_another_question());
    }
    for rendition in &made.renditions {
        let (video, playlist) = (names::video(stem, rendition.resolution), names::playlist(stem, rendition.resolution));
        check_result(work_dir, &rendition.video_file, &video, Some(rendition.size_bytes)).await?;
        check_result(work_dir, &rendition.playlist_file, &playlist, None).await?;
    }
    check_result(work_dir, &made.master_file, &names::master(stem), None).await?;
    check_result(work_dir, &made.segments_sha256_file, &names::segments_sha256(stem), None).await
}

/// A result is a plain file, no link to somewhere else, under the expected name and of the stated size.
async fn check_result(work_dir: &Path, name: &str, expected: &str, size_bytes: Option<u64>) -> Result<(), MediaError> {
    let metadata =
        tokio::fs::symlink_metadata(work_dir.join(expected)).await.map_err(|_| answered_another_question())?;
    let as_stated = size_bytes.is_none_or(|size| size == metadata.len());
    if name == expected && metadata.is_file() && as_stated { Ok(()) } else { Err(answered_another_question()) }
}
