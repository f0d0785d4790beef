use axum::http::StatusCode;
use federation::wire::Flag;
use platform::testing::TestPlatform;
use serde_json::{Value, json};
use url::Url;

use super::federate;
use crate::{
    App,
    accounts::AccountId,
    actors::{self, testing::stranger},
    moderation::{
        store::actor_of,
        video_blocks::tests::{ask, token_of},
    },
    oauth::tests::log_in,
    testing::submit,
    users::Role,
};

async fn receive(app: &App, from: AccountId, id: &str, flag: &Flag) {
    let mut tx = app.platform.db.begin().await.unwrap();
    let actor = actor_of(&mut tx, from).await.unwrap().unwrap();
    let actor = actors::store::find(&mut tx, actor).await.unwrap().unwrap();
    federate::receive(app, &mut tx, &Url::parse(id).unwrap(), &actor, flag).await.unwrap();
    tx.commit().await.unwrap();
}

async fn abuses(app: &App, moderator: &str, query: &str) -> Value {
    ask(app, Some(moderator), "GET", &format!("/api/v1/abuses?{query}"), None).await.1
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[tokio::test]
async fn a_report_is_made_looked_at_talked_about_and_decided() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let moderator = log_in(&app, "root", "a long password").await;
    let (uma, ulf) = (token_of(&app, "uma", Role::User).await, token_of(&app, "ulf", Role::User).await);
    let body = json!({ "reason": "It is spam.", "predefinedReasons": ["spamOrMisleading"],
        "video": { "id": video.uuid, "startAt": 1, "endAt": 2 } });
    let (status, made) = ask(&app, Some(&uma), "POST", "/api/v1/abuses", Some(body.clone())).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let path = format!("/api/v1/abuses/{}", made["abuse"]["id"]);

    let list =
        abuses(&app, &moderator, "state=1&filter=video&predefinedReason=spamOrMisleading&searchReporter=uma").await;
    let abuse = &list["data"][0];
    assert_eq!((&list["total"], &abuse["reporterAccount"]["name"]), (&1.into(), &"uma".into()));
    assert_eq!((&abuse["video"]["uuid"], &abuse["video"]["endAt"]), (&video.uuid.to_string().into(), &2.into()));
    assert_eq!(abuse["state"], json!({ "id": 1, "label": "Pending" }));
    assert_eq!(abuses(&app, &moderator, "state=3").await["total"], 0);

    let messages = format!("{path}/messages");
    let said = json!({ "message": "What do you mean?" });
    assert_eq!(ask(&app, Some(&moderator), "POST", &messages, Some(said.clone())).await.0, StatusCode::OK);
    assert_eq!(ask(&app, Some(&ulf), "POST", &messages, Some(said)).await.0, StatusCode::NOT_FOUND, "not his report");
    let heard = ask(&app, Some(&uma), "GET", &messages, None).await.1;
    assert_eq!((&heard["total"], &heard["data"][0]["byModerator"]), (&1.into(), &true.into()));
    let not_hers = format!("{messages}/{}", heard["data"][0]["id"]);
    assert_eq!(ask(&app, Some(&uma), "DELETE", &not_hers, None).await.0, StatusCode::NOT_FOUND);

    let decision = json!({ "state": 3, "moderationComment": "She is right." });
    assert_eq!(ask(&app, Some(&moderator), "PUT", &path, Some(decision)).await.0, StatusCode::NO_CONTENT);
    let mine = ask(&app, Some(&uma), "GET", "/api/v1/users/me/abuses", None).await.1;
    assert_eq!(mine["data"][0]["state"]["id"], 3);
    assert_eq!(mine["data"][0].get("moderationComment"), None, "moderators' notes are for moderators");
    assert_eq!(ask(&app, Some(&ulf), "GET", "/api/v1/users/me/abuses", None).await.1["total"], 0);
    assert_eq!(ask(&app, Some(&uma), "DELETE", &path, None).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask(&app, Some(&moderator), "DELETE", &path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(abuses(&app, &moderator, "").await["total"], 0);
}

#[tokio::test]
async fn a_comment_is_reported_by_those_who_are_shown_it() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (owner, uma) = (log_in(&app, "root", "a long password").await, token_of(&app, "uma", Role::User).await);
    let path = format!("/api/v1/videos/{}", video.uuid);
    let words = json!({ "text": "A secret." });
    let said = ask(&app, Some(&owner), "POST", &format!("{path}/comment-threads"), Some(words)).await.1;
    let id = said["comment"]["id"].as_i64().unwrap();
    let page = format!("/report?comment={id}");
    let body = json!({ "reason": "It is spam.", "comment": { "id": id } });
    let report = async |token: &str| ask(&app, Some(token), "POST", "/api/v1/abuses", Some(body.clone())).await.0;

    assert!(ask(&app, Some(&uma), "GET", &page, None).await.1.to_string().contains("A secret."));
    assert_eq!(report(&uma).await, StatusCode::OK);
    for hidden in [
        "UPDATE video_comments SET is_held = TRUE",
        "UPDATE video_comments SET is_held = FALSE, deleted_at = created_at",
        "UPDATE video_comments SET deleted_at = NULL",
    ] {
        let mut tx = app.platform.db.begin().await.unwrap();
        tx.query(hidden).execute().await.unwrap();
        if hidden.ends_with("deleted_at = NULL") {
            tx.query("UPDATE videos SET privacy = 3").execute().await.unwrap();
        }
        tx.commit().await.unwrap();
        let (status, shown) = ask(&app, Some(&uma), "GET", &page, None).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{hidden}");
        assert!(!shown.to_string().contains("A secret."), "{hidden}: {shown}");
        assert_eq!(report(&uma).await, StatusCode::NOT_FOUND, "{hidden}");
    }
    assert_eq!(report(&owner).await, StatusCode::OK, "whoever sees it reports it");
}

#[tokio::test]
async fn a_report_outlives_its_video() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let moderator = log_in(&app, "root", "a long password").await;
    let body = json!({ "reason": "It is spam.", "video": { "id": video.id.0 } });
    assert_eq!(ask(&app, Some(&moderator), "POST", "/api/v1/abuses", Some(body)).await.0, StatusCode::OK);
    let path = format!("/api/v1/videos/{}", video.uuid);
    assert_eq!(ask(&app, Some(&moderator), "DELETE", &path, None).await.0, StatusCode::NO_CONTENT);
    let abuse = &abuses(&app, &moderator, "videoIs=deleted").await["data"][0];
    assert_eq!((&abuse["video"]["name"], &abuse["video"]["deleted"]), (&video.name.clone().into(), &true.into()));
    let page = ask(&app, Some(&moderator), "GET", "/admin/abuses", None).await.1;
    assert!(page.as_str().unwrap().contains(&video.name), "{page}");
}

