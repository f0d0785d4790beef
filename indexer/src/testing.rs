//! What the tests of this crate and of the search site share.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "only tests call it")]

use platform::{
    Platform,
    clock::{Clock, FakeClock},
    db::Db,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    document::VideoDocument,
    hosts::{ConsentDesk, Origin},
    index::{Change, VideoIndex},
    ingest::{self, WireDetail, WireVideo},
    search::Searcher,
    store::{self, NewVideo},
};

/// A video of `tube.example` with the given title; the UUID follows from the title.
pub fn video(name: &str) -> VideoDocument {
    let uuid = Uuid::from_u128(name.bytes().fold(1, |sum: u128, byte| sum.wrapping_mul(257).wrapping_add(byte.into())));
    let record = serde_json::json!({
        "uuid": uuid, "name": name, "privacy": {"id": 1}, "duration": 60,
        "publishedAt": "2026-01-01T00:00:00.000Z", "createdAt": "2026-01-01T00:00:00.000Z",
        "account": {"name": "ada", "displayName": "Ada", "host": "tube.example"},
        "channel": {"name": "films", "displayName": "Films", "host": "tube.example"},
    });
    let wire: WireVideo = serde_json::from_value(record).unwrap();
    ingest::read(&Origin::parse("tube.example", false).unwrap(), &wire, FakeClock::default().now()).unwrap()
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

/// Writes videos into the database and an index in memory, and gives what answers searches in them.
pub async fn searcher_over(db: &Db, videos: &[VideoDocument]) -> Searcher {
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
    }
    tx.commit().await.unwrap();

    let index = VideoIndex::in_memory(&epoch).unwrap();
    let changes = store::changes_after(&mut db.read().await.unwrap(), index.position(), 1_000).await.unwrap();
    let position = changes.last().map(|change| change.position).unwrap_or_default();
    let entries = changes.into_iter().map(|change| {
        let video = change.document.unwrap();
        Change::Put(change.id, Box::new(index.fields().entry(change.id, &video)))
    });
    index.apply(entries.collect(), position).await.unwrap();
    Searcher::new(db.clone(), index, std::sync::Arc::new(FakeClock::default()))
}

/// Where instances and people say whether they want to be found; newcomers are not accepted.
pub fn consent_desk(platform: &Platform) -> ConsentDesk {
    ConsentDesk::new(platform, false)
}
