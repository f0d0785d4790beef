//! Uploads that are no videos, or want something else: their own job fails, in words for their owner, and nothing more happens.

use std::fs::Permissions;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use media::footage::Scene;
use media::{Limits, MediaError, MediaWorker, Progress};
use support::{STEM, Workshop, limits, worker, worker_that};

mod support;

async fn probe_of(name: &str, bytes: &[u8]) -> Result<media::Probe, MediaError> {
    let workshop = Workshop::with_upload(name, bytes);
    worker().probe(&workshop.input).await
}

#[tokio::test]
async fn text_with_a_videos_name_is_no_video() {
    let outcome = probe_of("notes.mp4", b"Dear diary,\ntoday nothing happened.\n").await;
    assert!(matches!(outcome, Err(MediaError::NotMedia(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_empty_file_is_no_video() {
    assert_eq!(probe_of("empty.mp4", b"").await, Err(MediaError::NotMedia("it is empty".to_owned())));
    let outcome = probe_of("zeroes.mp4", &vec![0; 100_000]).await;
    assert!(matches!(outcome, Err(MediaError::NotMedia(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_missing_file_is_the_servers_fault() {
    let outcome = worker().probe(Path::new("/nowhere/video.mp4")).await.expect_err("there is no file");
    assert!(!outcome.is_permanent(), "{outcome:?}");
}

#[tokio::test]
async fn an_upload_cut_short_is_called_incomplete() {
    let whole = Workshop::with_footage("whole.mp4", Scene::TestCard, (320, 240), 6.0).await;
    let bytes = std::fs::read(&whole.input).expect("footage");
    let without_index = probe_of("cut.mp4", &bytes[..bytes.len() / 2]).await;
    assert!(matches!(without_index, Err(MediaError::Truncated(_))), "{without_index:?}");

    let whole = whole.input.to_str().expect("UTF-8");
    let index_first = Workshop::with_ffmpeg("first.mp4", &["-i", whole, "-c", "copy", "-movflags", "faststart"]);
    let bytes = std::fs::read(&index_first.input).expect("footage");
    let outcome = Workshop::with_upload("cut.mp4", &bytes[..bytes.len() / 2]).transcode(&[240]).await;
    assert!(matches!(outcome, Err(MediaError::Truncated(_))), "{outcome:?}");

    let matroska = Workshop::with_ffmpeg("whole.mkv", &["-i", whole, "-c", "copy"]);
    let bytes = std::fs::read(&matroska.input).expect("footage");
    let outcome = Workshop::with_upload("cut.mkv", &bytes[..bytes.len() / 2]).transcode(&[240]).await;
    assert!(matches!(outcome, Err(MediaError::Truncated(_))), "{outcome:?}");
}

#[tokio::test]
async fn damage_in_the_middle_crashes_nobody() {
    let whole = Workshop::with_footage("whole.mp4", Scene::TestCard, (320, 240), 2.0).await;
    let mut bytes = std::fs::read(&whole.input).expect("footage");
    let middle = bytes.len() / 3;
    for (index, byte) in bytes.iter_mut().enumerate().skip(middle).take(20_000) {
        *byte = (index * 31 % 251) as u8;
    }
    let damaged = Workshop::with_upload("damaged.mp4", &bytes);
    let outcome = damaged.transcode(&[240]).await;
    assert!(!matches!(outcome, Err(MediaError::Unavailable(_) | MediaError::TimedOut)), "{outcome:?}");
}

#[tokio::test]
async fn a_playlist_cannot_pull_in_a_local_file() {
    let secret = Workshop::with_footage("secret.mp4", Scene::TestCard, (320, 240), 1.0).await;
    let secret = secret.input.to_str().expect("UTF-8");
    let playlists = [
        ("list.m3u8", format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://{secret}\n#EXT-X-ENDLIST\n")),
        ("list.mp4", format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{secret}\n#EXT-X-ENDLIST\n")),
        ("list.ffconcat", format!("ffconcat version 1.0\nfile '{secret}'\n")),
        ("list.mp4", "ffconcat version 1.0\nfile '/etc/passwd'\n".to_owned()),
    ];
    for (name, text) in playlists {
        let workshop = Workshop::with_upload(name, text.as_bytes());
        for outcome in [worker().probe(&workshop.input).await.map(drop), workshop.transcode(&[240]).await.map(drop)] {
            assert!(matches!(outcome, Err(MediaError::NotMedia(_))), "{text}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_playlist_cannot_make_the_server_call_anyone() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("an address");
    let text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://{address}/a.ts\n#EXT-X-ENDLIST\n");
    let workshop = Workshop::with_upload("list.m3u8", text.as_bytes());
    assert!(matches!(workshop.transcode(&[240]).await, Err(MediaError::NotMedia(_))));
    assert!(listener.accept().is_err(), "somebody called");
}

#[tokio::test]
async fn a_job_cannot_name_files_outside_its_folder() {
    let workshop = Workshop::with_upload("x.mp4", b"x");
    let request = media::TranscodeRequest { stem: "../x".to_owned(), ..workshop.request(&[240]) };
    let outcome = worker().transcode(request, |_: Progress| {}).await;
    assert!(matches!(outcome, Err(MediaError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_worker_that_crashes_is_told_apart() {
    let outcome = worker_that(&["crash"], limits()).probe(Path::new("/dev/null")).await;
    assert_eq!(outcome, Err(MediaError::Crashed { signal: 6 }));
}

#[tokio::test]
async fn a_worker_that_says_nothing_is_ended_with_all_that_it_started() {
    let workshop = Workshop::empty("note");
    let note = workshop.input.to_str().expect("UTF-8");
    let impatient = Limits { wall_time: Duration::from_secs(1), ..limits() };
    let outcome = worker_that(&["silence", note], impatient).probe(Path::new("/dev/null")).await;
    assert_eq!(outcome, Err(MediaError::TimedOut));
    assert_gone(&workshop.input).await;
}

#[tokio::test]
async fn a_job_that_is_given_up_leaves_no_process() {
    let workshop = Workshop::empty("note");
    let worker = worker_that(&["silence", workshop.input.to_str().expect("UTF-8")], limits());
    let given_up = tokio::time::timeout(Duration::from_millis(700), worker.probe(Path::new("/dev/null"))).await;
    assert!(given_up.is_err(), "{given_up:?}");
    assert_gone(&workshop.input).await;
}

/// The process whose number was noted has ended (or waits, ended, for whoever inherits it).
async fn assert_gone(note: &Path) {
    let number = std::fs::read_to_string(note).expect("a noted number");
    let number = number.trim();
    for _ in 0..200 {
        let status = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        if status.is_empty() || status.contains(") Z ") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("process {number} lives on");
}

#[tokio::test]
async fn a_worker_that_spins_hits_its_processor_limit() {
    let begin = Instant::now();
    let outcome = worker_that(&["spin", "1"], limits()).probe(Path::new("/dev/null")).await;
    assert_eq!(outcome, Err(MediaError::TimedOut));
    assert!(begin.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn an_ffmpeg_that_makes_no_progress_is_ended() {
    let workshop = Workshop::with_footage("clip.mp4", Scene::SilentTestCard, (320, 240), 1.0).await;
    let impatient = Limits { stall_time: Duration::from_secs(1), ..limits() };
    let worker = worker_that(&["media-worker"], impatient).with_ffmpeg(stuck_ffmpeg(&workshop));
    assert_eq!(worker.transcode(workshop.request(&[240]), |_: Progress| {}).await, Err(MediaError::TimedOut));
    assert_gone(&workshop.made("number")).await;
}

#[tokio::test]
async fn when_the_server_is_killed_its_work_ends_with_it() {
    let workshop = Workshop::with_footage("clip.mp4", Scene::SilentTestCard, (320, 240), 1.0).await;
    let mut server = std::process::Command::new(support::WORKER);
    server.arg("serve").args([&workshop.input, &workshop.work_dir, &stuck_ffmpeg(&workshop)]);
    let mut server = server.spawn().expect("the server starts");
    let number = workshop.made("number");
    for _ in 0..1000 {
        if std::fs::read_to_string(&number).is_ok_and(|text| text.ends_with('\n')) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.kill().expect("it can be killed");
    server.wait().expect("it ends");
    assert_gone(&number).await;
}

/// An `ffmpeg` that notes its number in the work folder and then does nothing.
fn stuck_ffmpeg(workshop: &Workshop) -> PathBuf {
    let program = workshop.folder.path().join("ffmpeg");
    std::fs::write(&program, "#!/bin/sh\necho $$ > number\nexec sleep 600\n").expect("a script");
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("permissions");
    program
}

#[tokio::test]
async fn endless_babble_is_cut_off() {
    let outcome = worker_that(&["babble"], limits()).probe(Path::new("/dev/null")).await;
    assert!(matches!(outcome, Err(MediaError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_worker_that_lies_about_its_results_is_not_believed() {
    let workshop = Workshop::with_upload("x.mp4", b"x");
    std::fs::write(workshop.folder.path().join("secret"), "x").expect("a secret");
    std::os::unix::fs::symlink(workshop.folder.path().join("secret"), workshop.made(&format!("{STEM}-preview.jpg")))
        .expect("a link");
    for file in ["../secret".to_owned(), format!("{STEM}-preview.jpg"), "/etc/passwd".to_owned()] {
        let lie = format!(
            "{{\"Done\":{{\"Pictured\":{{\"preview\":{{\"file\":\"{file}\",\"width\":1,\"height\":1}},\"thumbnail\":{{\"file\":\"{file}\",\"width\":1,\"height\":1}}}}}}}}"
        );
        let outcome = worker_that(&["lie", &lie], limits()).thumbnails(&workshop.input, &workshop.work_dir, STEM).await;
        assert!(matches!(&outcome, Err(MediaError::Unavailable(reason)) if reason.contains("answer")), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_worker_that_says_impossible_things_is_not_believed() {
    let said = |duration: &str, container: &str| {
        format!(
            r#"{{"Done":{{"Probed":{{"container":"{container}","duration_ms":{duration},"duration_is_exact":true,"size_bytes":1,"video":null,"audio":null,"cover_index":null}}}}}}"#
        )
    };
    let believed = async |answer: String| worker_that(&["lie", &answer], limits()).probe(Path::new("/dev/null")).await;
    assert!(believed(said("1000", "mov")).await.is_ok());
    for lie in [
        said("18446744073709551615", "mov"),
        said("0", "mov"),
        said("1000", "a\\u0000b"),
        said("1000", &"x".repeat(1000)),
    ] {
        let outcome = believed(lie).await;
        assert!(matches!(&outcome, Err(MediaError::Unavailable(reason)) if reason.contains("answer")), "{outcome:?}");
    }
}

#[tokio::test]
async fn too_little_memory_is_called_so() {
    let workshop = Workshop::with_footage("clip.mp4", Scene::SilentTestCard, (1280, 720), 1.0).await;
    for megabytes in [150, 220, 290] {
        let tight = Limits { memory_bytes: megabytes << 20, ..limits() };
        let outcome = worker_that(&["media-worker"], tight).transcode(workshop.request(&[720]), |_: Progress| {}).await;
        assert_eq!(outcome, Err(MediaError::OutOfMemory), "{megabytes} MB");
    }
}

#[tokio::test]
async fn too_large_a_result_is_called_so() {
    let workshop = Workshop::with_footage("clip.mp4", Scene::TestCard, (640, 360), 2.0).await;
    let tight = Limits { file_bytes: 20_000, ..limits() };
    let outcome = worker_that(&["media-worker"], tight).transcode(workshop.request(&[360]), |_: Progress| {}).await;
    assert_eq!(outcome, Err(MediaError::TooLarge));
}

#[tokio::test]
async fn a_missing_program_is_the_servers_fault() {
    let nobody = MediaWorker::new("/nowhere/shoal".into(), Vec::new(), limits());
    assert!(matches!(nobody.probe(Path::new("/dev/null")).await, Err(MediaError::Unavailable(_))));
    let workshop = Workshop::with_footage("clip.mp4", Scene::SilentTestCard, (320, 240), 1.0).await;
    let without = worker().with_ffmpeg("/nowhere/ffmpeg".into());
    let outcome = without.transcode(workshop.request(&[240]), |_: Progress| {}).await;
    assert!(matches!(outcome, Err(MediaError::Unavailable(_))), "{outcome:?}");
}

/// The walls themselves, tried from the inside.
#[test]
fn the_walls_let_nothing_through() {
    let workshop = Workshop::with_upload("input", b"x");
    let outside = workshop.folder.path().join("outside");
    std::fs::write(&outside, "secret").expect("a file outside");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let mut command = std::process::Command::new(support::WORKER);
    command.arg("try").args([&workshop.work_dir, &workshop.input, &outside]).arg(address);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the worker starts");
    let mut said = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut said).expect("text");
    let ended = std::os::unix::process::ExitStatusExt::signal(&child.wait().expect("it ends"));
    assert_eq!(ended, Some(libc::SIGXFSZ), "a file larger than the limit ends the process; it said:\n{said}");
    let mut expected = vec![
        ("read the input", "yes"),
        ("write into the work folder", "yes"),
        ("run a program", "yes"),
        ("connect", "no"),
        ("listen", "no"),
        ("open a unix socket", "no"),
        ("signal another process", "no"),
        ("leave the group", "no"),
    ];
    // Elsewhere the kernel cannot fence in files; the worker says so, and the configuration may refuse to work.
    if !said.contains("landlock: None") {
        expected.extend([
            ("read a file outside", "no"),
            ("list a folder outside", "no"),
            ("write the input", "no"),
            ("write a file outside", "no"),
            ("link to a file outside", "no"),
            ("read another process", "no"),
        ]);
    }
    for (what, worked) in expected {
        assert!(said.contains(&format!("{what}: {worked}\n")), "{what} should be {worked}:\n{said}");
    }
}
