//! Searches: following whoever is not known here yet.

use std::net::SocketAddr;

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Path},
    http::{Request, StatusCode},
    routing::get,
};
use federation::{signature::SigningKey, wire};
use http_body_util::BodyExt;
use platform::{
    jobs::{Job, OpenJob, enqueue, open_jobs},
    tasks::Tasks,
    testing::TestPlatform,
};
use tower::ServiceExt;
use url::Url;

use super::{
    FollowError, FollowState, Target, actions,
    jobs::{FollowActor, job_set},
    model::{FollowQuery, Side},
    store,
};
use crate::{
    App,
    actors::{ActorId, ActorKind, testing::remote_actor},
    backfill,
    moderation::video_blocks::tests::ask,
    oauth::tests::log_in,
    routes,
    testing::submit,
    tombstones,
    users::{self, User},
};

/// Another server follows this one.
pub(crate) async fn be_followed(app: &App) {
    let mut tx = app.platform.db.begin().await.unwrap();
    let now = app.platform.clock.now();
    let me = actions::instance_actor(app, &mut tx).await.unwrap();
    let follower = remote_actor(&mut tx, ActorKind::Application, "b.test", "peertube", now).await;
    store::upsert(&mut tx, follower.id, me.id, "https://b.test/follows/1", FollowState::Accepted, now).await.unwrap();
    tx.commit().await.unwrap();
}

struct Stage {
    test: TestPlatform,
    app: App,
    root: User,
}

impl Stage {
    async fn new() -> Self {
        let test = TestPlatform::new().await;
        let (app, _) = App::staged(&test).await;
        let root = users::store::find_by_login(&mut app.platform.db.read().await.unwrap(), "root").await;
        Self { test, root: root.unwrap().unwrap(), app }
    }

    async fn subscribe(&self, target: &str) -> Result<(), FollowError> {
        actions::subscribe(&self.app, &self.root, &target.parse().unwrap()).await
    }

    async fn unsubscribe(&self, target: &str) -> Result<(), FollowError> {
        actions::unsubscribe(&self.app, &self.root, &target.parse().unwrap()).await
    }

    async fn searches(&self) -> Vec<OpenJob<FollowActor>> {
        open_jobs(&mut self.app.platform.db.read().await.unwrap(), "", 1_000).await.unwrap()
    }

    async fn actor_of_root(&self) -> (ActorId, String) {
        let actor = actions::actor_of_user(&mut self.app.platform.db.read().await.unwrap(), &self.root).await.unwrap();
        (actor.id, actor.url().to_owned())
    }
}

#[tokio::test]
async fn a_search_ends_with_the_wish() {
    let stage = Stage::new().await;
    stage.subscribe("bob@beta.test").await.unwrap();
    stage.subscribe("eve@beta.test").await.unwrap();
    stage.unsubscribe("bob@beta.test").await.unwrap();
    assert!(matches!(stage.unsubscribe("bob@beta.test").await, Err(FollowError::NotFound(_))));
    let wanted: Vec<_> = stage.searches().await.into_iter().map(|search| search.job.target).collect();
    assert_eq!(wanted, ["eve@beta.test"]);
    stage.unsubscribe("eve@beta.test").await.unwrap();

    let beta: Target = "beta.test".parse().unwrap();
    actions::follow_as_server(&stage.app, &beta).await.unwrap();
    assert!(stage.unsubscribe("bob@beta.test").await.is_err());
    assert_eq!(stage.searches().await.len(), 1, "a user does not end a search of the server");
    actions::unfollow_as_server(&stage.app, "beta.test").await.unwrap();
    assert!(actions::unfollow_as_server(&stage.app, "beta.test").await.is_err());
    assert!(stage.searches().await.is_empty());
}

