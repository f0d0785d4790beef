use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use chrono::TimeDelta;
use federation::wire;
use http_body_util::BodyExt;
use platform::{db::Tx, testing::TestPlatform};
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

use super::{Reason, actions, federate};
use crate::{
    App,
    actors::{self, Actor, ActorId},
    moderation::video_blocks::tests::ask,
    routes,
    videos::{self, ListQuery, Privacy, Video},
};

const HOST: &str = "127.0.0.1:9002";

/// A video as PeerTube 6.3 tells it, with what 8.2 tells besides.
fn recorded() -> Value {
    let mut document: Value =
        serde_json::from_str(include_str!("../../../../crates/federation/fixtures/peertube-6.3/ap/video-web+hls.json"))
            .unwrap();
    document["sensitive"] = true.into();
    document["summary"] = "A war report".into();
    document["downloads"] = 7.into();
    document["views"] = 12.into();
    document["tag"].as_array_mut().unwrap().push(json!({"type": "SensitiveTag", "name": "violent"}));
    document
}

fn object(document: &Value) -> wire::Video {
    wire::Video::from_value(document).unwrap()
}

async fn insert_actor(tx: &mut Tx, host: &str, kind: &str, path: &str, name: &str) -> Actor {
    let url = format!("http://{host}{path}");
    tx.query(
        "INSERT INTO actors (kind, url, username, username_folded, host, is_local, inbox_url, public_key_pem, created_at, \
         updated_at) VALUES ($1, $2, $3, $3, $4, FALSE, $5, '', $6, $6)",
    )
    .bind(kind.to_owned())
    .bind(url.clone())
    .bind(name.to_owned())
    .bind(host.to_owned())
    .bind(format!("{url}/inbox"))
    .bind("2026-11-22T00:00:00Z".parse::<platform::clock::Timestamp>().unwrap())
    .execute()
    .await
    .unwrap();
    actors::store::find_by_url(tx, &url).await.unwrap().unwrap()
}

/// The origin of the recorded video: its account, its channel, and the server's own actor.
async fn insert_origin(tx: &mut Tx) -> (Actor, Actor, Actor) {
    let account = insert_actor(tx, HOST, "Person", "/accounts/bob", "bob").await;
    let channel = insert_actor(tx, HOST, "Group", "/video-channels/bob_main", "bob_main").await;
    let server = insert_actor(tx, HOST, "Application", "/accounts/peertube", "peertube").await;
    let now = "2026-11-22T00:00:00Z".parse::<platform::clock::Timestamp>().unwrap();
    let row: i64 = tx
        .query("INSERT INTO accounts (actor_id, display_name, created_at, updated_at) VALUES ($1, 'Bob', $2, $2) RETURNING id")
        .bind(account.id)
        .bind(now)
        .fetch_scalar()
        .await
        .unwrap();
    tx.query(
        "INSERT INTO video_channels (actor_id, account_id, display_name, created_at, updated_at) \
         VALUES ($1, $2, 'Bob''s films', $3, $3)",
    )
    .bind(channel.id)
    .bind(row)
    .bind(now)
    .execute()
    .await
    .unwrap();
    (account, channel, server)
}

async fn follow(app: &App, tx: &mut Tx, target: ActorId) {
    let me = actors::store::find_by_url(tx, app.ids.instance_actor().as_str()).await.unwrap().unwrap();
    let now = app.platform.clock.now();
    tx.query(
        "INSERT INTO follows (follower_id, target_id, url, state, created_at, updated_at) \
         VALUES ($1, $2, 'http://alpha.test/follow', 'accepted', $3, $3)",
    )
    .bind(me.id)
    .bind(target)
    .bind(now)
    .execute()
    .await
    .unwrap();
    super::relist(tx, target).await.unwrap();
}

async fn find(tx: &mut Tx) -> Option<Video> {
    let url = recorded()["id"].as_str().unwrap().to_owned();
    videos::store::find_by_url(tx, &url).await.unwrap()
}

