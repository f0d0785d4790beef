use std::fmt::Write as _;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use federation::wire::{self, Attribution, Audience};
use http_body_util::BodyExt;
use platform::{jobs::open_jobs, testing::TestPlatform};
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

use super::*;
use crate::{
    App, accounts,
    actors::{self, ActorKind, testing::remote_actor},
    follows::tests::be_followed,
    oauth, routes,
    testing::{Elsewhere, submit_parts},
    users::{self, Role},
    videos::{self, Video},
};

/// A server with one user, who can ask it things.
struct Somebody<'a> {
    app: &'a App,
    token: Option<String>,
}

impl Somebody<'_> {
    async fn send(&self, method: Method, path: &str, body: impl Into<Body>, kind: &str) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, kind);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.header(header::ACCEPT, "application/activity+json").body(body.into()).unwrap();
        let response = routes::router(self.app).oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, Body::empty(), "text/plain").await
    }

    async fn json(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(method, path, body.to_string(), "application/json").await
    }

    async fn form(&self, method: Method, path: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
        let mut body = String::new();
        for (name, value) in fields {
            write!(body, "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").unwrap();
        }
        self.send(method, path, body + "--b--\r\n", "multipart/form-data; boundary=b").await
    }

    async fn make(&self, fields: &[(&str, &str)]) -> (i64, String) {
        let (status, made) = self.form(Method::POST, "/api/v1/video-playlists", fields).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        let made = &made["videoPlaylist"];
        (made["id"].as_i64().unwrap(), made["uuid"].as_str().unwrap().to_owned())
    }

    async fn add(&self, playlist: i64, video: &Video) -> i64 {
        let path = format!("/api/v1/video-playlists/{playlist}/videos");
        let (status, added) = self.json(Method::POST, &path, json!({ "videoId": video.id.0 })).await;
        assert_eq!(status, StatusCode::OK, "{added}");
        added["videoPlaylistElement"]["id"].as_i64().unwrap()
    }
}

const PUBLIC: &[(&str, &str)] = &[("displayName", "Robots"), ("privacy", "1"), ("videoChannelId", "1")];
const PRIVATE: &[(&str, &str)] = &[("displayName", "Mine"), ("privacy", "3")];

async fn root(app: &App) -> Somebody<'_> {
    let token = oauth::tests::log_in(app, "root", "a long password").await;
    Somebody { app, token: Some(token) }
}

fn nobody(app: &App) -> Somebody<'_> {
    Somebody { app, token: None }
}

async fn execute(app: &App, statement: &'static str) {
    let mut tx = app.platform.db.begin().await.unwrap();
    tx.query(statement).execute().await.unwrap();
    tx.commit().await.unwrap();
}

/// What was told to followers, oldest first, by the ends of its addresses.
async fn told(app: &App) -> Vec<&'static str> {
    let mut connection = app.platform.db.read().await.unwrap();
    let statement = "SELECT activity_url FROM outgoing_activities ORDER BY id";
    let urls: Vec<String> = connection.query(statement).fetch_all_scalars().await.unwrap();
    let read = |url: &String| match url.rsplit('/').next() {
        Some("activity") => "Create",
        Some("delete") => "Delete",
        _ if url.contains("/updates/") => "Update",
        _ => "something else",
    };
    urls.iter().map(read).collect()
}

#[tokio::test]
async fn a_playlist_is_made_filled_ordered_and_read() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    videos::seed(&app, 2).await.unwrap();
    let query = videos::ListQuery::default();
    let films = videos::store::list(&mut app.platform.db.read().await.unwrap(), &query).await.unwrap();
    let root = root(&app).await;
    let (id, uuid) = root.make(PUBLIC).await;
    let mut elements = vec![];
    for film in &films {
        elements.push(root.add(id, film).await);
    }
    let path = format!("/api/v1/video-playlists/{uuid}");
    let step = json!({ "startPosition": 3, "insertAfterPosition": 0 });
    assert_eq!(root.json(Method::POST, &format!("{path}/videos/reorder"), step).await.0, StatusCode::NO_CONTENT);
    let times = json!({ "startTimestamp": 3, "stopTimestamp": 9 });
    let element = format!("{path}/videos/{}", elements[2]);
    assert_eq!(root.json(Method::PUT, &element, times).await.0, StatusCode::NO_CONTENT);

    let (_, list) = nobody(&app).get(&format!("{path}/videos")).await;
    let shown: Vec<_> = list["data"].as_array().unwrap().iter().map(|element| &element["video"]["id"]).collect();
    assert_eq!(shown, [films[2].id.0, films[0].id.0, films[1].id.0]);
    assert_eq!((&list["data"][0]["startTimestamp"], &list["data"][0]["stopTimestamp"]), (&json!(3), &json!(9)));

    let gone = format!("{path}/videos/{}", elements[0]);
    assert_eq!(root.send(Method::DELETE, &gone, Body::empty(), "text/plain").await.0, StatusCode::NO_CONTENT);
    let (_, list) = nobody(&app).get(&format!("{path}/videos")).await;
    let positions: Vec<_> = list["data"].as_array().unwrap().iter().map(|element| &element["position"]).collect();
    assert_eq!(positions, [1, 2]);
    let (_, exist) = root
        .get(&format!("/api/v1/users/me/video-playlists/videos-exist?videoIds={}&videoIds=99", films[2].id.0))
        .await;
    assert_eq!(exist[films[2].id.0.to_string()][0]["playlistId"], id);
    assert_eq!(exist["99"], json!([]));
    for list in ["/api/v1/video-playlists", "/api/v1/search/video-playlists?search=robot"] {
        assert_eq!(nobody(&app).get(list).await.1["data"][0]["displayName"], "Robots", "{list}");
    }
    assert_eq!(nobody(&app).get("/api/v1/search/video-playlists?search=cats").await.1["total"], 0);
}

