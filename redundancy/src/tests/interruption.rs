//! A copy that is cut off goes on where it was.

use std::{ops::Range, time::Duration};

use super::{
    origin::{INIT_BYTES, MEDIA_BYTES, SEGMENT_BYTES},
    stage::Stage,
};

const FIRST: &str = "1-240-fragmented.mp4";
const SECOND: &str = "1-480-fragmented.mp4";
/// Longer than a lease of a job, and than the first waits after failures.
const A_WHILE: Duration = Duration::from_mins(10);

/// Runs jobs until the part file of `name` has this size, and then drops everything that runs, as `kill -9` would.
async fn work_until_killed(stage: &Stage, uuid: uuid::Uuid, name: &str, size: u64) {
    let part = stage.staging(uuid).join(format!("{name}.part"));
    let has_grown = async {
        while std::fs::metadata(&part).map_or(0, |file| file.len()) < size {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = stage.work() => panic!("the copy should have stalled"),
        grown = tokio::time::timeout(Duration::from_secs(10), has_grown) => grown.unwrap(),
    }
    stage.test.clock.advance(A_WHILE);
}

#[tokio::test]
async fn a_copy_goes_on_behind_its_last_checked_segment() {
    let stage = Stage::new().await;
    let source = stage.origin.publish(1, 1);
    let two_segments = (INIT_BYTES + 2 * SEGMENT_BYTES) as u64;
    stage.origin.edit(|shelf| shelf.stall = Some((SECOND.to_owned(), 2 * SEGMENT_BYTES + 17)));
    let uuid = stage.receive(source).await;
    work_until_killed(&stage, uuid, SECOND, two_segments).await;
    assert!(stage.copy(uuid).await.is_none());

    stage.origin.edit(|shelf| shelf.stall = None);
    stage.origin.take_media_requests(FIRST);
    stage.origin.take_media_requests(SECOND);
    stage.work().await;

    assert_eq!(stage.summary(uuid).await, "complete");
    assert_eq!(stage.origin.take_media_requests(FIRST), [], "the first file was complete");
    assert_eq!(stage.origin.take_media_requests(SECOND), vec![Range { start: two_segments, end: MEDIA_BYTES }]);
    let (_, body) = stage.get(&format!("/static/redundancy/hls/{uuid}/{SECOND}")).await;
    assert_eq!(body, stage.origin.content(SECOND));
}

#[tokio::test]
async fn a_torn_write_is_cut_off_and_fetched_again() {
    let stage = Stage::new().await;
    let source = stage.origin.publish(1, 1);
    let two_segments = (INIT_BYTES + 2 * SEGMENT_BYTES) as u64;
    stage.origin.edit(|shelf| shelf.stall = Some((SECOND.to_owned(), 2 * SEGMENT_BYTES)));
    let uuid = stage.receive(source).await;
    work_until_killed(&stage, uuid, SECOND, two_segments).await;

    let part = stage.staging(uuid).join(format!("{SECOND}.part"));
    let mut bytes = std::fs::read(&part).unwrap();
    bytes[INIT_BYTES + SEGMENT_BYTES + 5] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    stage.origin.edit(|shelf| shelf.stall = None);
    stage.origin.take_media_requests(SECOND);
    stage.work().await;

    assert_eq!(stage.summary(uuid).await, "complete");
    let one_segment = (INIT_BYTES + SEGMENT_BYTES) as u64;
    assert_eq!(stage.origin.take_media_requests(SECOND), vec![Range { start: one_segment, end: MEDIA_BYTES }]);
}

#[tokio::test]
async fn between_files_nothing_is_served_and_nothing_is_fetched_twice() {
    let stage = Stage::new().await;
    let source = stage.origin.publish(1, 1);
    stage.origin.edit(|shelf| shelf.broken = Some(SECOND.to_owned()));
    let uuid = stage.receive(source).await;
    stage.work().await;

    assert!(stage.summary(uuid).await.contains("will be tried again: origin.test answered 503"));
    assert_eq!(stage.stored(uuid).await, [FIRST]);
    let (response, _) = stage.get(&format!("/static/redundancy/hls/{uuid}/{FIRST}")).await;
    assert_eq!(response.status(), 404);

    stage.origin.edit(|shelf| shelf.broken = None);
    stage.origin.take_media_requests(FIRST);
    stage.test.clock.advance(A_WHILE);
    stage.work().await;
    assert_eq!(stage.summary(uuid).await, "complete");
    assert_eq!(stage.origin.take_media_requests(FIRST), []);
}

#[tokio::test]
async fn a_copy_is_complete_if_and_only_if_it_is_announced() {
    let stage = Stage::new().await;
    *stage.host.refuses_to_announce.lock().unwrap() = true;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    assert!(stage.copy(uuid).await.is_none());

    *stage.host.refuses_to_announce.lock().unwrap() = false;
    stage.test.clock.advance(A_WHILE);
    stage.work().await;
    assert!(stage.copy(uuid).await.is_some());
    assert_eq!(stage.host.announced.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_video_deleted_while_it_is_copied_leaves_nothing() {
    let stage = Stage::new().await;
    let source = stage.origin.publish(1, 1);
    stage.origin.edit(|shelf| shelf.stall = Some((SECOND.to_owned(), SEGMENT_BYTES)));
    let uuid = stage.receive(source).await;
    work_until_killed(&stage, uuid, SECOND, (INIT_BYTES + SEGMENT_BYTES) as u64).await;
    assert_eq!(stage.stored(uuid).await, [FIRST]);

    stage.forget(uuid).await;
    stage.work().await;
    assert_eq!(stage.stored(uuid).await, Vec::<String>::new());
    assert!(!stage.staging(uuid).exists());
    assert_eq!(stage.used_bytes().await, 0);
}