#[tokio::test]
async fn nonsense_is_not_reported() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let uma = token_of(&app, "uma", Role::User).await;
    let video = json!({ "id": video.uuid });
    for (body, status) in [
        (json!({ "reason": "x", "video": video }), StatusCode::BAD_REQUEST),
        (json!({ "reason": "It is spam." }), StatusCode::BAD_REQUEST),
        (json!({ "reason": "It is spam.", "video": video, "account": { "id": 1 } }), StatusCode::BAD_REQUEST),
        (json!({ "reason": "It is spam.", "predefinedReasons": ["ugly"], "video": video }), StatusCode::BAD_REQUEST),
        (json!({ "reason": "It is spam.", "comment": { "id": 77 } }), StatusCode::NOT_FOUND),
        (json!({ "reason": "It is spam.", "video": { "id": 77 } }), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(ask(&app, Some(&uma), "POST", "/api/v1/abuses", Some(body.clone())).await.0, status, "{body}");
    }
    let good = json!({ "reason": "It is spam.", "video": video });
    for _ in 0..30 {
        assert_eq!(ask(&app, Some(&uma), "POST", "/api/v1/abuses", Some(good.clone())).await.0, StatusCode::OK);
    }
    let one_more = ask(&app, Some(&uma), "POST", "/api/v1/abuses", Some(good)).await.0;
    assert_eq!(one_more, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn another_server_reports_what_lives_here_once_and_not_without_end() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let moderator = log_in(&app, "root", "a long password").await;
    let eve = stranger(&app, "beta.test", "eve").await.1;

    let mut flag = Flag::new(url(&video.url), "It is spam.");
    flag.reasons = vec!["spamOrMisleading".to_owned(), "made up".to_owned()];
    for _ in 0..2 {
        receive(&app, eve, "https://beta.test/admin/abuses/1", &flag).await;
    }
    let list = abuses(&app, &moderator, "").await;
    assert_eq!((&list["total"], &list["data"][0]["reporterAccount"]["host"]), (&1.into(), &"beta.test".into()));
    assert_eq!(list["data"][0]["predefinedReasons"], json!(["spamOrMisleading"]));

    let mut of_mastodon = Flag::new(url(&video.account_url), "");
    of_mastodon.objects.extend([url(&video.url), url("https://gamma.test/videos/watch/1")]);
    receive(&app, eve, "https://beta.test/reports/2", &of_mastodon).await;
    let list = abuses(&app, &moderator, "").await;
    assert_eq!(list["total"], 2, "the video says more than its account, and what lives elsewhere is not our business");

    let of_stranger = Flag::new(url("https://beta.test/accounts/eve"), "She is mean.");
    receive(&app, eve, "https://beta.test/reports/3", &of_stranger).await;
    assert_eq!(abuses(&app, &moderator, "").await["total"], 2);

    for number in 10..80 {
        receive(&app, eve, &format!("https://beta.test/reports/{number}"), &flag).await;
    }
    assert_eq!(abuses(&app, &moderator, "count=1").await["total"], 50);
    let bob = stranger(&app, "gamma.test", "bob").await.1;
    receive(&app, bob, "https://gamma.test/reports/1", &flag).await;
    assert_eq!(abuses(&app, &moderator, "count=1").await["total"], 51, "another server is still heard");
}

#[tokio::test]
async fn a_report_that_cannot_be_sent_is_shown_as_it_was_written() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let me = log_in(&app, "root", "a long password").await;
    let uuid = video.uuid.to_string();
    let report = |reason| [("video", uuid.as_str()), ("predefined", "privacy"), ("reason", reason)];
    let (status, page) = submit(&app, &me, "/report", &report("<")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    for kept in ["role=\"alert\"", "<option value=\"privacy\" selected>", ">&#60;</textarea>", &uuid] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    assert_eq!(submit(&app, &me, "/report", &report("He is on it")).await.0, StatusCode::OK);
    assert_eq!(abuses(&app, &me, "").await["total"], 1);
}
