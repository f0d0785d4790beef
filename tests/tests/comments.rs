//! What people say about videos, across servers.

#![cfg(test)]

use std::time::Duration;

use http::{Method, StatusCode};
use platform::ids::short_uuid;
use serde_json::{Value, json};
use shoal_tests::{Answer, Clip, Server, World};
use uuid::Uuid;

/// A video of alpha that beta knows.
async fn video_known_on_both(world: &World) -> Uuid {
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    world.beta.get(&format!("/api/v1/videos/{uuid}")).await.assert_success();
    uuid
}

async fn comment(server: &Server, uuid: Uuid, text: &str) -> Value {
    let path = format!("/api/v1/videos/{uuid}/comment-threads");
    server.admin().post_json(&path, &json!({ "text": text })).await.success().json()["comment"].clone()
}

async fn reply(server: &Server, uuid: Uuid, to: &Value, text: &str) -> Value {
    let path = format!("/api/v1/videos/{uuid}/comments/{to}");
    server.admin().post_json(&path, &json!({ "text": text })).await.success().json()["comment"].clone()
}

async fn threads(server: &Server, uuid: Uuid) -> Value {
    server.get_json(&format!("/api/v1/videos/{uuid}/comment-threads")).await
}

fn texts(threads: &Value) -> Vec<&str> {
    threads["data"].as_array().unwrap().iter().map(|comment| comment["text"].as_str().unwrap()).collect()
}

