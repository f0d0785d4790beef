//! What strangers meet at the door: addresses, bodies, and what is taken back.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use federation::wire::{Audience, CacheFile};
use http_body_util::BodyExt;
use platform::{Operator, tasks::Tasks, testing::TestPlatform};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt;
use url::Url;

mod collections;
mod programs;

use super::dispatch;
use crate::{
    App,
    actors::{self, Actor, ActorKind},
    follows::{self, FollowState},
    mirrors, routes,
    settings::{Settings, store as settings_store},
    videos::Video,
};

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

async fn get(app: &App, path: &str) -> StatusCode {
    let request = Request::get(path).header(header::ACCEPT, "application/activity+json").body(Body::empty()).unwrap();
    routes::router(app).oneshot(request).await.unwrap().status()
}

async fn execute(app: &App, statement: &'static str) {
    let mut tx = app.platform.db.begin().await.unwrap();
    tx.query(statement).execute().await.unwrap();
    tx.commit().await.unwrap();
}

/// The addresses of a video that do not answer with a document.
async fn missing_parts(app: &App, video: &Video) -> Vec<&'static str> {
    let mut missing = vec![];
    for part in ["", "/likes", "/dislikes", "/announces", "/comments", "/chapters", "/activity", "/player-settings"] {
        let status = get(app, &format!("/videos/watch/{}{part}", video.uuid)).await;
        assert!(matches!(status, StatusCode::OK | StatusCode::NOT_FOUND), "{part}: {status}");
        if status == StatusCode::NOT_FOUND {
            missing.push(part);
        }
    }
    missing
}

#[tokio::test]
async fn all_that_a_video_names_is_served_wherever_the_video_is() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    for (what, statement) in [
        ("public", "UPDATE videos SET privacy = 1"),
        ("unlisted", "UPDATE videos SET privacy = 2"),
        ("waiting for its stream", "UPDATE videos SET privacy = 1, is_live = TRUE, state = 4"),
        ("a stream that is over", "UPDATE videos SET state = 5"),
        ("an unlisted one", "UPDATE videos SET privacy = 2"),
    ] {
        execute(&app, statement).await;
        assert_eq!(missing_parts(&app, &video).await, [""; 0], "{what}");
    }
    for (what, statement) in [
        ("private", "UPDATE videos SET privacy = 3, state = 1, is_live = FALSE"),
        ("being made", "UPDATE videos SET privacy = 1, state = 2"),
    ] {
        execute(&app, statement).await;
        assert_eq!(missing_parts(&app, &video).await.len(), 8, "{what}");
    }
}

#[tokio::test]
async fn people_find_the_operator_of_a_server_that_does_not_federate() {
    let mut test = TestPlatform::new().await;
    let contact = Some("root@alpha.test".to_owned());
    test.platform.operator = Arc::new(Operator { contact, ..Operator::default() });
    let (app, _) = App::staged(&test).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    let off = Settings { federates: false, ..app.border.settings().as_ref().clone() };
    let federates = &off.members()["federates"];
    settings_store::set(&mut tx, "federates", federates, app.platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    app.border.reload(&app.platform.db).await.unwrap();
    assert_eq!(get(&app, "/.well-known/nodeinfo").await, StatusCode::NOT_FOUND);
    assert_eq!(get(&app, "/.well-known/security.txt").await, StatusCode::OK);
    assert_eq!(get(&app, "/.well-known/change-password").await, StatusCode::SEE_OTHER);
}

async fn listen(app: &App) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, router) = (listener.local_addr().unwrap(), routes::router(app));
    Tasks::default().spawn("alpha", async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// Sends a body to the inbox, of which as much arrives, and gives the first line of the answer.
async fn post(inbox: SocketAddr, promised: usize, sent: usize) -> String {
    let (mut reader, mut writer) = TcpStream::connect(inbox).await.unwrap().into_split();
    Tasks::default().spawn("sender", async move {
        let head = format!("POST /inbox HTTP/1.1\r\nHost: alpha.test\r\nContent-Length: {promised}\r\n\r\n");
        writer.write_all(head.as_bytes()).await.unwrap();
        // Whoever has heard enough may hang up.
        let _sent = writer.write_all(&vec![b' '; sent]).await;
        let _closed = writer.shutdown().await;
    });
    let mut start = [0; 12];
    reader.read_exact(&mut start).await.unwrap();
    String::from_utf8(start.to_vec()).unwrap()
}

#[tokio::test]
async fn a_huge_body_is_too_large_and_half_a_body_is_none() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let inbox = listen(&app).await;
    assert_eq!(post(inbox, 20_000_000, 20_000_000).await, "HTTP/1.1 413");
    assert_eq!(post(inbox, 1_000, 500).await, "HTTP/1.1 400");
}

async fn server(app: &App, host: &str) -> Actor {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await.unwrap();
    let actor = actors::testing::remote_actor(&mut tx, ActorKind::Application, host, "peertube", now).await;
    tx.commit().await.unwrap();
    actor
}

