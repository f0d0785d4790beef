//! What a crawl makes of the captions of an instance's videos.

use super::*;
use crate::{
    captions::{Caption, store as rows},
    document::VideoId,
    index::Position,
    store,
};

pub(super) async fn list(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let mut instance = shared.lock().unwrap();
    instance.caption_requests.push(format!("list of {id}"));
    if let Some(status) = instance.captions_answer {
        return status.into_response();
    }
    let captions = instance.captions.get(&id).cloned().unwrap_or_default();
    Json(json!({"total": captions.len(), "data": captions})).into_response()
}

pub(super) async fn file(State(shared): State<Shared>, Path(file): Path<String>) -> Response {
    let mut instance = shared.lock().unwrap();
    instance.caption_requests.push(file.clone());
    match instance.files.get(&file) {
        Some(text) => text.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn caption(language: &str, file: &str) -> Value {
    json!({
        "language": {"id": language, "label": language}, "automaticallyGenerated": true,
        "captionPath": format!("/captions/{file}"), "updatedAt": "2026-01-01T00:00:00.000Z",
    })
}

/// An instance with two videos, one of them with captions in two languages.
async fn scene() -> Scene {
    let scene = Scene::with(&["Whales", "Dolphins"]).await;
    scene.change(|instance| {
        instance.captions.insert(uuid_of("Whales").to_string(), vec![caption("en", "a.vtt"), caption("fr", "b.vtt")]);
        instance.files.insert("a.vtt".into(), "WEBVTT\n\n00:05.000 --> 00:06.000\nThere she blows\n".into());
        instance.files.insert("b.vtt".into(), "WEBVTT\n\n00:05.000 --> 00:06.000\nLa voilà\n".into());
    });
    scene.add().await;
    scene
}

impl Scene {
    /// What is handed to an index that knows nothing yet.
    async fn captions(&self) -> Vec<(VideoId, Vec<Caption>)> {
        let mut conn = self.platform.platform.db.read().await.unwrap();
        let changes = store::changes_after(&mut conn, Position::default(), 100).await.unwrap();
        changes.into_iter().filter(|it| !it.captions.is_empty()).map(|it| (it.id, it.captions)).collect()
    }

    fn caption_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.instance.lock().unwrap().caption_requests)
    }

    /// Long enough for the details of every video to be read anew.
    async fn crawl_much_later(&self) {
        self.platform.clock.advance(Duration::from_hours(24 * 8));
        self.crawl_again().await;
    }
}

fn said(caption: &Caption) -> Vec<(u32, &str)> {
    caption.passages.iter().map(|passage| (passage.start_s, passage.text.as_str())).collect()
}

#[tokio::test]
async fn captions_are_read_after_the_videos_and_handed_to_the_index() {
    let scene = scene().await;
    let captions = scene.captions().await.remove(0).1;
    assert_eq!(captions.iter().map(|caption| caption.language.as_str()).collect::<Vec<_>>(), ["en", "fr"]);
    assert_eq!(said(&captions[0]), [(5, "There she blows")]);
    assert!(captions[0].is_automatic);
    assert_eq!(scene.names("whales").await, ["Whales"]);
}

#[tokio::test]
async fn what_has_not_changed_is_not_fetched_again() {
    let scene = scene().await;
    assert_eq!(scene.caption_requests().len(), 4, "two lists and two files");
    scene.crawl_again().await;
    assert!(scene.caption_requests().is_empty());
    scene.crawl_much_later().await;
    assert_eq!(scene.caption_requests().len(), 2, "the lists");
    scene.crawl_again().await;
    assert!(scene.caption_requests().is_empty());
}

#[tokio::test]
async fn changed_captions_are_read_anew_and_removed_ones_go() {
    let scene = scene().await;
    let before = scene.captions().await.remove(0).0;
    scene.change(|instance| {
        instance.captions.insert(uuid_of("Whales").to_string(), vec![caption("en", "c.vtt")]);
        instance.files.insert("c.vtt".into(), "00:07.000 --> 00:08.000\nA fluke\n".into());
    });
    scene.crawl_much_later().await;
    let (id, captions) = scene.captions().await.remove(0);
    assert_eq!((id, captions.len(), said(&captions[0])), (before, 1, vec![(7, "A fluke")]));
}

#[tokio::test]
async fn captions_go_with_their_video() {
    let scene = scene().await;
    let id = scene.captions().await.remove(0).0;
    scene.change(|instance| drop(instance.videos.remove(0)));
    scene.crawl_again().await;
    let mut conn = scene.platform.platform.db.read().await.unwrap();
    assert!(rows::of_videos(&mut conn, &[id]).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_instance_that_has_no_captions_or_fails_on_them_is_indexed_all_the_same() {
    for status in [StatusCode::NOT_FOUND, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::TOO_MANY_REQUESTS] {
        let scene = Scene::with(&["Whales"]).await;
        scene.change(|instance| instance.captions_answer = Some(status));
        scene.add().await;
        assert_eq!(scene.status().await.state, HostState::Indexed, "{status}");
        assert_eq!(scene.names("whales").await, ["Whales"], "{status}");
    }
}

#[tokio::test]
async fn captions_that_cannot_be_read_any_more_stay() {
    let scene = scene().await;
    scene.change(|instance| instance.captions_answer = Some(StatusCode::BAD_GATEWAY));
    scene.crawl_much_later().await;
    assert_eq!(scene.captions().await.remove(0).1.len(), 2);
}

#[tokio::test]
async fn only_so_many_videos_are_asked_in_one_crawl() {
    let config = Config { requests_per_second: 1_000.0, captions_per_crawl: 2, ..Config::default() };
    let scene = Scene::configured(&["One", "Two", "Three", "Four", "Five"], config).await;
    scene.add().await;
    assert_eq!(scene.caption_requests().len(), 2);
    for _ in 0..3 {
        scene.crawl_again().await;
    }
    assert_eq!(scene.caption_requests().len(), 3, "each video once");
}
