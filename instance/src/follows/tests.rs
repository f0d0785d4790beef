//! Searches: following whoever is not known here yet.

use platform::{
    jobs::{Job, OpenJob, enqueue, open_jobs},
    testing::TestPlatform,
};

use super::{
    FollowError, FollowState, Target, actions,
    jobs::{FollowActor, job_set},
    store,
};
use crate::{
    App,
    actors::{ActorId, ActorKind, testing::remote_actor},
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
