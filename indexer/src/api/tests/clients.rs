//! What clients send and read, replayed.

use super::*;
use crate::testing::{channel, playlist};

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

#[tokio::test]
async fn searxng_gets_what_it_reads() {
    let api = Api::new().await;
    let query = "search=python&start=0&count=10&sort=-match&nsfw=false&languageOneOf[]=en&boostLanguages[]=en\
                 &startDate=2010-01-01";
    let found = api.get(query).await;
    let results = found["data"].as_array().unwrap();
    assert!(!results.is_empty() && results.len() <= 10);
    for result in results {
        for pointer in
            ["/url", "/name", "/embedUrl", "/publishedAt", "/channel/displayName", "/channel/name", "/channel/host"]
        {
            assert!(is_text(result.pointer(pointer).unwrap()), "{pointer} of {result}");
        }
        assert!(is_text(&result["account"]["displayName"]) && result["tags"].is_array(), "{result}");
        assert!(result["views"].is_u64() && result["duration"].is_u64(), "{result}");
        assert!(is_text(&result["thumbnailUrl"]) || is_text(&result["previewUrl"]), "{result}");
    }
}

#[tokio::test]
async fn newpipe_finds_the_instance_and_the_reason_of_an_error() {
    let api = Api::new().await;
    let found = api.get("search=python&start=0&count=12").await;
    assert!(found["total"].is_u64());
    for result in found["data"].as_array().unwrap() {
        let base = text(&result["embedUrl"]).strip_suffix(&text(&result["embedPath"])).unwrap().to_owned();
        assert_eq!(base, format!("https://{}", text(&result["account"]["host"])));
        assert!(text(&result["thumbnailPath"]).starts_with('/') && result["account"]["avatars"].is_array(), "{result}");
        assert!(result.get("videosLength").is_none() && result.get("followersCount").is_none(), "else it is no video");
    }
    let refused = api.send(Request::get("/api/v1/search/videos?count=x").body(Body::empty()).unwrap()).await;
    assert!(is_text(&read(refused).await["error"]));
}

#[tokio::test]
async fn grayjay_gets_the_best_first_with_its_own_words_for_it() {
    let api = Api::over(&fixture(), &[channel("Python films")], &[playlist("Python talks")]).await;
    let filters = "resultType=videos&start=0&count=20&nsfw=false&isLive=false&publishedAfter=2030-01-01T00:00:00.000Z";
    let found = api.get(&format!("search=python&sort=match&{filters}")).await;
    assert!(found["total"].as_u64().unwrap() > 5, "what it says about dates is not known here");
    assert!(values(&found, "score").iter().rev().is_sorted());
    let home = api.get(&format!("search=&sort=-createdAt&{filters}")).await;
    assert!(home["total"].as_u64() > found["total"].as_u64(), "without words it shows everything");
    for (list, sort) in [("video-channels", ""), ("video-playlists", "&resultType=video-playlists&sort=-createdAt")] {
        assert_eq!(api.get_from(&format!("/api/v1/search/{list}?search=python{sort}")).await["total"], 1, "{list}");
    }
}

#[tokio::test]
async fn peertube_6_3_is_answered_whatever_it_fills_in() {
    let api = Api::over(&fixture(), &[channel("Puppet")], &[playlist("Puppet")]).await;
    let videos = json!({
        "search": "puppet", "start": 0, "count": 15, "sort": "-match", "nsfw": "both", "nsfwFlagsIncluded": null,
        "nsfwFlagsExcluded": 0, "isLive": null, "includeScheduledLive": false, "categoryOneOf": [13],
        "licenceOneOf": ["4"], "languageOneOf": ["en", "_unknown"], "host": null, "privacyOneOf": null,
        "tagsOneOf": ["PYCON"], "tagsAllOf": ["pycon", "dependencies"], "isLocal": null, "include": 0,
        "skipCount": false, "hasHLSFiles": null, "hasWebVideoFiles": null, "excludeAlreadyWatched": false,
        "autoTagOneOf": null, "stateOneOf": null, "searchTarget": "search-index", "startDate": "2011-01-01T00:00:00.000Z",
        "endDate": "2012-01-01T00:00:00.000Z", "originallyPublishedStartDate": null, "originallyPublishedEndDate": null,
        "durationMin": 1, "durationMax": "99999", "uuids": null, "blockedHosts": ["a.example"],
        "blockedAccounts": ["b@c.example"],
    });
    assert_eq!(api.post("", videos).await["data"][0]["name"], "Dependency management with Puppet");
    let others = json!({
        "searchTarget": "search-index", "search": "puppet", "start": 0, "count": 15, "sort": "-match", "host": null,
        "handles": null, "uuids": null, "blockedHosts": [], "blockedAccounts": [],
    });
    for list in ["video-channels", "video-playlists"] {
        let found = api.post_to(&format!("/api/v1/search/{list}"), others.clone()).await;
        assert_eq!((&found["total"], &found["data"][0]["displayName"]), (&json!(1), &json!("Puppet")), "{list}");
    }
}
