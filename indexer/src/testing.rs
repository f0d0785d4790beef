//! What the tests of this crate and of the search site share.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "only tests call it")]

use platform::{
    Platform,
    clock::{Clock, FakeClock},
    db::{Db, Tx},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    captions::{self, Caption, Passage},
    channels::Channel,
    collections::{
        Collection, Collections,
        store::{self as collection_rows, NewCollection},
    },
    document::VideoDocument,
    engine::SharedEngine,
    hosts::{ConsentDesk, Origin},
    index::{Change, VideoIndex},
    ingest::{self, WireDetail, WireVideo},
    playlists::Playlist,
    schema::Fields,
    search::Searcher,
    store::{self, NewVideo, Revision},
};

/// A video of `tube.example` with the given title; the UUID follows from the title.
pub fn video(name: &str) -> VideoDocument {
    let record = json!({
        "uuid": uuid_of(name), "name": name, "privacy": {"id": 1}, "duration": 60,
        "publishedAt": "2026-01-01T00:00:00.000Z", "createdAt": "2026-01-01T00:00:00.000Z",
        "account": {"name": "ada", "displayName": "Ada", "host": "tube.example"},
        "channel": {"name": "films", "displayName": "Films", "host": "tube.example"},
    });
    let wire: WireVideo = serde_json::from_value(record).unwrap();
    ingest::read(&tube(), &wire, FakeClock::default().now()).unwrap()
}

/// A channel of `tube.example` with the given name; its handle follows from that.
pub fn channel(display_name: &str) -> Channel {
    let record = json!({
        "name": display_name.to_lowercase().replace(' ', "_"), "displayName": display_name, "host": "tube.example",
        "avatars": [{"path": "/lazy-static/avatars/a.png", "width": 48}], "createdAt": "2026-01-01T00:00:00.000Z",
        "ownerAccount": {"name": "ada", "displayName": "Ada", "host": "tube.example"},
    });
    ingest::read_channel(&tube(), &serde_json::from_value(record).unwrap(), FakeClock::default().now()).unwrap()
}

/// A playlist of `tube.example` with the given name; the UUID follows from that.
pub fn playlist(display_name: &str) -> Playlist {
    let record = json!({
        "uuid": uuid_of(display_name), "displayName": display_name, "privacy": {"id": 1}, "videosLength": 3,
        "type": {"id": 1, "label": "Regular"}, "createdAt": "2026-01-01T00:00:00.000Z",
        "thumbnailPath": "/lazy-static/thumbnails/p.jpg",
        "ownerAccount": {"name": "ada", "displayName": "Ada", "host": "tube.example"},
        "videoChannel": {"name": "films", "displayName": "Films", "host": "tube.example"},
    });
    ingest::read_playlist(&tube(), &serde_json::from_value(record).unwrap(), FakeClock::default().now()).unwrap()
}

fn tube() -> Origin {
    Origin::parse("tube.example", false).unwrap()
}

fn uuid_of(name: &str) -> Uuid {
    Uuid::from_u128(name.bytes().fold(1, |sum: u128, byte| sum.wrapping_mul(257).wrapping_add(byte.into())))
}

/// Real metadata of about fifty videos of made-up hosts, in the shape of PeerTube's API.
pub fn fixture() -> Vec<VideoDocument> {
    include_str!("../fixtures/videos.ndjson").lines().map(read_record).collect()
}

fn read_record(line: &str) -> VideoDocument {
    let record: Value = serde_json::from_str(line).unwrap();
    let origin = Origin::parse(record["account"]["host"].as_str().unwrap(), false).unwrap();
    let wire: WireVideo = serde_json::from_value(record.clone()).unwrap();
    let detail: WireDetail = serde_json::from_value(record).unwrap();
    let mut video = ingest::read(&origin, &wire, FakeClock::default().now()).unwrap();
    ingest::complete(&mut video, &detail).unwrap();
    video
}

/// Captions in English of one passage, which begins after half a minute.
pub fn caption(text: &str) -> Caption {
    let passages = vec![Passage { start_s: 30, text: text.to_owned() }];
    Caption { language: "en".to_owned(), label: "English".to_owned(), is_automatic: true, passages }
}