/// Sends a form of a page as a browser would that is logged in there.
async fn submit(server: &Server, path: &str, fields: &[(&str, &str)]) -> Answer {
    let token = server.admin().token().await;
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = server
        .request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", format!("shoal_session={token}"))
        .header("sec-fetch-site", "same-origin")
        .body(form);
    server.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_and_its_reply_are_on_both_servers() {
    let world = World::with(["alpha", "beta"]).await;
    let uuid = video_known_on_both(&world).await;
    let first = comment(&world.beta, uuid, "Greetings from **beta**").await;
    world.settle().await;
    let there = threads(&world.alpha, uuid).await;
    assert_eq!((texts(&there), &there["totalNotDeletedComments"]), (vec!["Greetings from **beta**"], &1.into()));
    assert_eq!((&there["data"][0]["url"], &there["data"][0]["account"]["host"]), (&first["url"], &"beta.test".into()));

    let answer = reply(&world.alpha, uuid, &there["data"][0]["id"], "Welcome, @root@beta.test, look at 0:03").await;
    world.settle().await;
    let thread = world.beta.get_json(&format!("/api/v1/videos/{uuid}/comment-threads/{}", first["id"])).await;
    assert_eq!(thread["comment"]["totalReplies"], 1);
    assert_eq!(thread["comment"]["totalRepliesFromVideoAuthor"], 1);
    let here = &thread["children"][0]["comment"];
    assert_eq!((&here["url"], &here["text"]), (&answer["url"], &answer["text"]));
    assert_eq!((&here["inReplyToCommentId"], &here["threadId"]), (&first["id"], &first["id"]));
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_is_deleted_by_its_author_or_by_the_owner_of_the_video() {
    let world = World::with(["alpha", "beta"]).await;
    let uuid = video_known_on_both(&world).await;
    let (mine, rude) = (comment(&world.beta, uuid, "mine").await, comment(&world.beta, uuid, "rude").await);
    world.settle().await;
    world.beta.admin().delete(&format!("/api/v1/videos/{uuid}/comments/{}", mine["id"])).await.assert_success();
    world.settle().await;
    let there = threads(&world.alpha, uuid).await;
    assert_eq!(texts(&there), ["rude"]);
    let path = format!("/api/v1/videos/{uuid}/comments/{}", there["data"][0]["id"]);
    assert_eq!(world.alpha.send(world.alpha.request(Method::DELETE, &path)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.alpha.admin().delete(&path).await.status, StatusCode::NO_CONTENT);
    world.settle().await;
    assert_eq!(threads(&world.beta, uuid).await["total"], 0, "the server of the video has the last word");
    for gone in [mine, rude] {
        let url = gone["url"].as_str().unwrap();
        let left = world.beta.get_as(url, "application/activity+json").await;
        assert_eq!((left.status, &left.json()["type"]), (StatusCode::GONE, &"Tombstone".into()));
    }
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_is_not_taken_elsewhere_is_given_up_where_it_was_written() {
    let world = World::with(["alpha", "beta"]).await;
    let uuid = video_known_on_both(&world).await;
    let refused = json!({ "federation": { "remoteComments": false } });
    let request = world.alpha.request(Method::PUT, "/api/v1/config/custom").header("content-type", "application/json");
    world.alpha.admin().send(request.body(refused.to_string())).await.assert_success();
    assert_eq!(world.alpha.get_json("/api/v1/config").await["federation"]["remoteComments"], false);
    let page = world.alpha.get_as(&format!("/videos/watch/{uuid}"), "text/html").await.text();
    assert!(page.contains("takes no comments that are written on other servers"), "{page}");

    comment(&world.alpha, uuid, "from alpha").await;
    comment(&world.beta, uuid, "from beta").await;
    world.settle().await;
    for server in [&world.alpha, &world.beta] {
        assert_eq!(texts(&threads(server, uuid).await), ["from alpha"], "{}", server.name());
    }
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_talk_is_fetched_when_somebody_looks() {
    let world = World::with(["alpha", "beta", "gamma"]).await;
    let uuid = video_known_on_both(&world).await;
    let first = comment(&world.beta, uuid, "first").await;
    world.settle().await;
    reply(&world.beta, uuid, &first["id"], "second").await;
    comment(&world.alpha, uuid, "from the owner").await;
    world.settle().await;
    world.gamma.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(threads(&world.gamma, uuid).await["total"], 0, "nobody has looked yet");
    world.settle().await;
    let found = threads(&world.gamma, uuid).await;
    assert_eq!(texts(&found).len(), 2, "{found}");
    assert_eq!(found["totalNotDeletedComments"], 3);
    let hosts: Vec<&Value> = found["data"].as_array().unwrap().iter().map(|c| &c["account"]["host"]).collect();
    assert!(hosts.contains(&&json!("beta.test")), "{hosts:?}");

    let late = comment(&world.alpha, uuid, "later").await;
    world.settle().await;
    assert!(texts(&threads(&world.gamma, uuid).await).contains(&"later"), "gamma follows the server of {late}");
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_have_what_clients_of_peertube_read() {
    let world = World::with(["alpha"]).await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let first = comment(&world.alpha, uuid, "one").await;
    reply(&world.alpha, uuid, &first["id"], "two").await;
    world.clock().advance(Duration::from_secs(5));
    comment(&world.alpha, uuid, "three").await;
    let list = threads(&world.alpha, uuid).await;
    assert_eq!((texts(&list), &list["total"]), (vec!["three", "one"], &2.into()));
    for member in [
        "id",
        "url",
        "text",
        "threadId",
        "inReplyToCommentId",
        "videoId",
        "createdAt",
        "updatedAt",
        "deletedAt",
        "heldForReview",
        "isDeleted",
        "totalRepliesFromVideoAuthor",
        "totalReplies",
        "account",
    ] {
        assert!(list["data"][0].get(member).is_some(), "{member} is missing in {list}");
    }
    let sorted = format!("/api/v1/videos/{uuid}/comment-threads?sort=-totalReplies&count=1");
    assert_eq!(texts(&world.alpha.get_json(&sorted).await), ["one"]);
    let all = world.alpha.admin().get_json("/api/v1/videos/comments?search=tw").await;
    assert_eq!((&all["total"], &all["data"][0]["video"]["uuid"]), (&1.into(), &uuid.to_string().into()));
    let mine = world.alpha.admin().get_json("/api/v1/users/me/videos/comments?isHeldForReview=false").await;
    assert_eq!(mine["total"], 3);
    assert_eq!(world.alpha.get("/api/v1/videos/comments").await.status, StatusCode::UNAUTHORIZED);

    let path = format!("/api/v1/videos/{uuid}/comment-threads");
    for wrong in ["?sort=evil", "?count=1000", "?start=-1"] {
        assert_eq!(world.alpha.get(&format!("{path}{wrong}")).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    for text in ["", "  \n ", &"x".repeat(10_001)] {
        let answer = world.alpha.admin().post_json(&path, &json!({ "text": text })).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_are_documents_that_other_servers_find() {
    let world = World::with(["alpha", "beta"]).await;
    let uuid = video_known_on_both(&world).await;
    let ours = comment(&world.alpha, uuid, "ours").await;
    comment(&world.beta, uuid, "theirs").await;
    world.settle().await;
    let collection = format!("/videos/watch/{uuid}/comments");
    assert_eq!(world.alpha.get_json(&collection).await["totalItems"], 2);
    let page = world.alpha.get_json(&format!("{collection}?page=1")).await;
    assert_eq!(page["orderedItems"][0], ours["url"]);
    assert!(page["orderedItems"][1].as_str().unwrap().starts_with("http://beta.test/"), "{page}");
    let note = world.alpha.get_as(ours["url"].as_str().unwrap(), "application/activity+json").await.success().json();
    assert_eq!((&note["type"], &note["content"]), (&"Note".into(), &"ours".into()));
    let activity = world.alpha.get_json(&format!("{collection}/{}/activity", ours["id"])).await;
    assert_eq!((&activity["type"], &activity["object"]["id"]), (&"Create".into(), &ours["url"]));
    let approval = world.alpha.get_json(&format!("{collection}/{}/approve-reply", ours["id"])).await;
    assert_eq!((&approval["type"], &approval["object"]), (&"ApproveReply".into(), &ours["url"]));
    let page = world.alpha.get_as(ours["url"].as_str().unwrap(), "text/html").await;
    assert!(page.header("location").unwrap().starts_with(&format!("/w/{}", short_uuid(uuid))), "{page:?}");
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_write_and_delete_without_a_script() {
    let world = World::with(["alpha"]).await;
    let uuid = world.alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    let (watch, forms) = (format!("/w/{}", short_uuid(uuid)), format!("/videos/watch/{uuid}/comments"));
    let read = async |path: &str| world.alpha.get_as(path, "text/html").await.success().text();
    assert!(read(&watch).await.contains("Nobody has commented yet."));

    let text = "Look at 0:03 <script>alert(1)</script> https://example.org/";
    let written = submit(&world.alpha, &forms, &[("text", text)]).await;
    assert_eq!(written.status, StatusCode::SEE_OTHER, "{written:?}");
    let id = threads(&world.alpha, uuid).await["data"][0]["id"].to_string();
    submit(&world.alpha, &forms, &[("text", "An answer"), ("in_reply_to", &id)]).await;
    let page = read(&watch).await;
    assert!(page.contains("2 comments") && page.contains("An answer"), "{page}");
    assert!(page.contains(&format!("{watch}?start=3")) && page.contains("nofollow ugc"), "{page}");
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(!page.contains("Delete this comment"), "a visitor may delete nothing");

    let foreign = world.alpha.request(Method::POST, &format!("{forms}/{id}/delete"));
    let token = world.alpha.admin().token().await;
    let foreign = foreign.header("cookie", format!("shoal_session={token}")).header("sec-fetch-site", "cross-site");
    let answer = world.alpha.send(foreign).await;
    assert!(answer.header("location").is_some_and(|to| to.starts_with("/login")), "a page elsewhere sent this");
    submit(&world.alpha, &format!("{forms}/{id}/delete"), &[]).await;
    let page = read(&watch).await;
    assert!(page.contains("This comment was deleted.") && page.contains("An answer"), "{page}");
    world.settle().await;
}