async fn count(app: &App, statement: &'static str) -> i64 {
    app.platform.db.read().await.unwrap().query(statement).fetch_scalar().await.unwrap()
}

async fn follow_this_server(app: &App, follower: &Actor, id: &str) {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await.unwrap();
    let me = actors::store::find_by_url(&mut tx, app.ids.instance_actor().as_str()).await.unwrap().unwrap();
    follows::store::upsert(&mut tx, follower.id, me.id, id, FollowState::Accepted, now).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn who_names_only_the_address_of_a_copy_or_a_follow_takes_it_back() {
    const FOLLOWS: &str = "SELECT count(*) FROM follows";
    const COPIES: &str = "SELECT count(*) FROM video_redundancies";
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (beta, mallory) = (server(&app, "beta.test").await, server(&app, "mallory.test").await);
    let follow = "https://beta.test/accounts/peertube/follows/1";
    follow_this_server(&app, &beta, follow).await;
    let copy = url("https://beta.test/redundancy/streaming-playlists/hls/1");
    let base = url("https://beta.test/static/redundancy/1");
    let file = CacheFile::hls(copy.clone(), url(&video.url), base, None, Audience::default());

    for (told, copies) in
        [(copy.to_string(), COPIES), (format!("{copy}/activity"), COPIES), (follow.to_owned(), FOLLOWS)]
    {
        let mut tx = app.platform.db.begin().await.unwrap();
        mirrors::federate::receive(&app, &mut tx, &beta, &file).await.unwrap();
        dispatch::receive_undo_by_id(&app, &mut tx, &mallory, &url(&told)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&app, copies).await, 1, "{told}: that was not mallory's");
        let mut tx = app.platform.db.begin().await.unwrap();
        dispatch::receive_undo_by_id(&app, &mut tx, &beta, &url(&told)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&app, copies).await, 0, "{told}");
    }
}

#[tokio::test]
async fn a_refused_follower_stays_refused_whatever_it_takes_back() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let beta = server(&app, "beta.test").await;
    follow_this_server(&app, &beta, "https://beta.test/f/1").await;
    execute(&app, "UPDATE follows SET state = 'rejected'").await;
    let mut tx = app.platform.db.begin().await.unwrap();
    dispatch::receive_undo_by_id(&app, &mut tx, &beta, &url("https://beta.test/f/1")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&app, "SELECT count(*) FROM follows WHERE state = 'rejected'").await, 1);
}

#[tokio::test]
async fn a_server_hears_that_it_is_followed_no_longer_however_long_it_is_away() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let beta = server(&app, "beta.test").await;
    let mut tx = app.platform.db.begin().await.unwrap();
    let me = actors::store::find_by_url(&mut tx, app.ids.instance_actor().as_str()).await.unwrap().unwrap();
    let id = follows::federate::send_follow(&app, &mut tx, &me, &beta).await.unwrap().unwrap();
    let follow = follows::store::find(&mut tx, id).await.unwrap().unwrap();
    follows::federate::send_undo(&app, &mut tx, &follow).await.unwrap();
    tx.commit().await.unwrap();
    let sure = "SELECT count(*) FROM outgoing_activities WHERE must_arrive = TRUE AND activity_url LIKE '%undo%'";
    assert_eq!(count(&app, sure).await, 1);
}

#[tokio::test]
async fn whoever_lists_servers_learns_what_this_one_is_like_and_that_it_tracks_nobody() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let read = async |path: &str| {
        let response = routes::router(&app).oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (kind, serde_json::from_slice::<Value>(&body).unwrap())
    };
    let recorded = include_str!("../../../crates/federation/fixtures/peertube-6.3/ap/nodeinfo-2.0-1.json");
    let recorded: Value = serde_json::from_str(recorded).unwrap();
    let (recorded, own) = (&recorded["metadata"]["nodeConfig"], read("/nodeinfo/2.0.json").await.1);
    let own = &own["metadata"]["nodeConfig"];
    // There are no trends here.
    for (name, value) in recorded.as_object().unwrap().iter().filter(|(name, _)| *name != "trending") {
        assert!(is_shaped_like(&own[name], value), "{name}: {}", own[name]);
    }
    assert_eq!(own["transcoding"]["enabledResolutions"], serde_json::json!(app.config.resolutions));
    for path in ["/.well-known/dnt", "/.well-known/dnt/"] {
        let (kind, status) = read(path).await;
        assert_eq!((kind.as_str(), &status["tracking"]), ("application/tracking-status+json", &"N".into()));
    }
}

/// Whether something has all members that something else has, with values of the same kinds.
fn is_shaped_like(own: &Value, other: &Value) -> bool {
    match (own, other) {
        (Value::Object(own), Value::Object(other)) => {
            other.iter().all(|(name, other)| own.get(name).is_some_and(|own| is_shaped_like(own, other)))
        }
        _ => std::mem::discriminant(own) == std::mem::discriminant(other),
    }
}
