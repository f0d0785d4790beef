//! What can be fetched for a video, and how does it stand in the flat list of links?
//!
//! The list goes: the page, then for each web video its file, metadata, torrent and magnet, then the streaming playlist,
//! on which hang its infohashes, its hash list and its files in the same fourfold shape, then the trackers. Reading
//! pairs a file with its satellites by height and frame rate, so their order does not matter.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    lenient::{self, parse_url, parse_web_url},
    link::{Link, PropertyValue},
};

/// The media type of a streaming playlist.
pub const HLS_MEDIA_TYPE: &str = "application/x-mpegURL";
/// The media type of a torrent file.
pub const TORRENT_MEDIA_TYPE: &str = "application/x-bittorrent";
/// The media type of a magnet link.
pub const MAGNET_MEDIA_TYPE: &str = "application/x-bittorrent;x-scheme-handler/magnet";

const HTML: &str = "text/html";
const JSON: &str = "application/json";
const HASH_LIST_NAME: &str = "sha256";
const INFOHASH: &str = "Infohash";
const CODEC_TYPE: &str = "ffprobe_codec_type";
const FORMAT_FLAG: &str = "peertube_format_flag";
const MAX_LINKS: usize = 500;
const INFOHASH_LENGTH: usize = 40;

/// Everything that can be fetched for a video.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Links", into = "Vec<Link>")]
pub struct VideoUrls {
    /// Pages for people; the first is the watch page.
    pub pages: Vec<Url>,
    /// Files that a browser plays without a playlist.
    pub web_files: Vec<MediaFile>,
    /// The HTTP live stream.
    pub hls: Option<HlsPlaylist>,
    /// Where peers find each other.
    pub trackers: Vec<Tracker>,
}

/// One file in one resolution.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaFile {
    /// Where it is.
    pub href: Url,
    /// Such as `video/mp4`.
    pub media_type: String,
    /// In pixels.
    pub width: Option<u32>,
    /// In pixels; 0 for sound alone.
    pub height: u32,
    /// Length of the file.
    pub size_bytes: u64,
    /// Pictures per second, rounded.
    pub fps: Option<u32>,
    /// What is in it. `None` if the origin does not say.
    pub streams: Option<Streams>,
    /// What ffprobe says about it.
    pub metadata_url: Option<Url>,
    /// Its torrent file.
    pub torrent_url: Option<Url>,
    /// Its magnet link.
    pub magnet: Option<String>,
}

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    /// Sound.
    pub audio: bool,
    /// Pictures.
    pub video: bool,
}

/// An HTTP live stream: a master playlist and what it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct HlsPlaylist {
    /// The master playlist.
    pub href: Url,
    /// The swarms in which its renditions are shared, in the playlist's order; 40 hexadecimal digits each.
    pub infohashes: Vec<String>,
    /// The hashes of all segments.
    pub sha256_url: Option<Url>,
    /// The files its segments are cut from.
    pub files: Vec<MediaFile>,
}

/// Where peers find each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tracker {
    /// Over HTTP (BEP 3).
    Http(Url),
    /// Over a WebSocket, for browsers.
    WebSocket(Url),
}

