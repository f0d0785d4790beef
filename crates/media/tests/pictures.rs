//! Pictures that people give for themselves come out in the sizes that were asked for.

use media::MediaError;
use support::{STEM, Workshop, worker};

mod support;

#[tokio::test]
async fn a_picture_of_any_shape_fills_each_size() {
    for (name, shape) in
        [("wide.png", "640x200"), ("tall.jpg", "100x400"), ("tiny.webp", "3x3"), ("still.gif", "64x64")]
    {
        let source = format!("color=red:size={shape},format=rgba");
        let arguments = ["-f", "lavfi", "-i", &source, "-frames:v", "1"];
        if name.ends_with("webp") && !has_webp() {
            continue;
        }
        let workshop = Workshop::with_ffmpeg(name, &arguments);
        let sizes = [(48, 48), (600, 100)];
        let folder = workshop.made("");
        let made = worker().crop(&workshop.input, &folder, STEM, &sizes).await.expect(name);
        assert_eq!(made.iter().map(|picture| (picture.width, picture.height)).collect::<Vec<_>>(), sizes, "{name}");
        for picture in made {
            assert!(std::fs::read(workshop.made(&picture.file)).expect("a file").starts_with(&[0xFF, 0xD8, 0xFF]));
        }
    }
}

fn has_webp() -> bool {
    let output = std::process::Command::new("ffmpeg").args(["-hide_banner", "-encoders"]).output().expect("ffmpeg");
    String::from_utf8_lossy(&output.stdout).contains("libwebp")
}

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let page = Workshop::with_upload("page.png", b"<!doctype html><svg onload=alert(1)>");
    let cut = Workshop::with_upload("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    for workshop in [page, cut] {
        let outcome = worker().crop(&workshop.input, &workshop.made(""), STEM, &[(48, 48)]).await;
        assert!(matches!(outcome, Err(MediaError::NotMedia(_))), "{outcome:?}");
    }
}
