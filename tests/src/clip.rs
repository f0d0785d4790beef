//! Small clips, made once per test run.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use media::footage::{Footage, Scene};

use crate::program;

/// A video file for an upload.
#[derive(Debug, Clone)]
pub struct Clip {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Length of play.
    pub duration: Duration,
    /// Width and height in pixels.
    pub size: (u32, u32),
}

impl Clip {
    /// Six seconds with sound, 320 × 180.
    pub async fn tiny() -> Self {
        Self::made("tiny", Scene::TestCard, (320, 180), 6).await
    }

    /// Long enough for a test to interrupt its transcoding: 40 seconds, 640 × 360.
    pub async fn long() -> Self {
        Self::made("long", Scene::TestCard, (640, 360), 40).await
    }

    async fn made(name: &str, scene: Scene, size: (u32, u32), seconds: u64) -> Self {
        let duration = Duration::from_secs(seconds);
        let path = folder().join(format!("{name}.mp4"));
        if !path.exists() {
            generate(&Footage { scene, size, frame_rate: 25, duration }, &path).await;
        }
        Self { bytes: fs::read(&path).expect("the clip that was just made"), duration, size }
    }
}

/// Several tests may make the same clip at the same time; each renames its own into place.
async fn generate(footage: &Footage, path: &Path) {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let unfinished = path.with_extension(format!("{}-{number}.mp4", std::process::id()));
    footage.generate(Path::new("ffmpeg"), &unfinished).await.expect("a clip from the ffmpeg program");
    fs::rename(&unfinished, path).expect("a place for the clip");
}

fn folder() -> PathBuf {
    let folder = program::build_folder().join("test-clips");
    fs::create_dir_all(&folder).expect("a folder for clips");
    folder
}
