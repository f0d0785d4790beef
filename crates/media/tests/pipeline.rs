//! Uploads of every kind become videos that play: probe, thumbnails and transcoding through a real worker.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use media::footage::Scene;
use media::playlist::MediaPlaylist;
use sha2::{Digest, Sha256};
use support::{STEM, Workshop, complaints_when_decoding, ffprobe, worker};

mod support;

#[tokio::test]
async fn a_file_is_described_as_it_is() {
    let workshop = Workshop::with_footage("clip.mkv", Scene::TestCard, (640, 360), 2.0).await;
    let probe = worker().probe(&workshop.input).await.expect("a video");
    assert!(probe.container.contains("matroska"), "{probe:?}");
    assert!((1900..=2100).contains(&probe.duration_ms), "{probe:?}");
    let (video, audio) = (probe.video.expect("pictures"), probe.audio.expect("sound"));
    assert_eq!((video.width, video.height, video.frame_rate.rounded()), (640, 360, 25));
    assert_eq!((video.codec.as_str(), video.pixel_format.as_str(), video.interlaced), ("h264", "yuv420p", false));
    assert_eq!((audio.channels, audio.sample_rate), (2, 48_000));
}

#[tokio::test]
async fn a_video_becomes_hls_with_four_second_segments_and_hashes() {
    let workshop = Workshop::with_footage("clip.mp4", Scene::TestCard, (854, 480), 9.0).await;
    let mut last = None;
    let made = worker()
        .transcode(workshop.request(&[240, 480, 720]), |progress| last = Some(progress))
        .await
        .expect("a video");

    assert_eq!(
        made.renditions.iter().map(|r| (r.resolution, r.width, r.height)).collect::<Vec<_>>(),
        [(240, 428, 240), (480, 854, 480)]
    );
    assert_eq!(made.duration_ms, 9000);
    assert!(last.is_some_and(|progress| progress.done_ms == progress.total_ms), "{last:?}");
    let hashes = std::fs::read_to_string(workshop.made(&made.segments_sha256_file)).expect("hashes");
    let hashes: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(&hashes).expect("JSON");
    assert_eq!(hashes.len(), 2);

    for rendition in &made.renditions {
        assert_eq!(rendition.video_file, format!("{STEM}-{}-fragmented.mp4", rendition.resolution));
        assert!(rendition.codecs.starts_with("avc1.6400") && rendition.codecs.ends_with(",mp4a.40.2"), "{rendition:?}");
        assert!(rendition.has_audio && rendition.has_video && rendition.fps == 25);
        let bytes = std::fs::read(workshop.made(&rendition.video_file)).expect("the file");
        assert_eq!(bytes.len() as u64, rendition.size_bytes);
        let text = std::fs::read_to_string(workshop.made(&rendition.playlist_file)).expect("the playlist");
        let playlist = MediaPlaylist::parse(&text).expect("a playlist of ours");
        let seconds: Vec<u64> =
            playlist.segments.iter().map(|segment| (segment.seconds * 1000.0).round() as u64).collect();
        assert_eq!(seconds, [4000, 4000, 1000]);
        let expected = &hashes[&rendition.video_file];
        assert_eq!(expected.len(), 3);
        for segment in &playlist.segments {
            let part = &bytes[segment.range.start as usize..segment.range.end() as usize];
            assert_eq!(expected[&segment.range.inclusive()], hex::encode(Sha256::digest(part)));
        }
        assert_eq!(complaints_when_decoding(&workshop.made(&rendition.playlist_file)), "");
        assert_eq!(ffprobe(&workshop.made(&rendition.video_file), "v", "pix_fmt"), "yuv420p");
        assert_eq!(ffprobe(&workshop.made(&rendition.video_file), "a", "channels"), "2");
    }
    let master = std::fs::read_to_string(workshop.made(&made.master_file)).expect("the master playlist");
    let listed: Vec<&str> = master.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(listed, [format!("{STEM}-240.m3u8"), format!("{STEM}-480.m3u8")]);
    assert!(master.contains("RESOLUTION=854x480,FRAME-RATE=25,CODECS=\"avc1.6400"), "{master}");
    assert_eq!(complaints_when_decoding(&workshop.made(&made.master_file)), "");
}

