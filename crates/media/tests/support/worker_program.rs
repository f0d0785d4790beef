//! A stand-in for the `shoal` program: the real media worker, or one that misbehaves in a chosen way.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use media::sandbox::{self, Boundary};
use media::{Ladder, Limits, MediaWorker, TranscodeRequest};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["media-worker"] => return media::worker_main(),
        ["crash"] => std::process::abort(),
        ["silence"] => sleep_with_a_grandchild(None),
        ["silence", note] => sleep_with_a_grandchild(Some(Path::new(note))),
        ["babble"] => babble(),
        ["lie", answer] => println!("{answer}"),
        ["serve", input, work_dir, ffmpeg] => serve(input, work_dir, ffmpeg),
        ["spin", seconds] => spin_behind_walls(seconds.parse().unwrap_or(1)),
        ["try", work_dir, input, outside, address] => {
            try_the_walls(Path::new(work_dir), Path::new(input), outside, address);
        }
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

/// Says nothing, and leaves a grandchild whose number is noted.
fn sleep_with_a_grandchild(note: Option<&Path>) {
    let mut grandchild = Command::new("/bin/sleep").arg("600").spawn().expect("sleep starts");
    if let Some(note) = note {
        std::fs::write(note, grandchild.id().to_string()).expect("the note can be written");
    }
    let _ = grandchild.wait();
}

/// Plays the server: transcodes with real workers.
fn serve(input: &str, work_dir: &str, ffmpeg: &str) {
    let program = std::env::current_exe().expect("this program");
    let worker = MediaWorker::new(program, vec!["media-worker".into()], Limits::default()).with_ffmpeg(ffmpeg.into());
    let (input, work_dir) = (input.into(), work_dir.into());
    let request = TranscodeRequest { input, work_dir, stem: "x".to_owned(), ladder: Ladder::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let outcome = runtime.block_on(worker.transcode(request, |_| {}));
    panic!("the job ended: {outcome:?}");
}

fn babble() {
    let mut stdout = std::io::stdout().lock();
    while stdout.write_all(&[b'x'; 4096]).is_ok() {}
}

fn limits(cpu_seconds: u64) -> media::protocol::ProcessLimits {
    let cpu_time = Duration::from_secs(cpu_seconds);
    media::protocol::ProcessLimits { memory_bytes: 1 << 30, cpu_time, file_bytes: 1 << 20, threads: 1 }
}

fn spin_behind_walls(cpu_seconds: u64) {
    let boundary =
        Boundary { input: Path::new("/dev/null"), work_dir: None, readable: &[], limits: limits(cpu_seconds) };
    sandbox::raise(&boundary).expect("the walls stand");
    let mut number = 1_u64;
    loop {
        number = std::hint::black_box(number.wrapping_mul(3));
    }
}

/// Tries everything that the walls forbid, and what they allow, and says what worked.
fn try_the_walls(work_dir: &Path, input: &Path, outside: &str, address: &str) {
    let boundary =
        Boundary { input, work_dir: Some(work_dir), readable: &[PathBuf::from("/etc/hostname")], limits: limits(10) };
    let walls = sandbox::raise(&boundary).expect("the walls stand");
    let say = |what: &str, worked: bool| println!("{what}: {}", if worked { "yes" } else { "no" });
    println!("landlock: {:?}", walls.landlock);
    say("read the input", std::fs::read(input).is_ok());
    say("write into the work folder", std::fs::write(work_dir.join("made"), "x").is_ok());
    say("run a program", Command::new("/bin/true").status().is_ok_and(|status| status.success()));
    say("read a file outside", std::fs::read(outside).is_ok());
    say("list a folder outside", std::fs::read_dir("/etc").is_ok());
    say("write the input", std::fs::OpenOptions::new().write(true).open(input).is_ok());
    say("write a file outside", std::fs::write(format!("{outside}.made"), "x").is_ok());
    say("link to a file outside", std::os::unix::fs::symlink(outside, work_dir.join("link")).is_ok());
    say("connect", TcpStream::connect(address).is_ok());
    say("listen", TcpListener::bind("127.0.0.1:0").is_ok());
    say(
        "open a unix socket",
        UnixStream::connect("/run/none").is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound),
    );
    say("read another process", std::fs::read("/proc/1/environ").is_ok());
    say("signal another process", can_signal_the_parent());
    say(
        "leave the group",
        Command::new("/usr/bin/setsid").arg("/bin/true").status().is_ok_and(|status| status.success()),
    );
    say("write more than allowed", write_two_megabytes(work_dir).is_ok());
    let mut rest = String::new();
    let _ = std::io::stdin().read_to_string(&mut rest);
}

#[expect(unsafe_code, reason = "no safe function makes this call")]
fn can_signal_the_parent() -> bool {
    let parent = std::os::unix::process::parent_id();
    // SAFETY: signal 0 is not sent; it only asks whether one could be.
    unsafe { libc::syscall(libc::SYS_tgkill, parent, parent, 0) == 0 }
}

fn write_two_megabytes(work_dir: &Path) -> std::io::Result<()> {
    std::fs::write(work_dir.join("large"), vec![0; 2 << 20])
}
