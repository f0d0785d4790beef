//! What a video is, told by one server and known by another: editing, captions, chapters, privacy, deletion, freshness.

#![cfg(test)]

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use shoal_tests::{Answer, Client, Clip, User, World, form::Form};
use uuid::Uuid;

const A_DAY: Duration = Duration::from_hours(24);
const SUBRIP: &str = "1\n00:00:01,000 --> 00:00:02,500\nHello <i>there</i>\n\n2\n00:00:03,000 --> 00:00:04,000\nBye\n";

/// A world in which beta follows alpha and knows a video of it.
async fn with_a_video() -> (World, Uuid) {
    let world = World::with(["alpha", "beta"]).await;
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    (world, uuid)
}

async fn put_json(user: &User<'_>, server: &Client, path: &str, body: &Value) -> Answer {
    let request = server.request(Method::PUT, path).header("content-type", "application/json");
    user.send(request.body(body.to_string())).await
}

async fn put_form(user: &User<'_>, server: &Client, path: &str, form: Form) -> Answer {
    let (body, content_type) = form.finish();
    user.send(server.request(Method::PUT, path).header("content-type", content_type).body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_reaches_those_who_know_the_video() {
    let (world, uuid) = with_a_video().await;
    let path = format!("/api/v1/videos/{uuid}");
    let edit = json!({
        "name": "A better title", "category": 15, "licence": 2, "language": "fr", "description": "New words",
        "support": "Thanks", "tags": ["ocean", "fish"], "nsfw": true, "nsfwFlags": 3, "nsfwSummary": "Sharks",
        "commentsPolicy": 3, "downloadEnabled": false, "originallyPublishedAt": "2020-01-02T03:04:05.000Z",
    });
    put_json(&world.alpha.admin(), &world.alpha, &path, &edit).await.assert_success();
    world.settle().await;
    let (there, here) = (world.alpha.get_json(&path).await, world.beta.get_json(&path).await);
    assert_eq!((&there["name"], &there["category"]["id"]), (&"A better title".into(), &15.into()));
    for member in [
        "name",
        "category",
        "licence",
        "language",
        "description",
        "support",
        "tags",
        "nsfw",
        "nsfwFlags",
        "nsfwSummary",
        "commentsPolicy",
        "downloadEnabled",
        "originallyPublishedAt",
        "updatedAt",
        "publishedAt",
    ] {
        assert_eq!(here[member], there[member], "{member}");
    }
    let page =
        world.beta.get_as(&format!("/w/{}", platform::ids::short_uuid(uuid)), "text/html").await.success().text();
    assert!(page.contains("It shows violence and explicit sex. Sharks"), "{page}");

    let cleared = Form::default().text("category", "").text("tags", "").text("name", "Another title");
    put_form(&world.alpha.admin(), &world.alpha, &path, cleared).await.assert_success();
    world.settle().await;
    let here = world.beta.get_json(&path).await;
    assert_eq!(
        (&here["category"]["id"], &here["tags"], &here["name"]),
        (&Value::Null, &json!([]), &"Another title".into())
    );
    assert_eq!(here["support"], "Thanks", "what was not given stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_cannot_be_is_refused() {
    let (world, uuid) = with_a_video().await;
    let path = format!("/api/v1/videos/{uuid}");
    let root = world.alpha.admin();
    for edit in [
        json!({"name": "x"}),
        json!({"category": 99}),
        json!({"privacy": 9}),
        json!({"tags": ["a"]}),
        json!({"channelId": 999_999}),
        json!({"nsfwFlags": 64}),
        json!({"name": 7}),
        json!([]),
    ] {
        let answer = put_json(&root, &world.alpha, &path, &edit).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{edit}: {}", answer.text());
    }
    let anonymous = world.alpha.request(Method::PUT, &path).header("content-type", "application/json").body("{}");
    assert_eq!(world.alpha.send(anonymous).await.status, StatusCode::UNAUTHORIZED);
    let foreign = put_json(&world.beta.admin(), &world.beta, &path, &json!({"name": "Stolen"})).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(world.alpha.get_json(&path).await["name"], "A test card");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_any_kind_stands_for_a_video_everywhere() {
    let (world, uuid) = with_a_video().await;
    let path = format!("/api/v1/videos/{uuid}");
    let before = world.alpha.get_json(&path).await;
    let picture = include_bytes!("../fixtures/pictures/gradient.png");
    let form = Form::default().file("thumbnailfile", "gradient.png", "image/png", picture);
    put_form(&world.alpha.admin(), &world.alpha, &path, form).await.assert_success();
    world.settle().await;
    for server in [&world.alpha, &world.beta] {
        let details = server.get_json(&path).await;
        assert_ne!(details["thumbnailPath"], before["thumbnailPath"]);
        for picture in details["thumbnails"].as_array().unwrap() {
            let answer = server.get(picture["fileUrl"].as_str().unwrap()).await.success();
            assert!(answer.body.starts_with(&[0xFF, 0xD8, 0xFF]), "{picture}");
        }
    }
    let old = world.alpha.get(before["thumbnailPath"].as_str().unwrap()).await;
    assert_eq!(old.status, StatusCode::NOT_FOUND, "the old picture is gone");
    let letter = Form::default().file("thumbnailfile", "x.png", "image/png", b"This is no picture");
    let refused = put_form(&world.alpha.admin(), &world.alpha, &path, letter).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn captions_are_read_on_every_server_and_go_everywhere() {
    let (world, uuid) = with_a_video().await;
    let path = format!("/api/v1/videos/{uuid}/captions");
    let root = world.alpha.admin();
    let form = Form::default().file("captionfile", "en.srt", "application/x-subrip", SUBRIP.as_bytes());
    put_form(&root, &world.alpha, &format!("{path}/en"), form).await.assert_success();
    world.settle().await;
    for server in [&world.alpha, &world.beta] {
        let list = server.get_json(&path).await;
        assert_eq!((&list["total"], &list["data"][0]["language"]["label"]), (&1.into(), &"English".into()));
        let file = server.get(list["data"][0]["captionPath"].as_str().unwrap()).await.success();
        assert_eq!(file.header("content-type"), Some("text/vtt; charset=utf-8"));
        assert_eq!(file.header("access-control-allow-origin"), Some("*"));
        assert!(
            file.text().starts_with("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello <i>there</i>\n"),
            "{}",
            file.text()
        );
    }
    let page =
        world.beta.get_as(&format!("/w/{}", platform::ids::short_uuid(uuid)), "text/html").await.success().text();
    assert!(page.contains("<track kind=\"subtitles\" srclang=\"en\" label=\"English\""), "{page}");

    let letter = Form::default().file("captionfile", "en.srt", "application/x-subrip", b"Dear reader");
    assert_eq!(put_form(&root, &world.alpha, &format!("{path}/en"), letter).await.status, StatusCode::BAD_REQUEST);
    let form = Form::default().file("captionfile", "x.srt", "application/x-subrip", SUBRIP.as_bytes());
    assert_eq!(put_form(&root, &world.alpha, &format!("{path}/xx"), form).await.status, StatusCode::BAD_REQUEST);

    root.delete(&format!("{path}/en")).await.assert_success();
    world.settle().await;
    assert_eq!(world.beta.get_json(&path).await["total"], 0);
    assert_eq!(root.delete(&format!("{path}/en")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn captions_that_were_read_stay_when_their_origin_is_off() {
    let (world, uuid) = with_a_video().await;
    let path = format!("/api/v1/videos/{uuid}/captions");
    for language in ["en", "fr"] {
        let form = Form::default().file("captionfile", "x.srt", "application/x-subrip", SUBRIP.as_bytes());
        put_form(&world.alpha.admin(), &world.alpha, &format!("{path}/{language}"), form).await.assert_success();
    }
    world.settle().await;
    let list = world.beta.get_json(&path).await;
    let file = |index: usize| list["data"][index]["captionPath"].as_str().unwrap().to_owned();
    world.beta.get(&file(0)).await.assert_success();
    world.alpha.go_offline().await;
    world.beta.get(&file(0)).await.assert_success();
    assert_eq!(world.beta.get(&file(1)).await.status, StatusCode::BAD_GATEWAY);
    world.alpha.go_online().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chapters_are_known_on_every_server() {
    let (world, uuid) = with_a_video().await;
    let path = format!("/api/v1/videos/{uuid}/chapters");
    let root = world.alpha.admin();
    let chapters = json!({"chapters": [{"timecode": 3, "title": "End"}, {"timecode": 0, "title": "Start"}]});
    put_json(&root, &world.alpha, &path, &chapters).await.assert_success();
    world.settle().await;
    let expected = json!({"chapters": [{"timecode": 0, "title": "Start"}, {"timecode": 3, "title": "End"}]});
    assert_eq!(world.alpha.get_json(&path).await, expected);
    assert_eq!(world.beta.get_json(&path).await, expected);
    let document = world.alpha.get_as(&format!("/videos/watch/{uuid}/chapters"), "application/activity+json").await;
    assert_eq!(document.success().json()["hasPart"][1]["startOffset"], 3);

    let late = json!({"chapters": [{"timecode": 60, "title": "After the end"}]});
    assert_eq!(put_json(&root, &world.alpha, &path, &late).await.status, StatusCode::BAD_REQUEST);
    world.advance(Duration::from_mins(1)).await;
    put_json(&root, &world.alpha, &path, &json!({"chapters": []})).await.assert_success();
    world.settle().await;
    assert_eq!(world.beta.get_json(&path).await, json!({"chapters": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_becomes_private_goes_elsewhere_and_comes_back() {
    let (world, uuid) = with_a_video().await;
    let path = format!("/api/v1/videos/{uuid}");
    let root = world.alpha.admin();
    for privacy in [3, 2, 4] {
        world.clock().advance(Duration::from_millis(1));
        put_json(&root, &world.alpha, &path, &json!({ "privacy": privacy })).await.assert_success();
        world.settle().await;
        assert_eq!(world.beta.get(&path).await.status, StatusCode::NOT_FOUND, "privacy {privacy}");
        assert_eq!(world.beta.get_json("/api/v1/videos").await["total"], 0);
        put_json(&root, &world.alpha, &path, &json!({"privacy": 1})).await.assert_success();
        world.settle().await;
        assert_eq!(world.beta.get_json("/api/v1/videos").await["total"], 1, "after privacy {privacy}");
    }
    let creation = world.alpha.get_as(&format!("/videos/watch/{uuid}/activity"), "application/activity+json").await;
    let creation = creation.success().json();
    assert_eq!((&creation["type"], &creation["object"]["uuid"]), (&"Create".into(), &uuid.to_string().into()));
}

/// How many are known at beta to share a video.
async fn shares_at_beta(world: &World) -> i64 {
    let mut connection = world.beta.platform().db.read().await.unwrap();
    connection.query("SELECT count(*) FROM video_shares").fetch_scalar().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_shares_no_longer_what_has_moved_to_another() {
    let world = World::with(["alpha", "beta", "gamma"]).await;
    let root = world.alpha.admin();
    let first = root.get_json("/api/v1/users/me").await["videoChannels"][0]["name"].as_str().unwrap().to_owned();
    let other = json!({"name": "second", "displayName": "Second"});
    let other = root.post_json("/api/v1/video-channels", &other).await.success().json()["videoChannel"]["id"].clone();
    for (server, target) in [(&world.beta, "alpha.test"), (&world.beta, &first), (&world.gamma, &first)] {
        let handle = if target == first { format!("{first}@alpha.test") } else { target.to_owned() };
        let wanted = json!({ "handles": [handle] });
        server.admin().post_json("/api/v1/server/following", &wanted).await.assert_success();
    }
    world.settle().await;
    let uuid = root.upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    assert_eq!(shares_at_beta(&world).await, 2, "its channel and its server");
    assert_eq!(world.gamma.get_json("/api/v1/videos").await["total"], 1);

    world.clock().advance(Duration::from_secs(1));
    let path = format!("/api/v1/videos/{uuid}");
    put_json(&root, &world.alpha, &path, &json!({ "channelId": other })).await.assert_success();
    world.settle().await;
    assert_eq!(shares_at_beta(&world).await, 1, "its server");
    assert_eq!(world.gamma.get_json("/api/v1/videos").await["total"], 0, "gamma follows the first channel alone");
    for server in [&world.beta, &world.gamma] {
        assert_eq!(server.get_json(&path).await["channel"]["name"], "second");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_said_to_be_gone() {
    let (world, uuid) = with_a_video().await;
    world.alpha.admin().delete(&format!("/api/v1/videos/{uuid}")).await.assert_success();
    let answer = world.alpha.get_as(&format!("/videos/watch/{uuid}"), "application/activity+json").await;
    assert_eq!((answer.status, &answer.json()["type"]), (StatusCode::GONE, &"Tombstone".into()));
    world.settle().await;
    let never = format!("/videos/watch/{}", Uuid::nil());
    assert_eq!(world.alpha.get_as(&never, "application/activity+json").await.status, StatusCode::NOT_FOUND);
}

/// Changes a video of alpha without telling anybody.
async fn change_silently(world: &World, statement: &'static str) {
    let mut tx = world.alpha.platform().db.begin().await.unwrap();
    tx.query(statement).execute().await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_at_an_old_video_gets_the_new_one_next_time() {
    let (world, uuid) = with_a_video().await;
    let path = format!("/api/v1/videos/{uuid}");
    change_silently(&world, "UPDATE videos SET name = 'Renamed in silence'").await;
    world.beta.get_json(&path).await;
    world.settle().await;
    assert_eq!(world.beta.get_json(&path).await["name"], "A test card", "it was asked for a moment ago");
    world.beta.admin().post_json(&format!("{path}/refresh"), &json!({})).await.assert_success();
    world.settle().await;
    assert_eq!(world.beta.get_json(&path).await["name"], "Renamed in silence", "an administrator asked");

    change_silently(&world, "UPDATE videos SET name = 'And once more'").await;
    world.advance(A_DAY * 3).await;
    world.beta.get_json(&path).await;
    world.settle().await;
    assert_eq!(world.beta.get_json(&path).await["name"], "And once more", "somebody looked after three days");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forgets_a_video_for_a_day_does_not_lose_it_elsewhere() {
    let (world, uuid) = with_a_video().await;
    let path = format!("/api/v1/videos/{uuid}");
    change_silently(&world, "UPDATE videos SET privacy = 3").await;
    world.advance(A_DAY * 3).await;
    world.beta.get_json(&path).await;
    world.settle().await;
    for _ in 0..2 {
        world.advance(A_DAY + Duration::from_mins(1)).await;
        world.beta.get(&path).await.assert_success();
    }
    change_silently(&world, "UPDATE videos SET privacy = 1").await;
    world.advance(A_DAY + Duration::from_mins(1)).await;
    change_silently(&world, "UPDATE videos SET privacy = 3").await;
    world.advance(A_DAY * 3).await;
    world.beta.get_json(&path).await;
    world.settle().await;
    for _ in 0..3 {
        world.beta.get(&path).await.assert_success();
        world.advance(A_DAY + Duration::from_mins(1)).await;
    }
    assert_eq!(world.beta.get(&path).await.status, StatusCode::NOT_FOUND, "after four days it is believed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_nobody_follows_brings_nothing() {
    let (world, _) = with_a_video().await;
    let mut tx = world.beta.platform().db.begin().await.unwrap();
    tx.query("DELETE FROM follows").execute().await.unwrap();
    tx.commit().await.unwrap();
    let uninvited = world.alpha.admin().upload("Nobody asked", &Clip::tiny().await).await;
    world.settle().await;
    assert_eq!(world.beta.get(&format!("/api/v1/videos/{uninvited}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_videos_of_a_server_that_is_no_longer_followed_are_not_listed() {
    let (world, uuid) = with_a_video().await;
    assert_eq!(world.beta.get_json("/api/v1/videos").await["total"], 1);
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.settle().await;
    assert_eq!(world.beta.get_json("/api/v1/videos").await["total"], 0);
    world.beta.get(&format!("/api/v1/videos/{uuid}")).await.assert_success();
}
