use platform::{clock::Clock, testing::TestPlatform};

use super::*;
use crate::{
    channels::Channel,
    index::{Position, VideoIndex},
    store as videos,
    testing::{channel, collections_over, save_collections},
};

const HOST: &str = "tube.example";

async fn names(catalogue: &Catalogue<Channel>) -> Vec<String> {
    let query = CollectionQuery {
        count: 100,
        sort: CollectionSort::DisplayName { descending: false },
        ..CollectionQuery::default()
    };
    catalogue.search(query).await.unwrap().hits.into_iter().map(|hit| hit.document.actor.display_name).collect()
}

/// Removes what a second pass did not see, after it has seen these.
async fn pass(platform: &TestPlatform, seen: &[Channel]) -> u64 {
    let mut tx = platform.platform.db.begin().await.unwrap();
    let names: Vec<String> = seen.iter().map(Collection::name).collect();
    store::mark_seen::<Channel>(&mut tx, HOST, &names, 2).await.unwrap();
    let revision = videos::next_revision(&mut tx).await.unwrap();
    let now = platform.clock.now();
    let removed = store::remove_unseen::<Channel>(&mut tx, HOST, 2, now, revision).await.unwrap();
    tx.commit().await.unwrap();
    removed
}

#[tokio::test]
async fn a_change_is_found_once_the_index_has_caught_up() {
    let platform = TestPlatform::new().await;
    let collections = collections_over(&platform.platform, &[channel("Whales")], &[]).await;
    let mut renamed = channel("Whales");
    renamed.actor.display_name = "Dolphins".to_owned();
    let mut tx = platform.platform.db.begin().await.unwrap();
    let revision = videos::next_revision(&mut tx).await.unwrap();
    save_collections(&mut tx, &[renamed], 1, revision).await;
    tx.commit().await.unwrap();
    collections.catch_up().await.unwrap();
    assert_eq!(names(&collections.channels).await, ["Dolphins"]);
    assert_eq!((collections.channels.count().await.unwrap(), collections.playlists.count().await.unwrap()), (1, 0));
}

#[tokio::test]
async fn what_a_pass_did_not_see_is_gone_and_comes_back_when_it_is_seen_again() {
    let platform = TestPlatform::new().await;
    let (whales, dolphins) = (channel("Whales"), channel("Dolphins"));
    let collections = collections_over(&platform.platform, &[whales.clone(), dolphins.clone()], &[]).await;
    assert_eq!(pass(&platform, &[whales]).await, 1);
    assert_eq!(names(&collections.channels).await, ["Whales"], "even before the index has heard of it");
    collections.catch_up().await.unwrap();
    assert_eq!(collections.channels.count().await.unwrap(), 1);
    let mut tx = platform.platform.db.begin().await.unwrap();
    assert!(store::known::<Channel>(&mut tx, HOST, &[dolphins.name()]).await.unwrap().is_empty());
    let revision = videos::next_revision(&mut tx).await.unwrap();
    save_collections(&mut tx, &[dolphins], 3, revision).await;
    tx.commit().await.unwrap();
    collections.catch_up().await.unwrap();
    assert_eq!(names(&collections.channels).await, ["Dolphins", "Whales"]);
}

#[tokio::test]
async fn an_index_that_missed_a_forgotten_removal_is_made_again_once() {
    let platform = TestPlatform::new().await;
    let collections = collections_over(&platform.platform, &[channel("Whales"), channel("Dolphins")], &[]).await;
    pass(&platform, &[channel("Whales")]).await;
    platform.clock.advance(std::time::Duration::from_secs(1));
    let mut tx = platform.platform.db.begin().await.unwrap();
    assert_eq!(store::forget_removed(&mut tx, platform.clock.now()).await.unwrap(), 1);
    tx.commit().await.unwrap();
    collections.catch_up().await.unwrap();
    assert_eq!(collections.channels.count().await.unwrap(), 1);
    let position = collections.channels.position().await;
    assert_eq!(position, Position { revision: 2, id: i64::MAX }, "else it would be made again at every look");
}

#[tokio::test]
async fn an_index_that_is_ahead_of_a_restored_database_is_made_again() {
    let platform = TestPlatform::new().await;
    collections_over(&platform.platform, &[channel("Whales")], &[]).await;
    let ahead = VideoIndex::in_memory("epoch").unwrap();
    ahead.apply(vec![], Position { revision: 1_000, id: 1 }).await.unwrap();
    let catalogue = Catalogue::<Channel>::new(platform.platform.db.clone(), ahead);
    catalogue.follow().await.unwrap();
    assert_eq!(names(&catalogue).await, ["Whales"]);
}

#[tokio::test]
async fn removing_a_host_removes_all_of_it() {
    let platform = TestPlatform::new().await;
    let playlist = crate::testing::playlist("Songs");
    let collections = collections_over(&platform.platform, &[channel("Whales")], &[playlist]).await;
    let mut tx = platform.platform.db.begin().await.unwrap();
    let revision = videos::next_revision(&mut tx).await.unwrap();
    let removed = store::remove_all(&mut tx, HOST, platform.clock.now(), revision).await.unwrap();
    tx.commit().await.unwrap();
    collections.catch_up().await.unwrap();
    assert_eq!(
        (removed, collections.channels.count().await.unwrap(), collections.playlists.count().await.unwrap()),
        (2, 0, 0)
    );
}

#[tokio::test]
async fn an_account_takes_its_channels_and_playlists_along_and_a_channel_its_playlists() {
    for (name, left) in [("Ada", (0, 0)), ("films", (1, 0)), ("whales", (0, 1)), ("grace", (1, 1))] {
        let platform = TestPlatform::new().await;
        let playlist = crate::testing::playlist("Songs");
        let collections = collections_over(&platform.platform, &[channel("Whales")], &[playlist]).await;
        let mut tx = platform.platform.db.begin().await.unwrap();
        remove_of_actor(&mut tx, HOST, name, platform.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        collections.catch_up().await.unwrap();
        assert_eq!(
            (collections.channels.count().await.unwrap(), collections.playlists.count().await.unwrap()),
            left,
            "{name}"
        );
    }
}
