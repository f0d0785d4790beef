//! The child's side: reads one assignment, walls itself in, does the work, tells how it went.
//!
//! Everything here runs with the rights of the server until [`sandbox::raise`] returns, so nothing foreign is touched before.

#![expect(
    unsafe_code,
    reason = "inherited descriptors are closed, and the process is left, without the runtime's help"
)]

use std::io::{self, BufRead, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::thread::{self, JoinHandle};

use crate::protocol::{Assignment, Event, MAX_LINE_BYTES, Outcome, Task, is_stem};
use crate::sandbox::{self, Boundary, Fence};
use crate::{MediaError, Progress, probe, still, thumbnail, transcode};

const SMALL_STACK_BYTES: usize = 256 * 1024;

/// The whole life of a media worker: the entry point behind `shoal media-worker`.
///
/// Must be called first thing in the program, before any thread is started. Fails only if nobody listens or the
/// assignment cannot be read; a file that cannot be processed is told to the server.
pub fn worker_main() -> ExitCode {
    close_inherited_files();
    let Some(assignment) = read_assignment() else { return ExitCode::FAILURE };
    let outcome = work(&assignment);
    let event = outcome.map_or_else(Event::Failed, Event::Done);
    if tell(&event).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Closes whatever the server left open across the start of this program, such as sockets handed to it by systemd.
fn close_inherited_files() {
    // SAFETY: nothing in this process has opened a file yet, so no descriptor above the standard three has an owner here.
    unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
}

fn read_assignment() -> Option<Assignment> {
    let mut line = Vec::new();
    io::stdin().lock().take(MAX_LINE_BYTES as u64).read_until(b'\n', &mut line).ok()?;
    serde_json::from_slice(&line).ok()
}

fn work(assignment: &Assignment) -> Result<Outcome, MediaError> {
    check(&assignment.task)?;
    let walls = sandbox::raise(&boundary(assignment))?;
    // Whether the server still lives is found out when the next event is written.
    let _ = tell(&Event::Walled(walls));
    if assignment.require_landlock && walls.landlock == Fence::None {
        return Err(MediaError::unavailable("its kernel has no Landlock, and the configuration demands it"));
    }
    end_with_the_server()?;
    match &assignment.task {
        Task::Probe { input } => probe::probe(input).map(Outcome::Probed),
        Task::Thumbnails { input, work_dir, stem } => {
            thumbnail::thumbnails(input, work_dir, stem).map(Outcome::Pictured)
        }
        Task::Crop { input, work_dir, stem, sizes } => still::crop(input, work_dir, stem, sizes).map(Outcome::Cropped),
        Task::Transcode(request) => {
            let threads = assignment.limits.threads;
            transcode::transcode(request, &assignment.ffmpeg, threads, report).map(Outcome::Transcoded)
        }
    }
}

fn check(task: &Task) -> Result<(), MediaError> {
    let (Task::Thumbnails { stem, .. }
    | Task::Crop { stem, .. }
    | Task::Transcode(crate::TranscodeRequest { stem, .. })) = task
    else {
        return Ok(());
    };
    if is_stem(stem) { Ok(()) } else { Err(MediaError::unavailable("a file name of the job is not acceptable")) }
}

fn boundary(assignment: &Assignment) -> Boundary<'_> {
    let (input, work_dir): (&Path, Option<&Path>) = match &assignment.task {
        Task::Probe { input } => (input, None),
        Task::Thumbnails { input, work_dir, .. } | Task::Crop { input, work_dir, .. } => (input, Some(work_dir)),
        Task::Transcode(request) => (&request.input, Some(&request.work_dir)),
    };
    Boundary { input, work_dir, readable: &assignment.readable, limits: assignment.limits }
}

/// Ends this process as soon as the server closes its end of our standard input, be it because it died.
fn end_with_the_server() -> Result<(), MediaError> {
    watch("server", || {
        let mut stdin = io::stdin().lock();
        while matches!(stdin.read(&mut [0; 64]), Ok(1..)) {}
        // SAFETY: leaves at once and runs no clean-up that the busy main thread could block; the kernel then ends ffmpeg,
        // which asked for that.
        unsafe { libc::_exit(1) };
    })?;
    Ok(())
}

/// Starts a thread that does little. Where there is no room for its stack, the memory limit is too low.
pub(crate) fn watch<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, MediaError> {
    let builder = thread::Builder::new().name(name.to_owned()).stack_size(SMALL_STACK_BYTES);
    builder.spawn(work).map_err(|_| MediaError::OutOfMemory)
}

fn report(progress: Progress) {
    // A server that is gone ends us through our standard input.
    let _ = tell(&Event::Progress(progress));
}

fn tell(event: &Event) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}
