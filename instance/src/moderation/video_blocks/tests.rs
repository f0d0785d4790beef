use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use platform::{jobs::enqueue, testing::TestPlatform};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    App,
    follows::tests::be_followed,
    oauth::tests::log_in,
    rates::jobs::{TellCounters, job_set},
    routes,
    users::{self, NewUser, Role},
    videos::VideoId,
};

/// Asks the API, as somebody or as nobody.
pub(crate) async fn ask(
    app: &App,
    token: Option<&str>,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = request.header("content-type", "application/json").body(body).unwrap();
    let response = routes::router(app).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned().into()))
}

/// Makes a user and logs in.
pub(crate) async fn token_of(app: &App, name: &str, role: Role) -> String {
    let user = NewUser {
        username: name.to_owned(),
        email: format!("{name}@alpha.test"),
        password: "a long password".to_owned(),
        role,
    };
    users::create(app, user).await.unwrap();
    log_in(app, name, "a long password").await
}

#[tokio::test]
async fn a_blocked_video_is_shown_to_its_owner_and_to_moderators() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let owner = log_in(&app, "root", "a long password").await;
    let moderator = token_of(&app, "molly", Role::Moderator).await;
    let user = token_of(&app, "uma", Role::User).await;
    let (path, block) = (format!("/api/v1/videos/{}", video.uuid), format!("/api/v1/videos/{}/blacklist", video.uuid));

    let reason = json!({ "reason": "against the rules" });
    assert_eq!(ask(&app, Some(&user), "POST", &block, Some(reason.clone())).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask(&app, Some(&moderator), "POST", &block, Some(reason.clone())).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ask(&app, Some(&moderator), "POST", &block, Some(reason)).await.0, StatusCode::CONFLICT);
    for stranger in [None, Some(user.as_str())] {
        assert_eq!(ask(&app, stranger, "GET", &path, None).await.0, StatusCode::NOT_FOUND);
        assert_eq!(ask(&app, stranger, "GET", "/api/v1/videos", None).await.1["total"], 0);
        let page = ask(&app, stranger, "GET", &video.watch_path(), None).await;
        assert!(page.0 == StatusCode::NOT_FOUND && page.1.to_string().contains("hides this video"), "{page:?}");
    }
    for insider in [&owner, &moderator] {
        let (status, details) = ask(&app, Some(insider), "GET", &path, None).await;
        assert_eq!(status, StatusCode::OK);
        let told = (&details["blacklisted"], &details["blacklistedReason"]);
        assert_eq!(told, (&true.into(), &"against the rules".into()));
    }
    let list = ask(&app, Some(&moderator), "GET", "/api/v1/videos/blacklist?sort=-createdAt", None).await.1;
    assert_eq!((&list["total"], &list["data"][0]["video"]["uuid"]), (&1.into(), &video.uuid.to_string().into()));

    let changed = ask(&app, Some(&moderator), "PUT", &block, Some(json!({ "reason": "for another reason" }))).await;
    assert_eq!(changed.0, StatusCode::NO_CONTENT);
    assert_eq!(ask(&app, Some(&owner), "GET", &path, None).await.1["blacklistedReason"], "for another reason");
    assert_eq!(ask(&app, Some(&moderator), "DELETE", &block, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ask(&app, Some(&moderator), "DELETE", &block, None).await.0, StatusCode::NOT_FOUND);
    let (status, details) = ask(&app, None, "GET", &path, None).await;
    assert_eq!((status, &details["blacklisted"]), (StatusCode::OK, &false.into()));
}

/// The kinds of what was told to followers, oldest first.
async fn told(app: &App) -> Vec<String> {
    let mut connection = app.platform.db.read().await.unwrap();
    let statement = "SELECT body FROM outgoing_activities ORDER BY id";
    let bodies: Vec<String> = connection.query(statement).fetch_all_scalars().await.unwrap();
    let kind = |body: &String| serde_json::from_str::<Value>(body).unwrap()["type"].as_str().unwrap().to_owned();
    bodies.iter().map(kind).collect()
}

