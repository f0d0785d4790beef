use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use media::{
    MediaError,
    footage::{Footage, Scene},
};

/// Names under which the clip may lie in the footage folder.
const BUNNY_FILES: [&str; 2] = ["big-buck-bunny.mp4", "bigbuckbunny.mp4"];

/// PeerTube's numbers.
const FILMS: i64 = 2;
const ART: i64 = 4;
const SCIENCE: i64 = 15;
const ATTRIBUTION: i64 = 1;
const PUBLIC_DOMAIN: i64 = 7;

/// A video that alpha is to publish.
#[derive(Debug, Clone)]
pub(super) struct Clip {
    pub title: &'static str,
    pub description: String,
    pub tags: &'static [&'static str],
    pub category: i64,
    pub licence: i64,
    /// A word of the title with a letter wrong.
    pub mistyped: &'static str,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Generated(Footage),
}

impl Clip {
    /// The file; `scratch` is where it goes if it has to be made.
    pub(super) async fn read(&self, scratch: &Path) -> Result<Vec<u8>, MediaError> {
        let path = match &self.source {
            Source::File(path) => path.as_path(),
            Source::Generated(footage) => {
                footage.generate(Path::new("ffmpeg"), scratch).await?;
                scratch
            }
        };
        let unreadable = |error| MediaError::Unavailable(format!("{} cannot be read ({error})", path.display()));
        tokio::fs::read(path).await.map_err(unreadable)
    }
}

/// The three videos of alpha: real footage if there is any, and different in length and shape.
pub(super) fn clips(footage: Option<&Path>) -> [Clip; 3] {
    let bunny = footage.and_then(|folder| BUNNY_FILES.iter().map(|name| folder.join(name)).find(|path| path.is_file()));
    [bunny.map_or_else(test_card, big_buck_bunny), game_of_life(), mandelbrot()]
}

fn big_buck_bunny(path: PathBuf) -> Clip {
    Clip {
        title: "Big Buck Bunny: the opening",
        description: "Morning in the forest: a large and gentle rabbit wakes up. The first seconds of the animated film that \
                      was made with Blender.\n\n\
                      (c) copyright 2008, Blender Foundation, www.bigbuckbunny.org. Licence: Creative Commons Attribution \
                      3.0, https://creativecommons.org/licenses/by/3.0/. This excerpt was re-encoded."
            .to_owned(),
        tags: &["animation", "blender", "rabbit", "short film"],
        category: FILMS,
        licence: ATTRIBUTION,
        mistyped: "bunmy",
        source: Source::File(path),
    }
}

fn test_card() -> Clip {
    Clip {
        title: "A test card that counts the seconds",
        description: "Colours, lines and a clock, as television stations sent them at night.".to_owned(),
        tags: &["test card", "television"],
        category: SCIENCE,
        licence: PUBLIC_DOMAIN,
        mistyped: "secomds",
        source: generated(Scene::TestCard, (1280, 720), 12),
    }
}

fn game_of_life() -> Clip {
    Clip {
        title: "Game of Life: a city that nobody planned",
        description:
            "Conway's Game of Life from a random beginning. Each cell looks at its eight neighbours: with three \
                      of them it is born, with two or three it lives on."
                .to_owned(),
        tags: &["cellular automaton", "mathematics", "generative"],
        category: SCIENCE,
        licence: PUBLIC_DOMAIN,
        mistyped: "planmed",
        source: generated(Scene::GameOfLife, (854, 480), 24),
    }
}

fn mandelbrot() -> Clip {
    Clip {
        title: "One slow minute into the Mandelbrot set",
        description: "Upright, for a phone: one place of the Mandelbrot set, ever closer, with a low hum.".to_owned(),
        tags: &["fractal", "mathematics", "vertical"],
        category: ART,
        licence: PUBLIC_DOMAIN,
        mistyped: "mandelbrod",
        source: generated(Scene::Mandelbrot, (270, 480), 60),
    }
}

fn generated(scene: Scene, size: (u32, u32), seconds: u64) -> Source {
    Source::Generated(Footage { scene, size, frame_rate: 25, duration: Duration::from_secs(seconds) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_footage_everything_is_generated() {
        let clips = clips(None);
        assert!(clips.iter().all(|clip| matches!(clip.source, Source::Generated(_))));
    }

    #[test]
    fn the_film_names_its_authors_and_licence() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("big-buck-bunny.mp4"), "x").unwrap();
        let [film, ..] = clips(Some(folder.path()));
        assert!(film.description.contains("Blender Foundation") && film.description.contains("creativecommons.org"));
        assert_eq!(film.licence, ATTRIBUTION);
    }

    #[test]
    fn the_word_to_mistype_is_one_letter_away_from_the_title() {
        for clip in clips(None).into_iter().chain([big_buck_bunny(PathBuf::new())]) {
            let title = clip.title.to_lowercase();
            let words = title.split(|character: char| !character.is_alphabetic());
            let differs = |word: &str| word.chars().zip(clip.mistyped.chars()).filter(|(a, b)| a != b).count();
            let near = words.filter(|word| word.len() == clip.mistyped.len() && differs(word) == 1);
            assert_eq!(near.count(), 1, "{:?} in {:?}", clip.mistyped, clip.title);
        }
    }
}
