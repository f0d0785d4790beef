//! One conversation with a worker: bounded lines, bounded time, and an account of how it ended.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use std::os::unix::process::ExitStatusExt;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};

use super::Limits;
use super::process::{Process, Streams};
use crate::MediaError;
use crate::protocol::{Event, MAX_LINE_BYTES};

/// All events of a job together; a transcoding of a day reports about twice a second.
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;
/// How much of the worker's complaints is kept for the log.
const COMPLAINT_BYTES: usize = 4096;

/// A worker that has its assignment.
#[derive(Debug)]
pub(super) struct Conversation {
    process: Process,
    /// Held open: the worker ends itself when this closes.
    streams: Streams,
    pending: Vec<u8>,
    total_bytes: usize,
    complaints: VecDeque<u8>,
    deadline: Instant,
    stall_time: Duration,
}

/// What happened first.
enum Heard {
    Output(usize),
    Complaint(usize),
    Silence,
}

impl Conversation {
    /// Starts a worker and tells it what to do.
    pub async fn open(
        program: &Path,
        arguments: &[OsString],
        assignment: &[u8],
        limits: &Limits,
    ) -> Result<Self, MediaError> {
        let cannot = |error| MediaError::unavailable(format!("the media worker cannot be started ({error})"));
        let (process, streams) = Process::start(program, arguments).map_err(cannot)?;
        let mut conversation = Self {
            process,
            streams,
            pending: Vec::new(),
            total_bytes: 0,
            complaints: VecDeque::new(),
            deadline: Instant::now() + limits.wall_time,
            stall_time: limits.stall_time,
        };
        let told = tokio::time::timeout(limits.stall_time, conversation.streams.stdin.write_all(assignment));
        match told.await {
            Ok(Ok(())) => Ok(conversation),
            Ok(Err(_)) => Err(conversation.account().await),
            Err(_) => Err(MediaError::TimedOut),
        }
    }

    /// The next event.
    ///
    /// # Errors
    /// [`MediaError::TimedOut`] when time is up; else how the worker ended without a last word.
    pub async fn next(&mut self) -> Result<Event, MediaError> {
        let stalled = Instant::now() + self.stall_time;
        let mut output = vec![0; 8192];
        let mut complaint = vec![0; 1024];
        let mut listening = true;
        loop {
            if let Some(event) = self.take_event()? {
                return Ok(event);
            }
            let heard = tokio::select! {
                count = self.streams.stdout.read(&mut output) => Heard::Output(count.unwrap_or(0)),
                count = self.streams.stderr.read(&mut complaint), if listening => Heard::Complaint(count.unwrap_or(0)),
                () = sleep_until(self.deadline.min(stalled)) => Heard::Silence,
            };
            match heard {
                Heard::Output(0) => return Err(self.account().await),
                Heard::Output(count) => self.pending.extend(output.iter().take(count)),
                Heard::Complaint(0) => listening = false,
                Heard::Complaint(count) => self.remember(complaint.iter().take(count)),
                Heard::Silence => return Err(MediaError::TimedOut),
            }
        }
    }

    /// Takes a whole line out of what was heard, if there is one.
    fn take_event(&mut self) -> Result<Option<Event>, MediaError> {
        let nonsense = || MediaError::unavailable("the media worker said something senseless");
        let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') else {
            return if self.pending.len() > MAX_LINE_BYTES { Err(nonsense()) } else { Ok(None) };
        };
        let line: Vec<u8> = self.pending.drain(..=end).collect();
        self.total_bytes += line.len();
        if line.len() > MAX_LINE_BYTES || self.total_bytes > MAX_TOTAL_BYTES {
            return Err(nonsense());
        }
        serde_json::from_slice(&line).map(Some).map_err(|_| nonsense())
    }

    fn remember<'a>(&mut self, bytes: impl Iterator<Item = &'a u8>) {
        self.complaints.extend(bytes);
        let surplus = self.complaints.len().saturating_sub(COMPLAINT_BYTES);
        self.complaints.drain(..surplus);
    }

    /// Why the worker said no last word.
    async fn account(&mut self) -> MediaError {
        let status = self.process.end().await;
        let mut rest = Vec::new();
        let reading = (&mut self.streams.stderr).take(COMPLAINT_BYTES as u64).read_to_end(&mut rest).await;
        if reading.is_ok() {
            self.remember(rest.iter());
        }
        let complaints = String::from_utf8_lossy(self.complaints.make_contiguous()).into_owned();
        self.complaints.clear();
        warn!(?status, complaints, "the media worker ended without an answer");
        status.map_or_else(|error| MediaError::unavailable(error.to_string()), |status| meaning(status, &complaints))
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        if !self.complaints.is_empty() {
            let complaints = String::from_utf8_lossy(self.complaints.make_contiguous());
            debug!(%complaints, "what the media worker complained of");
        }
    }
}

fn meaning(status: ExitStatus, complaints: &str) -> MediaError {
    // Rust and its FFmpeg bindings end the process with these words when they are refused memory.
    if ["memory allocation of", "out of memory"].iter().any(|words| complaints.contains(words)) {
        return MediaError::OutOfMemory;
    }
    match status.signal() {
        Some(libc::SIGXCPU) => MediaError::TimedOut,
        Some(libc::SIGXFSZ) => MediaError::TooLarge,
        Some(signal) => MediaError::Crashed { signal },
        None => MediaError::unavailable("the media worker gave up without saying why"),
    }
}
