use chrono::TimeDelta;
use platform::{
    clock::{Clock, Timestamp},
    db::Tx,
    jobs as queue,
    testing::TestPlatform,
};
use url::Url;
use uuid::Uuid;

use super::{
    actions::{follow, settle, take},
    identity::Identity,
    model::{FollowState, Target},
    news::News,
    store, unfollow,
};
use crate::{crawl::ReadVideo, hosts, store as videos, testing};

const HOST: &str = "tube.example";

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn target() -> Target {
    Target { actor: url("https://tube.example/accounts/peertube"), inbox: url("https://tube.example/inbox") }
}

/// An index with a listed instance, two videos of it, and the right to ask it.
struct Scene {
    test: TestPlatform,
    me: Url,
}

impl Scene {
    async fn new() -> Self {
        let test = TestPlatform::new().await;
        let me = Identity::ensure(&test.platform).await.unwrap().url().clone();
        testing::searcher_over(&test.platform.db, &[testing::video("Whales"), testing::video("Dolphins")]).await;
        let scene = Self { test, me };
        let mut tx = scene.begin().await;
        hosts::add_host(&mut tx, HOST, false, scene.now()).await.unwrap();
        hosts::store::note_check(&mut tx, HOST, scene.now()).await.unwrap();
        tx.commit().await.unwrap();
        scene
    }

    async fn begin(&self) -> Tx {
        self.test.platform.db.begin().await.unwrap()
    }

    fn now(&self) -> Timestamp {
        self.test.clock.now()
    }

    async fn state(&self, tx: &mut Tx) -> Option<FollowState> {
        store::find(tx, HOST).await.unwrap().map(|follow| follow.state)
    }

    async fn ask(&self, tx: &mut Tx) {
        follow(tx, &self.me, HOST, &target(), self.now()).await.unwrap();
    }

    async fn answer(&self, tx: &mut Tx, is_accepted: bool) {
        settle(tx, HOST, &target().actor, is_accepted, self.now()).await.unwrap();
    }

    async fn unasked(&self, tx: &mut Tx) -> Vec<String> {
        let (now, days) = (self.now(), TimeDelta::days);
        store::unasked(tx, "search.example", now - days(1), now - days(30), 10).await.unwrap()
    }
}

/// The bodies of what is on its way.
async fn outgoing(tx: &mut Tx) -> Vec<String> {
    tx.query("SELECT body FROM outgoing_activities ORDER BY id").fetch_all_scalars().await.unwrap()
}

#[tokio::test]
async fn the_actor_keeps_its_key_and_moves_with_the_address() {
    let scene = Scene::new().await;
    let again = Identity::ensure(&scene.test.platform).await.unwrap();
    assert_eq!(again.url(), &scene.me);
    let mut tx = scene.begin().await;
    scene.ask(&mut tx).await;
    let stored = store::actor(&mut tx).await.unwrap().unwrap();
    let moved = store::StoredActor { url: "https://old.example/index/actor".to_owned(), ..stored.clone() };
    store::save_actor(&mut tx, &moved).await.unwrap();
    tx.commit().await.unwrap();
    Identity::ensure(&scene.test.platform).await.unwrap();
    let mut tx = scene.begin().await;
    assert_eq!(store::actor(&mut tx).await.unwrap().unwrap(), stored);
    assert_eq!(scene.state(&mut tx).await, None, "those who knew the old address are asked anew");
}

#[tokio::test]
async fn only_the_actor_that_was_asked_may_answer() {
    let scene = Scene::new().await;
    let mut tx = scene.begin().await;
    settle(&mut tx, HOST, &target().actor, true, scene.now()).await.unwrap();
    assert_eq!(scene.state(&mut tx).await, None, "nobody was asked");
    scene.ask(&mut tx).await;
    settle(&mut tx, HOST, &url("https://tube.example/accounts/eve"), true, scene.now()).await.unwrap();
    assert_eq!(scene.state(&mut tx).await, Some(FollowState::Asked));
    assert!(!store::is_heard(&mut tx, HOST).await.unwrap());
    scene.answer(&mut tx, true).await;
    assert!(store::is_heard(&mut tx, HOST).await.unwrap());
    scene.answer(&mut tx, false).await;
    assert_eq!(scene.state(&mut tx).await, Some(FollowState::Refused));
    scene.answer(&mut tx, true).await;
    assert_eq!(scene.state(&mut tx).await, Some(FollowState::Refused), "nobody asked again");
}

