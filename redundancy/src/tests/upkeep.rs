//! What becomes of copies and of videos that were skipped.

use std::time::Duration;

use crate::{MirrorState, policy::reservation};
use platform::storage::Key;

use super::{origin::MEDIA_BYTES, stage::Stage};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn the_budget_is_kept_and_what_was_skipped_is_copied_when_there_is_room() {
    let stage = Stage::with_budget(reservation(2 * MEDIA_BYTES) + 100_000).await;
    let first = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    let second = stage.receive(stage.origin.publish(2, 1)).await;
    stage.work().await;

    assert_eq!(stage.summary(first).await, "complete");
    assert_eq!(stage.mirror(second).await.unwrap().state, MirrorState::Skipped);
    assert_eq!(
        stage.summary(second).await,
        "skipped: the budget of 4.6 MB has 4.1 MB left, and this video takes 4.5 MB"
    );
    assert_eq!(stage.stored(second).await, Vec::<String>::new());

    stage.forget(first).await;
    stage.work().await;
    stage.work_after(HOUR).await;
    assert_eq!(stage.summary(second).await, "complete");
}

#[tokio::test]
async fn a_video_that_was_missed_is_found_by_the_hourly_check() {
    let stage = Stage::new().await;
    let source = stage.origin.publish(1, 1);
    let uuid = source.uuid;
    stage.host.videos.lock().unwrap().insert(uuid, source);
    stage.work_after(HOUR).await;
    assert_eq!(stage.summary(uuid).await, "complete");
}

#[tokio::test]
async fn a_failed_video_gets_a_second_chance() {
    let stage = Stage::new().await;
    let source = stage.origin.publish(1, 1);
    stage.origin.edit(|shelf| shelf.flip = Some(("1-480-fragmented.mp4".to_owned(), 50_000, usize::MAX)));
    let uuid = stage.receive(source).await;
    stage.work().await;
    stage.origin.edit(|shelf| shelf.flip = None);

    stage.work_after(HOUR).await;
    assert_eq!(stage.mirror(uuid).await.unwrap().state, MirrorState::Failed);
    stage.work_after(6 * HOUR).await;
    assert_eq!(stage.summary(uuid).await, "complete");
}

#[tokio::test]
async fn a_deleted_video_is_gone_with_all_its_files() {
    let stage = Stage::new().await;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    stage.forget(uuid).await;

    let path = format!("/static/redundancy/hls/{uuid}/1-v1-master.m3u8");
    assert_eq!(stage.get(&path).await.0.status(), 404, "at once");
    stage.work().await;
    assert_eq!(stage.stored(uuid).await, Vec::<String>::new());
    assert!(stage.mirror(uuid).await.is_none());
    assert_eq!(stage.used_bytes().await, 0);
    assert_eq!(stage.host.withdrawn.lock().unwrap().len(), 0, "nobody is left to be told");
}

#[tokio::test]
async fn a_copy_outlives_its_origin() {
    let stage = Stage::new().await;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    stage.host.videos.lock().unwrap().clear();
    stage.origin.edit(|shelf| shelf.files.clear());
    let mut tx = stage.test.platform.db.begin().await.unwrap();
    crate::consider(&mut tx, stage.test.platform.clock.now(), uuid).await.unwrap();
    tx.commit().await.unwrap();
    stage.work_after(30 * 24 * HOUR).await;

    assert_eq!(stage.summary(uuid).await, "complete");
    let path = stage.copy(uuid).await.unwrap().master_path;
    assert_eq!(stage.get(&path).await.0.status(), 200);
}

#[tokio::test]
async fn a_copy_given_back_is_withdrawn_from_its_origin() {
    let stage = Stage::new().await;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    stage.host.videos.lock().unwrap().clear();
    let platform = &stage.test.platform;
    let mut tx = platform.db.begin().await.unwrap();
    crate::withdraw(&mut tx, platform.clock.now(), platform, &*stage.host, uuid).await.unwrap();
    tx.commit().await.unwrap();
    stage.work().await;

    assert_eq!(*stage.host.withdrawn.lock().unwrap(), *stage.host.announced.lock().unwrap());
    assert_eq!(stage.stored(uuid).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_changed_video_is_copied_again_while_the_old_copy_is_served() {
    let stage = Stage::new().await;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    let old = stage.copy(uuid).await.unwrap().master_path;
    stage.origin.take_media_requests("1-480-fragmented.mp4");

    let changed = stage.origin.publish(1, 2);
    stage.origin.edit(|shelf| shelf.broken = Some("1-v2-sha256.json".to_owned()));
    stage.receive(changed).await;
    stage.work().await;
    assert_eq!(stage.get(&old).await.0.status(), 200);

    stage.origin.edit(|shelf| shelf.broken = None);
    stage.test.clock.advance(HOUR);
    stage.work().await;
    let new = stage.copy(uuid).await.unwrap().master_path;
    assert!(new.ends_with("/1-v2-master.m3u8"));
    assert_eq!(stage.get(&new).await.0.status(), 200);
    assert_eq!(stage.get(&old).await.0.status(), 404);
    assert!(!stage.stored(uuid).await.contains(&"1-v1-master.m3u8".to_owned()));
    assert_eq!(stage.origin.take_media_requests("1-480-fragmented.mp4"), [], "its media did not change");
}

#[tokio::test]
async fn a_damaged_file_is_found_and_only_it_is_fetched_again() {
    let stage = Stage::new().await;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    stage.origin.take_media_requests("1-240-fragmented.mp4");
    stage.origin.take_media_requests("1-480-fragmented.mp4");
    let damaged = "1-480-fragmented.mp4";
    let key = Key::new(format!("redundancy/hls/{uuid}/{damaged}")).unwrap();
    let mut bytes = stage.origin.content(damaged).to_vec();
    bytes[99_999] ^= 1;
    stage.test.platform.storage.put_bytes(&key, bytes).await.unwrap();

    stage.work_after(HOUR).await;
    assert_eq!(stage.origin.take_media_requests(damaged), [], "it is not time yet");
    stage.work_after(8 * 24 * HOUR).await;
    assert_eq!(stage.summary(uuid).await, "complete");
    assert_eq!(stage.origin.take_media_requests(damaged).len(), 1);
    assert_eq!(stage.origin.take_media_requests("1-240-fragmented.mp4"), []);
    assert_eq!(stage.get(&format!("/static/redundancy/hls/{uuid}/{damaged}")).await.1, stage.origin.content(damaged));
}

#[tokio::test]
async fn an_intact_copy_is_checked_and_noted() {
    let stage = Stage::new().await;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    stage.work_after(8 * 24 * HOUR).await;
    let verified_at = stage.copy(uuid).await.unwrap().verified_at;
    assert_eq!(verified_at, Some(stage.test.platform.clock.now()));
}

#[tokio::test]
async fn a_copy_under_repair_keeps_its_room() {
    let stage = Stage::new().await;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    let (mirror, before) = (stage.mirror(uuid).await.unwrap(), stage.used_bytes().await);
    let platform = &stage.test.platform;
    let mut tx = platform.db.begin().await.unwrap();
    crate::store::take_out_of_service(&mut tx, mirror.id, "a file was damaged", platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stage.copy(uuid).await, None);
    assert_eq!(stage.used_bytes().await, before);
}

#[tokio::test]
async fn a_video_that_was_never_copied_is_forgotten_without_work() {
    let stage = Stage::new().await;
    stage.forget(stage.origin.publish(1, 1).uuid).await;
    let mut connection = stage.test.platform.db.read().await.unwrap();
    assert_eq!(platform::jobs::unfinished(&mut connection).await.unwrap(), []);
}
