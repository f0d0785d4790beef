//! Clips out of nothing, for demonstrations and tests: FFmpeg draws and hums them.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::MediaError;

/// What is drawn, and what is to be heard with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// A dive into the Mandelbrot set, with a low tone that swells and fades.
    Mandelbrot,
    /// Conway's game of life in warm colours, with soft noise.
    GameOfLife,
    /// A test card with a running clock, with a beep every second.
    TestCard,
    /// A test card without sound.
    SilentTestCard,
    /// A tone without pictures.
    Tone,
}

/// A clip to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footage {
    /// What is to be seen and heard.
    pub scene: Scene,
    /// Width and height in pixels, both even.
    pub size: (u32, u32),
    /// Pictures per second.
    pub frame_rate: u32,
    /// Length of play.
    pub duration: Duration,
}

impl Footage {
    /// Makes the clip. The ending of the path's name chooses the container: `.mp4`, `.webm`, `.mkv`, `.m4a`, …
    ///
    /// # Errors
    /// [`MediaError::Unavailable`] if `ffmpeg` is missing or fails.
    pub async fn generate(&self, ffmpeg: &Path, output: &Path) -> Result<(), MediaError> {
        let mut command = Command::new(ffmpeg);
        command.env_clear().args(["-hide_banner", "-nostdin", "-v", "error", "-y"]).args(self.arguments());
        if has_h264(output) {
            command.args(["-preset", "veryfast"]);
        }
        command.arg(output);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let cannot = |error| MediaError::unavailable(format!("the ffmpeg program cannot be started ({error})"));
        let finished = command.output().await.map_err(cannot)?;
        if finished.status.success() {
            return Ok(());
        }
        let complaint = String::from_utf8_lossy(&finished.stderr);
        Err(MediaError::unavailable(format!("ffmpeg could not make a clip ({})", complaint.trim())).sanitised())
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        for source in [self.picture(), self.sound()].into_iter().flatten() {
            arguments.extend(["-f", "lavfi", "-i", &source].map(str::to_owned));
        }
        let seconds = format!("{:.3}", self.duration.as_secs_f64());
        arguments.extend(["-t", &seconds, "-pix_fmt", "yuv420p", "-ac", "2"].map(str::to_owned));
        arguments
    }

    fn picture(&self) -> Option<String> {
        let ((width, height), rate) = (self.size, self.frame_rate);
        let size = format!("{width}x{height}");
        match self.scene {
            Scene::Mandelbrot => Some(format!("mandelbrot=size={size}:rate={rate}:end_scale=0.02:maxiter=400")),
            Scene::GameOfLife => {
                let (cells_wide, cells_high) = (width / 8, height / 8);
                Some(format!(
                    "life=size={cells_wide}x{cells_high}:rate={rate}:ratio=0.25:seed=7:mold=20:life_color=0xffd28a:\
                     death_color=0x7a2d4f:mold_color=0x1b1430,scale={width}:{height}:flags=neighbor"
                ))
            }
            Scene::TestCard | Scene::SilentTestCard => Some(format!("testsrc2=size={size}:rate={rate}")),
            Scene::Tone => None,
        }
    }

    fn sound(&self) -> Option<String> {
        match self.scene {
            Scene::Mandelbrot => {
                Some("aevalsrc=0.25*sin(2*PI*110*t)*(1+sin(t))|0.25*sin(2*PI*165*t)*(1+cos(t)):s=48000".to_owned())
            }
            Scene::GameOfLife => Some("anoisesrc=color=brown:amplitude=0.2:seed=7:sample_rate=48000".to_owned()),
            Scene::TestCard | Scene::Tone => Some("sine=frequency=440:beep_factor=4:sample_rate=48000".to_owned()),
            Scene::SilentTestCard => None,
        }
    }
}

/// Whether FFmpeg chooses its H.264 encoder for this name, the only one whose speed is called a preset.
fn has_h264(output: &Path) -> bool {
    output.extension().is_some_and(|extension| ["mp4", "mkv", "mov", "m4v"].iter().any(|kind| extension == *kind))
}