#[tokio::test]
async fn who_was_not_asked_is_and_who_refused_never_again() {
    let scene = Scene::new().await;
    let mut tx = scene.begin().await;
    hosts::add_host(&mut tx, "new.example", false, scene.now()).await.unwrap();
    assert_eq!(scene.unasked(&mut tx).await, [HOST], "the other was not asked for its consent yet");
    store::save_failure(&mut tx, HOST, "there is no actor", scene.now()).await.unwrap();
    assert!(scene.unasked(&mut tx).await.is_empty());
    scene.test.clock.advance(std::time::Duration::from_hours(25));
    assert_eq!(scene.unasked(&mut tx).await, [HOST], "it may have an actor by now");
    scene.ask(&mut tx).await;
    assert!(scene.unasked(&mut tx).await.is_empty());
    scene.test.clock.advance(std::time::Duration::from_hours(31 * 24));
    assert_eq!(scene.unasked(&mut tx).await, [HOST], "it is reminded");
    scene.answer(&mut tx, false).await;
    scene.test.clock.advance(std::time::Duration::from_hours(1_000));
    unfollow(&mut tx, HOST, scene.now()).await.unwrap();
    assert!(scene.unasked(&mut tx).await.is_empty());
}

#[tokio::test]
async fn an_instance_that_leaves_the_list_is_told() {
    let scene = Scene::new().await;
    let mut tx = scene.begin().await;
    scene.ask(&mut tx).await;
    scene.answer(&mut tx, true).await;
    hosts::remove_host(&mut tx, HOST, scene.now()).await.unwrap();
    assert_eq!(scene.state(&mut tx).await, None);
    let sent = outgoing(&mut tx).await;
    assert!(sent[0].contains("\"Follow\"") && !sent[0].contains("\"Undo\""), "{sent:?}");
    assert!(sent[1].contains("\"Undo\"") && sent[1].contains("follows/tube.example"), "{sent:?}");
    unfollow(&mut tx, HOST, scene.now()).await.unwrap();
    assert_eq!(outgoing(&mut tx).await.len(), 2, "once");
}

#[tokio::test]
async fn what_is_gone_goes_with_the_news() {
    let scene = Scene::new().await;
    let mut tx = scene.begin().await;
    let whales = testing::video("Whales").uuid;
    take(&mut tx, "other.example", News::Gone(whales), scene.now()).await.unwrap();
    assert_eq!(videos::count(&mut tx, HOST).await.unwrap(), 2, "nobody else's");
    for _ in 0..2 {
        take(&mut tx, HOST, News::Gone(whales), scene.now()).await.unwrap();
    }
    assert_eq!(videos::count(&mut tx, HOST).await.unwrap(), 1);
    assert_eq!(hosts::find(&mut tx, HOST).await.unwrap().unwrap().video_count, 1);
    take(&mut tx, HOST, News::Closed("films".to_owned()), scene.now()).await.unwrap();
    assert_eq!(videos::count(&mut tx, HOST).await.unwrap(), 0);
}

#[tokio::test]
async fn a_host_that_tells_too_much_is_read_as_a_whole() {
    let scene = Scene::new().await;
    let mut tx = scene.begin().await;
    for number in 0..600 {
        take(&mut tx, HOST, News::Look(Uuid::from_u128(number)), scene.now()).await.unwrap();
        take(&mut tx, HOST, News::Look(Uuid::from_u128(number)), scene.now()).await.unwrap();
    }
    let looks = queue::count_unfinished::<ReadVideo>(&mut tx, &ReadVideo::key_prefix(HOST)).await.unwrap();
    assert_eq!(looks, 500);
    let crawls = queue::count_unfinished::<crate::crawl::CrawlHost>(&mut tx, HOST).await.unwrap();
    assert_eq!(crawls, 1);
}