impl VideoUrls {
    /// The page for people.
    pub fn page(&self) -> Option<&Url> {
        self.pages.first()
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Links(#[serde(deserialize_with = "lenient::list::<Link, MAX_LINKS, _>")] Vec<Link>);

impl From<Links> for VideoUrls {
    fn from(Links(links): Links) -> Self {
        Self {
            pages: links.iter().filter(|link| link.is(HTML)).filter_map(web_url).collect(),
            web_files: read_files(&links),
            hls: links.iter().find_map(HlsPlaylist::read),
            trackers: links.iter().filter_map(Tracker::read).collect(),
        }
    }
}

impl From<VideoUrls> for Vec<Link> {
    fn from(urls: VideoUrls) -> Self {
        let pages = urls.pages.into_iter().map(|page| Link::new(HTML, page));
        let files = urls.web_files.into_iter().flat_map(|file| file.write("web-video"));
        let hls = urls.hls.into_iter().map(HlsPlaylist::write);
        let trackers = urls.trackers.into_iter().map(Tracker::write);
        pages.chain(files).chain(hls).chain(trackers).collect()
    }
}

impl HlsPlaylist {
    fn read(link: &Link) -> Option<Self> {
        let is_infohash = |tag: &&Link| tag.kind == INFOHASH;
        link.is(HLS_MEDIA_TYPE).then_some(())?;
        Some(Self {
            href: web_url(link)?,
            infohashes: link
                .tag
                .iter()
                .filter(is_infohash)
                .filter_map(|tag| tag.name.clone())
                .filter(|hash| hash.len() == INFOHASH_LENGTH && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
                .collect(),
            sha256_url: link
                .tag
                .iter()
                .find(|tag| tag.is(JSON) && tag.name.as_deref() == Some(HASH_LIST_NAME))
                .and_then(web_url),
            files: read_files(&link.tag),
        })
    }

    fn write(self) -> Link {
        let infohash = |hash| Link { kind: INFOHASH.to_owned(), name: Some(hash), ..Link::default() };
        let hash_list = |url| Link { name: Some(HASH_LIST_NAME.to_owned()), ..Link::new(JSON, url) };
        let tag = self
            .infohashes
            .into_iter()
            .map(infohash)
            .chain(self.sha256_url.map(hash_list))
            .chain(self.files.into_iter().flat_map(|file| file.write("fragmented")))
            .collect();
        Link { tag, ..Link::new(HLS_MEDIA_TYPE, self.href) }
    }
}

impl MediaFile {
    fn read(link: &Link) -> Option<Self> {
        let media_type = link.media_type.clone()?;
        if !(media_type.starts_with("video/") || media_type.starts_with("audio/")) {
            return None;
        }
        Some(Self {
            href: web_url(link)?,
            media_type,
            width: link.width,
            height: link.height.unwrap_or_default(),
            size_bytes: link.size.unwrap_or_default(),
            fps: link.fps,
            streams: Streams::read(&link.attachment),
            metadata_url: None,
            torrent_url: None,
            magnet: None,
        })
    }

    fn adopt(&mut self, satellite: &Link) {
        if satellite.is(TORRENT_MEDIA_TYPE) {
            self.torrent_url = web_url(satellite);
        } else if satellite.is(MAGNET_MEDIA_TYPE) {
            self.magnet = satellite.href.clone().filter(|href| href.starts_with("magnet:?"));
        } else {
            self.metadata_url = web_url(satellite);
        }
    }

    fn write(self, format_flag: &str) -> Vec<Link> {
        let (height, width, fps) = (Some(self.height), self.width, self.fps);
        let metadata = |url| Link { rel: vec!["metadata".to_owned(), self.media_type.clone()], ..Link::new(JSON, url) };
        let satellites = [
            self.metadata_url.map(metadata),
            self.torrent_url.map(|url| Link::new(TORRENT_MEDIA_TYPE, url)),
            self.magnet.map(|magnet| Link::new(MAGNET_MEDIA_TYPE, magnet)),
        ];
        let file = Link {
            size: Some(self.size_bytes),
            attachment: self.streams.map(|streams| streams.write(format_flag)).unwrap_or_default(),
            ..Link::new(&self.media_type, self.href)
        };
        let sized = |link| Link { height, width, fps, ..link };
        std::iter::once(file).chain(satellites.into_iter().flatten()).map(sized).collect()
    }
}

/// The files among some links, each with the metadata, torrent and magnet of the same height and frame rate.
fn read_files(links: &[Link]) -> Vec<MediaFile> {
    let mut files: Vec<MediaFile> = links.iter().filter_map(MediaFile::read).collect();
    for satellite in links.iter().filter(|link| is_satellite(link)) {
        let belongs = |file: &&mut MediaFile| Some(file.height) == satellite.height && file.fps == satellite.fps;
        if let Some(file) = files.iter_mut().find(belongs) {
            file.adopt(satellite);
        }
    }
    files
}

fn is_satellite(link: &Link) -> bool {
    let metadata = link.is(JSON) && link.has_relation("metadata");
    metadata || link.is(TORRENT_MEDIA_TYPE) || link.is(MAGNET_MEDIA_TYPE)
}

impl Streams {
    fn read(facts: &[PropertyValue]) -> Option<Self> {
        let has = |value| facts.iter().any(|fact| fact.name == CODEC_TYPE && fact.value == value);
        let streams = Self { audio: has("audio"), video: has("video") };
        (streams.audio || streams.video).then_some(streams)
    }

    fn write(self, format_flag: &str) -> Vec<PropertyValue> {
        let audio = self.audio.then(|| PropertyValue::new(CODEC_TYPE, "audio"));
        let video = self.video.then(|| PropertyValue::new(CODEC_TYPE, "video"));
        let flag = PropertyValue::new(FORMAT_FLAG, format_flag);
        audio.into_iter().chain(video).chain([flag]).collect()
    }
}

impl Tracker {
    /// Its address.
    pub fn url(&self) -> &Url {
        match self {
            Self::Http(url) | Self::WebSocket(url) => url,
        }
    }

    fn read(link: &Link) -> Option<Self> {
        let href = link.href.as_deref().filter(|_| link.has_relation("tracker"))?;
        if link.has_relation("websocket") {
            return parse_url(href, &["ws", "wss"]).map(Self::WebSocket);
        }
        parse_web_url(href).filter(|_| link.has_relation("http")).map(Self::Http)
    }

    fn write(self) -> Link {
        let kind = match &self {
            Self::Http(_) => "http",
            Self::WebSocket(_) => "websocket",
        };
        Link {
            kind: "Link".to_owned(),
            name: Some(format!("tracker-{kind}")),
            rel: vec!["tracker".to_owned(), kind.to_owned()],
            href: Some(self.url().to_string()),
            ..Link::default()
        }
    }
}

fn web_url(link: &Link) -> Option<Url> {
    parse_web_url(link.href.as_deref()?)
}

#[cfg(test)]
mod tests;
