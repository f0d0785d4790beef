//! What a crawl makes of an instance's channels and playlists.

use super::*;
use crate::collections::{Collection, CollectionQuery};

pub(super) async fn list_channels(
    State(shared): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    page(&shared, &query, |instance| &instance.channels)
}

pub(super) async fn list_playlists(
    State(shared): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    page(&shared, &query, |instance| &instance.playlists)
}

fn page(shared: &Shared, query: &BTreeMap<String, String>, all: fn(&Instance) -> &Vec<Value>) -> Response {
    let instance = shared.lock().unwrap();
    assert_eq!((query["host"].as_str(), query["searchTarget"].as_str()), (HOST, "local"));
    if let Some(status) = instance.lists_answer {
        return status.into_response();
    }
    let number = |key: &str| query[key].parse::<usize>().unwrap();
    let listed: Vec<&Value> = all(&instance).iter().skip(number("start")).take(number("count")).collect();
    Json(json!({"total": all(&instance).len(), "data": listed})).into_response()
}

fn channel(name: &str, host: &str) -> Value {
    json!({
        "id": 5, "name": name, "displayName": format!("All about {name}"), "host": host, "followersCount": 4,
        "createdAt": "2026-01-01T00:00:00.000Z", "ownerAccount": {"id": 1, "name": "ada", "host": host},
    })
}

fn playlist(name: &str, privacy: i64) -> Value {
    json!({
        "id": 6, "uuid": uuid_of(name), "displayName": name, "privacy": {"id": privacy}, "videosLength": 2,
        "ownerAccount": {"id": 1, "name": "ada", "host": HOST}, "videoChannel": null,
    })
}

impl Scene {
    async fn channels(&self) -> Vec<String> {
        let query = CollectionQuery { count: 500, ..CollectionQuery::default() };
        let page = self.indexer.collections.channels.search(query).await.unwrap();
        let mut names: Vec<String> = page.hits.iter().map(|hit| hit.document.name()).collect();
        names.sort();
        names
    }

    async fn playlists(&self) -> Vec<String> {
        let query = CollectionQuery { count: 500, ..CollectionQuery::default() };
        let page = self.indexer.collections.playlists.search(query).await.unwrap();
        let mut names: Vec<String> = page.hits.into_iter().map(|hit| hit.document.display_name).collect();
        names.sort();
        names
    }
}

/// An instance with one video in one of two channels, and with two playlists, one of them private.
async fn scene() -> Scene {
    let scene = Scene::with(&["Whales"]).await;
    scene.change(|instance| {
        instance.channels = vec![channel("films", HOST), channel("empty", HOST)];
        instance.playlists = vec![playlist("Songs", 1), playlist("Secret songs", 3)];
    });
    scene.add().await;
    scene
}

#[tokio::test]
async fn channels_without_videos_and_public_playlists_are_found() {
    let scene = scene().await;
    assert_eq!(scene.channels().await, ["empty", "films"]);
    assert_eq!(scene.playlists().await, ["Songs"]);
    let query = CollectionQuery { search: Some("films".into()), count: 1, ..CollectionQuery::default() };
    let films = scene.indexer.collections.channels.search(query).await.unwrap().hits.remove(0).document;
    assert_eq!((films.videos_count, films.followers_count), (Some(1), 4));
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page() {
    let scene = Scene::with(&[]).await;
    scene.change(|instance| instance.channels = (0..250).map(|n| channel(&format!("c{n}"), HOST)).collect());
    scene.add().await;
    assert_eq!(scene.indexer.collections.channels.count().await.unwrap(), 250);
}

#[tokio::test]
async fn what_is_gone_goes_and_what_is_renamed_is_renamed() {
    let scene = scene().await;
    scene.change(|instance| {
        instance.channels.pop();
        instance.playlists[0]["displayName"] = json!("Shanties");
    });
    scene.crawl_again().await;
    assert_eq!(scene.channels().await, ["films"]);
    assert_eq!(scene.playlists().await, ["Shanties"]);
}

#[tokio::test]
async fn channels_of_other_instances_are_passed_over() {
    let scene = scene().await;
    scene.change(|instance| instance.channels.push(channel("victims", "victim.test")));
    scene.crawl_again().await;
    assert_eq!(scene.channels().await, ["empty", "films"]);
}

#[tokio::test]
async fn a_list_that_fails_drops_nothing_and_spares_the_videos() {
    let scene = scene().await;
    scene.change(|instance| instance.lists_answer = Some(StatusCode::BAD_GATEWAY));
    scene.crawl_again().await;
    assert_eq!(scene.status().await.state, HostState::Failing);
    assert_eq!((scene.channels().await.len(), scene.playlists().await.len()), (2, 1));
    assert_eq!(scene.names("whales").await, ["Whales"]);
}

#[tokio::test]
async fn an_instance_without_such_lists_is_indexed_without_them() {
    let scene = scene().await;
    scene.change(|instance| instance.lists_answer = Some(StatusCode::NOT_FOUND));
    scene.crawl_again().await;
    assert_eq!(scene.status().await.state, HostState::Indexed);
    assert!(scene.channels().await.is_empty());
    assert_eq!(scene.names("whales").await, ["Whales"]);
}

#[tokio::test]
async fn a_list_that_repeats_itself_is_given_up() {
    let scene = Scene::with(&[]).await;
    scene.change(|instance| instance.channels = vec![channel("same", HOST); 1_000]);
    scene.add().await;
    let status = scene.status().await;
    assert!(status.last_error.unwrap().contains("without end"));
}

#[tokio::test]
async fn a_refusing_or_removed_instance_takes_them_along() {
    let scene = scene().await;
    scene.change(|instance| instance.robots = "User-agent: *\nDisallow: /api/v1/search".to_owned());
    scene.crawl_again().await;
    assert!(scene.channels().await.is_empty() && scene.playlists().await.is_empty());
    assert_eq!(scene.names("whales").await, ["Whales"], "it refused the lists only");

    scene.change(|instance| instance.robots = String::new());
    scene.crawl_again().await;
    assert_eq!(scene.channels().await.len(), 2);
    let mut tx = scene.platform.platform.db.begin().await.unwrap();
    hosts::remove_host(&mut tx, HOST, scene.platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    scene.indexer.collections.catch_up().await.unwrap();
    assert!(scene.channels().await.is_empty() && scene.playlists().await.is_empty());
}
