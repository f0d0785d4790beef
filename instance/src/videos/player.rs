//! What the player of a watch page is given: where the video is, here and elsewhere.

use redundancy::LocalCopy;
use serde::Serialize;

use super::{
    Video,
    around::{Around, PlayerChapter, PlayerStoryboard},
    model::{Redundancy, StoredFile, StreamingPlaylist},
};
use crate::App;

/// Without scripts, a rendition of about this height is played.
const PLAIN_RESOLUTION: i64 = 720;

/// Where a video is to be had.
pub(super) struct Sources<'v> {
    pub(super) playlist: Option<StreamingPlaylist>,
    /// Files of the playlist, the tallest first.
    pub(super) files: Vec<StoredFile>,
    /// Copies on other servers.
    pub(super) redundancies: Vec<Redundancy>,
    /// The copy of this server, if the video is another one's.
    pub(super) copy: Option<&'v LocalCopy>,
    pub(super) around: &'v Around,
}

/// The player of a page.
pub(super) struct Player {
    /// A file that browsers play without scripts.
    pub(super) plain_url: String,
    pub(super) poster: Option<String>,
    /// Configuration for scripts: JSON that can stand in a `<script>`.
    pub(super) config: String,
}

impl Player {
    /// The player of a video; `None` if there is nothing to play. A copy of this server comes before its origin, and the
    /// origin before the copies of others.
    pub(super) fn of(app: &App, video: &Video, sources: Sources<'_>) -> Option<Self> {
        let Sources { playlist, files, redundancies, copy, around } = sources;
        let playlist = playlist?;
        let mut base_urls = vec![folder_of(&playlist.playlist_url)];
        base_urls.extend(redundancies.into_iter().map(|copy| copy.base_url));
        let mut config = PlayerConfig {
            master_url: playlist.playlist_url.clone(),
            swarm_id: playlist.playlist_url,
            segments_sha256_url: playlist.segments_sha256_url,
            base_urls,
            tracker_urls: video.tracker_urls.0.clone(),
            p2p_enabled: app.config.p2p,
            title: video.name.clone(),
            duration: video.duration_s,
            is_live: video.is_live,
            views_url: format!("/api/v1/videos/{}/views", video.uuid),
            chapters: around.chapters_for_player(),
            storyboard: around.storyboard_for_player(),
        };
        if let Some(copy) = copy {
            let absolute = |path: &str| app.platform.public_url.join(path).to_string();
            config.master_url = absolute(&copy.master_path);
            config.segments_sha256_url = Some(absolute(&copy.segments_sha256_path));
            config.swarm_id.clone_from(&copy.origin_playlist_url);
            config.base_urls.insert(0, absolute(&copy.base_path));
        }
        let plain_file = files.iter().find(|file| file.resolution <= PLAIN_RESOLUTION).or(files.last());
        let plain_url = plain_file.map(|file| match copy {
            Some(copy) => format!("{}/{}", copy.base_path, file_name_of(&file.file_url)),
            None => file.file_url.clone(),
        });
        Some(Self {
            plain_url: plain_url.unwrap_or_else(|| config.master_url.clone()),
            poster: video.preview_path().or_else(|| video.thumbnail_path()),
            config: script_json(&config),
        })
    }
}

/// What `<video-player>` is told; the contract stands in `web/README.md`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlayerConfig {
    master_url: String,
    swarm_id: String,
    segments_sha256_url: Option<String>,
    base_urls: Vec<String>,
    tracker_urls: Vec<String>,
    p2p_enabled: bool,
    title: String,
    duration: i64,
    is_live: bool,
    views_url: String,
    chapters: Vec<PlayerChapter>,
    storyboard: Option<PlayerStoryboard>,
}

/// JSON that can stand in a `<script>`: nothing in it can end the element.
fn script_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default().replace('<', "\\u003c")
}

fn folder_of(url: &str) -> String {
    url.rsplit_once('/').map_or(url, |(folder, _)| folder).to_owned()
}

fn file_name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_end_the_script_that_it_stands_in() {
        assert_eq!(script_json(&"</script><b>"), "\"\\u003c/script>\\u003cb>\"");
    }

    #[test]
    fn the_folder_of_a_playlist_is_where_its_files_are() {
        assert_eq!(folder_of("https://a.test/static/hls/u/x-master.m3u8"), "https://a.test/static/hls/u");
    }
}
