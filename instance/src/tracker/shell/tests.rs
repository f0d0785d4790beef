use platform::testing::TestPlatform;
use serde_json::json;

use super::*;
use crate::{App, tracker::tests::percent_encoded, videos};

/// A tracker, and the name of a swarm that it knows.
async fn tracker() -> (TestPlatform, App, Tracker, InfoHash) {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let mut connection = test.platform.db.read().await.unwrap();
    let playlist = videos::store::playlist(&mut connection, video.id).await.unwrap().unwrap();
    drop(connection);
    let tracker = app.tracker.clone().unwrap();
    (test, app, tracker, p2p::infohash::v1(&playlist.playlist_url, 0))
}

fn announce(info_hash: InfoHash, peer: u8, offers: usize) -> String {
    let offers: Vec<_> = (0..offers)
        .map(|number| json!({ "offer_id": format!("the-offer-number-00{number}"), "offer": { "type": "offer", "sdp": "v=0" } }))
        .collect();
    let peer_id = format!("-PM0202-peer-number{peer}");
    json!({ "action": "announce", "info_hash": info_hash.to_latin1(), "peer_id": peer_id, "offers": offers })
        .to_string()
}

fn browser(tracker: &Tracker, last_octet: u8) -> Admission {
    tracker.open([192, 0, 2, last_octet].into()).unwrap()
}

/// Sockets of browsers, their peers, and the peers of download clients.
fn sizes(tracker: &Tracker) -> [usize; 3] {
    let swarms = tracker.lock();
    [swarms.browsers.size().0, swarms.browsers.peers(), swarms.downloaders.size().0]
}

#[tokio::test]
async fn a_viewer_that_does_not_keep_up_is_out_of_its_swarms() {
    let (_test, _app, tracker, swarm) = tracker().await;
    let (mut slow, mut eager) = (browser(&tracker, 1), browser(&tracker, 2));
    slow.receive(&announce(swarm, 1, 0)).await;
    eager.receive(&announce(swarm, 2, 0)).await;
    eager.next_message().await.unwrap();
    // One message waits for the slow one already: the answer to its announcement.
    for _ in 1..QUEUE {
        eager.receive(&announce(swarm, 2, 1)).await;
        eager.next_message().await.unwrap();
    }
    assert_eq!(sizes(&tracker), [2, 2, 0]);
    eager.receive(&announce(swarm, 2, 1)).await;
    assert_eq!(sizes(&tracker), [1, 1, 0]);
    let mut waiting = 0;
    while slow.next_message().await.is_some() {
        waiting += 1;
    }
    assert_eq!(waiting, QUEUE);
}

#[tokio::test]
async fn a_connection_that_never_became_a_socket_leaves_nothing() {
    let (_test, _app, tracker, _) = tracker().await;
    drop(browser(&tracker, 1));
    assert_eq!(sizes(&tracker), [0, 0, 0]);
    assert!(tracker.lock().queues.is_empty());
}

#[tokio::test]
async fn a_peer_that_is_silent_for_twenty_minutes_is_forgotten() {
    let (test, _app, tracker, swarm) = tracker().await;
    let viewer = browser(&tracker, 1);
    viewer.receive(&announce(swarm, 1, 0)).await;
    let query = format!("info_hash={}&peer_id=-TR4000-abcdefghijkl&port=6881", percent_encoded(swarm));
    tracker.announce([192, 0, 2, 3].into(), &query).await.unwrap();
    tracker.tick();
    assert_eq!(sizes(&tracker), [1, 1, 1]);
    test.clock.advance(Duration::from_mins(20));
    tracker.tick();
    assert_eq!(sizes(&tracker), [1, 0, 0]);
}

#[tokio::test]
async fn the_viewers_of_a_replaced_stream_meet_in_its_place() {
    let (test, app, _, before) = tracker().await;
    let now = test.platform.clock.now();
    let mut tx = test.platform.db.begin().await.unwrap();
    let video = videos::store::list(&mut tx, &videos::ListQuery::default()).await.unwrap().remove(0);
    let url = "http://alpha.test/static/streaming-playlists/hls/x/y-master.m3u8";
    let file = videos::VideoFile {
        resolution: 720,
        width: Some(1280),
        height: Some(720),
        fps: 30,
        size_bytes: 1,
        file_url: url.to_owned(),
        has_audio: false,
        has_video: true,
        links: videos::model::FileLinks::default(),
    };
    let sound = videos::VideoFile { has_audio: true, has_video: false, ..file.clone() };
    let playlist = videos::store::NewPlaylist {
        playlist_url: url.to_owned(),
        segments_sha256_url: None,
        files: vec![file, sound],
    };
    videos::store::replace_playlist(&mut tx, video.id, &playlist, now).await.unwrap();
    tx.commit().await.unwrap();

    let swarms = p2p::infohash::of_playlist(url, 2, true);
    let tracker = Tracker::new(&app.platform);
    assert_eq!(tracker.inner.ours.among(&swarms).await.unwrap().len(), swarms.len());
    assert!(tracker.inner.ours.among(&[before]).await.unwrap().is_empty());

    let mut tx = test.platform.db.begin().await.unwrap();
    videos::store::delete(&mut tx, video.id).await.unwrap();
    tx.commit().await.unwrap();
    let tracker = Tracker::new(&app.platform);
    assert!(tracker.inner.ours.among(&swarms).await.unwrap().is_empty());
}