#[tokio::test]
async fn what_is_private_is_for_its_owner() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let root = root(&app).await;
    let (id, uuid) = root.make(PRIVATE).await;
    let path = format!("/api/v1/video-playlists/{uuid}");
    assert_eq!(root.get(&path).await.0, StatusCode::OK);
    assert_eq!(nobody(&app).get(&path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(nobody(&app).get(&format!("/video-playlists/{uuid}")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(nobody(&app).get("/api/v1/accounts/root/video-playlists").await.1["total"], 0);
    let own = root.get("/api/v1/accounts/root/video-playlists?sort=createdAt").await.1;
    assert_eq!(own["total"], 2, "with what is to be watched later: {own}");

    assert_eq!(root.form(Method::PUT, &path, &[("privacy", "2")]).await.0, StatusCode::NO_CONTENT);
    assert_eq!(nobody(&app).get(&path).await.0, StatusCode::OK, "who has the address may see what is unlisted");
    let guessed = format!("/api/v1/video-playlists/{id}");
    assert_eq!(nobody(&app).get(&guessed).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_changes_the_playlist_of_another() {
    let test = TestPlatform::new().await;
    let (app, film) = App::staged(&test).await;
    let (id, uuid) = root(&app).await.make(PUBLIC).await;
    let user = users::NewUser {
        username: "eve".to_owned(),
        email: "eve@a.example".to_owned(),
        password: "a long password".to_owned(),
        role: Role::User,
    };
    users::create(&app, user).await.unwrap();
    let eve = Somebody { app: &app, token: Some(oauth::tests::log_in(&app, "eve", "a long password").await) };
    let path = format!("/api/v1/video-playlists/{uuid}");
    for method in [Method::PUT, Method::DELETE] {
        assert_eq!(eve.form(method, &path, &[("displayName", "x")]).await.0, StatusCode::FORBIDDEN);
    }
    let video = json!({ "videoId": film.id.0 });
    let add = eve.json(Method::POST, &format!("/api/v1/video-playlists/{id}/videos"), video.clone()).await;
    assert_eq!(add.0, StatusCode::FORBIDDEN);
    assert_eq!(nobody(&app).json(Method::POST, &format!("{path}/videos"), video).await.0, StatusCode::UNAUTHORIZED);
    let foreign = eve.form(Method::POST, "/api/v1/video-playlists", PUBLIC).await;
    assert_eq!(foreign.0, StatusCode::FORBIDDEN, "the channel is not hers");
}

#[tokio::test]
async fn what_a_playlist_cannot_be_is_refused() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let root = root(&app).await;
    let long = "x".repeat(121);
    for fields in [
        &[("privacy", "3")][..],
        &[("displayName", ""), ("privacy", "3")],
        &[("displayName", &long), ("privacy", "3")],
        &[("displayName", "No channel"), ("privacy", "1")],
        &[("displayName", "x"), ("privacy", "4")],
        &[("displayName", "x"), ("privacy", "public")],
    ] {
        let (status, answer) = root.form(Method::POST, "/api/v1/video-playlists", fields).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{fields:?}: {answer}");
    }
    root.get("/api/v1/accounts/root/video-playlists").await;
    root.get("/api/v1/accounts/root/video-playlists").await;
    let (_, list) = root.get("/api/v1/accounts/root/video-playlists").await;
    assert_eq!((&list["total"], &list["data"][0]["type"]["id"]), (&json!(1), &json!(2)));
    let later = format!("/api/v1/video-playlists/{}", list["data"][0]["id"]);
    assert_eq!(root.form(Method::PUT, &later, &[("displayName", "x")]).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(root.form(Method::DELETE, &later, &[]).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_federation_hears_of_what_is_not_private() {
    let test = TestPlatform::new().await;
    let (app, film) = App::staged(&test).await;
    be_followed(&app).await;
    let root = root(&app).await;
    let (id, uuid) = root.make(PRIVATE).await;
    root.add(id, &film).await;
    assert_eq!(told(&app).await, [""; 0]);
    let path = format!("/api/v1/video-playlists/{uuid}");
    root.form(Method::PUT, &path, &[("privacy", "1"), ("videoChannelId", "1")]).await;
    root.form(Method::PUT, &path, &[("description", "All of them")]).await;
    root.add(id, &film).await;
    root.form(Method::PUT, &path, &[("privacy", "3")]).await;
    root.form(Method::PUT, &path, &[("privacy", "2")]).await;
    root.form(Method::DELETE, &path, &[]).await;
    assert_eq!(told(&app).await, ["Create", "Update", "Update", "Delete", "Create", "Delete"]);
}

#[tokio::test]
async fn servers_read_a_playlist_page_by_page() {
    let test = TestPlatform::new().await;
    let (app, film) = App::staged(&test).await;
    let root = root(&app).await;
    let (id, uuid) = root.make(PUBLIC).await;
    for _ in 0..11 {
        root.add(id, &film).await;
    }
    let address = format!("/video-playlists/{uuid}");
    let (_, document) = nobody(&app).get(&address).await;
    assert_eq!((&document["type"], &document["totalItems"]), (&json!("Playlist"), &json!(11)));
    let (_, page) = nobody(&app).get(&format!("{address}?page=2")).await;
    let last = page["orderedItems"][0].as_str().unwrap();
    let (_, element) = nobody(&app).get(url::Url::parse(last).unwrap().path()).await;
    assert_eq!((&element["position"], &element["url"]), (&json!(11), &json!(film.url)));

    execute(&app, "UPDATE videos SET privacy = 3").await;
    let (_, element) = nobody(&app).get(url::Url::parse(last).unwrap().path()).await;
    assert_eq!(element["url"], Value::Null, "the address of a private video is told to nobody");
    root.form(Method::DELETE, &format!("/api/v1/video-playlists/{id}"), &[]).await;
    let (status, stone) = nobody(&app).get(&address).await;
    assert_eq!((status, &stone["type"]), (StatusCode::GONE, &json!("Tombstone")));
}

#[tokio::test]
async fn an_element_outlives_its_video() {
    let test = TestPlatform::new().await;
    let (app, film) = App::staged(&test).await;
    let root = root(&app).await;
    let (id, uuid) = root.make(PUBLIC).await;
    root.add(id, &film).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    let elsewhere = NewElement {
        url: "https://b.test/video-playlists/1/videos/1".to_owned(),
        video_url: "https://b.test/videos/watch/1".to_owned(),
        start_s: None,
        stop_s: None,
    };
    element_store::insert(&mut tx, PlaylistId(id), &elsewhere, 2).await.unwrap();
    tx.commit().await.unwrap();
    let kinds = async |somebody: Somebody<'_>| {
        let (_, list) = somebody.get(&format!("/api/v1/video-playlists/{uuid}/videos")).await;
        list["data"].as_array().unwrap().iter().map(|element| element["type"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(nobody(&app)).await, [0, 3]);
    execute(&app, "UPDATE videos SET privacy = 3").await;
    assert_eq!(kinds(nobody(&app)).await, [2, 3]);
    execute(&app, "DELETE FROM videos").await;
    assert_eq!(kinds(nobody(&app)).await, [1, 3]);
}

#[tokio::test]
async fn a_full_playlist_takes_nothing_more() {
    let test = TestPlatform::new().await;
    let (app, film) = App::staged(&test).await;
    let root = root(&app).await;
    let (id, _) = root.make(PRIVATE).await;
    let element = NewElement { url: String::new(), video_url: film.url.clone(), start_s: None, stop_s: None };
    let mut tx = app.platform.db.begin().await.unwrap();
    element_store::replace(&mut tx, PlaylistId(id), &vec![element; 1_000]).await.unwrap();
    tx.commit().await.unwrap();
    let path = format!("/api/v1/video-playlists/{id}/videos");
    let (status, _) = root.json(Method::POST, &path, json!({ "videoId": film.id.0 })).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn pages_show_a_playlist_and_save_to_it() {
    let test = TestPlatform::new().await;
    let (app, film) = App::staged(&test).await;
    let root = root(&app).await;
    let (id, uuid) = root.make(PUBLIC).await;
    root.add(id, &film).await;
    let page = async |path: &str| {
        let request =
            Request::get(path).header(header::AUTHORIZATION, format!("Bearer {}", root.token.as_ref().unwrap()));
        let response = routes::router(&app).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    };
    let short = platform::ids::short_uuid(uuid.parse().unwrap());
    let beside = page(&format!("/w/p/{short}?playlistPosition=1")).await;
    assert!(beside.contains("1 of 1") && beside.contains(&film.name), "{beside}");
    assert!(page("/my-playlists").await.contains("Watch later"));
    assert!(page(&format!("/my-playlists/{id}")).await.contains(&film.name));

    let saving = format!("video={}&playlist=0", film.id.0);
    let kind = "application/x-www-form-urlencoded";
    assert_eq!(root.send(Method::POST, "/my-playlists/save", saving, kind).await.0, StatusCode::SEE_OTHER);
    let watch = page(&film.watch_path()).await;
    assert!(watch.contains("Take out") && watch.contains("Watch later"), "{watch}");
    let account = accounts::store::find_by_handle(
        &mut app.platform.db.read().await.unwrap(),
        "root",
        app.platform.public_url.host(),
    )
    .await;
    let account = account.unwrap().unwrap();
    let mut connection = app.platform.db.read().await.unwrap();
    assert_eq!(pages::cards_of_account(&mut connection, account.id, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_private_playlist_of_another_server_is_not_asked_for_again() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await.unwrap();
    let channel = remote_actor(&mut tx, ActorKind::Group, "b.test", "films", now).await;
    tx.commit().await.unwrap();
    let id = "https://b.test/video-playlists/1".parse().unwrap();
    let mut object = wire::Playlist::new(id, app.platform.random.uuid(), "Mine", now, 0);
    object.attributed_to = vec![Attribution::channel(channel.url().parse().unwrap())];
    object.audience = Audience::direct([]);
    let refused = federate::bring(&app, &object).await.unwrap_err();
    assert!(refused.to_string().contains("it is private"), "{refused}");
    let mut connection = app.platform.db.read().await.unwrap();
    assert!(open_jobs::<federate::RefreshPlaylist>(&mut connection, "", 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_playlist_goes_when_its_server_says_so_and_not_when_it_is_not_found() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let remote = Elsewhere::start(&test, "beta.test").await;
    let (_, owner) = actors::testing::stranger(&app, "beta.test", "bob").await;
    let now = app.platform.clock.now();
    let keep = async |path: &str| {
        let url = Url::parse(&format!("http://beta.test{path}")).unwrap();
        let playlist = NewPlaylist {
            uuid: app.platform.random.uuid(),
            url: url.to_string(),
            is_local: false,
            account_id: owner,
            channel_id: None,
            channel_position: None,
            name: "Fishes".to_owned(),
            description: None,
            privacy: PlaylistPrivacy::Public,
            kind: PlaylistKind::Regular,
            remote_thumbnail_url: None,
            created_at: now,
            updated_at: now,
            refreshed_at: Some(now),
        };
        let mut tx = app.platform.db.begin().await.unwrap();
        store::upsert(&mut tx, &playlist).await.unwrap();
        tx.commit().await.unwrap();
        url
    };
    let is_known = async |url: &Url| {
        let mut connection = app.platform.db.read().await.unwrap();
        store::find_by_url(&mut connection, url.as_str()).await.unwrap().is_some()
    };
    let (moved, deleted) = (keep("/video-playlists/1").await, keep("/video-playlists/2").await);
    for _ in 0..3 {
        federate::refresh(&app, &moved).await.unwrap_err();
        assert!(is_known(&moved).await, "its server may be in disorder");
    }
    remote.serve("/video-playlists/1", json!({"type": "Tombstone", "id": moved}));
    remote.answer_with("/video-playlists/2", StatusCode::GONE, Value::Null);
    for url in [moved, deleted] {
        federate::refresh(&app, &url).await.unwrap();
        assert!(!is_known(&url).await, "{url}");
    }
}

#[tokio::test]
async fn a_playlist_that_cannot_be_saved_is_shown_as_it_was_written() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let token = oauth::tests::log_in(&app, "root", "a long password").await;
    let root = Somebody { app: &app, token: Some(token.clone()) };
    let (id, _) = root.make(&[("displayName", "Fish"), ("privacy", "3")]).await;
    // A playlist for everybody needs a channel.
    let fields = [("displayName", "Reef & sea"), ("description", "<Deep>"), ("privacy", "1"), ("videoChannelId", "")];
    for path in ["/my-playlists".to_owned(), format!("/my-playlists/{id}")] {
        let (status, page) = submit_parts(&app, &token, &path, &fields).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {page}");
        for kept in [
            "role=\"alert\"",
            "value=\"Reef &#38; sea\"",
            ">&#60;Deep&#62;</textarea>",
            "<option value=\"1\" selected>",
        ] {
            assert!(page.contains(kept), "{path}, {kept}: {page}");
        }
    }
    let (status, page) = submit_parts(&app, &token, &format!("/my-playlists/{id}"), &fields[..2]).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
}
