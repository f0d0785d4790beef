//! With whom a server has dealings, and what it does to be rid of somebody.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use shoal_tests::{Answer, Clip, Server, World, form::Form};
use uuid::Uuid;

use super::{beta_follows_alpha, names};

/// What the administrator of a server says with a method of which clients have no shorthand.
async fn put(server: &Server, path: &str, body: &Value) -> Answer {
    let request = server.request(Method::PUT, path).header("content-type", "application/json").body(body.to_string());
    server.admin().send(request).await
}

async fn upload(world: &World, server: &Server, title: &str) -> Uuid {
    let uuid = server.admin().upload(title, &Clip::tiny().await).await;
    world.settle().await;
    uuid
}

/// The names that strangers see in the list of a server.
async fn listed(server: &Server) -> Vec<String> {
    let list = server.get_json("/api/v1/videos?sort=name").await;
    names(&list).into_iter().map(str::to_owned).collect()
}

async fn status_of(server: &Server, uuid: Uuid) -> StatusCode {
    server.get(&format!("/api/v1/videos/{uuid}")).await.status
}

const SERVERS: &str = "/api/v1/server/blocklist/servers";

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_server_is_neither_heard_nor_shown_nor_told_until_it_is_unblocked() {
    let world = World::with(["alpha", "beta"]).await;
    let (alpha, beta) = (&world.alpha, &world.beta);
    beta_follows_alpha(&world).await;
    alpha.admin().follow_server("beta.test").await;
    let first = upload(&world, alpha, "1 from alpha").await;
    assert_eq!(listed(beta).await, ["1 from alpha"]);

    beta.admin().post_json(SERVERS, &json!({ "host": "alpha.test" })).await.assert_success();
    assert_eq!(listed(beta).await, [""; 0]);
    assert_eq!(status_of(beta, first).await, StatusCode::NOT_FOUND);
    let page = beta.get_as(&format!("/videos/watch/{first}"), "text/html").await;
    assert!(page.text().contains("hides this video"), "{}", page.text());
    beta.admin().get(&format!("/api/v1/videos/{first}")).await.assert_success();
    let second = upload(&world, alpha, "2 from alpha").await;
    assert_eq!(beta.admin().get(&format!("/api/v1/videos/{second}")).await.status, StatusCode::NOT_FOUND);
    upload(&world, beta, "1 from beta").await;
    assert_eq!(listed(alpha).await, ["1 from alpha", "2 from alpha"], "nothing is sent to it");
    let status = beta.get_json("/api/v1/blocklist/status?hosts=alpha.test&hosts=gamma.test").await;
    assert_eq!(status["hosts"]["alpha.test"], json!({ "blockedByServer": true, "blockedByUser": false }));
    assert_eq!(status["hosts"]["gamma.test"]["blockedByServer"], false);

    beta.admin().delete(&format!("{SERVERS}/alpha.test")).await.assert_success();
    assert_eq!(listed(beta).await, ["1 from alpha", "1 from beta"]);
    upload(&world, alpha, "3 from alpha").await;
    assert_eq!(listed(beta).await, ["1 from alpha", "1 from beta", "3 from alpha"], "the follow is as it was");
    upload(&world, beta, "2 from beta").await;
    assert!(listed(alpha).await.contains(&"2 from beta".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_server_cannot_follow_us() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.admin().post_json(SERVERS, &json!({ "host": "beta.test" })).await.assert_success();
    beta_follows_alpha(&world).await;
    assert_eq!(world.alpha.get_json("/api/v1/server/followers").await["total"], 0);
    let follow = &world.beta.get_json("/api/v1/server/following").await["data"][0];
    assert_eq!(follow["state"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_no_followers_refuses_them() {
    let world = World::with(["alpha", "beta"]).await;
    let closed = json!({ "followers": { "instance": { "enabled": false } } });
    put(&world.alpha, "/api/v1/config/custom", &closed).await.assert_success();
    beta_follows_alpha(&world).await;
    let follow = &world.beta.get_json("/api/v1/server/following").await["data"][0];
    assert_eq!(follow["state"], "rejected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_account_is_hidden_for_everybody_or_for_who_blocks_it() {
    let world = World::with(["alpha", "beta"]).await;
    let beta = &world.beta;
    beta_follows_alpha(&world).await;
    let uuid = upload(&world, &world.alpha, "From alpha").await;
    let name = json!({ "accountName": "root@alpha.test" });

    let mine = "/api/v1/users/me/blocklist/accounts";
    beta.admin().post_json(mine, &name).await.assert_success();
    assert_eq!(beta.admin().get_json("/api/v1/videos").await["total"], 0);
    assert_eq!(listed(beta).await, ["From alpha"], "others still see it");
    assert_eq!(beta.admin().get_json(mine).await["data"][0]["blockedAccount"]["host"], "alpha.test");
    beta.admin().delete(&format!("{mine}/root@alpha.test")).await.assert_success();
    assert_eq!(beta.admin().get_json("/api/v1/videos").await["total"], 1);

    let ours = "/api/v1/server/blocklist/accounts";
    beta.admin().post_json(ours, &name).await.assert_success();
    assert_eq!(listed(beta).await, [""; 0]);
    assert_eq!(status_of(beta, uuid).await, StatusCode::NOT_FOUND);
    let status = beta.admin().get_json("/api/v1/blocklist/status?accounts=root@alpha.test").await;
    assert_eq!(status["accounts"]["root@alpha.test"], json!({ "blockedByServer": true, "blockedByUser": false }));
    beta.admin().delete(&format!("{ours}/root@alpha.test")).await.assert_success();
    assert_eq!(status_of(beta, uuid).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfederated_video_disappears_elsewhere_and_comes_back() {
    let world = World::with(["alpha", "beta"]).await;
    let (alpha, beta) = (&world.alpha, &world.beta);
    beta_follows_alpha(&world).await;
    let uuid = upload(&world, alpha, "A test card").await;
    let block = format!("/api/v1/videos/{uuid}/blacklist");

    let from_beta = beta.admin().post_json(&block, &json!({ "unfederate": true })).await;
    assert_eq!(from_beta.status, StatusCode::CONFLICT, "it is not beta's to take back");
    alpha.admin().post_json(&block, &json!({ "reason": "wrong", "unfederate": true })).await.assert_success();
    world.settle().await;
    assert_eq!((listed(alpha).await, listed(beta).await), (vec![], vec![]));
    assert_eq!(status_of(beta, uuid).await, StatusCode::NOT_FOUND);
    let document = alpha.get_as(&format!("/videos/watch/{uuid}"), "application/activity+json").await;
    assert_eq!(document.status, StatusCode::NOT_FOUND);
    assert_eq!(alpha.admin().get_json(&format!("/api/v1/videos/{uuid}")).await["blacklistedReason"], "wrong");

    // The same announcement in the same second would be a replay.
    world.advance(Duration::from_mins(1)).await;
    alpha.admin().delete(&block).await.assert_success();
    world.settle().await;
    assert_eq!((status_of(alpha, uuid).await, status_of(beta, uuid).await), (StatusCode::OK, StatusCode::OK));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_reaches_the_moderators_where_the_video_lives() {
    let world = World::with(["alpha", "beta"]).await;
    let (alpha, beta) = (&world.alpha, &world.beta);
    beta_follows_alpha(&world).await;
    let uuid = upload(&world, alpha, "A test card").await;
    let report = json!({ "reason": "It is no test card.", "predefinedReasons": ["spamOrMisleading"],
        "video": { "id": uuid, "startAt": 3 } });
    beta.admin().post_json("/api/v1/abuses", &report).await.assert_success();
    world.settle().await;
    for (server, is_local) in [(alpha, false), (beta, true)] {
        let abuses = server.admin().get_json("/api/v1/abuses").await;
        let abuse = &abuses["data"][0];
        assert_eq!((&abuses["total"], &abuse["video"]["uuid"]), (&1.into(), &uuid.to_string().into()));
        assert_eq!((&abuse["reason"], &abuse["video"]["startAt"]), (&report["reason"], &3.into()));
        assert_eq!(abuse["predefinedReasons"], report["predefinedReasons"]);
        assert_eq!(
            (&abuse["reporterAccount"]["name"], &abuse["reporterAccount"]["host"]),
            (&"root".into(), &"beta.test".into())
        );
        assert_eq!(abuse["reporterAccount"]["userId"].is_number(), is_local);
    }
    let page = alpha.admin().get("/admin/abuses").await.success().text();
    assert!(page.contains("It is no test card.") && page.contains("root@beta.test"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn federation_can_be_switched_off_and_on_again() {
    let world = World::with(["alpha", "beta"]).await;
    let (alpha, beta) = (&world.alpha, &world.beta);
    beta_follows_alpha(&world).await;
    put(alpha, "/api/v1/config/custom", &json!({ "federation": { "enabled": false } })).await.assert_success();
    for path in ["/accounts/root", "/accounts/peertube/outbox", "/.well-known/webfinger?resource=acct:root@alpha.test"]
    {
        let answer = alpha.get_as(path, "application/activity+json").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let inbox = alpha.send(alpha.request(Method::POST, "/inbox").body("{}")).await;
    assert_eq!(inbox.status, StatusCode::FORBIDDEN);
    let uuid = upload(&world, alpha, "Waits for its journey").await;
    alpha.get_as(&format!("/videos/watch/{uuid}"), "text/html").await.assert_success();
    assert_eq!(listed(beta).await, [""; 0]);

    put(alpha, "/api/v1/config/custom", &json!({ "federation": { "enabled": true } })).await.assert_success();
    world.advance(Duration::from_mins(11)).await;
    assert_eq!(listed(beta).await, ["Waits for its journey"], "what waited is sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_allow_list_mode_only_the_chosen_are_spoken_with() {
    let world = World::with(["alpha", "beta", "gamma"]).await;
    let beta = &world.beta;
    for host in ["alpha.test", "gamma.test"] {
        beta.admin().follow_server(host).await;
    }
    world.settle().await;
    let chosen = json!({ "federation": { "allowList": true, "allowedServers": ["gamma.test"] } });
    let said = put(beta, "/api/v1/config/custom", &chosen).await.success().json();
    assert_eq!(said["federation"]["allowedServers"], json!(["gamma.test"]));
    upload(&world, &world.alpha, "From alpha").await;
    upload(&world, &world.gamma, "From gamma").await;
    assert_eq!(listed(beta).await, ["From gamma"]);
    let wrong = json!({ "federation": { "allowedServers": ["not a host"] } });
    assert_eq!(put(beta, "/api/v1/config/custom", &wrong).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        beta.admin().get_json("/api/v1/config/custom").await["federation"]["allowedServers"],
        json!(["gamma.test"])
    );
}

/// How often something of alpha is found in what beta shows to strangers.
async fn shown_of_alpha(beta: &Server, video: Uuid, playlist: &str) -> Vec<(String, usize)> {
    let mut shown = vec![];
    for path in [
        "/api/v1/videos".to_owned(),
        "/api/v1/search/videos?search=card".to_owned(),
        format!("/api/v1/search/videos?search=http://alpha.test/videos/watch/{video}"),
        "/api/v1/accounts?count=100".to_owned(),
        "/api/v1/video-channels?count=100".to_owned(),
        "/api/v1/search/video-channels?search=root".to_owned(),
        "/api/v1/search/video-channels?search=root_channel@alpha.test".to_owned(),
        "/api/v1/video-playlists".to_owned(),
        "/api/v1/search/video-playlists?search=cards".to_owned(),
        format!("/api/v1/search/video-playlists?search=http://alpha.test/video-playlists/{playlist}"),
        format!("/api/v1/videos/{video}"),
        "/api/v1/accounts/root@alpha.test".to_owned(),
        "/api/v1/accounts/root@alpha.test/videos".to_owned(),
        "/api/v1/video-channels/root_channel@alpha.test".to_owned(),
        format!("/api/v1/video-playlists/{playlist}"),
        "/a/root@alpha.test".to_owned(),
        "/c/root_channel@alpha.test".to_owned(),
    ] {
        let kind = if path.starts_with("/api/") { "application/json" } else { "text/html" };
        let answer = beta.get_as(&path, kind).await;
        let names_it = answer.status == StatusCode::OK && answer.text().contains("alpha.test");
        shown.push((path, usize::from(names_it)));
    }
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_server_is_hidden_while_it_is_blocked_or_not_on_the_list() {
    let world = World::with(["alpha", "beta", "gamma"]).await;
    let (alpha, beta) = (&world.alpha, &world.beta);
    beta_follows_alpha(&world).await;
    let channel = json!({ "uri": "root_channel@alpha.test" });
    beta.admin().post_json("/api/v1/users/me/subscriptions", &channel).await.assert_success();
    world.settle().await;
    let uuid = upload(&world, alpha, "A test card").await;
    let ours = upload(&world, beta, "Of beta").await;
    alpha.admin().follow_server("beta.test").await;
    world.settle().await;
    let threads = format!("/api/v1/videos/{ours}/comment-threads");
    alpha.admin().post_json(&threads, &json!({ "text": "from alpha" })).await.assert_success();
    let playlist = public_playlist(alpha).await;
    alpha.admin().post_json(&format!("/api/v1/video-playlists/{playlist}/videos"), &json!({ "videoId": uuid })).await;
    world.settle().await;
    let before = shown_of_alpha(beta, uuid, &playlist).await;
    assert_eq!(before.iter().filter(|(_, shown)| *shown == 0).count(), 0, "{before:?}");
    let thread = beta.get_json(&threads).await;
    assert_eq!(thread["total"], 1);
    let thread = format!("{threads}/{}", thread["data"][0]["id"]);

    let list = json!({ "federation": { "allowList": true, "allowedServers": ["gamma.test"] } });
    let no_list = json!({ "federation": { "allowList": false } });
    for by_list in [true, false] {
        if by_list {
            put(beta, "/api/v1/config/custom", &list).await.assert_success();
        } else {
            beta.admin().post_json(SERVERS, &json!({ "host": "alpha.test" })).await.assert_success();
        }
        let hidden = shown_of_alpha(beta, uuid, &playlist).await;
        assert_eq!(hidden.iter().filter(|(_, shown)| *shown > 0).count(), 0, "{hidden:?}");
        assert_eq!(beta.get_json(&threads).await["total"], 0);
        assert_eq!(beta.get(&thread).await.status, StatusCode::NOT_FOUND);
        assert_eq!(listed(beta).await, ["Of beta"], "its own stays");
        for path in ["/api/v1/accounts/root@alpha.test", "/api/v1/video-channels/root_channel@alpha.test"] {
            beta.admin().get(path).await.assert_success();
        }
        if by_list {
            put(beta, "/api/v1/config/custom", &no_list).await.assert_success();
        } else {
            beta.admin().delete(&format!("{SERVERS}/alpha.test")).await.assert_success();
        }
        assert_eq!(shown_of_alpha(beta, uuid, &playlist).await, before, "nothing is lost");
        assert_eq!(beta.get_json(&threads).await["total"], 1);
    }
    world.settle().await;
}

/// A public playlist of a server's administrator: its UUID.
async fn public_playlist(server: &Server) -> String {
    let root = server.admin();
    let channel = root.channel().await.to_string();
    let form = Form::default().text("displayName", "Test cards").text("privacy", "1").text("videoChannelId", &channel);
    let (body, kind) = form.finish();
    let request = server.request(Method::POST, "/api/v1/video-playlists").header("content-type", kind).body(body);
    let made = root.send(request).await.success().json();
    made["videoPlaylist"]["uuid"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_can_be_done_with_forms() {
    let world = World::with(["alpha"]).await;
    let alpha = &world.alpha;
    let post = async |path: &str, form: &[(&str, &str)]| {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = alpha.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        alpha.admin().send(request.body(body)).await
    };
    for (path, form, shown) in [
        ("/admin/moderation", &[("servers", "evil.example\nworse.example")][..], "worse.example"),
        ("/my-account/blocks", &[("servers", "dull.example")][..], "dull.example"),
        ("/admin/federation", &[("action", "allow"), ("hosts", "good.example")][..], "good.example"),
    ] {
        assert_eq!(post(path, form).await.status, StatusCode::SEE_OTHER, "{path}");
        let page = alpha.admin().get(path).await.success().text();
        assert!(page.contains(shown), "{path}: {page}");
    }
    let wrong = post("/admin/moderation", &[("servers", "good.example\nalpha.test")]).await;
    assert!(wrong.status.is_client_error() && wrong.text().contains("your own server"), "{}", wrong.text());
    post("/admin/moderation", &[("unblock_server", "evil.example")]).await;
    let left = alpha.admin().get_json(SERVERS).await;
    assert_eq!((&left["total"], &left["data"][0]["blockedServer"]["host"]), (&1.into(), &"worse.example".into()));
    assert_eq!(
        post("/admin/federation", &[("action", "settings"), ("federates", "1")]).await.status,
        StatusCode::SEE_OTHER
    );
    let custom = alpha.admin().get_json("/api/v1/config/custom").await;
    assert_eq!(
        (&custom["federation"]["enabled"], &custom["followers"]["instance"]["enabled"]),
        (&true.into(), &false.into())
    );

    let uuid = upload(&world, alpha, "A test card").await;
    let uuid = uuid.to_string();
    assert!(alpha.admin().get(&format!("/report?video={uuid}")).await.success().text().contains("A test card"));
    post("/report", &[("video", &uuid), ("reason", "It is dull."), ("predefined", "privacy")]).await.assert_success();
    let id = alpha.admin().get_json("/api/v1/abuses").await["data"][0]["id"].as_i64().unwrap();
    let page = format!("/admin/abuses/{id}");
    post(&page, &[("action", "say"), ("message", "Why?")]).await;
    post(&page, &[("action", "decide"), ("state", "2"), ("note", "It is not.")]).await;
    let abuse = &alpha.admin().get_json("/api/v1/abuses").await["data"][0];
    assert_eq!((&abuse["state"]["id"], &abuse["countMessages"]), (&2.into(), &1.into()));
    let address = format!("http://alpha.test/videos/watch/{uuid}");
    post("/admin/video-blocks", &[("action", "block"), ("video", &address), ("reason", "It is dull.")]).await;
    assert_eq!(listed(alpha).await, [""; 0]);
    assert!(alpha.admin().get("/admin/video-blocks").await.success().text().contains("It is dull."));
    post("/admin/video-blocks", &[("action", "unblock"), ("video", &uuid)]).await;
    assert_eq!(listed(alpha).await, ["A test card"]);
    let form = alpha.request(Method::POST, "/admin/moderation").body("servers=dull.example");
    let anonymous = alpha.send(form.header("content-type", "application/x-www-form-urlencoded")).await;
    assert_eq!(anonymous.header("location"), Some("/login?next=/admin/moderation"));
    assert_eq!(alpha.admin().get_json(SERVERS).await["total"], 1);
}
