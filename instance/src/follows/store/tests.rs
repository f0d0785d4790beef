use std::sync::Arc;

use federation::wire::{Action, Activity};
use platform::{
    db::{QueryStats, with_stats},
    testing::TestPlatform,
};
use url::Url;

use super::*;
use crate::{
    App, accounts,
    actors::{self, Actor, ActorKind, testing::remote_actor},
    federation::broadcast,
    moderation,
};

/// An instance, its own actor, and three of other servers: two of them share a server.
struct Stage {
    app: App,
    server: Actor,
    anna: Actor,
    bert: Actor,
    carol: Actor,
}

impl Stage {
    async fn new(test: &TestPlatform) -> Self {
        let (app, _) = App::staged(test).await;
        let now = app.platform.clock.now();
        let mut tx = app.platform.db.begin().await.unwrap();
        let server = actors::store::find_local(&mut tx, "peertube").await.unwrap().unwrap();
        let anna = remote_actor(&mut tx, ActorKind::Person, "one.test", "Anna", now).await;
        let bert = remote_actor(&mut tx, ActorKind::Application, "one.test", "bert", now).await;
        let carol = remote_actor(&mut tx, ActorKind::Group, "two.test", "carol_x", now).await;
        tx.commit().await.unwrap();
        Self { app, server, anna, bert, carol }
    }

