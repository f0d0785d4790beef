//! What stands around the player: captions, chapters, downloads, warnings.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError},
    web::VideoCard,
};
use serde::Serialize;

use super::{
    Video, VideoState,
    model::{SensitiveKind, StoredFile},
    store,
};
use crate::{
    captions,
    chapters::{self, Chapter},
    storyboards::{self, Storyboard},
};

/// What the watch page shows around the player.
#[derive(Debug)]
pub(super) struct Around {
    pub(super) tracks: Vec<Track>,
    pub(super) chapters: Vec<ShownChapter>,
    pub(super) downloads: Vec<Download>,
    /// A file for videos that have no stream.
    pub(super) web_video: Option<WebVideo>,
    /// Why one might not want to see it.
    pub(super) sensitive: Option<String>,
    /// Whether it is being streamed now.
    pub(super) live_badge: Option<&'static str>,
    storyboard: Option<Storyboard>,
}

/// Captions.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) language: String,
    pub(super) label: String,
    pub(super) path: String,
}

/// A chapter with its beginning in words.
#[derive(Debug)]
pub(super) struct ShownChapter {
    pub(super) start_s: i64,
    pub(super) label: String,
    pub(super) title: String,
}

/// A file that may be kept.
#[derive(Debug)]
pub(super) struct Download {
    pub(super) url: String,
    pub(super) label: String,
    pub(super) detail: String,
}

/// A file that plays without a stream.
#[derive(Debug)]
pub(super) struct WebVideo {
    pub(super) url: String,
    pub(super) poster: Option<String>,
}

/// A chapter, as the player is told.
#[derive(Debug, Serialize)]
pub(super) struct PlayerChapter {
    start: i64,
    title: String,
}

/// A storyboard, as the player is told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlayerStoryboard {
    url: String,
    width: i64,
    height: i64,
    tile_width: i64,
    tile_height: i64,
    tile_duration: i64,
}

impl Around {
    pub(super) async fn read(
        connection: &mut Connection,
        video: &Video,
        stream_files: &[StoredFile],
    ) -> Result<Self, DbError> {
        let web_files = store::web_files(connection, video.id).await?;
        let captions = captions::store::of_video(connection, video.id).await?;
        let poster = video.preview_path().or_else(|| video.thumbnail_path());
        // Files of a stream are whole by themselves, too.
        let offered = if web_files.is_empty() { stream_files } else { &web_files };
        let offered = offered.iter().filter(|_| video.download_enabled && video.state == VideoState::Published);
        Ok(Self {
            tracks: captions
                .into_iter()
                .map(|caption| Track {
                    label: caption.shown_label().to_owned(),
                    path: caption.path(),
                    language: caption.language,
                })
                .collect(),
            chapters: chapters::store::of_video(connection, video.id).await?.into_iter().map(shown).collect(),
            downloads: offered.map(download).collect(),
            web_video: web_files.first().map(|file| WebVideo { url: file.file_url.clone(), poster }),
            sensitive: video.is_nsfw.then(|| sensitive_words(video)),
            live_badge: video.live_badge(),
            storyboard: storyboards::store::of_video(connection, video.id).await?,
        })
    }

    pub(super) fn chapters_for_player(&self) -> Vec<PlayerChapter> {
        let told = |chapter: &ShownChapter| PlayerChapter { start: chapter.start_s, title: chapter.title.clone() };
        self.chapters.iter().map(told).collect()
    }

    pub(super) fn storyboard_for_player(&self) -> Option<PlayerStoryboard> {
        self.storyboard.as_ref().map(|board| PlayerStoryboard {
            url: board.path(),
            width: board.total_width,
            height: board.total_height,
            tile_width: board.sprite_width,
            tile_height: board.sprite_height,
            tile_duration: board.sprite_duration_s,
        })
    }
}

fn shown(Chapter { start_s, title }: Chapter) -> ShownChapter {
    ShownChapter { label: VideoCard::duration_label(start_s), start_s, title }
}