async fn get(app: &App, path: &str) -> Value {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = routes::router(app).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

/// An instance that follows the server of the recorded video, and has been sent it.
async fn with_the_video(test: &TestPlatform) -> (App, Actor, Video) {
    // What was recorded must not lie in the future.
    test.clock.set("2026-11-22T12:00:00Z".parse().unwrap());
    let (app, _) = App::staged(test).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    let (account, _, server) = insert_origin(&mut tx).await;
    follow(&app, &mut tx, server.id).await;
    federate::receive_video(&app, &mut tx, &account, &object(&recorded())).await.unwrap();
    let video = find(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    (app, account, video)
}

#[tokio::test]
async fn all_that_peertube_says_of_a_video_is_told_to_clients() {
    let test = TestPlatform::new().await;
    let (app, _, video) = with_the_video(&test).await;
    let path = format!("/api/v1/videos/{}", video.uuid);
    let told = get(&app, &path).await;
    for (pointer, expected) in [
        ("/name", json!("Bob short video (renamed)")),
        ("/nsfw", json!(true)),
        ("/nsfwFlags", json!(1)),
        ("/nsfwSummary", json!("A war report")),
        ("/downloads", json!(7)),
        ("/views", json!(12)),
        ("/comments", json!(0)),
        ("/tags", json!(["bobtag", "second", "third"])),
        ("/updatedAt", json!("2026-11-22T03:57:44.224Z")),
        ("/originallyPublishedAt", json!("2020-01-02T03:04:05.000Z")),
        ("/embedPrivacyPolicy/id", json!(1)),
        ("/support", json!("bob support")),
        ("/commentsPolicy/id", json!(1)),
        ("/waitTranscoding", json!(false)),
        ("/aspectRatio", json!(1.7778)),
        ("/duration", json!(5)),
        ("/privacy/id", json!(1)),
        ("/publishedAt", json!("2026-11-22T03:56:44.668Z")),
        ("/trackerUrls", json!(["http://127.0.0.1:9002/tracker/announce", "ws://127.0.0.1:9002/tracker/socket"])),
        ("/streamingPlaylists/0/redundancies", json!([])),
        ("/liveSchedules", json!([])),
        ("/files/0/resolution/id", json!(720)),
        ("/files/0/hasAudio", json!(true)),
        ("/files/0/torrentUrl", recorded()["url"][3]["href"].clone()),
        ("/files/0/magnetUri", recorded()["url"][4]["href"].clone()),
        ("/files/0/metadataUrl", recorded()["url"][2]["href"].clone()),
    ] {
        assert_eq!(told.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert!(told["files"].as_array().unwrap().len() > 1);
    assert!(told["streamingPlaylists"][0]["files"].as_array().unwrap().len() > 1);
    let captions = get(&app, &format!("{path}/captions")).await;
    assert_eq!((&captions["total"], &captions["data"][0]["language"]["label"]), (&1.into(), &"English".into()));
    assert_eq!(captions["data"][0]["automaticallyGenerated"], false);
    let boards = get(&app, &format!("{path}/storyboards")).await;
    assert_eq!(
        (&boards["storyboards"][0]["totalWidth"], &boards["storyboards"][0]["spriteDuration"]),
        (&960.into(), &1.into())
    );
    let list = get(&app, "/api/v1/videos?isLocal=false").await;
    assert_eq!((&list["data"][0]["nsfwFlags"], &list["data"][0]["downloads"]), (&1.into(), &7.into()));
}

#[tokio::test]
async fn who_names_no_address_to_embed_a_video_wants_it_nowhere_else() {
    let test = TestPlatform::new().await;
    let (app, account, video) = with_the_video(&test).await;
    let policy =
        async || get(&app, &format!("/api/v1/videos/{}", video.uuid)).await["embedPrivacyPolicy"]["id"].clone();
    let mut document = recorded();
    for (embed_url, expected) in [(Value::Null, 3), (format!("http://{HOST}/videos/embed/x").into(), 1)] {
        document["playerSettings"] = format!("http://{HOST}/videos/watch/x/player-settings").into();
        document["embedUrl"] = embed_url;
        let mut tx = app.platform.db.begin().await.unwrap();
        federate::receive_video(&app, &mut tx, &account, &object(&document)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(policy().await, expected);
    }
}

#[tokio::test]
async fn a_video_that_is_sent_twice_is_kept_once_and_its_files_keep_their_names() {
    let test = TestPlatform::new().await;
    let (app, account, video) = with_the_video(&test).await;
    let path = format!("/api/v1/videos/{}", video.uuid);
    let before = (get(&app, &format!("{path}/captions")).await, get(&app, &format!("{path}/storyboards")).await);
    let mut tx = app.platform.db.begin().await.unwrap();
    federate::receive_video(&app, &mut tx, &account, &object(&recorded())).await.unwrap();
    tx.commit().await.unwrap();
    let after = (get(&app, &format!("{path}/captions")).await, get(&app, &format!("{path}/storyboards")).await);
    assert_eq!(before, after);
    let told = get(&app, &path).await;
    assert_eq!(told["files"].as_array().unwrap().len(), recorded_web_files(), "{}", told["files"]);
}

fn recorded_web_files() -> usize {
    object(&recorded()).web_files().len()
}

#[tokio::test]
async fn what_the_origin_no_longer_has_goes() {
    let test = TestPlatform::new().await;
    let (app, account, video) = with_the_video(&test).await;
    let mut document = recorded();
    document["updated"] = "2026-11-22T04:00:00.000Z".into();
    for name in ["subtitleLanguage", "preview"] {
        document[name] = json!([]);
    }
    document["url"] = json!([document["url"][0]]);
    document["tag"] = json!([]);
    let mut tx = app.platform.db.begin().await.unwrap();
    federate::receive_video(&app, &mut tx, &account, &object(&document)).await.unwrap();
    tx.commit().await.unwrap();
    let path = format!("/api/v1/videos/{}", video.uuid);
    let told = get(&app, &path).await;
    for member in ["files", "streamingPlaylists", "tags"] {
        assert_eq!(told[member], json!([]), "{member}");
    }
    assert_eq!(get(&app, &format!("{path}/captions")).await["total"], 0);
    assert_eq!(get(&app, &format!("{path}/storyboards")).await["storyboards"], json!([]));
}

#[tokio::test]
async fn a_stranger_cannot_fill_the_database_with_videos() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    let (account, _, server) = insert_origin(&mut tx).await;
    federate::receive_video(&app, &mut tx, &account, &object(&recorded())).await.unwrap();
    let id = Url::parse("http://127.0.0.1:9002/announces/1").unwrap();
    federate::receive_announce(&app, &mut tx, &server, &id, &object(&recorded()).id).await.unwrap();
    assert!(find(&mut tx).await.is_none());
    let asked: i64 = tx.query("SELECT count(*) FROM jobs WHERE kind = 'video_refresh'").fetch_scalar().await.unwrap();
    assert_eq!(asked, 0);
}

#[tokio::test]
async fn only_the_origin_is_believed_about_a_video() {
    let test = TestPlatform::new().await;
    let (app, account, video) = with_the_video(&test).await;
    let mut document = recorded();
    document["name"] = "Spoiled".into();
    document["updated"] = "2026-11-22T04:00:00.000Z".into();
    let mut tx = app.platform.db.begin().await.unwrap();
    let mallory = insert_actor(&mut tx, "evil.test", "Person", "/accounts/mallory", "mallory").await;
    federate::receive_video(&app, &mut tx, &mallory, &object(&document)).await.unwrap();
    assert_eq!(find(&mut tx).await.unwrap().name, video.name, "somebody else renamed it");

    document["updated"] = "2026-11-22T03:00:00.000Z".into();
    federate::receive_video(&app, &mut tx, &account, &object(&document)).await.unwrap();
    assert_eq!(find(&mut tx).await.unwrap().name, video.name, "what was said before came later");

    document["updated"] = "2026-11-22T04:00:00.000Z".into();
    federate::receive_video(&app, &mut tx, &account, &object(&document)).await.unwrap();
    assert_eq!(find(&mut tx).await.unwrap().name, "Spoiled");

    document["updated"] = "2999-01-01T00:00:00.000Z".into();
    federate::receive_video(&app, &mut tx, &account, &object(&document)).await.unwrap();
    document["updated"] = "2026-11-22T13:00:00.000Z".into();
    document["name"] = "Later".into();
    federate::receive_video(&app, &mut tx, &account, &object(&document)).await.unwrap();
    assert_eq!(find(&mut tx).await.unwrap().name, "Later", "a clock that is ahead shuts nothing out");
}

#[tokio::test]
async fn whoever_passes_a_deletion_on_shares_nothing_and_the_origin_is_asked() {
    let test = TestPlatform::new().await;
    let (app, _, video) = with_the_video(&test).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    tx.query("DELETE FROM jobs").execute().await.unwrap();
    let unknown = Url::parse("http://lemmy.test/post/1").unwrap();
    federate::receive_announced_delete(&app, &mut tx, &unknown).await.unwrap();
    let asked: i64 = tx.query("SELECT count(*) FROM jobs").fetch_scalar().await.unwrap();
    assert_eq!(asked, 0, "of what nobody here knows, nothing is asked");
    federate::receive_announced_delete(&app, &mut tx, &Url::parse(&video.url).unwrap()).await.unwrap();
    let asked: Vec<String> = tx.query("SELECT dedupe_key FROM jobs").fetch_all_scalars().await.unwrap();
    assert_eq!(asked, [format!("{} 0", video.url)], "in the name of nobody");
    let shares: i64 = tx.query("SELECT count(*) FROM video_shares").fetch_scalar().await.unwrap();
    assert_eq!(shares, 0);
}

#[tokio::test]
async fn the_uuid_of_another_video_cannot_be_taken() {
    let test = TestPlatform::new().await;
    let (app, account, _) = with_the_video(&test).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    let query =
        ListQuery { filters: videos::Filters { is_local: Some(true), ..Default::default() }, ..Default::default() };
    let ours = videos::store::list(&mut tx, &query).await.unwrap().remove(0);
    let mut document = recorded();
    document["id"] = "http://127.0.0.1:9002/videos/watch/other".into();
    document["uuid"] = ours.uuid.to_string().into();
    federate::receive_video(&app, &mut tx, &account, &object(&document)).await.unwrap();
    let still = videos::store::find_by_uuid(&mut tx, ours.uuid).await.unwrap().unwrap();
    assert_eq!((still.is_local, &still.name), (true, &ours.name));
}

#[tokio::test]
async fn a_video_that_is_no_longer_public_leaves_the_lists_or_goes() {
    let test = TestPlatform::new().await;
    let (app, account, video) = with_the_video(&test).await;
    let mut document = unlisted();
    let mut tx = app.platform.db.begin().await.unwrap();
    assert!(listed(&app, &mut tx).await);
    federate::receive_video(&app, &mut tx, &account, &object(&document)).await.unwrap();
    assert_eq!(find(&mut tx).await.unwrap().privacy, Privacy::Unlisted);
    assert!(!listed(&app, &mut tx).await);
    tx.commit().await.unwrap();
    let told = get(&app, &format!("/api/v1/videos/{}", video.uuid)).await;
    assert_eq!(told["privacy"]["id"], 2, "who has its address sees it: {told}");

    document["cc"] = json!(["http://127.0.0.1:9002/accounts/bob/followers"]);
    document["updated"] = "2026-11-22T05:00:00.000Z".into();
    let mut tx = app.platform.db.begin().await.unwrap();
    federate::receive_video(&app, &mut tx, &account, &object(&document)).await.unwrap();
    assert!(find(&mut tx).await.is_none());
}

#[tokio::test]
async fn an_unlisted_video_comes_when_somebody_asks_for_it() {
    let test = TestPlatform::new().await;
    test.clock.set("2026-11-22T12:00:00Z".parse().unwrap());
    let (app, _) = App::staged(&test).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    let (account, channel, server) = insert_origin(&mut tx).await;
    follow(&app, &mut tx, server.id).await;
    let video = object(&unlisted());
    federate::receive_video(&app, &mut tx, &account, &video).await.unwrap();
    assert!(find(&mut tx).await.is_none(), "nobody here has its address");
    federate::save(&app, &mut tx, &video, &channel, Reason::Wanted).await.unwrap();
    assert_eq!(find(&mut tx).await.unwrap().privacy, Privacy::Unlisted);
}

/// The recorded video, after it was taken off the lists of its server.
fn unlisted() -> Value {
    let mut document = recorded();
    document["to"] = json!([]);
    document["cc"] = json!(["https://www.w3.org/ns/activitystreams#Public"]);
    document["updated"] = "2026-11-22T04:00:00.000Z".into();
    document
}

async fn listed(app: &App, tx: &mut Tx) -> bool {
    let query =
        ListQuery { filters: videos::Filters { is_local: Some(false), ..Default::default() }, ..Default::default() };
    let count = videos::store::count(tx, &query.filters).await.unwrap();
    assert_eq!(count as usize, videos::store::list(tx, &query).await.unwrap().len(), "{app:?}");
    count == 1
}

#[tokio::test]
async fn lists_show_the_videos_of_whom_this_server_follows() {
    let test = TestPlatform::new().await;
    let (app, account, video) = with_the_video(&test).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    assert!(listed(&app, &mut tx).await, "its server is followed");
    let server = actors::store::find_by_url(&mut tx, "http://127.0.0.1:9002/accounts/peertube").await.unwrap().unwrap();
    tx.query("DELETE FROM follows").execute().await.unwrap();
    super::relist(&mut tx, server.id).await.unwrap();
    assert!(!listed(&app, &mut tx).await, "nobody is followed");
    let of_account = videos::Filters { account: Some(video.account_id), ..Default::default() };
    assert_eq!(videos::store::count(&mut tx, &of_account).await.unwrap(), 1, "those who look there find it");

    follow(&app, &mut tx, account.id).await;
    assert!(listed(&app, &mut tx).await, "its account is followed");
    tx.query("UPDATE follows SET is_listed = FALSE").execute().await.unwrap();
    super::relist(&mut tx, account.id).await.unwrap();
    assert!(!listed(&app, &mut tx).await, "the follow is not for lists");

    tx.query("DELETE FROM follows").execute().await.unwrap();
    let friend = insert_actor(&mut tx, "friend.test", "Group", "/video-channels/friend", "friend").await;
    follow(&app, &mut tx, friend.id).await;
    assert!(!listed(&app, &mut tx).await);
    let id = Url::parse("http://friend.test/announces/1").unwrap();
    let object = Url::parse(&video.url).unwrap();
    federate::receive_announce(&app, &mut tx, &friend, &id, &object).await.unwrap();
    assert!(listed(&app, &mut tx).await, "somebody who is followed shared it");
    federate::receive_undo_announce(&mut tx, &friend, &object).await.unwrap();
    assert!(!listed(&app, &mut tx).await, "and took that back");

    federate::receive_announce(&app, &mut tx, &friend, &id, &object).await.unwrap();
    federate::receive_undo_announce_by_id(&mut tx, &account, &id).await.unwrap();
    assert!(listed(&app, &mut tx).await, "nobody takes back what others said");
    federate::receive_undo_announce_by_id(&mut tx, &friend, &id).await.unwrap();
    assert!(!listed(&app, &mut tx).await, "and took it back by its address alone");
}

#[tokio::test]
async fn a_video_that_is_not_found_goes_after_days_unless_a_copy_is_kept() {
    let test = TestPlatform::new().await;
    let (app, _, video) = with_the_video(&test).await;
    let url = Url::parse(&video.url).unwrap();
    for _ in 0..20 {
        actions::note_missing(&app, &url, Reason::Wanted).await.unwrap();
    }
    let mut tx = app.platform.db.begin().await.unwrap();
    tx.query(
        "INSERT INTO mirrors (video_uuid, origin_host, video_url, account_url, playlist_url, copied_playlist_url, \
         state, created_at, updated_at) VALUES ($1, 'x', 'x', 'x', 'x', 'x', 'complete', $2, $2)",
    )
    .bind(video.uuid)
    .bind(app.platform.clock.now())
    .execute()
    .await
    .unwrap();
    let mirror: i64 = tx.query("SELECT id FROM mirrors").fetch_scalar().await.unwrap();
    for kind in ["master", "hashes"] {
        tx.query("INSERT INTO mirror_files (mirror_id, name, kind, size_bytes, sha256) VALUES ($1, $2, $2, 1, '')")
            .bind(mirror)
            .bind(kind)
            .execute()
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    for _ in 0..5 {
        actions::note_missing(&app, &url, Reason::Outdated).await.unwrap();
    }
    let mut tx = app.platform.db.begin().await.unwrap();
    assert!(find(&mut tx).await.is_some(), "a copy is kept");
    tx.query("DELETE FROM mirrors").execute().await.unwrap();
    tx.commit().await.unwrap();
    actions::note_missing(&app, &url, Reason::Outdated).await.unwrap();
    let mut tx = app.platform.db.begin().await.unwrap();
    assert!(find(&mut tx).await.is_none());
}

#[tokio::test]
async fn a_crowd_that_looks_at_an_old_video_has_its_origin_asked_once() {
    let test = TestPlatform::new().await;
    let (app, _, video) = with_the_video(&test).await;
    super::refresh_if_outdated(&app, &video).await.unwrap();
    let asked = async || {
        let mut connection = app.platform.db.read().await.unwrap();
        let count: i64 =
            connection.query("SELECT count(*) FROM jobs WHERE kind = 'video_refresh'").fetch_scalar().await.unwrap();
        count
    };
    assert_eq!(asked().await, 0, "it is not old");
    test.clock.advance(TimeDelta::days(3).to_std().unwrap());
    for _ in 0..3 {
        super::refresh_if_outdated(&app, &video).await.unwrap();
    }
    assert_eq!(asked().await, 1);
}

#[tokio::test]
async fn the_videos_of_an_actor_go_with_all_that_hangs_on_them() {
    let test = TestPlatform::new().await;
    let (app, account, video) = with_the_video(&test).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    assert_eq!(videos::delete_of_actor(&app, &mut tx, account.id, 10).await.unwrap(), 1);
    assert_eq!(videos::delete_of_actor(&app, &mut tx, account.id, 10).await.unwrap(), 0);
    assert!(videos::store::find(&mut tx, video.id).await.unwrap().is_none());
    let removals: Vec<String> = tx
        .query("SELECT CAST(payload AS TEXT) FROM jobs WHERE kind = 'video_remove_files'")
        .fetch_all_scalars()
        .await
        .unwrap();
    assert!(removals.iter().any(|job| job.contains("video-captions/") && job.contains("storyboards/")), "{removals:?}");
}

#[tokio::test]
async fn lists_are_cut_by_files_and_kinds_of_sensitive_content() {
    let test = TestPlatform::new().await;
    let (app, ..) = with_the_video(&test).await;
    for (query, total) in [
        ("isLocal=false", 1),
        ("isLocal=false&hasWebVideoFiles=true&hasHLSFiles=true", 1),
        ("isLocal=false&hasWebVideoFiles=false", 0),
        ("isLocal=true&hasWebVideoFiles=false", 1),
        ("isLocal=false&nsfwFlagsExcluded=2", 1),
        ("isLocal=false&nsfwFlagsExcluded=1", 0),
    ] {
        assert_eq!(get(&app, &format!("/api/v1/videos?{query}")).await["total"], total, "{query}");
    }
}

#[tokio::test]
async fn titles_are_found_without_case_and_accents() {
    let test = TestPlatform::new().await;
    let (app, account, _) = with_the_video(&test).await;
    let mut document = recorded();
    document["name"] = "ÉTÉ à l'Île".into();
    document["updated"] = "2026-11-22T04:00:00.000Z".into();
    let mut tx = app.platform.db.begin().await.unwrap();
    federate::receive_video(&app, &mut tx, &account, &object(&document)).await.unwrap();
    tx.commit().await.unwrap();
    let found = get(&app, "/api/v1/search/videos?search=%C3%A9t%C3%A9%20ile").await;
    assert_eq!(found["total"], 1, "{found}");
}

#[tokio::test]
async fn a_live_stream_of_another_server_says_how_far_it_is() {
    let test = TestPlatform::new().await;
    let (app, account, _) = with_the_video(&test).await;
    let fixture = include_str!("../../../../crates/federation/fixtures/peertube-6.3/live/ap-video-live.json");
    let mut stream: Value = serde_json::from_str(fixture).unwrap();
    let uuid = stream["uuid"].as_str().unwrap().to_owned();
    let listed = async || {
        let list = get(&app, "/api/v1/videos?isLive=true").await;
        list["data"].as_array().unwrap().iter().map(|video| video["uuid"].clone()).collect::<Vec<_>>()
    };
    for (minute, (state, label, badge, words, is_listed)) in [
        (4, "Waiting for livestream", "upcoming", "This live stream has not begun yet.", false),
        (1, "Published", "live", "Bob live", true),
        (5, "Livestream ended", "ended", "This live stream is over.", false),
    ]
    .into_iter()
    .enumerate()
    {
        stream["state"] = state.into();
        stream["updated"] = format!("2026-11-22T05:0{minute}:00.000Z").into();
        let mut tx = app.platform.db.begin().await.unwrap();
        federate::receive_video(&app, &mut tx, &account, &object(&stream)).await.unwrap();
        tx.commit().await.unwrap();
        let details = get(&app, &format!("/api/v1/videos/{uuid}")).await;
        assert_eq!((&details["isLive"], &details["state"]["id"]), (&true.into(), &state.into()), "{details}");
        assert_eq!(details["state"]["label"], label);
        assert_eq!(listed().await, if is_listed { vec![Value::from(uuid.as_str())] } else { vec![] }, "{label}");
        let (status, page) = ask(&app, None, "GET", &format!("/w/{uuid}"), None).await;
        assert_eq!(status, StatusCode::OK);
        let (page, badge) = (page.as_str().unwrap(), format!("data-badge=\"{badge}\""));
        assert!(page.contains(&badge) && page.contains(words), "{label}: {page}");
    }
    stream["isLiveBroadcast"] = false.into();
    stream["state"] = 1.into();
    stream["updated"] = "2026-11-22T05:09:00.000Z".into();
    let mut tx = app.platform.db.begin().await.unwrap();
    federate::receive_video(&app, &mut tx, &account, &object(&stream)).await.unwrap();
    tx.commit().await.unwrap();
    let details = get(&app, &format!("/api/v1/videos/{uuid}")).await;
    assert_eq!(details["isLive"], false, "it was kept as a video");
    let page = ask(&app, None, "GET", &format!("/w/{uuid}"), None).await.1;
    assert!(!page.as_str().unwrap().contains("data-badge"), "{page}");
}
