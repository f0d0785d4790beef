use platform::{clock::Clock, clock::FakeClock, db::Db, testing::TestDatabase};

use super::*;
use crate::{ingest, testing::video};

const HOST: &str = "tube.example";

async fn database() -> TestDatabase {
    let database = TestDatabase::new().await;
    let mut tx = database.db.begin().await.unwrap();
    initialise(&mut tx, "epoch").await.unwrap();
    tx.commit().await.unwrap();
    database
}

async fn save_video(db: &Db, video: &VideoDocument, pass: i64) {
    let mut tx = db.begin().await.unwrap();
    let revision = next_revision(&mut tx).await.unwrap();
    let (listing_hash, content_hash) = (ingest::listing_hash(video), ingest::content_hash(video));
    let new =
        NewVideo { document: video, listing_hash: &listing_hash, content_hash: &content_hash, detailed_at: None, pass };
    save(&mut tx, &new, revision).await.unwrap();
    tx.commit().await.unwrap();
}

async fn changes(db: &Db, after: Position) -> Vec<ChangedVideo> {
    changes_after(&mut db.read().await.unwrap(), after, 100).await.unwrap()
}

#[tokio::test]
async fn a_database_keeps_its_identity() {
    let database = database().await;
    let mut tx = database.db.begin().await.unwrap();
    let state = initialise(&mut tx, "another").await.unwrap();
    assert_eq!((state.epoch.as_str(), state.revision, state.forgotten_revision), ("epoch", 0, 0));
}

#[tokio::test]
async fn changes_come_in_order_and_once() {
    let database = database().await;
    let (first, second) = (video("First"), video("Second"));
    save_video(&database.db, &first, 1).await;
    save_video(&database.db, &second, 1).await;
    let renamed = VideoDocument { name: "First again".to_owned(), ..first.clone() };
    save_video(&database.db, &renamed, 1).await;

    let all = changes(&database.db, Position::default()).await;
    let names: Vec<_> = all.iter().map(|change| change.document.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(names, ["Second", "First again"]);
    assert!(changes(&database.db, all[1].position).await.is_empty());
}

#[tokio::test]
async fn what_is_known_is_read_back_as_it_was_written() {
    let database = database().await;
    let video = video("First");
    save_video(&database.db, &video, 1).await;
    let mut conn = database.db.read().await.unwrap();
    let known = known(&mut conn, HOST, &[video.uuid, Uuid::nil()]).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(known[&video.uuid].document, video);
    assert_eq!(known[&video.uuid].content_hash, ingest::content_hash(&video));
    assert_eq!(count(&mut conn, HOST).await.unwrap(), 1);
    assert_eq!(count(&mut conn, "other.example").await.unwrap(), 0);
}

#[tokio::test]
async fn what_a_pass_did_not_see_is_removed_and_told() {
    let database = database().await;
    let (kept, gone) = (video("Kept"), video("Gone"));
    save_video(&database.db, &kept, 1).await;
    save_video(&database.db, &gone, 1).await;
    let now = FakeClock::default().now();

    let mut tx = database.db.begin().await.unwrap();
    mark_seen(&mut tx, HOST, &[kept.uuid], 2).await.unwrap();
    assert_eq!(unseen(&mut tx, HOST, 2, 10).await.unwrap(), [gone.uuid]);
    let revision = next_revision(&mut tx).await.unwrap();
    assert_eq!(remove_unseen(&mut tx, HOST, 2, now, revision).await.unwrap(), 1);
    tx.commit().await.unwrap();

    let all = changes(&database.db, Position::default()).await;
    assert_eq!(all.iter().map(|change| change.document.is_some()).collect::<Vec<_>>(), [true, false]);
    let mut conn = database.db.read().await.unwrap();
    let ids: Vec<_> = all.iter().map(|change| change.id).collect();
    assert_eq!(documents(&mut conn, &ids).await.unwrap().len(), 1);
    assert!(documents(&mut conn, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn forgetting_a_removal_is_remembered() {
    let database = database().await;
    save_video(&database.db, &video("Gone"), 1).await;
    let clock = FakeClock::default();
    let mut tx = database.db.begin().await.unwrap();
    let revision = next_revision(&mut tx).await.unwrap();
    remove_unseen(&mut tx, HOST, 2, clock.now(), revision).await.unwrap();
    assert_eq!(forget_removed(&mut tx, clock.now()).await.unwrap(), 0);
    clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(forget_removed(&mut tx, clock.now()).await.unwrap(), 1);
    let state = state(&mut tx).await.unwrap();
    assert_eq!((state.revision, state.forgotten_revision), (2, 2));
    assert_eq!(forget_removed(&mut tx, clock.now()).await.unwrap(), 0);
    assert_eq!(super::state(&mut tx).await.unwrap(), state);
}
