//! Channels and playlists, as clients ask for them.

use super::*;
use crate::testing::{channel, playlist};

const CHANNELS: &str = "/api/v1/search/video-channels";
const PLAYLISTS: &str = "/api/v1/search/video-playlists";

fn elsewhere(name: &str, host: &str) -> Channel {
    let mut channel = channel(name);
    channel.actor.host = host.to_owned();
    channel.owner.actor.host = host.to_owned();
    channel
}

/// Three channels and two playlists; nobody has uploaded a video yet.
async fn api() -> Api {
    let mut lighthouse = channel("Lighthouse Society");
    lighthouse.description = Some("Everything about sea marks".to_owned());
    lighthouse.followers_count = 7;
    lighthouse.created_at = "2020-01-01T00:00:00Z".parse().unwrap();
    let mut famous = elsewhere("Élan Vital", "other.example");
    famous.followers_count = 5_000_000;
    let channels = [lighthouse, famous, channel("Whales")];
    let mut songs = playlist("Whale songs");
    songs.description = Some("Recorded in the north".to_owned());
    songs.account.name = "grace".to_owned();
    Api::over(&[], &channels, &[songs, playlist("Harbour walks")]).await
}

impl Api {
    async fn named(&self, address: &str) -> Vec<String> {
        self.get_from(address).await["data"].as_array().unwrap().iter().map(|one| text(&one["displayName"])).collect()
    }
}

#[tokio::test]
async fn a_channel_without_videos_is_found_by_its_names_and_its_description() {
    let api = api().await;
    for search in ["lighthouse", "lighthuose", "lightho", "LIGHTHOUSE+society", "sea+marks", "lighthouse_society"] {
        assert_eq!(api.named(&format!("{CHANNELS}?search={search}")).await, ["Lighthouse Society"], "{search}");
    }
    assert_eq!(api.named(&format!("{CHANNELS}?search=elan")).await, ["Élan Vital"]);
    assert_eq!(api.named(&format!("{CHANNELS}?search=ada&count=1")).await, ["Élan Vital"], "more people follow it");
    let nothing = api.get_from(&format!("{CHANNELS}?search={}", "a".repeat(500))).await;
    assert_eq!(nothing, json!({"total": 0, "data": []}));
}

#[tokio::test]
async fn quotes_exclusions_and_limits_mean_what_they_mean_for_videos() {
    let api = api().await;
    for (search, expected) in [
        ("%22lighthouse+society%22", vec!["Lighthouse Society"]),
        ("%22society+lighthouse%22", vec![]),
        ("ada+-whales+-vital", vec!["Lighthouse Society"]),
        ("host:other.example", vec!["Élan Vital"]),
        ("ada+-host:tube.example", vec!["Élan Vital"]),
        ("longer:1m", vec![]),
    ] {
        assert_eq!(api.named(&format!("{CHANNELS}?search={search}")).await, expected, "{search}");
    }
}

#[tokio::test]
async fn a_channel_has_every_field_of_the_contract() {
    let api = api().await;
    let found = api.get_from(&format!("{CHANNELS}?search=lighthouse&fromHost=Tube.example")).await;
    let channel = &found["data"][0];
    for key in [
        "id",
        "score",
        "url",
        "name",
        "host",
        "followingCount",
        "followersCount",
        "createdAt",
        "updatedAt",
        "avatar",
        "avatars",
        "banner",
        "banners",
        "displayName",
        "description",
        "support",
        "isLocal",
        "ownerAccount",
    ] {
        assert!(channel.get(key).is_some(), "{key} is missing");
    }
    for key in [
        "id",
        "url",
        "displayName",
        "description",
        "name",
        "host",
        "followingCount",
        "followersCount",
        "createdAt",
        "updatedAt",
        "avatar",
        "avatars",
    ] {
        assert!(channel["ownerAccount"].get(key).is_some(), "the owner's {key} is missing");
    }
    assert_eq!(channel["url"], "https://tube.example/video-channels/lighthouse_society");
    assert_eq!(channel["avatars"][0]["url"], "https://tube.example/lazy-static/avatars/a.png");
    assert_eq!((&channel["isLocal"], &channel["followersCount"]), (&json!(true), &json!(7)));
    assert_eq!(channel["createdAt"], "2020-01-01T00:00:00.000Z");
    assert!(channel["score"].as_f64().unwrap() > 0.0);
    assert_eq!(api.get_from(&format!("{CHANNELS}?search=lighthouse")).await["data"][0]["isLocal"], false);
}

#[tokio::test]
async fn channels_are_limited_to_hosts_and_handles() {
    let api = api().await;
    for (query, expected) in [
        ("host=Other.example", vec!["Élan Vital"]),
        ("host=tube.example&sort=displayName", vec!["Lighthouse Society", "Whales"]),
        ("handles=whales@tube.example&handles=nobody@tube.example", vec!["Whales"]),
        ("handles[]=whales&handles[]=nobody&fromHost=tube.example", vec!["Whales"]),
        ("handles=nobody@tube.example", vec![]),
        ("handles=whales", vec![]),
        ("blockedHosts=tube.example", vec!["Élan Vital"]),
        ("blockedAccounts=ada@other.example&sort=displayName", vec!["Lighthouse Society", "Whales"]),
        ("host=tube.example&search=elan", vec![]),
    ] {
        assert_eq!(api.named(&format!("{CHANNELS}?{query}")).await, expected, "{query}");
    }
}