    async fn follow(&self, follower: &Actor, target: &Actor, state: FollowState) -> FollowId {
        let mut tx = self.app.platform.db.begin().await.unwrap();
        let url = format!("{}/follows/{}", follower.url(), target.id.0);
        let now = self.app.platform.clock.now();
        let id = upsert(&mut tx, follower.id, target.id, &url, state, now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn set_state(&self, id: FollowId, state: FollowState) {
        let mut tx = self.app.platform.db.begin().await.unwrap();
        set_state(&mut tx, id, state, self.app.platform.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn read(&self) -> Connection {
        self.app.platform.db.read().await.unwrap()
    }

    /// Addresses to which news of the server go.
    async fn inboxes(&self) -> Vec<String> {
        let mut inboxes = follower_inboxes(&mut self.read().await, self.server.id).await.unwrap();
        inboxes.sort();
        inboxes
    }

    /// Names of the followers that a query finds, as many as it counts.
    async fn found(&self, change: impl FnOnce(&mut FollowQuery)) -> Vec<String> {
        let mut query = FollowQuery::new(Side::Followers(vec![self.server.id]));
        change(&mut query);
        let follows = list(&mut self.read().await, &query).await.unwrap();
        if query.start == 0 && query.count > i64::try_from(follows.len()).unwrap() {
            let total = count(&mut self.read().await, &query).await.unwrap();
            assert_eq!(total, i64::try_from(follows.len()).unwrap());
        }
        follows.into_iter().map(|follow| follow.follower_username).collect()
    }
}

#[tokio::test]
async fn only_accepted_follows_count_and_carry_activities() {
    let test = TestPlatform::new().await;
    let stage = Stage::new(&test).await;
    let anna = stage.follow(&stage.anna, &stage.server, FollowState::Pending).await;
    stage.follow(&stage.carol, &stage.server, FollowState::Rejected).await;
    let counted = async || count_followers(&mut stage.read().await, stage.server.id).await.unwrap();
    assert_eq!((counted().await, stage.inboxes().await), (0, vec![]));
    assert!(followers(&mut stage.read().await, stage.server.id, 10, 0).await.unwrap().is_empty());

    stage.set_state(anna, FollowState::Accepted).await;
    assert_eq!((counted().await, stage.inboxes().await), (1, vec!["https://one.test/inbox".to_owned()]));
    let shown = followers(&mut stage.read().await, stage.server.id, 10, 0).await.unwrap();
    assert_eq!(shown.iter().map(|follow| follow.id).collect::<Vec<_>>(), [anna]);

    stage.set_state(anna, FollowState::Rejected).await;
    assert_eq!((counted().await, stage.inboxes().await), (0, vec![]));
}

#[tokio::test]
async fn the_numbers_of_an_account_of_ours_are_those_of_its_accepted_follows() {
    let test = TestPlatform::new().await;
    let stage = Stage::new(&test).await;
    let root = actors::store::find_local(&mut stage.read().await, "root").await.unwrap().unwrap();
    stage.follow(&stage.anna, &root, FollowState::Accepted).await;
    stage.follow(&stage.bert, &root, FollowState::Accepted).await;
    stage.follow(&stage.carol, &root, FollowState::Pending).await;
    stage.follow(&root, &stage.carol, FollowState::Accepted).await;
    stage.follow(&root, &stage.anna, FollowState::Pending).await;
    let account = accounts::store::find_by_actor(&mut stage.read().await, root.id).await.unwrap().unwrap();
    assert_eq!((account.followers_count, account.following_count), (2, 1));
    assert_eq!(count_following(&mut stage.read().await, root.id).await.unwrap(), 1);
}

#[tokio::test]
async fn a_server_with_many_followers_is_told_once() {
    let test = TestPlatform::new().await;
    let stage = Stage::new(&test).await;
    for follower in [&stage.anna, &stage.bert, &stage.carol] {
        stage.follow(follower, &stage.server, FollowState::Accepted).await;
    }
    assert_eq!(stage.inboxes().await, ["https://one.test/inbox", "https://two.test/inbox"]);
}

/// Ten thousand people on two thousand servers, who follow this server.
async fn gather_a_crowd(stage: &Stage) {
    let now = stage.app.platform.clock.now();
    let mut tx = stage.app.platform.db.begin().await.unwrap();
    for statement in [
        "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 9999) \
         INSERT INTO actors (kind, url, username, username_folded, host, is_local, inbox_url, shared_inbox_url, \
         public_key_pem, created_at, updated_at) \
         SELECT 'Person', 'https://s' || (n % 2000) || '.test/accounts/u' || n, 'u' || n, 'u' || n, \
         's' || (n % 2000) || '.test', FALSE, 'https://s' || (n % 2000) || '.test/accounts/u' || n || '/inbox', \
         'https://s' || (n % 2000) || '.test/inbox', '', $2, $2 FROM numbers WHERE $1 > 0",
        "INSERT INTO follows (follower_id, target_id, url, state, created_at, updated_at) \
         SELECT id, $1, url || '/follows/1', 'accepted', $2, $2 FROM actors WHERE username LIKE 'u%' AND is_local = FALSE",
    ] {
        tx.query(statement).bind(stage.server.id).bind(now).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn ten_thousand_followers_on_two_thousand_servers_are_two_thousand_rows_in_a_few_statements() {
    let test = TestPlatform::new().await;
    let stage = Stage::new(&test).await;
    gather_a_crowd(&stage).await;
    assert_eq!(count_followers(&mut stage.read().await, stage.server.id).await.unwrap(), 10_000);
    let actor = Url::parse(stage.server.url()).unwrap();
    let announce = Action::Announce(Url::parse("http://alpha.test/videos/watch/1").unwrap());
    let activity = Activity::new(federation::ids::under(&actor, "announces/1"), actor, announce);
    let stats = Arc::new(QueryStats::default());
    let mut tx = stage.app.platform.db.begin().await.unwrap();
    let others = [stage.anna.id];
    let fan_out = broadcast::to_followers(&stage.app, &mut tx, &others, &activity);
    with_stats(stats.clone(), fan_out).await.unwrap();
    tx.commit().await.unwrap();
    // Who follows; who is given up; the activity; its inboxes, five hundred at a time; the job that delivers.
    assert!(stats.count() <= 12, "{} statements", stats.count());
    for (rows, statement) in [
        (2_000, "SELECT count(*) FROM deliveries"),
        (2_000, "SELECT count(DISTINCT host) FROM deliveries"),
        (1, "SELECT count(*) FROM outgoing_activities"),
        (1, "SELECT count(*) FROM jobs WHERE kind = 'deliver_mail'"),
    ] {
        let found: i64 = stage.read().await.query(statement).fetch_scalar().await.unwrap();
        assert_eq!(found, rows, "{statement}");
    }
}

#[tokio::test]
async fn an_account_that_the_server_blocks_is_told_nothing() {
    let test = TestPlatform::new().await;
    let stage = Stage::new(&test).await;
    let now = stage.app.platform.clock.now();
    stage.follow(&stage.anna, &stage.server, FollowState::Accepted).await;
    stage.follow(&stage.carol, &stage.server, FollowState::Accepted).await;
    let mut tx = stage.app.platform.db.begin().await.unwrap();
    let account = accounts::store::insert(&mut tx, stage.anna.id, None, "Anna", now).await.unwrap();
    let server = moderation::store::find_server_account(&mut tx).await.unwrap().unwrap();
    tx.query("INSERT INTO account_blocks (account_id, target_account_id, created_at) VALUES ($1, $2, $3)")
        .bind(server)
        .bind(account)
        .bind(now)
        .execute()
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stage.inboxes().await, ["https://two.test/inbox"]);
}

#[tokio::test]
async fn who_asks_twice_follows_once() {
    let test = TestPlatform::new().await;
    let stage = Stage::new(&test).await;
    let first = stage.follow(&stage.anna, &stage.server, FollowState::Pending).await;
    let again = stage.follow(&stage.anna, &stage.server, FollowState::Accepted).await;
    assert_eq!(first, again);
    let follow = find_pair(&mut stage.read().await, stage.anna.id, stage.server.id).await.unwrap().unwrap();
    assert_eq!((follow.id, follow.state()), (first, FollowState::Accepted));
    assert!(find_pair(&mut stage.read().await, stage.server.id, stage.anna.id).await.unwrap().is_none());
}

#[tokio::test]
async fn lists_find_by_state_kind_and_handle_and_come_in_pages() {
    let test = TestPlatform::new().await;
    let stage = Stage::new(&test).await;
    stage.follow(&stage.anna, &stage.server, FollowState::Accepted).await;
    stage.follow(&stage.bert, &stage.server, FollowState::Pending).await;
    stage.follow(&stage.carol, &stage.server, FollowState::Rejected).await;
    assert_eq!(stage.found(|_| ()).await, ["carol_x", "bert", "Anna"]);
    assert_eq!(stage.found(|query| query.sort = FollowSort::Oldest).await, ["Anna", "bert", "carol_x"]);
    assert_eq!(stage.found(|query| query.sort = FollowSort::State).await, ["Anna", "bert", "carol_x"]);
    assert_eq!(stage.found(|query| query.sort = FollowSort::StateDescending).await, ["carol_x", "bert", "Anna"]);
    assert_eq!(stage.found(|query| (query.start, query.count) = (1, 1)).await, ["bert"]);
    assert_eq!(stage.found(|query| query.state = Some(FollowState::Pending)).await, ["bert"]);
    assert_eq!(stage.found(|query| query.kind = Some(ActorKind::Group)).await, ["carol_x"]);
    for (search, found) in [(" @ANNA@one", vec!["Anna"]), ("one.test", vec!["bert", "Anna"]), ("l_x", vec!["carol_x"])]
    {
        assert_eq!(stage.found(|query| query.search = Some(search.to_owned())).await, found, "{search}");
    }
    assert_eq!(stage.found(|query| query.search = Some("n_a".to_owned())).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_host_is_followed_from_here_while_one_of_its_actors_agrees() {
    let test = TestPlatform::new().await;
    let stage = Stage::new(&test).await;
    let id = stage.follow(&stage.server, &stage.bert, FollowState::Pending).await;
    stage.follow(&stage.carol, &stage.server, FollowState::Accepted).await;
    let follows = async |host| follows_host(&mut stage.read().await, host).await.unwrap();
    assert!(!follows("one.test").await && !follows("two.test").await, "being followed is something else");
    stage.set_state(id, FollowState::Accepted).await;
    assert!(follows("one.test").await && !follows("two.test").await);
    assert!(is_followed_from_here(&mut stage.read().await, stage.bert.id).await.unwrap());
    assert!(!is_followed_from_here(&mut stage.read().await, stage.anna.id).await.unwrap());
}