async fn tell_counters(app: &App, video: VideoId) {
    let mut tx = app.platform.db.begin().await.unwrap();
    enqueue(&mut tx, app.platform.clock.now(), &TellCounters { video_id: video.0 }).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_was_taken_back_from_the_federation_does_not_come_back_whatever_its_owner_does() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    be_followed(&app).await;
    let owner = log_in(&app, "root", "a long password").await;
    let path = format!("/api/v1/videos/{}", video.uuid);
    let change = async || {
        for choice in [json!({ "name": "Another title" }), json!({ "privacy": 3 }), json!({ "privacy": 1 })] {
            assert_eq!(ask(&app, Some(&owner), "PUT", &path, Some(choice)).await.0, StatusCode::NO_CONTENT);
        }
        let chapters = json!({ "chapters": [{ "timecode": 0, "title": "All of it" }] });
        let set = ask(&app, Some(&owner), "PUT", &format!("{path}/chapters"), Some(chapters)).await;
        assert_eq!(set.0, StatusCode::NO_CONTENT, "{}", set.1);
        let like = json!({ "rating": "like" });
        assert_eq!(ask(&app, Some(&owner), "PUT", &format!("{path}/rate"), Some(like)).await.0, StatusCode::NO_CONTENT);
        let no_like = json!({ "rating": "none" });
        ask(&app, Some(&owner), "PUT", &format!("{path}/rate"), Some(no_like)).await;
        let comment = json!({ "text": "What do you think?" });
        let said = ask(&app, Some(&owner), "POST", &format!("{path}/comment-threads"), Some(comment)).await;
        assert_eq!(said.0, StatusCode::OK, "{}", said.1);
        tell_counters(&app, video.id).await;
        test.run_jobs(job_set(&app)).await;
    };
    change().await;
    let before = told(&app).await;
    for kind in ["Announce", "Update", "Like", "Create"] {
        assert!(before.iter().any(|told| told == kind), "{kind} is told as long as nobody minds: {before:?}");
    }

    let block = json!({ "reason": "against the rules", "unfederate": true });
    let blocked = ask(&app, Some(&owner), "POST", &format!("{path}/blacklist"), Some(block)).await;
    assert_eq!(blocked.0, StatusCode::NO_CONTENT);
    change().await;
    let mut after = told(&app).await.split_off(before.len());
    after.retain(|kind| kind != "Undo" && kind != "Delete");
    assert_eq!(after, Vec::<String>::new());
    for document in ["activity", "likes", "chapters", "comments"] {
        let path = format!("/videos/watch/{}/{document}", video.uuid);
        assert_eq!(ask(&app, None, "GET", &path, None).await.0, StatusCode::NOT_FOUND, "{document}");
    }
}

#[tokio::test]
async fn what_only_administrators_may_is_refused_to_moderators() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let moderator = token_of(&app, "molly", Role::Moderator).await;
    let user = token_of(&app, "uma", Role::User).await;
    for (path, moderators, users) in [
        ("/api/v1/server/blocklist/servers", StatusCode::OK, StatusCode::FORBIDDEN),
        ("/api/v1/server/blocklist/accounts", StatusCode::OK, StatusCode::FORBIDDEN),
        ("/api/v1/abuses", StatusCode::OK, StatusCode::FORBIDDEN),
        ("/api/v1/videos/blacklist", StatusCode::OK, StatusCode::FORBIDDEN),
        ("/api/v1/config/custom", StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        ("/api/v1/users/me/blocklist/servers", StatusCode::OK, StatusCode::OK),
        ("/admin/abuses", StatusCode::OK, StatusCode::FORBIDDEN),
        ("/admin/moderation", StatusCode::OK, StatusCode::FORBIDDEN),
        ("/admin/video-blocks", StatusCode::OK, StatusCode::FORBIDDEN),
        ("/admin/federation", StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        ("/my-account/blocks", StatusCode::OK, StatusCode::OK),
    ] {
        assert_eq!(ask(&app, Some(&moderator), "GET", path, None).await.0, moderators, "{path}");
        assert_eq!(ask(&app, Some(&user), "GET", path, None).await.0, users, "{path}");
        let nobody = if path.starts_with("/api") { StatusCode::UNAUTHORIZED } else { StatusCode::SEE_OTHER };
        assert_eq!(ask(&app, None, "GET", path, None).await.0, nobody, "{path}");
    }
}
