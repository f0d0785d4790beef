//! A tiny origin: one video as PeerTube publishes it, and ways to go wrong.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{MirrorSource, PictureKind, SourceFile, SourcePicture};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::{StreamExt, stream};
use platform::testing::TestPlatform;
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

pub const INIT_BYTES: usize = 700;
pub const SEGMENT_BYTES: usize = 40_000;
pub const SEGMENTS: usize = 6;
pub const MEDIA_BYTES: u64 = (INIT_BYTES + SEGMENTS * SEGMENT_BYTES) as u64;

/// What the origin serves, how it misbehaves, and what was asked of it.
#[derive(Default)]
pub struct Shelf {
    pub files: BTreeMap<String, Bytes>,
    /// Flips one bit of this file at this offset, so many times.
    pub flip: Option<(String, u64, usize)>,
    /// Sends so many bytes of a range of this file, and then nothing.
    pub stall: Option<(String, usize)>,
    /// Answers requests for this file with 503.
    pub broken: Option<String>,
    pub ignores_ranges: bool,
    /// Each request: file and range.
    pub requests: Vec<(String, Option<Range<u64>>)>,
}

#[derive(Clone, Default)]
pub struct Origin {
    pub shelf: Arc<Mutex<Shelf>>,
}

impl Origin {
    /// Starts an origin that this platform reaches as `http://origin.test`.
    pub async fn start(test: &TestPlatform) -> Self {
        let origin = Self::default();
        let router = Router::new().route("/hls/{file}", get(serve)).with_state(origin.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        test.names.insert("origin.test", listener.local_addr().unwrap());
        test.platform.tasks.spawn("origin", async move { axum::serve(listener, router).await.unwrap() });
        origin
    }

    /// Publishes a video of two resolutions. `version` is part of the playlists' names, not of the media's.
    pub fn publish(&self, number: u8, version: u32) -> MirrorSource {
        let uuid = Uuid::from_bytes([number; 16]);
        let mut hashes = serde_json::Map::new();
        let mut master = String::from("#EXTM3U\n#EXT-X-VERSION:3\n");
        let mut files = Vec::new();
        for height in [240, 480] {
            let media = format!("{number}-{height}-fragmented.mp4");
            let playlist = format!("{number}-{height}-v{version}.m3u8");
            let content = media_content(number, height);
            hashes.insert(media.clone(), segment_hashes(&content));
            self.put(&playlist, variant_playlist(&media));
            master.extend(["#EXT-X-STREAM-INF:BANDWIDTH=1000\n", &playlist, "\n"]);
            files.push(SourceFile { url: url(&media), size_bytes: content.len() as u64 });
            self.put(&media, content);
        }
        let (master_name, hashes_name) =
            (format!("{number}-v{version}-master.m3u8"), format!("{number}-v{version}-sha256.json"));
        self.put(&master_name, master);
        self.put(&hashes_name, serde_json::Value::from(hashes).to_string());
        self.put("preview.jpg", b"\xff\xd8\xff\xe0 a picture".to_vec());
        self.put("thumbnail.jpg", b"<svg onload=alert(1)>".to_vec());
        MirrorSource {
            uuid,
            origin_host: "origin.test".to_owned(),
            video_url: format!("http://origin.test/videos/watch/{uuid}"),
            account_url: "http://origin.test/accounts/alice".to_owned(),
            playlist_url: url(&master_name),
            segments_sha256_url: url(&hashes_name),
            files,
            pictures: vec![
                SourcePicture { kind: PictureKind::Preview, url: url("preview.jpg") },
                SourcePicture { kind: PictureKind::Thumbnail, url: url("thumbnail.jpg") },
            ],
        }
    }

    pub fn put(&self, name: &str, content: impl Into<Bytes>) {
        self.edit(|shelf| drop(shelf.files.insert(name.to_owned(), content.into())));
    }

    pub fn replace_in(&self, name: &str, from: &str, to: &str) {
        let content = self.content(name);
        self.put(name, std::str::from_utf8(&content).unwrap().replace(from, to));
    }

    pub fn content(&self, name: &str) -> Bytes {
        self.shelf.lock().unwrap().files[name].clone()
    }

    pub fn edit<T>(&self, change: impl FnOnce(&mut Shelf) -> T) -> T {
        change(&mut self.shelf.lock().unwrap())
    }

    /// The ranges of a file that were asked for since the last call, without those of the initialisation.
    pub fn take_media_requests(&self, name: &str) -> Vec<Range<u64>> {
        self.edit(|shelf| {
            let (taken, kept) = shelf.requests.drain(..).partition(|(file, _)| file == name);
            shelf.requests = kept;
            let taken: Vec<(String, Option<Range<u64>>)> = taken;
            taken.into_iter().filter_map(|(_, range)| range).filter(|range| range.start > 0).collect()
        })
    }
}

fn url(name: &str) -> Url {
    format!("http://origin.test/hls/{name}").parse().unwrap()
}

fn media_content(number: u8, height: u32) -> Vec<u8> {
    (0..MEDIA_BYTES as u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8 ^ number ^ height as u8)
        .collect()
}

fn segments() -> impl Iterator<Item = (usize, usize)> {
    (0..SEGMENTS).map(|index| (INIT_BYTES + index * SEGMENT_BYTES, INIT_BYTES + (index + 1) * SEGMENT_BYTES))
}

fn segment_hashes(content: &[u8]) -> serde_json::Value {
    segments()
        .map(|(start, end)| (format!("{start}-{}", end - 1), hex::encode(Sha256::digest(&content[start..end])).into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn variant_playlist(media: &str) -> String {
    let head = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n\
         #EXT-X-MAP:URI=\"{media}\",BYTERANGE=\"{INIT_BYTES}@0\"\n"
    );
    let entries =
        segments().map(|(start, _)| format!("#EXTINF:4.0,\n#EXT-X-BYTERANGE:{SEGMENT_BYTES}@{start}\n{media}\n"));
    head + &entries.collect::<String>() + "#EXT-X-ENDLIST\n"
}

async fn serve(State(origin): State<Origin>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let range = headers.get(header::RANGE).map(|value| parse_range(value.to_str().unwrap()));
    origin.edit(|shelf| {
        shelf.requests.push((file.clone(), range.clone()));
        if shelf.broken.as_ref() == Some(&file) {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let Some(content) = shelf.files.get(&file).cloned() else { return StatusCode::NOT_FOUND.into_response() };
        match range {
            Some(range) if !shelf.ignores_ranges => part(shelf, &file, &content, range),
            _ => content.into_response(),
        }
    })
}

fn part(shelf: &mut Shelf, file: &str, content: &Bytes, range: Range<u64>) -> Response {
    let mut bytes = content[range.start as usize..range.end as usize].to_vec();
    if let Some((name, offset, times)) = &mut shelf.flip
        && name == file
        && *times > 0
        && range.contains(offset)
    {
        bytes[(*offset - range.start) as usize] ^= 1;
        *times -= 1;
    }
    let content_range = format!("bytes {}-{}/{}", range.start, range.end - 1, content.len());
    let length = bytes.len();
    let body = match &shelf.stall {
        Some((name, after)) if name == file && range.start > 0 => {
            bytes.truncate(*after);
            let never = stream::once(tokio::time::sleep(Duration::from_hours(1))).map(|()| Bytes::new());
            Body::from_stream(stream::iter([Bytes::from(bytes)]).chain(never).map(Ok::<_, std::io::Error>))
        }
        _ => bytes.into(),
    };
    let headers = [(header::CONTENT_RANGE, content_range), (header::CONTENT_LENGTH, length.to_string())];
    (StatusCode::PARTIAL_CONTENT, headers, body).into_response()
}

fn parse_range(text: &str) -> Range<u64> {
    let (first, last) = text.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    first.parse().unwrap()..last.parse::<u64>().unwrap() + 1
}