#[tokio::test]
async fn both_pictures_are_made_in_their_sizes_and_not_black() {
    let workshop = Workshop::with_ffmpeg(
        "late.mp4",
        &[
            "-f",
            "lavfi",
            "-i",
            "color=black:s=1280x720:d=3[a];testsrc2=s=1280x720:d=1[b];[a][b]concat=n=2[out0]",
            "-g",
            "25",
        ],
    );
    let made = worker().thumbnails(&workshop.input, &workshop.work_dir, STEM).await.expect("pictures");
    assert_eq!((made.preview.width, made.preview.height), (850, 478));
    assert_eq!((made.thumbnail.width, made.thumbnail.height), (280, 157));
    for picture in [&made.preview, &made.thumbnail] {
        let path = workshop.made(&picture.file);
        assert_eq!(
            ffprobe(&path, "v", "codec_name,width,height"),
            format!("mjpeg\n{}\n{}", picture.width, picture.height)
        );
        // A black JPEG of this size is a tenth of this.
        assert!(std::fs::metadata(&path).expect("the picture").len() > 5000, "{picture:?}");
    }
}

#[tokio::test]
async fn a_phone_video_is_turned_upright_everywhere() {
    let flat = Workshop::with_ffmpeg("flat.mp4", &["-f", "lavfi", "-i", "smptehdbars=s=640x360:d=1"]);
    let flat = flat.input.to_str().expect("UTF-8");
    for (turn, size, preview_size) in
        [("90", (360, 640), (270, 480)), ("180", (640, 360), (640, 360)), ("270", (360, 640), (270, 480))]
    {
        let stored = format!("rotate={turn}");
        let workshop = Workshop::with_ffmpeg("phone.mp4", &["-i", flat, "-c", "copy", "-metadata:s:v:0", &stored]);
        let video = worker().probe(&workshop.input).await.expect("a video").video.expect("pictures");
        assert_eq!((video.width, video.height), size, "{turn}");
        let made = worker().thumbnails(&workshop.input, &workshop.work_dir, STEM).await.expect("pictures");
        assert_eq!((made.preview.width, made.preview.height), preview_size, "{turn}");
        let similar = similarity(&workshop.input, &workshop.made(&made.preview.file), preview_size);
        assert!(similar > 0.95, "{turn} degrees: {similar}");
        let made = workshop.transcode(&[240]).await.expect("a video");
        let (width, height) = (made.renditions[0].width, made.renditions[0].height);
        assert_eq!((width < height, width.min(height)), (size.0 < size.1, 240), "{turn}");
        let similar = similarity(&workshop.input, &workshop.made(&made.renditions[0].video_file), preview_size);
        assert!(similar > 0.95, "{turn} degrees: {similar}");
    }
}

/// How much the first picture of a file resembles that of a video as `ffmpeg` itself turns it: 1 for the same picture.
fn similarity(video: &Path, other: &Path, (width, height): (u32, u32)) -> f64 {
    let same = format!("scale={width}:{height},format=gray");
    let graph = format!("[0:v]{same}[a];[1:v]{same}[b];[a][b]ssim");
    let mut command = Command::new(support::ffmpeg());
    command.args(["-nostdin", "-i"]).arg(video);
    if other.extension().is_some_and(|extension| extension == "jpg") {
        command.args(["-pattern_type", "none"]);
    }
    command.arg("-i").arg(other).args(["-filter_complex", &graph, "-frames:v", "1", "-f", "null", "-"]);
    let output = command.output().expect("ffmpeg starts");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let value = text.rsplit("All:").next().and_then(|rest| rest.split_whitespace().next());
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

#[tokio::test]
async fn a_silent_video_of_odd_size_and_uneven_rate_plays() {
    let workshop = Workshop::with_ffmpeg(
        "odd.mkv",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=321x243:r=30:d=5,select='gt(mod(n,7),2)'",
            "-vsync",
            "vfr",
            "-c:v",
            "ffv1",
            "-pix_fmt",
            "yuv444p",
        ],
    );
    let made = workshop.transcode(&[480]).await.expect("a video");
    let rendition = &made.renditions[0];
    assert_eq!((rendition.resolution, rendition.width, rendition.height), (242, 320, 242));
    assert!(!rendition.has_audio && !rendition.codecs.contains("mp4a"), "{rendition:?}");
    assert_eq!(complaints_when_decoding(&workshop.made(&rendition.playlist_file)), "");
    assert!((4800..=5200).contains(&made.duration_ms), "{}", made.duration_ms);
}

