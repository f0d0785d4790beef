use axum::http::StatusCode;
use platform::testing::TestPlatform;

use super::{
    Blocker,
    actions::{block_account, block_servers, unblock_account, unblock_server},
    store,
};
use crate::{
    App,
    accounts::{self, AccountId},
    actors::testing::stranger,
    moderation::{
        ListOptions,
        video_blocks::tests::{ask, token_of},
    },
    users::Role,
};

async fn account_of(app: &App, blocker: Blocker) -> AccountId {
    blocker.account(&mut app.platform.db.read().await.unwrap()).await.unwrap()
}

/// Which of these hosts are written out as blocked.
async fn covered(app: &App, blocker: Blocker, hosts: &[&str]) -> Vec<String> {
    let account = account_of(app, blocker).await;
    let mut connection = app.platform.db.read().await.unwrap();
    let mut covered = vec![];
    for host in hosts {
        if store::blocks_host(&mut connection, account, host).await.unwrap() {
            covered.push((*host).to_owned());
        }
    }
    covered
}

#[tokio::test]
async fn a_block_of_a_server_covers_what_is_known_of_its_domain() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let hosts = ["evil.example", "a.evil.example", "evil.example:8443", "notevil.example"];
    for host in ["a.evil.example", "evil.example:8443", "notevil.example"] {
        stranger(&app, host, "eve").await;
    }
    let expected = ["evil.example", "a.evil.example", "evil.example:8443"];

    block_servers(&app, Blocker::Server, &["https://EVIL.example/about"]).await.unwrap();
    assert_eq!(covered(&app, Blocker::Server, &hosts).await, expected);
    let account = account_of(&app, Blocker::Server).await;
    let listed = store::servers(&mut app.platform.db.read().await.unwrap(), account, &ListOptions::default()).await;
    assert_eq!(listed.unwrap().into_iter().map(|block| block.host).collect::<Vec<_>>(), ["evil.example"]);

    stranger(&app, "b.evil.example", "mallory").await;
    super::cover_new_hosts(&app).await.unwrap();
    assert_eq!(covered(&app, Blocker::Server, &["b.evil.example"]).await, ["b.evil.example"]);

    block_servers(&app, Blocker::Server, &["a.evil.example"]).await.unwrap();
    unblock_server(&app, Blocker::Server, "a.evil.example").await.unwrap();
    assert_eq!(covered(&app, Blocker::Server, &hosts).await, expected, "the block of the domain still covers it");
    unblock_server(&app, Blocker::Server, "evil.example").await.unwrap();
    assert_eq!(covered(&app, Blocker::Server, &hosts).await, Vec::<String>::new());
    assert!(unblock_server(&app, Blocker::Server, "evil.example").await.is_err());
}

#[tokio::test]
async fn the_border_knows_of_a_block_at_once_and_users_have_none_there() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let eve = url::Url::parse("https://good.example/accounts/eve").unwrap();
    stranger(&app, "good.example", "eve").await;
    let root = accounts::store::find_by_handle(&mut app.platform.db.read().await.unwrap(), "root", "alpha.test").await;
    let root = Blocker::User(root.unwrap().unwrap().id);

    block_account(&app, root, "eve@good.example").await.unwrap();
    block_servers(&app, root, &["good.example"]).await.unwrap();
    assert!(!app.border.refuses_url(&eve), "a user decides for themselves alone");
    block_account(&app, Blocker::Server, "eve@good.example").await.unwrap();
    assert!(app.border.refuses_url(&eve));
    unblock_account(&app, Blocker::Server, "eve@good.example").await.unwrap();
    assert!(!app.border.refuses_url(&eve));
    block_servers(&app, Blocker::Server, &["good.example"]).await.unwrap();
    assert!(app.border.refuses_url(&eve) && app.border.blocks_host("www.good.example"));
}

#[tokio::test]
async fn who_blocks_an_account_goes_on_blocking_it_where_it_has_moved_to() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let (from, old) = stranger(&app, "old.example", "eve").await;
    let (to, new) = stranger(&app, "new.example", "eve2").await;
    let mut connection = app.platform.db.read().await.unwrap();
    let root = accounts::store::find_by_handle(&mut connection, "root", "alpha.test").await.unwrap().unwrap();
    let actor_of_root = crate::moderation::store::actor_of(&mut connection, root.id).await.unwrap().unwrap();
    drop(connection);
    block_account(&app, Blocker::User(root.id), "eve@old.example").await.unwrap();
    for _ in 0..2 {
        super::follow_move(&app, from.id, to.id).await.unwrap();
    }
    let blocks = async |account| {
        let mut connection = app.platform.db.read().await.unwrap();
        store::blocks_account(&mut connection, root.id, account).await.unwrap()
    };
    assert!(blocks(old).await && blocks(new).await);
    super::follow_move(&app, to.id, actor_of_root).await.unwrap();
    assert!(!blocks(root.id).await, "nobody blocks themselves");
}

#[tokio::test]
async fn whoever_is_blocked_here_still_takes_back_what_they_said_and_nobody_else_does() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (uma, ulf) = (token_of(&app, "uma", Role::User).await, token_of(&app, "ulf", Role::User).await);
    let path = format!("/api/v1/videos/{}", video.uuid);
    let words = serde_json::json!({ "text": "I was here." });
    let said = ask(&app, Some(&uma), "POST", &format!("{path}/comment-threads"), Some(words)).await.1;
    let comment = format!("{path}/comments/{}", said["comment"]["id"]);
    assert_eq!(ask(&app, Some(&ulf), "DELETE", &comment, None).await.0, StatusCode::FORBIDDEN);
    block_account(&app, Blocker::Server, "uma").await.unwrap();
    assert_eq!(ask(&app, Some(&ulf), "DELETE", &comment, None).await.0, StatusCode::NOT_FOUND, "he is not shown it");
    assert_eq!(ask(&app, Some(&uma), "DELETE", &comment, None).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn nobody_blocks_themselves_or_their_server() {
    let test = TestPlatform::new().await;
    let (app, _) = App::staged(&test).await;
    let root = accounts::store::find_by_handle(&mut app.platform.db.read().await.unwrap(), "root", "alpha.test").await;
    let root = Blocker::User(root.unwrap().unwrap().id);
    assert!(block_account(&app, root, "root").await.is_err());
    for blocker in [root, Blocker::Server] {
        for host in ["alpha.test", "test", "alpha.test/x", "not a host"] {
            let good = "evil.example";
            assert!(block_servers(&app, blocker, &[good, host]).await.is_err(), "{host}");
        }
        assert!(block_account(&app, blocker, "peertube").await.is_err());
        assert_eq!(covered(&app, blocker, &["evil.example"]).await, Vec::<String>::new(), "all or nothing");
    }
}
