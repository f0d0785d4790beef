//! Accounts and channels: their pages, pictures, edits, moves and ends, here and between servers.

#![cfg(test)]

use http::{Method, StatusCode};
use serde_json::{Value, json};
use shoal_tests::{Clip, Server, World, form::Form};

const ACTIVITY: &str = "application/activity+json";
/// A PNG of one red pixel.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 2,
    0, 0, 0, 0x90, 0x77, 0x53, 0xDE, 0, 0, 0, 12, b'I', b'D', b'A', b'T', 0x08, 0xD7, 0x63, 0xF8, 0xCF, 0xC0, 0, 0, 3,
    1, 1, 0, 0x18, 0xDD, 0x8D, 0xB0, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42, 0x60, 0x82,
];

async fn beta_knows_alpha(world: &World) -> String {
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    uuid.to_string()
}

async fn put(server: &Server, path: &str, body: &Value) -> shoal_tests::Answer {
    let request = server.request(Method::PUT, path).header("content-type", "application/json").body(body.to_string());
    server.admin().send(request).await
}

async fn pick(server: &Server, path: &str, field: &str, picture: &[u8]) -> shoal_tests::Answer {
    let (body, content_type) = Form::default().file(field, "me.png", "image/png", picture).finish();
    let request = server.request(Method::POST, path).header("content-type", content_type).body(body);
    server.admin().send(request).await
}