#[tokio::test]
async fn music_becomes_a_video_of_a_plain_picture() {
    let workshop = Workshop::with_footage("song.mp3", Scene::Tone, (2, 2), 5.0).await;
    let probe = worker().probe(&workshop.input).await.expect("sound");
    assert!(probe.video.is_none() && probe.audio.is_some());
    let made = workshop.transcode(&[240, 720]).await.expect("a video");
    assert_eq!(
        made.renditions.iter().map(|r| (r.resolution, r.width, r.height)).collect::<Vec<_>>(),
        [(360, 640, 360)]
    );
    assert!(made.renditions[0].has_audio && made.renditions[0].has_video);
    assert!((4900..=5200).contains(&made.duration_ms), "{}", made.duration_ms);
    assert_eq!(complaints_when_decoding(&workshop.made(&made.renditions[0].playlist_file)), "");
    let pictures = worker().thumbnails(&workshop.input, &workshop.work_dir, STEM).await.expect("plain pictures");
    assert_eq!((pictures.thumbnail.width, pictures.thumbnail.height), (280, 157));
}

#[tokio::test]
async fn a_recording_of_a_browser_without_a_length_plays() {
    let pipe = "-f lavfi -i testsrc2=s=320x240:r=10:d=3 -c:v libvpx -deadline realtime -f webm -live 1"
        .split(' ')
        .collect::<Vec<_>>();
    let workshop = Workshop::with_ffmpeg("recording.webm", &pipe);
    let probe = worker().probe(&workshop.input).await.expect("a video");
    assert!(!probe.duration_is_exact && (2800..=3200).contains(&probe.duration_ms), "{probe:?}");
    let made = workshop.transcode(&[240]).await.expect("a video");
    assert!((2800..=3200).contains(&made.duration_ms), "{}", made.duration_ms);
}

#[tokio::test]
async fn nothing_that_the_file_said_about_itself_is_published() {
    let workshop = Workshop::with_ffmpeg(
        "telltale.mp4",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=320x240:d=1",
            "-metadata",
            "title=SecretTitle",
            "-metadata",
            "location=+52.5+13.4/",
        ],
    );
    let made = workshop.transcode(&[240]).await.expect("a video");
    let bytes = std::fs::read(workshop.made(&made.renditions[0].video_file)).expect("the file");
    assert!(!bytes.windows(11).any(|window| window == b"SecretTitle"));
    assert_eq!(ffprobe(&workshop.input, "format", "format_tags=title"), "SecretTitle");
}

#[tokio::test]
async fn a_picture_stands_for_itself_but_is_no_upload() {
    for codec in ["png", "libwebp", "mjpeg"] {
        // Without an extension, as the server keeps what somebody gave: the bytes alone say what it is.
        let workshop = Workshop::with_ffmpeg(
            "cover",
            &["-f", "lavfi", "-i", "testsrc2=s=640x360:d=1", "-frames:v", "1", "-c:v", codec, "-f", "image2pipe"],
        );
        let made = worker().thumbnails(&workshop.input, &workshop.work_dir, STEM).await.expect("pictures");
        assert_eq!((made.preview.width, made.preview.height), (640, 360), "{codec}");
        assert_eq!((made.thumbnail.width, made.thumbnail.height), (280, 157), "{codec}");
        assert!(worker().probe(&workshop.input).await.is_err(), "{codec}");
    }
}
