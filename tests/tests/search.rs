//! From a crawl to a result.

#![cfg(test)]

use std::time::Duration;

use http::Method;
use indexer::hosts::{self, HostState, Source};
use instance::Config;
use platform::clock::Clock;
use serde_json::{Value, json};
use shoal_tests::{Clip, World, form::Form};

/// Puts a server on the list, as `shoal index add` does, and reads it.
async fn index(world: &World, address: &str) {
    let platform = world.search.platform();
    let mut tx = platform.db.begin().await.unwrap();
    let allow_http = platform.http.allows_plain_http();
    hosts::add_host(&mut tx, address, allow_http, world.clock().now()).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
}

async fn search(world: &World, query: &str) -> Value {
    world.search.get_json(&format!("/api/v1/search/videos?{query}")).await
}

/// An index that hears of nothing by itself: these are about crawls.
async fn with_a_video() -> World {
    let world = World::configured(["alpha", "search"], |_, config| config.indexer.listen = false).await;
    world.alpha.admin().upload("Lighthouses of the north", &Clip::tiny().await).await;
    world.settle().await;
    index(&world, "http://alpha.test").await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_is_found_by_a_word_of_its_title() {
    let world = with_a_video().await;
    let found = search(&world, "search=lighthouses").await;
    assert_eq!(found["total"], 1);
    let hit = &found["data"][0];
    assert_eq!((&hit["name"], &hit["account"]["host"]), (&"Lighthouses of the north".into(), &"alpha.test".into()));
    assert!(hit["url"].as_str().unwrap().contains("/videos/watch/"), "{hit}");
    assert_eq!(search(&world, "search=submarines").await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_is_found_with_one_letter_wrong() {
    let world = with_a_video().await;
    for mistyped in ["lighthuoses", "lighthose", "ligthhouses", "lighthoudes"] {
        assert_eq!(search(&world, &format!("search={mistyped}")).await["total"], 1, "{mistyped}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_site_leads_to_the_watch_page() {
    let world = with_a_video().await;
    let page = world.search.get_as("/search?search=lighthuose", "text/html").await.success().text();
    assert!(page.contains("Lighthouses of the north") && page.contains("alpha.test"), "{page}");
    let list = world.alpha.get_json("/api/v1/videos").await;
    let (long, short) = (list["data"][0]["uuid"].as_str().unwrap(), list["data"][0]["shortUUID"].as_str().unwrap());
    assert!(page.contains(long) || page.contains(short), "no way to the video in {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_video_is_dropped_by_the_next_crawl() {
    let world = with_a_video().await;
    let uuid = world.alpha.get_json("/api/v1/videos").await["data"][0]["uuid"].as_str().unwrap().to_owned();
    world.alpha.admin().delete(&format!("/api/v1/videos/{uuid}")).await.assert_success();
    world.settle().await;
    // Schedules look for due servers; one look notes the time, the next finds them due.
    world.advance(Duration::from_hours(7)).await;
    world.advance(Duration::from_mins(1)).await;
    assert_eq!(search(&world, "search=lighthouses").await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_is_found_minutes_later_though_nobody_told() {
    let world = with_a_video().await;
    world.alpha.admin().upload("Windmills of the south", &Clip::tiny().await).await;
    world.settle().await;
    assert_eq!(search(&world, "search=windmills").await["total"], 0);
    // Schedules look for due servers; one look notes the time, the next finds them due.
    world.advance(Duration::from_mins(11)).await;
    world.advance(Duration::from_mins(1)).await;
    assert_eq!(search(&world, "search=windmills").await["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_loses_nothing() {
    let world = with_a_video().await;
    world.alpha.go_offline().await;
    world.advance(Duration::from_hours(7)).await;
    world.advance(Duration::from_mins(1)).await;
    let status = hosts::status(&mut world.search.platform().db.read().await.unwrap()).await.unwrap().remove(0);
    assert_eq!(status.state, HostState::Failing, "it was looked for");
    assert_eq!(search(&world, "search=lighthouses").await["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_introduces_itself() {
    let world = with_a_video().await;
    let config = world.search.get_json("/api/v1/config").await;
    assert_eq!((&config["searchInstanceName"], &config["indexedHostsCount"]), (&"search".into(), &1.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_and_playlists_of_a_server_are_found_with_it() {
    let world = World::with(["alpha", "search"]).await;
    let root = world.alpha.admin();
    let video = root.upload("Lighthouses of the north", &Clip::tiny().await).await;
    let channel = root.channel().await.to_string();
    let form =
        Form::default().text("displayName", "Sea marks").text("privacy", "1").text("videoChannelId", &channel).finish();
    let request = world.alpha.request(Method::POST, "/api/v1/video-playlists").header("content-type", form.1);
    let made: Value = serde_json::from_slice(&root.send(request.body(form.0)).await.success().body).unwrap();
    let playlist = made["videoPlaylist"]["uuid"].as_str().unwrap();
    let element = json!({ "videoId": video });
    root.post_json(&format!("/api/v1/video-playlists/{playlist}/videos"), &element).await.assert_success();
    world.settle().await;
    index(&world, "http://alpha.test").await;

    let channels = world.search.get_json("/api/v1/search/video-channels?host=alpha.test").await;
    let own = world.alpha.get_json("/api/v1/video-channels").await;
    assert_eq!((&channels["total"], &channels["data"][0]["name"]), (&own["total"], &own["data"][0]["name"]));
    assert_eq!(channels["data"][0]["videosCount"], 1);
    let playlists = world.search.get_json("/api/v1/search/video-playlists?search=sea+makrs").await;
    assert_eq!((&playlists["data"][0]["uuid"], &playlists["data"][0]["videosLength"]), (&playlist.into(), &1.into()));
    assert_eq!(playlists["data"][0]["ownerAccount"]["host"], "alpha.test");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_are_found_through_those_that_are_known_where_that_is_allowed() {
    for is_allowed in [true, false] {
        let configure = |_: &str, config: &mut Config| config.indexer.discover_neighbours = is_allowed;
        let world = World::configured(["alpha", "beta", "search"], configure).await;
        world.beta.admin().follow_server("alpha.test").await;
        world.settle().await;
        index(&world, "http://alpha.test").await;
        world.advance(Duration::from_mins(2)).await;
        world.advance(Duration::from_mins(2)).await;
        let listed = hosts::status(&mut world.search.platform().db.read().await.unwrap()).await.unwrap();
        let listed: Vec<_> = listed.into_iter().map(|status| (status.host, status.source)).collect();
        let mut expected = vec![("alpha.test".to_owned(), Source::Manual)];
        expected.extend(is_allowed.then(|| ("beta.test".to_owned(), Source::Neighbour)));
        assert_eq!(listed, expected);
    }
}
