//! Collections that are longer than a page.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt;
use platform::testing::TestPlatform;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    App,
    actors::{self, testing::stranger},
    follows::{self, FollowState},
    moderation::video_blocks::tests::ask,
    oauth::tests::log_in,
    rates::{self, Rating},
    routes,
    testing::submit_parts,
    videos::{self, Video},
};

const ITEMS: u32 = 12;

/// A video, its channel and its account, with twelve of everything.
async fn stage(test: &TestPlatform) -> (App, Video) {
    let (app, video) = App::staged(test).await;
    let now = app.platform.clock.now();
    for number in 0..ITEMS {
        let (actor, account) = stranger(&app, "beta.test", &format!("bob{number}")).await;
        let url = |what: &str| format!("https://beta.test/{what}/{number}");
        let mut tx = app.platform.db.begin().await.unwrap();
        rates::store::put(&mut tx, video.id, account, Rating::Dislike, &url("dislikes"), now).await.unwrap();
        rates::store::add_to_counters(&mut tx, video.id, 0, 1).await.unwrap();
        videos::store::insert_share(&mut tx, video.id, actor.id, &url("announces"), now).await.unwrap();
        let (account, channel) = (video.account_actor_id, video.channel_actor_id);
        let accepted = FollowState::Accepted;
        follows::store::upsert(&mut tx, actor.id, channel, &url("follows"), accepted, now).await.unwrap();
        follows::store::upsert(&mut tx, actor.id, account, &url("more-follows"), accepted, now).await.unwrap();
        let ours = format!("http://alpha.test/accounts/root/follows/{number}");
        follows::store::upsert(&mut tx, account, actor.id, &ours, accepted, now).await.unwrap();
        tx.commit().await.unwrap();
    }
    let token = log_in(&app, "root", "a long password").await;
    let me = ask(&app, Some(&token), "GET", "/api/v1/users/me", None).await.1;
    let channel = me["videoChannels"][0]["id"].to_string();
    for number in 0..ITEMS {
        let comment = json!({ "text": format!("Fish {number}") });
        let path = format!("/api/v1/videos/{}/comment-threads", video.uuid);
        assert_eq!(ask(&app, Some(&token), "POST", &path, Some(comment)).await.0, StatusCode::OK);
        let name = format!("Playlist {number}");
        let fields = [("displayName", name.as_str()), ("privacy", "1"), ("videoChannelId", channel.as_str())];
        let (status, page) = submit_parts(&app, &token, "/my-playlists", &fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    }
    (app, video)
}

async fn get(app: &App, address: &str) -> Value {
    let path = address.strip_prefix("http://alpha.test").unwrap();
    let request = Request::get(path).header(header::ACCEPT, "application/activity+json").body(Body::empty()).unwrap();
    let response = routes::router(app).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

/// The sizes of the pages of a collection, from `first` on, once it is sure that each item is on one of them.
async fn pages(app: &App, collection: &str, first: &str) -> Vec<usize> {
    let (mut sizes, mut seen, mut next) = (vec![], BTreeSet::new(), Some(first.to_owned()));
    while let Some(address) = next {
        let page = get(app, &address).await;
        assert_eq!(page["type"], "OrderedCollectionPage", "{address}");
        assert_eq!((&page["id"], &page["partOf"]), (&json!(address), &json!(collection)));
        assert_eq!(page["totalItems"], ITEMS, "{address}");
        assert_eq!(page.get("prev").is_some(), !sizes.is_empty(), "{address}");
        let items = page["orderedItems"].as_array().unwrap();
        for item in items {
            assert!(seen.insert(item.to_string()), "{item} is there twice");
        }
        sizes.push(items.len());
        next = page["next"].as_str().map(str::to_owned);
        assert!(sizes.len() < 20, "{collection} has no end");
    }
    assert_eq!(seen.len(), usize::try_from(ITEMS).unwrap(), "{collection}");
    sizes
}

#[tokio::test]
async fn each_item_of_a_collection_is_on_one_of_its_pages_however_large_they_are() {
    let test = TestPlatform::new().await;
    let (app, video) = stage(&test).await;
    let of_video = |part: &str| format!("{}/{part}", video.url);
    for collection in [
        of_video("dislikes"),
        of_video("announces"),
        of_video("comments"),
        format!("{}/followers", video.account_url),
        format!("{}/following", video.account_url),
        format!("{}/playlists", video.account_url),
        format!("{}/followers", video.channel_url),
        format!("{}/playlists", video.channel_url),
    ] {
        let head = get(&app, &collection).await;
        assert_eq!((&head["type"], &head["totalItems"]), (&json!("OrderedCollection"), &json!(ITEMS)), "{collection}");
        assert_eq!(pages(&app, &collection, head["first"].as_str().unwrap()).await, [10, 2], "{collection}");
        let small = get(&app, &format!("{collection}?size=5")).await;
        assert_eq!(pages(&app, &collection, small["first"].as_str().unwrap()).await, [5, 5, 2], "{collection}");
    }
}

#[tokio::test]
async fn an_outbox_has_pages_of_the_size_that_is_asked_for() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    videos::seed(&app, ITEMS - 1).await.unwrap();
    let mut connection = app.platform.db.read().await.unwrap();
    let account = actors::store::find_by_url(&mut connection, &video.account_url).await.unwrap().unwrap();
    drop(connection);
    let outbox = format!("{}/outbox", account.url());
    for (query, sizes) in [("", &[10, 2][..]), ("?size=7", &[7, 5]), ("?size=1000", &[12])] {
        let head = get(&app, &format!("{outbox}{query}")).await;
        assert_eq!(pages(&app, &outbox, head["first"].as_str().unwrap()).await, sizes, "{query}");
    }
}
