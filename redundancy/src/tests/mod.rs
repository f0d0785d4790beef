//! What mirrors promise, through the role's public door and against an origin on the network.

mod interruption;
mod origin;
mod stage;
mod upkeep;

use crate::{Config, MirrorState};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use origin::{INIT_BYTES, MEDIA_BYTES};
use stage::Stage;

#[tokio::test]
async fn a_video_is_copied_completely_served_and_announced() {
    let stage = Stage::new().await;
    let source = stage.origin.publish(1, 1);
    let uuid = stage.receive(source).await;
    stage.work().await;

    assert_eq!(stage.summary(uuid).await, "complete");
    let copy = stage.copy(uuid).await.unwrap();
    assert_eq!(copy.origin_playlist_url, "http://origin.test/hls/1-v1-master.m3u8");
    assert_eq!(copy.master_path, format!("/static/redundancy/hls/{uuid}/1-v1-master.m3u8"));
    assert_eq!(copy.segments_sha256_path, format!("/static/redundancy/hls/{uuid}/1-v1-sha256.json"));
    for name in [
        "1-v1-master.m3u8",
        "1-v1-sha256.json",
        "1-240-v1.m3u8",
        "1-480-v1.m3u8",
        "1-240-fragmented.mp4",
        "1-480-fragmented.mp4",
        "preview.jpg",
    ] {
        let (response, body) = stage.get(&format!("{}/{name}", copy.base_path)).await;
        assert_eq!(response.status(), StatusCode::OK, "{name}");
        assert_eq!(body, stage.origin.content(name), "{name}");
    }
    let announced = stage.host.announced.lock().unwrap().clone();
    assert_eq!(announced.len(), 1);
    assert_eq!(announced[0].base_url.as_str(), format!("http://alpha.test/static/redundancy/hls/{uuid}"));
    assert_eq!(announced[0].id.as_str(), format!("http://alpha.test/redundancy/streaming-playlists/hls/{uuid}"));
    assert_eq!(announced[0].account_url, "http://origin.test/accounts/alice");
    assert!(!stage.staging(uuid).exists());
}

#[tokio::test]
async fn players_of_other_servers_read_ranges() {
    let stage = Stage::new().await;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;

    let path = format!("/static/redundancy/hls/{uuid}/1-480-fragmented.mp4");
    let request = Request::get(&path).header(header::RANGE, "bytes=100-199").body(Body::empty()).unwrap();
    let (response, body) = stage.send(request).await;
    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_eq!(body, stage.origin.content("1-480-fragmented.mp4").slice(100..200));
    let (preflight, _) = stage.send(Request::options(&path).body(Body::empty()).unwrap()).await;
    assert_eq!(preflight.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "Range");
}

#[tokio::test]
async fn a_picture_that_is_none_is_left_out() {
    let stage = Stage::new().await;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    let pictures = stage.copy(uuid).await.unwrap().pictures;
    assert_eq!(pictures.len(), 1, "{pictures:?}");
}

#[tokio::test]
async fn one_flipped_bit_is_refused() {
    let stage = Stage::new().await;
    let source = stage.origin.publish(1, 1);
    stage.origin.edit(|shelf| shelf.flip = Some(("1-480-fragmented.mp4".to_owned(), 50_000, usize::MAX)));
    let uuid = stage.receive(source).await;
    stage.work().await;

    assert_eq!(
        stage.summary(uuid).await,
        "bytes 40700-80699 of 1-480-fragmented.mp4 are not those that the origin's hash list promises"
    );
    assert_eq!(stage.mirror(uuid).await.unwrap().state, MirrorState::Failed);
    assert_eq!(stage.copy(uuid).await, None);
    assert_eq!(stage.stored(uuid).await, Vec::<String>::new());
    assert!(!stage.staging(uuid).exists());
    assert_eq!(stage.used_bytes().await, 0);
    assert_eq!(stage.host.announced.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_bit_that_flipped_on_the_way_is_fetched_again() {
    let stage = Stage::new().await;
    let source = stage.origin.publish(1, 1);
    stage.origin.edit(|shelf| shelf.flip = Some(("1-480-fragmented.mp4".to_owned(), 50_000, 1)));
    let uuid = stage.receive(source).await;
    stage.work().await;

    assert_eq!(stage.summary(uuid).await, "complete");
    let (init, whole) = (INIT_BYTES as u64, MEDIA_BYTES);
    assert_eq!(stage.origin.take_media_requests("1-480-fragmented.mp4"), [init..whole, 40_700..whole]);
}

#[tokio::test]
async fn an_origin_that_lies_about_its_sizes_is_refused_before_it_can_send_much() {
    let stage = Stage::new().await;
    let mut source = stage.origin.publish(1, 1);
    source.files[1].size_bytes = 10_000;
    let uuid = stage.receive(source).await;
    stage.work().await;

    let name = "1-480-fragmented.mp4";
    assert_eq!(
        stage.summary(uuid).await,
        format!("the origin declares 10000 bytes for {name}, but its playlist covers {MEDIA_BYTES}")
    );
    assert_eq!(stage.origin.take_media_requests(name), []);
}

#[tokio::test]
async fn names_that_lead_out_of_the_folder_are_refused() {
    for (playlist, name) in [("1-v1-master.m3u8", "1-240-v1.m3u8"), ("1-240-v1.m3u8", "1-240-fragmented.mp4")] {
        let stage = Stage::new().await;
        let source = stage.origin.publish(1, 1);
        stage.origin.replace_in(playlist, name, "../../../../etc/passwd");
        let uuid = stage.receive(source).await;
        stage.work().await;
        assert_eq!(
            stage.summary(uuid).await,
            "a playlist of the origin names `../../../../etc/passwd`, which is no file beside it"
        );
        assert_eq!(stage.stored(uuid).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn only_files_of_complete_copies_are_served() {
    let stage = Stage::new().await;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    for path in [
        format!("/static/redundancy/hls/{uuid}/nothing.mp4"),
        format!("/static/redundancy/hls/{uuid}/..%2f..%2fshoal.sqlite3"),
        format!("/static/redundancy/hls/{uuid}/%2e%2e"),
        "/static/redundancy/hls/00000000-0000-0000-0000-000000000000/1-v1-master.m3u8".to_owned(),
        "/static/redundancy/hls/../x".to_owned(),
    ] {
        assert_eq!(stage.get(&path).await.0.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn an_origin_without_ranges_is_refused() {
    let stage = Stage::new().await;
    let source = stage.origin.publish(1, 1);
    stage.origin.edit(|shelf| shelf.ignores_ranges = true);
    let uuid = stage.receive(source).await;
    stage.work().await;
    assert_ne!(stage.summary(uuid).await, "complete");
    assert_eq!(stage.copy(uuid).await, None);
}

#[tokio::test]
async fn a_server_that_does_not_mirror_copies_nothing() {
    let stage = Stage::with(Config::default()).await;
    let uuid = stage.receive(stage.origin.publish(1, 1)).await;
    stage.work().await;
    assert!(stage.mirror(uuid).await.is_none());
    assert!(stage.origin.edit(|shelf| shelf.requests.is_empty()));
}
