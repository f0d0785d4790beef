use platform::{
    clock::{Clock, FakeClock},
    testing::TestDatabase,
};

use super::*;
use crate::hosts::HostState;

async fn begin(database: &TestDatabase) -> Tx {
    let mut tx = database.db.begin().await.unwrap();
    videos::initialise(&mut tx, "epoch").await.unwrap();
    tx
}

fn now() -> Timestamp {
    FakeClock::default().now()
}

async fn out(tx: &mut Tx, host: &str) {
    let subject = consent::Subject::parse(host, false).unwrap();
    consent::opt_out(tx, &subject, consent::Proof::File, now()).await.unwrap();
}

async fn hosts(tx: &mut Tx) -> Vec<String> {
    status(tx).await.unwrap().into_iter().map(|status| status.host).collect()
}

#[tokio::test]
async fn an_added_instance_waits_for_its_crawl() {
    let database = TestDatabase::new().await;
    let mut tx = begin(&database).await;
    add_host(&mut tx, "https://Tube.example/", false, now()).await.unwrap();
    add_host(&mut tx, "tube.example", false, now()).await.unwrap();
    let status = status(&mut tx).await.unwrap();
    assert_eq!(status.len(), 1);
    assert_eq!((status[0].state, status[0].origin.as_str()), (HostState::Waiting, "https://tube.example"));
    tx.commit().await.unwrap();
    let waiting = jobs::unfinished(&mut database.db.read().await.unwrap()).await.unwrap();
    assert_eq!(waiting, [("crawl".to_owned(), 1)], "adding it twice asks for one visit");
}

#[tokio::test]
async fn only_listed_instances_are_crawled_or_removed() {
    let database = TestDatabase::new().await;
    let mut tx = begin(&database).await;
    assert!(matches!(crawl_now(&mut tx, "tube.example", false, now()).await, Err(HostsError::Unknown(_))));
    assert!(matches!(remove_host(&mut tx, "tube.example", now()).await, Err(HostsError::Unknown(_))));
    assert!(matches!(add_host(&mut tx, "not a host", false, now()).await, Err(HostsError::Address(_))));
    add_host(&mut tx, "tube.example", false, now()).await.unwrap();
    assert!(crawl_now(&mut tx, "tube.example", false, now()).await.is_ok());
    assert!(remove_host(&mut tx, "tube.example", now()).await.is_ok());
    assert!(hosts(&mut tx).await.is_empty());
}

#[tokio::test]
async fn the_configuration_rules_over_what_it_added_only() {
    let database = TestDatabase::new().await;
    let mut tx = begin(&database).await;
    add_host(&mut tx, "by-hand.example", false, now()).await.unwrap();
    let listed = ["a.example".to_owned(), "by-hand.example".to_owned()];
    follow_configuration(&mut tx, &listed, false, now()).await.unwrap();
    assert_eq!(hosts(&mut tx).await, ["a.example", "by-hand.example"]);
    follow_configuration(&mut tx, &[], false, now()).await.unwrap();
    assert_eq!(hosts(&mut tx).await, ["by-hand.example"]);
    let wrong = follow_configuration(&mut tx, &["not a host".to_owned()], false, now()).await;
    assert!(matches!(wrong, Err(HostsError::Address(_))));
}

#[tokio::test]
async fn what_an_instance_follows_is_listed_as_long_as_nobody_else_lists_it() {
    let database = TestDatabase::new().await;
    let mut tx = begin(&database).await;
    let followed = ["https://a.example", "https://b.example", "https://c.example", "nonsense"].map(str::to_owned);
    follow_instance(&mut tx, &followed, false, now()).await.unwrap();
    assert_eq!(hosts(&mut tx).await, ["a.example", "b.example", "c.example"]);
    add_host(&mut tx, "a.example", false, now()).await.unwrap();
    follow_configuration(&mut tx, &["b.example".to_owned()], false, now()).await.unwrap();
    follow_instance(&mut tx, &followed, false, now()).await.unwrap();
    follow_instance(&mut tx, &[], false, now()).await.unwrap();
    assert_eq!(hosts(&mut tx).await, ["a.example", "b.example"], "others want these, too");
}

#[tokio::test]
async fn who_has_opted_out_is_listed_by_nobody() {
    let database = TestDatabase::new().await;
    let mut tx = begin(&database).await;
    out(&mut tx, "tube.example").await;
    let named = ["tube.example".to_owned(), "a.example".to_owned()];
    follow_configuration(&mut tx, &named, false, now()).await.unwrap();
    follow_instance(&mut tx, &named, false, now()).await.unwrap();
    assert_eq!(hosts(&mut tx).await, ["a.example"], "the others of the list are not held up");
    let by_hand = add_host(&mut tx, "tube.example", false, now()).await;
    assert!(matches!(by_hand, Err(HostsError::OptedOut(_))));
}

#[tokio::test]
async fn the_list_is_searched_and_counted() {
    let database = TestDatabase::new().await;
    let mut tx = begin(&database).await;
    for host in ["a_b.example", "axb.example", "tube.example"] {
        add_host(&mut tx, host, false, now()).await.unwrap();
    }
    store::note_failure(&mut tx, "tube.example", "it is down", now()).await.unwrap();
    let search = |text: &str| HostFilter { search: text.to_owned(), state: None };
    let (found, total) = list(&mut tx, &search("A_B"), 0, 10).await.unwrap();
    assert_eq!((found[0].host.as_str(), total), ("a_b.example", 1), "a sign is not a wildcard");
    let (found, total) = list(&mut tx, &search("example"), 1, 1).await.unwrap();
    assert_eq!((found[0].host.as_str(), found.len(), total), ("axb.example", 1, 3));
    let failing = HostFilter { state: Some(HostState::Failing), ..HostFilter::default() };
    assert_eq!(list(&mut tx, &failing, 0, 10).await.unwrap().1, 1);
    let (counts, opted_out) = counts(&mut tx).await.unwrap();
    assert_eq!((counts.listed, counts.failing, counts.indexed, opted_out), (3, 1, 0, 0));
    assert_eq!(similar(&mut tx, "tub.exmple", 2).await.unwrap(), ["tube.example"]);
}
