//! What somebody published before the follow: read from the newest, page after page, to the end.

use std::time::Duration;

use shoal_tests::{Server, World};

use super::{count_videos, page};

#[tokio::test(flavor = "multi_thread")]
async fn all_videos_of_a_server_of_this_kind_arrive_in_large_pages() {
    let world =
        World::configured(["alpha", "beta"], |_, config| config.server.roles = vec!["instance".to_owned()]).await;
    world.alpha.app().seed_videos(120).await.unwrap();
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    assert_eq!(count_videos(&world.beta).await, 120);
    let page = page(&world.beta, "/admin/following").await.success().text();
    assert!(page.contains("All 120 videos read"), "{page}");
}

/// The videos that a server shows, the newest first; a hundred of them at most.
async fn newest(server: &Server) -> Vec<String> {
    let list = server.get_json("/api/v1/videos?count=100&sort=-publishedAt").await;
    list["data"].as_array().unwrap().iter().map(|video| video["uuid"].as_str().unwrap().to_owned()).collect()
}

/// Pages of alpha's outbox that were asked for since the last call.
fn pages_asked_for(world: &World) -> Vec<String> {
    let asked = world.alpha.asked().into_iter();
    asked.filter_map(|path| Some(path.split_once("/outbox?embed=video")?.1.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_is_read_first_and_administrators_see_how_far_it_is() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(130).await.unwrap();
    let all = newest(&world.alpha).await;
    for (source, held, read) in [("documents", "page=3", 100), ("rest", "start=100", 100), ("outbox", "page=4", 30)] {
        world.alpha.hold_back(held);
        let reading = async {
            if source == "documents" {
                world.beta.admin().follow_server("alpha.test").await;
                world.settle().await;
            } else {
                read_again_from(&world, source).await;
            }
        };
        let looking = async {
            world.alpha.somebody_waits().await;
            let seen = (page(&world.beta, "/admin/following").await.success().text(), newest(&world.beta).await);
            world.alpha.let_through();
            seen
        };
        let ((), (text, known)) = tokio::join!(reading, looking);
        assert!(text.contains(&format!("Reading its videos: {read} of 130")), "{source}: {text}");
        assert_eq!(known, all[..read], "{source}");
        assert_eq!(count_videos(&world.beta).await, 130, "{source}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_is_cut_off_goes_on_with_the_page_that_it_was_at() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(210).await.unwrap();
    world.alpha.hold_back("page=3");
    world.beta.admin().follow_server("alpha.test").await;
    // As if the process died there: whatever it was doing is dropped.
    tokio::select! {
        () = world.settle() => panic!("all was read before it could be cut off"),
        () = world.alpha.somebody_waits() => {}
    }
    world.alpha.let_through();
    assert_eq!(pages_asked_for(&world), ["", "&page=1", "&page=2", "&page=3"]);
    assert_eq!(count_videos(&world.beta).await, 100);
    world.advance(Duration::from_mins(2)).await;
    assert_eq!(pages_asked_for(&world), ["&page=3", "&page=4", "&page=5"]);
    assert_eq!(count_videos(&world.beta).await, 210);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_answering_is_asked_for_the_rest_later() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(210).await.unwrap();
    world.alpha.hold_back("page=3");
    world.beta.admin().follow_server("alpha.test").await;
    let stopping = async {
        world.alpha.somebody_waits().await;
        world.cut(&world.alpha, &world.beta);
        world.alpha.let_through();
    };
    tokio::join!(world.settle(), stopping);
    assert_eq!(count_videos(&world.beta).await, 150, "the page that was asked for still came");
    let text = page(&world.beta, "/admin/following").await.success().text();
    assert!(text.contains("Stopped at 150 of 210") && text.contains("It is tried again by itself."), "{text}");
    world.heal(&world.alpha, &world.beta);
    pages_asked_for(&world);
    world.advance(Duration::from_mins(10)).await;
    assert_eq!(pages_asked_for(&world), ["&page=4", "&page=5"]);
    assert_eq!(count_videos(&world.beta).await, 210);
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_heal_with_the_next_reading() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(110).await.unwrap();
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    let mut tx = world.beta.platform().db.begin().await.unwrap();
    tx.query("DELETE FROM videos WHERE id % 7 = 0").execute().await.unwrap();
    tx.commit().await.unwrap();
    assert!(count_videos(&world.beta).await < 110);
    world.advance(Duration::from_hours(25)).await;
    assert_eq!(count_videos(&world.beta).await, 110);
}

/// As a server of another kind would be read.
async fn read_again_from(world: &World, source: &'static str) {
    let mut tx = world.beta.platform().db.begin().await.unwrap();
    tx.query("DELETE FROM videos").execute().await.unwrap();
    tx.query("UPDATE backfills SET state = 'failed', source = $1, cursor = 0, next_url = NULL, done = 0, next_at = started_at")
        .bind(source)
        .execute()
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count_videos(&world.beta).await, 0);
    world.advance(Duration::from_mins(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_and_outboxes_that_only_name_videos_are_read_as_well() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(130).await.unwrap();
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    for source in ["rest", "outbox"] {
        read_again_from(&world, source).await;
        assert_eq!(count_videos(&world.beta).await, 130, "{source}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_ends_when_nobody_follows_any_more() {
    let world = World::with(["alpha", "beta"]).await;
    world.alpha.app().seed_videos(3).await.unwrap();
    world.beta.admin().follow_server("alpha.test").await;
    world.settle().await;
    world.beta.admin().delete("/api/v1/server/following/alpha.test").await.assert_success();
    world.settle().await;
    world.alpha.app().seed_videos(3).await.unwrap();
    world.advance(Duration::from_hours(25)).await;
    assert_eq!(count_videos(&world.beta).await, 0, "nobody is shown any more what nobody follows");
    let known = world.beta.get_json("/api/v1/accounts/root@alpha.test/videos").await;
    assert_eq!(known["total"], 3, "what came stays, and nothing more comes");
}