#[tokio::test]
async fn channels_are_sorted_and_paged() {
    let api = api().await;
    let by_name = ["Élan Vital", "Lighthouse Society", "Whales"];
    assert_eq!(api.named(&format!("{CHANNELS}?sort=displayName")).await, by_name);
    let mut backwards = api.named(&format!("{CHANNELS}?sort=-displayName")).await;
    backwards.reverse();
    assert_eq!(backwards, by_name);
    assert_eq!(api.named(&format!("{CHANNELS}?sort=createdAt&count=1")).await, ["Lighthouse Society"]);
    assert_eq!(api.named(&format!("{CHANNELS}?sort=-createdAt")).await.last().unwrap(), "Lighthouse Society");
    let page = api.get_from(&format!("{CHANNELS}?sort=displayName&start=1&count=1")).await;
    assert_eq!((&page["total"], &page["data"][0]["displayName"]), (&json!(3), &json!("Lighthouse Society")));
    let best = api.named(&format!("{CHANNELS}?search=ada&sort=match")).await;
    assert_eq!(best, api.named(&format!("{CHANNELS}?search=ada&sort=-match")).await);
    assert_eq!(api.get_from(&format!("{CHANNELS}?count=0")).await, json!({"total": 3, "data": []}));
}

#[tokio::test]
async fn a_playlist_is_found_and_has_every_field_of_the_contract() {
    let api = api().await;
    for search in ["whale", "whale+sogns", "recorded+north", "grace"] {
        assert_eq!(api.named(&format!("{PLAYLISTS}?search={search}")).await, ["Whale songs"], "{search}");
    }
    let found = api.get_from(&format!("{PLAYLISTS}?search=songs")).await;
    let playlist = &found["data"][0];
    for key in [
        "id",
        "uuid",
        "shortUUID",
        "score",
        "isLocal",
        "url",
        "displayName",
        "description",
        "privacy",
        "videosLength",
        "type",
        "thumbnailPath",
        "thumbnailUrl",
        "embedPath",
        "embedUrl",
        "createdAt",
        "updatedAt",
        "ownerAccount",
        "videoChannel",
    ] {
        assert!(playlist.get(key).is_some(), "{key} is missing");
    }
    let uuid = text(&playlist["uuid"]);
    assert_eq!(text(&playlist["url"]), format!("https://tube.example/videos/watch/playlist/{uuid}"));
    assert_eq!(text(&playlist["embedUrl"]), format!("https://tube.example{}", text(&playlist["embedPath"])));
    assert_eq!(playlist["thumbnailUrl"], "https://tube.example/lazy-static/thumbnails/p.jpg");
    assert_eq!((&playlist["type"]["id"], &playlist["privacy"]["id"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&playlist["ownerAccount"]["name"], &playlist["videoChannel"]["name"]),
        (&json!("grace"), &json!("films"))
    );
}

#[tokio::test]
async fn playlists_are_limited_to_uuids_hosts_and_accounts() {
    let api = api().await;
    let uuid = playlist("Harbour walks").uuid;
    let short = platform::ids::short_uuid(uuid);
    for (query, expected) in [
        (format!("uuids={uuid}"), vec!["Harbour walks"]),
        (format!("uuids[]={short}&uuids[]=nonsense"), vec!["Harbour walks"]),
        ("uuids=nonsense".to_owned(), vec![]),
        ("blockedAccounts=grace@tube.example".to_owned(), vec!["Harbour walks"]),
        ("host=other.example".to_owned(), vec![]),
        ("sort=-displayName&resultType=video-playlists".to_owned(), vec!["Whale songs", "Harbour walks"]),
    ] {
        assert_eq!(api.named(&format!("{PLAYLISTS}?{query}")).await, expected, "{query}");
    }
}

#[tokio::test]
async fn they_can_be_asked_for_in_a_body() {
    let api = api().await;
    let body = json!({"search": "whales", "start": "0", "count": 15, "sort": "-match", "handles": null, "include": 0});
    assert_eq!(api.post_to(CHANNELS, body.clone()).await["data"][0]["displayName"], "Whales");
    assert_eq!(api.post_to(&format!("{CHANNELS}?host=other.example"), body).await["total"], 0);
    let uuids = json!({"uuids": [playlist("Harbour walks").uuid], "blockedHosts": []});
    assert_eq!(api.post_to(PLAYLISTS, uuids).await["data"][0]["displayName"], "Harbour walks");
    let request = Request::get(format!("{PLAYLISTS}?sort=views")).body(Body::empty()).unwrap();
    let response = api.send(request).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(text(&read(response).await["error"]).contains("sort"));
}