impl Stage {
    /// A server that lets this one unsubscribe from `bob` at the very moment at which it is asked for him.
    async fn serve_the_fickle(&self) {
        let pem = SigningKey::generate().unwrap().public_pem().unwrap();
        let (app, root) = (self.app.clone(), self.root.clone());
        let router = Router::new().route(
            "/accounts/{name}",
            get(async move |Path(name): Path<String>| {
                if name == "bob" {
                    let bob = "http://beta.test/accounts/bob".parse().unwrap();
                    actions::unsubscribe(&app, &root, &bob).await.unwrap();
                }
                let base = Url::parse("http://beta.test/inbox").unwrap();
                let id = base.join(&format!("/accounts/{name}")).unwrap();
                let actor = wire::Actor::local(wire::ActorKind::Person, id, &name, base, &pem);
                ([("content-type", "application/activity+json")], actor.to_document().to_string())
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.test.names.insert("beta.test", listener.local_addr().unwrap());
        Tasks::default().spawn("beta", async move { axum::serve(listener, router).await.unwrap() });
    }

    /// Whom root follows.
    async fn followed(&self) -> Vec<String> {
        let (root, _) = self.actor_of_root().await;
        let query = FollowQuery::new(Side::Following(root));
        let follows = store::list(&mut self.app.platform.db.read().await.unwrap(), &query).await.unwrap();
        follows.into_iter().map(|follow| follow.target_username).collect()
    }
}

#[tokio::test]
async fn who_unsubscribes_during_the_search_follows_nobody_afterwards() {
    let stage = Stage::new().await;
    stage.serve_the_fickle().await;
    for name in ["bob", "eve"] {
        stage.subscribe(&format!("http://beta.test/accounts/{name}")).await.unwrap();
    }
    stage.test.run_jobs(job_set(&stage.app)).await;
    assert_eq!(stage.followed().await, ["eve"]);
    assert!(stage.searches().await.is_empty());
}

#[tokio::test]
async fn who_unfollows_is_not_led_back_by_a_search_under_another_name() {
    let stage = Stage::new().await;
    let (root, _) = stage.actor_of_root().await;
    let now = stage.app.platform.clock.now();
    let mut tx = stage.app.platform.db.begin().await.unwrap();
    let bob = remote_actor(&mut tx, ActorKind::Person, "beta.test", "bob", now).await;
    store::upsert(&mut tx, root, bob.id, "http://alpha.test/f/1", FollowState::Pending, now).await.unwrap();
    for target in ["bob@beta.test", "bob@gamma.test"] {
        enqueue(&mut tx, now, &FollowActor::new(root, &target.parse().unwrap())).await.unwrap();
    }
    tx.commit().await.unwrap();
    stage.unsubscribe(bob.url()).await.unwrap();
    let left: Vec<_> = stage.searches().await.into_iter().map(|search| search.job.target).collect();
    assert_eq!(left, ["bob@gamma.test"]);
}

#[tokio::test]
async fn what_is_left_of_a_removed_account_looks_for_nobody() {
    let stage = Stage::new().await;
    stage.subscribe("bob@beta.test").await.unwrap();
    stage.test.run_jobs(job_set(&stage.app)).await;
    assert_eq!(stage.searches().await.len(), 1, "nobody answers there");
    let (_, url) = stage.actor_of_root().await;
    let now = stage.app.platform.clock.now();
    let mut tx = stage.app.platform.db.begin().await.unwrap();
    tombstones::store::insert(&mut tx, &url, "Person", now).await.unwrap();
    tx.commit().await.unwrap();
    stage.test.clock.advance(FollowActor::POLICY.longest_delay);
    stage.test.run_jobs(job_set(&stage.app)).await;
    assert!(stage.searches().await.is_empty());
}

#[tokio::test]
async fn many_searches_of_users_hide_none_of_the_server() {
    let stage = Stage::new().await;
    actions::follow_as_server(&stage.app, &"beta.test".parse().unwrap()).await.unwrap();
    let (root, _) = stage.actor_of_root().await;
    let now = stage.app.platform.clock.now();
    let mut tx = stage.app.platform.db.begin().await.unwrap();
    for number in 0..501 {
        let target: Target = format!("bob{number}@beta.test").parse().unwrap();
        enqueue(&mut tx, now, &FollowActor::new(root, &target)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let shown = actions::searches(&stage.app, &mut stage.app.platform.db.read().await.unwrap()).await.unwrap();
    assert_eq!(shown.into_iter().map(|search| search.job.target).collect::<Vec<_>>(), ["beta.test"]);
}

#[tokio::test]
async fn a_user_looks_for_a_hundred_at_a_time() {
    let stage = Stage::new().await;
    for number in 0..100 {
        stage.subscribe(&format!("bob{number}@beta.test")).await.unwrap();
    }
    stage.subscribe("bob0@beta.test").await.unwrap();
    assert!(matches!(stage.subscribe("eve@beta.test").await, Err(FollowError::TooManySearches)));
    assert_eq!(stage.searches().await.len(), 100);
    stage.unsubscribe("bob0@beta.test").await.unwrap();
    stage.subscribe("eve@beta.test").await.unwrap();
}

#[tokio::test]
async fn a_line_that_names_no_server_is_refused_and_can_be_mended() {
    let stage = Stage::new().await;
    let token = log_in(&stage.app, "root", "a long password").await;
    let targets = [("targets", "all!\nbeta.test, bob@ all!.test")];
    let (status, page) = submit(&stage.app, &token, "/admin/following", &targets).await;
    assert_eq!(status, StatusCode::OK);
    for line in ["all!", "bob@", "all!.test"] {
        assert!(page.contains(&format!("<strong dir=\"ltr\">{line}</strong>: ")), "{line}: {page}");
    }
    assert!(page.contains(">all!\nbob@\nall!.test\n</textarea>"), "{page}");
    let wanted: Vec<_> = stage.searches().await.into_iter().map(|search| search.job.target).collect();
    assert_eq!(wanted, ["beta.test"]);
}

#[tokio::test]
async fn what_is_too_much_at_once_stays_in_the_form() {
    let stage = Stage::new().await;
    let token = log_in(&stage.app, "root", "a long password").await;
    let lines: Vec<String> = (0..502).map(|number| format!("nobody!{number}")).collect();
    let (status, page) = submit(&stage.app, &token, "/admin/following", &[("targets", &lines.join("\n"))]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("These 2 are left.") && page.contains("nobody!500\nnobody!501\n</textarea>"), "{page}");
    assert!(!page.contains("<strong dir=\"ltr\">nobody!500</strong>"), "{page}");
}

#[tokio::test]
async fn a_page_about_reading_never_throws_away_what_is_being_written() {
    let stage = Stage::new().await;
    let token = log_in(&stage.app, "root", "a long password").await;
    let now = stage.app.platform.clock.now();
    let mut tx = stage.app.platform.db.begin().await.unwrap();
    let me = actions::instance_actor(&stage.app, &mut tx).await.unwrap();
    let beta = remote_actor(&mut tx, ActorKind::Application, "beta.test", "peertube", now).await;
    store::upsert(&mut tx, me.id, beta.id, "http://alpha.test/f/1", FollowState::Accepted, now).await.unwrap();
    backfill::start(&mut tx, now, beta.id).await.unwrap();
    tx.commit().await.unwrap();
    let (status, page) = ask(&stage.app, Some(&token), "GET", "/admin/following?search=beta", None).await;
    let page = page.as_str().unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("<fresh-page seconds=\"10\">") && !page.contains("http-equiv=\"refresh\""), "{page}");
    assert!(
        page.contains("href=\"/admin/following?search=beta&#38;page=1\""),
        "without scripts there is a link: {page}"
    );
    let (_, answer) = submit(&stage.app, &token, "/admin/following", &[("targets", "all!")]).await;
    assert!(!answer.contains("fresh-page"), "loading an answer again would send the form again: {answer}");
}

#[tokio::test]
async fn a_handle_that_leads_nowhere_can_be_mended() {
    let stage = Stage::new().await;
    let page = async |from: &str, handle: &str| {
        let path = format!("/follow-from-elsewhere?from={from}&handle={handle}");
        let request = Request::get(path).extension(ConnectInfo(SocketAddr::from(([198, 51, 100, 1], 40_000))));
        let response = routes::router(&stage.app).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    let (status, form) = page("me-at-home", "root@alpha.test").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    for kept in ["name=\"from\" value=\"me-at-home\"", "name=\"handle\" value=\"root@alpha.test\"", "role=\"alert\""] {
        assert!(form.contains(kept), "{kept}: {form}");
    }
    assert_eq!(page("me@home.test", "nobody@alpha.test").await.0, StatusCode::NOT_FOUND);
}