/// Writes videos into the database and an index in memory, and gives what answers searches in them.
pub async fn searcher_over(db: &Db, videos: &[VideoDocument]) -> Searcher {
    searcher_over_captions(db, videos, &[]).await
}

/// The same, with captions for some of the videos.
pub async fn searcher_over_captions(db: &Db, videos: &[VideoDocument], spoken: &[(Uuid, Caption)]) -> Searcher {
    let epoch = save_videos(db, videos, spoken).await;
    searcher_on(db, VideoIndex::in_memory(&epoch).unwrap()).await
}

/// Writes videos with their captions into the database, and gives what identifies it.
pub(crate) async fn save_videos(db: &Db, videos: &[VideoDocument], spoken: &[(Uuid, Caption)]) -> String {
    let mut tx = db.begin().await.unwrap();
    let epoch = store::initialise(&mut tx, "epoch").await.unwrap().epoch;
    let revision = store::next_revision(&mut tx).await.unwrap();
    for video in videos {
        let (listing_hash, content_hash) = (ingest::listing_hash(video), ingest::content_hash(video));
        let row = NewVideo {
            document: video,
            listing_hash: &listing_hash,
            content_hash: &content_hash,
            detailed_at: None,
            pass: 1,
        };
        store::save(&mut tx, &row, revision).await.unwrap();
        for due in captions::store::due(&mut tx, &video.host, 1_000).await.unwrap() {
            for (_, caption) in spoken.iter().filter(|(uuid, _)| *uuid == due.uuid) {
                captions::store::save(&mut tx, due.id, caption, "source").await.unwrap();
            }
        }
    }
    tx.commit().await.unwrap();
    epoch
}

/// Fills an engine from the database, and gives what answers searches in it.
pub(crate) async fn searcher_on(db: &Db, engine: impl Into<SharedEngine>) -> Searcher {
    let engine = engine.into();
    let (_, fields) = Fields::build();
    let after = engine.position().await.unwrap();
    let changes = store::changes_after(&mut db.read().await.unwrap(), after, 1_000).await.unwrap();
    let position = changes.last().map(|change| change.position).unwrap_or_default();
    let entries = changes.into_iter().map(|change| {
        let video = change.document.unwrap();
        Change::Put(change.id, Box::new(fields.entry(change.id, &video, &change.captions)))
    });
    engine.apply(entries.collect(), position).await.unwrap();
    Searcher::new(db.clone(), engine, std::sync::Arc::new(FakeClock::default()))
}

/// Where instances and people say whether they want to be found; newcomers are not accepted.
pub fn consent_desk(platform: &Platform) -> ConsentDesk {
    ConsentDesk::new(platform, false)
}

/// Writes channels and playlists into the database and indexes in memory, which go on following the database.
pub async fn collections_over(platform: &Platform, channels: &[Channel], playlists: &[Playlist]) -> Collections {
    let epoch = save_channels_and_playlists(platform, channels, playlists).await;
    let index = || VideoIndex::in_memory(&epoch).unwrap();
    let collections = Collections::over(platform, index(), index());
    collections.catch_up().await.unwrap();
    collections
}

/// Writes channels and playlists into the database, and gives what identifies it.
pub(crate) async fn save_channels_and_playlists(
    platform: &Platform,
    channels: &[Channel],
    playlists: &[Playlist],
) -> String {
    let mut tx = platform.db.begin().await.unwrap();
    let epoch = store::initialise(&mut tx, "epoch").await.unwrap().epoch;
    let revision = store::next_revision(&mut tx).await.unwrap();
    save_collections(&mut tx, channels, 1, revision).await;
    save_collections(&mut tx, playlists, 1, revision).await;
    tx.commit().await.unwrap();
    epoch
}

pub(crate) async fn save_collections<C: Collection>(tx: &mut Tx, documents: &[C], pass: i64, revision: Revision) {
    for document in documents {
        let (name, content_hash) = (document.name(), ingest::content_hash(document));
        let host = document.findable().host.to_owned();
        let new = NewCollection { name, document: document.clone(), content_hash };
        collection_rows::save(tx, &host, &new, pass, revision).await.unwrap();
    }
}