async fn scalar(server: &Server, sql: &'static str) -> i64 {
    server.platform().db.read().await.unwrap().query(sql).fetch_scalar().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_channel_is_changed_everywhere_with_its_pictures() {
    let world = World::with(["alpha", "beta"]).await;
    beta_knows_alpha(&world).await;
    let channel = "/api/v1/video-channels/root_channel";
    let change = json!({ "displayName": "Reef", "description": "Fish.", "support": null });
    assert_eq!(put(&world.alpha, channel, &change).await.status, StatusCode::NO_CONTENT);
    let avatars = pick(&world.alpha, &format!("{channel}/avatar/pick"), "avatarfile", PIXEL).await.success().json();
    let widths: Vec<_> = avatars["avatars"].as_array().unwrap().iter().map(|image| image["width"].clone()).collect();
    assert_eq!(widths, [48, 120, 600, 1500]);
    pick(&world.alpha, &format!("{channel}/banner/pick"), "bannerfile", PIXEL).await.assert_success();
    world.settle().await;

    let remote = "/api/v1/video-channels/root_channel@alpha.test";
    let seen = world.beta.get_json(remote).await;
    assert_eq!((&seen["displayName"], &seen["description"]), (&"Reef".into(), &"Fish.".into()));
    let path = seen["avatars"][1]["path"].as_str().unwrap();
    let picture = world.beta.get(path).await.success();
    assert_eq!(picture.headers["content-type"], "image/jpeg");
    let again = world.beta.get(path).await.success();
    assert_eq!(picture.body, again.body);
    assert_eq!(seen["banners"].as_array().unwrap().len(), 2);
    let page = world.beta.get_as("/c/root_channel@alpha.test", "text/html").await.success().text();
    assert!(page.contains("Reef") && page.contains("A test card") && page.contains(path), "{page}");

    let gone = world.alpha.admin().delete(&format!("{channel}/avatar")).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    world.settle().await;
    assert_eq!(world.beta.get_json(remote).await["avatars"], json!([]));
    assert_eq!(world.beta.get(path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_is_not_taken() {
    let world = World::with(["alpha"]).await;
    let refused = pick(&world.alpha, "/api/v1/users/me/avatar/pick", "avatarfile", b"<svg onload=alert(1)>").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let elsewhere = pick(&world.alpha, "/api/v1/users/me/avatar/pick", "otherfile", PIXEL).await;
    assert_eq!(elsewhere.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.alpha.get_json("/api/v1/accounts/root").await["avatars"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_channel_goes_everywhere_with_its_videos_and_leaves_a_stone() {
    let world = World::with(["alpha", "beta"]).await;
    let uuid = beta_knows_alpha(&world).await;
    let root = world.alpha.admin();
    assert_eq!(root.delete("/api/v1/video-channels/root_channel").await.status, StatusCode::CONFLICT, "the last one");
    let other = json!({ "name": "other", "displayName": "Other" });
    let made = root.post_json("/api/v1/video-channels", &other).await.success().json();
    assert!(made["videoChannel"]["id"].is_i64());
    assert_eq!(root.post_json("/api/v1/video-channels", &other).await.status, StatusCode::CONFLICT);

    root.delete("/api/v1/video-channels/root_channel").await.assert_success();
    world.settle().await;
    for server in [&world.alpha, &world.beta] {
        assert_eq!(server.get(&format!("/api/v1/videos/{uuid}")).await.status, StatusCode::NOT_FOUND);
    }
    let remote = world.beta.get("/api/v1/video-channels/root_channel@alpha.test").await;
    assert_eq!(remote.status, StatusCode::NOT_FOUND);
    assert_eq!(
        scalar(&world.beta, "SELECT count(*) FROM actors WHERE username = 'root_channel' AND host = 'alpha.test'")
            .await,
        0
    );
    let stone = world.alpha.get_as("/video-channels/root_channel", ACTIVITY).await;
    assert_eq!((stone.status, &stone.json()["type"]), (StatusCode::GONE, &"Tombstone".into()));
    let finger = world.alpha.get("/.well-known/webfinger?resource=acct:root_channel@alpha.test").await;
    assert_eq!(finger.status, StatusCode::GONE);
    let again = root.post_json("/api/v1/video-channels", &json!({ "name": "root_channel", "displayName": "x" })).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "nobody gets the name of somebody who is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_move_along_when_both_sides_say_so() {
    let world = World::with(["alpha", "beta", "gamma"]).await;
    for (server, others) in [(&world.gamma, ["alpha.test", "beta.test"]), (&world.beta, ["alpha.test", "gamma.test"])] {
        for other in others {
            server.admin().follow_server(other).await;
        }
    }
    world.settle().await;
    for server in [&world.alpha, &world.beta] {
        server.admin().upload("A test card", &Clip::tiny().await).await;
    }
    world.settle().await;
    // Gamma follows the channel itself.
    for server in [&world.alpha, &world.gamma] {
        let mut tx = server.platform().db.begin().await.unwrap();
        tx.query(
            "INSERT INTO follows (follower_id, target_id, url, state, created_at, updated_at) \
             SELECT f.id, t.id, 'http://gamma.test/accounts/peertube/follows/999', 'accepted', f.created_at, f.created_at \
             FROM actors f, actors t WHERE f.url = 'http://gamma.test/accounts/peertube' \
             AND t.url = 'http://alpha.test/video-channels/root_channel'",
        )
        .execute()
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
    let target = json!({ "target": "root_channel@beta.test" });
    let path = "/api/v1/video-channels/root_channel/move";
    let refused = world.alpha.admin().post_json(path, &target).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "beta does not know of it");

    let aliases = json!({ "aliases": ["root_channel@alpha.test"] });
    put(&world.beta, "/api/v1/video-channels/root_channel/aliases", &aliases).await.assert_success();
    world.settle().await;
    let moved = world.alpha.admin().post_json(path, &target).await.success().json();
    assert_eq!(moved["movedTo"], "http://beta.test/video-channels/root_channel");
    world.settle().await;

    let old = "SELECT count(*) FROM follows f JOIN actors t ON t.id = f.target_id \
               JOIN actors a ON a.id = f.follower_id WHERE a.host = 'gamma.test' \
               AND t.url = 'http://alpha.test/video-channels/root_channel'";
    let new = "SELECT count(*) FROM follows f JOIN actors t ON t.id = f.target_id \
               JOIN actors a ON a.id = f.follower_id WHERE a.host = 'gamma.test' AND f.state = 'accepted' \
               AND t.url = 'http://beta.test/video-channels/root_channel'";
    assert_eq!((scalar(&world.gamma, old).await, scalar(&world.gamma, new).await), (0, 1));
    assert_eq!((scalar(&world.alpha, old).await, scalar(&world.beta, new).await), (0, 1));
    let document = world.alpha.get_as("/video-channels/root_channel", ACTIVITY).await.success().json();
    assert_eq!(document["movedTo"], "http://beta.test/video-channels/root_channel");
    let page = world.gamma.get_as("/c/root_channel@alpha.test", "text/html").await.success().text();
    assert!(page.contains("has moved to") && page.contains("@root_channel@beta.test"), "{page}");
    let again = world.alpha.admin().post_json(path, &target).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "once a week");
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_subscribes_to_an_account_goes_with_it_when_it_moves() {
    let world = World::with(["alpha", "beta", "gamma"]).await;
    let subscription = json!({ "uri": "root@alpha.test" });
    world.gamma.admin().post_json("/api/v1/users/me/subscriptions", &subscription).await.assert_success();
    world.settle().await;
    let aliases = json!({ "aliases": ["root@alpha.test"] });
    put(&world.beta, "/api/v1/accounts/root/aliases", &aliases).await.assert_success();
    world.settle().await;
    let target = json!({ "target": "root@beta.test" });
    let moved = world.alpha.admin().post_json("/api/v1/accounts/root/move", &target).await.success().json();
    assert_eq!(moved["movedTo"], "http://beta.test/accounts/root");
    world.settle().await;

    let old = "SELECT count(*) FROM follows f JOIN actors t ON t.id = f.target_id JOIN actors a ON a.id = f.follower_id \
               WHERE a.url = 'http://gamma.test/accounts/root' AND t.url = 'http://alpha.test/accounts/root'";
    let new = "SELECT count(*) FROM follows f JOIN actors t ON t.id = f.target_id JOIN actors a ON a.id = f.follower_id \
               WHERE a.url = 'http://gamma.test/accounts/root' AND t.url = 'http://beta.test/accounts/root' \
               AND f.state = 'accepted'";
    assert_eq!((scalar(&world.gamma, old).await, scalar(&world.gamma, new).await), (0, 1));
    assert_eq!((scalar(&world.alpha, old).await, scalar(&world.beta, new).await), (0, 1));
    let page = world.gamma.get_as("/a/root@alpha.test", "text/html").await.success().text();
    assert!(page.contains("has moved to") && page.contains("@root@beta.test"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_followers_along_to_where_they_are_not_known() {
    let world = World::with(["alpha", "beta"]).await;
    beta_knows_alpha(&world).await;
    let before = scalar(&world.beta, "SELECT count(*) FROM follows WHERE state = 'accepted'").await;
    // Alpha says that its server actor moved to one of beta's channels, which says nothing of the kind.
    let mut tx = world.alpha.platform().db.begin().await.unwrap();
    let (actor, target) = ("http://alpha.test/accounts/peertube", "http://beta.test/video-channels/root_channel");
    let url = |text: &str| url::Url::parse(text).unwrap();
    let activity = federation::wire::Activity::new(
        url("http://alpha.test/accounts/peertube/moves/1"),
        url(actor),
        federation::wire::Action::Move(federation::wire::Move { object: url(actor), target: url(target) }),
    );
    let now = world.alpha.platform().clock.now();
    courier::deliver(&mut tx, now, &url(actor), &[url("http://beta.test/inbox")], &activity).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
    assert_eq!(scalar(&world.beta, "SELECT count(*) FROM follows WHERE state = 'accepted'").await, before);
    assert_eq!(scalar(&world.beta, "SELECT count(*) FROM actors WHERE moved_to_url IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn actors_are_found_under_each_of_their_names() {
    let world = World::with(["alpha", "beta"]).await;
    beta_knows_alpha(&world).await;
    for resource in [
        "acct:root_channel@alpha.test",
        "http://alpha.test/video-channels/root_channel",
        "http://alpha.test/c/root_channel",
        "http://alpha.test/@root_channel",
    ] {
        let finger = world.alpha.get_json(&format!("/.well-known/webfinger?resource={resource}")).await;
        assert_eq!(finger["links"][0]["href"], "http://alpha.test/video-channels/root_channel", "{resource}");
    }
    let foreign = world.alpha.get("/.well-known/webfinger?resource=http://beta.test/accounts/root").await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    for (path, place) in [
        ("/accounts/root", "/a/root"),
        ("/video-channels/root_channel", "/c/root_channel"),
        ("/@root_channel", "/c/root_channel"),
        ("/@root", "/a/root"),
        ("/c/root_channel/videos", "/c/root_channel"),
    ] {
        assert_eq!(world.alpha.get_as(path, "text/html").await.headers["location"], place, "{path}");
    }
    let document = world.alpha.get_as("/c/root_channel", ACTIVITY).await.success().json();
    assert_eq!(document["id"], "http://alpha.test/video-channels/root_channel");
    assert_eq!(document["url"], "http://alpha.test/c/root_channel");
    for collection in ["playlists", "outbox", "followers", "following"] {
        let list = world.alpha.get_as(&format!("/video-channels/root_channel/{collection}"), ACTIVITY).await;
        assert_eq!(list.success().json()["type"], "OrderedCollection", "{collection}");
    }
    let software = "SELECT count(*) FROM servers WHERE host = 'alpha.test' AND software = 'shoal'";
    assert_eq!(scalar(&world.beta, software).await, 1);
    let info = world.alpha.get_json("/nodeinfo/2.1.json").await;
    assert_eq!((&info["version"], &info["usage"]["users"]["activeMonth"]), (&"2.1".into(), &1.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_change_what_is_said_of_them_and_nobody_else_does() {
    let world = World::with(["alpha"]).await;
    let me = "/api/v1/users/me";
    let change = json!({ "displayName": "The Root", "description": "Deep.", "videosHistoryEnabled": true });
    assert_eq!(put(&world.alpha, me, &change).await.status, StatusCode::NO_CONTENT);
    let account = world.alpha.get_json("/api/v1/accounts/root").await;
    assert_eq!((&account["displayName"], &account["description"]), (&"The Root".into(), &"Deep.".into()));
    let wrong = json!({ "password": "another password", "currentPassword": "guessed" });
    assert_eq!(put(&world.alpha, me, &wrong).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(put(&world.alpha, me, &json!({ "displayName": "" })).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.alpha.admin().delete(me).await.status, StatusCode::BAD_REQUEST, "root stays");
    let stranger = world.alpha.request(Method::PUT, "/api/v1/video-channels/root_channel");
    let stranger = stranger.header("content-type", "application/json").body("{}");
    assert_eq!(world.alpha.send(stranger).await.status, StatusCode::UNAUTHORIZED);

    let list = world.alpha.get_json("/api/v1/accounts?sort=name&count=1").await;
    assert_eq!((&list["total"], &list["data"][0]["name"]), (&2.into(), &"peertube".into()));
    let channels = world.alpha.get_json("/api/v1/accounts/root/video-channels?withStats=true&search=ROOT_").await;
    assert_eq!((&channels["total"], &channels["data"][0]["videosCount"]), (&1.into(), &0.into()));
    assert_eq!(world.alpha.get_json("/api/v1/video-channels?search=nothing").await["total"], 0);
    assert_eq!(world.alpha.get("/api/v1/accounts?count=1000").await.status, StatusCode::BAD_REQUEST);
    for path in ["/my-account", "/my-channels", "/my-channels/root_channel"] {
        world.alpha.admin().get(path).await.assert_success();
        assert_eq!(world.alpha.get(path).await.status, StatusCode::SEE_OTHER, "{path}");
    }
}