fn download(file: &StoredFile) -> Download {
    let label = if file.resolution == 0 { "Sound only".to_owned() } else { format!("{}p", file.resolution) };
    let kind = file.links.media_type.rsplit('/').next().unwrap_or_default();
    Download { url: file.file_url.clone(), label, detail: format!("{kind}, {}", size_label(file.size_bytes)) }
}

/// `1_500_000` as `1.5 MB`.
fn size_label(bytes: i64) -> String {
    let bytes = bytes.max(0);
    let (unit, name) = match bytes {
        1_000_000_000.. => (1_000_000_000, "GB"),
        1_000_000.. => (1_000_000, "MB"),
        _ => (1_000, "kB"),
    };
    let tenths = bytes.saturating_mul(10) / unit;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

fn sensitive_words(video: &Video) -> String {
    let kinds: Vec<_> = SensitiveKind::of_flags(video.nsfw_flags).map(SensitiveKind::label).collect();
    let kinds = (!kinds.is_empty()).then(|| format!("It shows {}.", kinds.join(" and ")));
    let words: Vec<_> = kinds.into_iter().chain(video.nsfw_summary.clone()).collect();
    if words.is_empty() { "Its owner marked it as not for everybody.".to_owned() } else { words.join(" ") }
}

/// What stands in the player's place while a live stream is not on.
pub(super) fn live_words(video: &Video) -> String {
    let starts = video.live.starts().iter().min().map(|start| moment_label(*start));
    match (video.state, starts) {
        (VideoState::WaitingForLive, Some(start)) => format!("This live stream is planned to begin on {start}."),
        (VideoState::WaitingForLive, None) if video.live.is_permanent_live => {
            "This live stream is not on now. It comes back.".to_owned()
        }
        (VideoState::WaitingForLive, None) => "This live stream has not begun yet.".to_owned(),
        _ => "This live stream is over.".to_owned(),
    }
}

fn moment_label(moment: Timestamp) -> impl std::fmt::Display {
    moment.format("%-d %B %Y at %H:%M UTC")
}

#[cfg(test)]
mod tests {
    use platform::testing::TestPlatform;

    use super::*;
    use crate::{App, videos::pages::card};

    #[test]
    fn sizes_are_told_in_the_unit_that_fits() {
        assert_eq!(size_label(62_565), "62.5 kB");
        assert_eq!(size_label(1_549_999), "1.5 MB");
        assert_eq!(size_label(12_000_000_000), "12.0 GB");
    }

    #[tokio::test]
    async fn a_stream_that_is_not_on_says_when_it_will_be() {
        let test = TestPlatform::new().await;
        let (app, mut video) = App::staged(&test).await;
        let badge = |video: &Video| card(&app.platform, video).badge;
        video.facts.is_live = true;
        assert_eq!(badge(&video).as_deref(), Some("live"));
        video.facts.state = VideoState::WaitingForLive;
        assert_eq!(
            (live_words(&video).as_str(), badge(&video)),
            ("This live stream has not begun yet.", Some("upcoming".to_owned()))
        );
        video.facts.live.is_permanent_live = true;
        assert_eq!(badge(&video).as_deref(), Some("off air"));
        let start = "2027-01-02T18:30:00Z".parse().unwrap();
        video.facts.live.scheduled_starts = Some(sqlx::types::Json(vec![start]));
        assert_eq!(live_words(&video), "This live stream is planned to begin on 2 January 2027 at 18:30 UTC.");
        video.facts.state = VideoState::LiveEnded;
        assert_eq!(
            (live_words(&video).as_str(), badge(&video)),
            ("This live stream is over.", Some("ended".to_owned()))
        );
    }

    #[tokio::test]
    async fn a_warning_says_what_the_owner_says() {
        let test = TestPlatform::new().await;
        let (_, mut video) = App::staged(&test).await;
        video.facts.nsfw_flags = 3;
        video.facts.nsfw_summary = Some("A war report.".to_owned());
        assert_eq!(sensitive_words(&video), "It shows violence and explicit sex. A war report.");
    }
}
