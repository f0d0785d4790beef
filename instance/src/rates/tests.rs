use std::sync::Arc;

use platform::{
    db::{QueryStats, with_stats},
    testing::TestPlatform,
};

use url::Url;

use super::*;
use crate::{
    App,
    actors::{self, Actor},
    federation::Paging,
    users::{self, User},
    videos::{self, Video, VideoId},
};

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

async fn stranger(app: &App, name: &str) -> Actor {
    actors::testing::stranger(app, "beta.test", name).await.0
}

async fn say(app: &App, actor: &Actor, video: &Video, rating: Rating) {
    let id = url(&format!("{}/{}s/9", actor.url(), rating.name()));
    let mut tx = app.platform.db.begin().await.unwrap();
    federate::receive(app, &mut tx, actor, &id, &url(&video.url), rating).await.unwrap();
    tx.commit().await.unwrap();
}

async fn take_back(app: &App, actor: &Actor, video: &Video, rating: Rating) {
    let mut tx = app.platform.db.begin().await.unwrap();
    federate::receive_undo(app, &mut tx, actor, &url(&video.url), rating).await.unwrap();
    tx.commit().await.unwrap();
}

async fn counters(app: &App, id: VideoId) -> (i64, i64) {
    let video = videos::store::find(&mut app.platform.db.read().await.unwrap(), id).await.unwrap().unwrap();
    (video.likes, video.dislikes)
}

async fn scalar(app: &App, sql: &'static str) -> i64 {
    app.platform.db.read().await.unwrap().query(sql).fetch_scalar().await.unwrap()
}

async fn make_remote(app: &App) {
    let mut tx = app.platform.db.begin().await.unwrap();
    tx.query("UPDATE videos SET is_local = FALSE").execute().await.unwrap();
    tx.commit().await.unwrap();
}

/// The administrator, and a video that has become one of another server.
async fn root_and_remote(app: &App, video: VideoId) -> (User, Video) {
    make_remote(app).await;
    let mut connection = app.platform.db.read().await.unwrap();
    let root = users::store::find_by_login(&mut connection, "root").await.unwrap().unwrap();
    let video = videos::store::find(&mut connection, video).await.unwrap().unwrap();
    (root, video)
}

#[tokio::test]
async fn an_opinion_counts_once_and_can_change() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let bob = stranger(&app, "bob").await;
    say(&app, &bob, &video, Rating::Like).await;
    say(&app, &bob, &video, Rating::Like).await;
    assert_eq!(counters(&app, video.id).await, (1, 0));
    say(&app, &bob, &video, Rating::Dislike).await;
    assert_eq!(counters(&app, video.id).await, (0, 1));
    say(&app, &stranger(&app, "carol").await, &video, Rating::Dislike).await;
    assert_eq!(counters(&app, video.id).await, (0, 2));
}

#[tokio::test]
async fn only_what_was_said_can_be_taken_back_and_only_by_who_said_it() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (bob, carol) = (stranger(&app, "bob").await, stranger(&app, "carol").await);
    say(&app, &bob, &video, Rating::Like).await;
    take_back(&app, &bob, &video, Rating::Dislike).await;
    take_back(&app, &carol, &video, Rating::Like).await;
    assert_eq!(counters(&app, video.id).await, (1, 0));
    take_back(&app, &bob, &video, Rating::Like).await;
    take_back(&app, &bob, &video, Rating::Like).await;
    assert_eq!(counters(&app, video.id).await, (0, 0));
}

#[tokio::test]
async fn whoever_names_only_the_address_of_what_they_said_takes_it_back_too() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (bob, carol) = (stranger(&app, "bob").await, stranger(&app, "carol").await);
    say(&app, &bob, &video, Rating::Like).await;
    let id = url("https://beta.test/accounts/bob/likes/9");
    let mut tx = app.platform.db.begin().await.unwrap();
    assert!(!federate::receive_undo_by_id(&app, &mut tx, &carol, &id).await.unwrap());
    assert!(federate::receive_undo_by_id(&app, &mut tx, &bob, &id).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(counters(&app, video.id).await, (0, 0));
}

#[tokio::test]
async fn what_strangers_think_of_the_videos_of_others_is_not_counted_here() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    make_remote(&app).await;
    say(&app, &stranger(&app, "bob").await, &video, Rating::Like).await;
    assert_eq!(counters(&app, video.id).await, (0, 0));
    assert_eq!(scalar(&app, "SELECT count(*) FROM video_rates").await, 0);
}

#[tokio::test]
async fn a_private_video_cannot_be_rated_from_outside() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    tx.query("UPDATE videos SET privacy = 3").execute().await.unwrap();
    tx.commit().await.unwrap();
    say(&app, &stranger(&app, "bob").await, &video, Rating::Like).await;
    assert_eq!(counters(&app, video.id).await, (0, 0));
}

#[tokio::test]
async fn the_opinions_of_an_actor_that_goes_go_with_it() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (bob, carol) = (stranger(&app, "bob").await, stranger(&app, "carol").await);
    say(&app, &bob, &video, Rating::Like).await;
    say(&app, &carol, &video, Rating::Dislike).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    forget_actor(&mut tx, bob.id).await.unwrap();
    actors::store::delete(&mut tx, bob.id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(counters(&app, video.id).await, (0, 1));
}

#[tokio::test]
async fn a_thousand_likes_are_one_message_to_the_followers() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    for name in ["bob", "carol", "dave"] {
        say(&app, &stranger(&app, name).await, &video, Rating::Like).await;
    }
    assert_eq!(scalar(&app, "SELECT count(*) FROM jobs WHERE kind = 'video_tell_counters'").await, 1);
}

#[tokio::test]
async fn a_like_takes_few_statements() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let bob = stranger(&app, "bob").await;
    let id = url("https://beta.test/accounts/bob/likes/9");
    let object = url(&video.url);
    let mut tx = app.platform.db.begin().await.unwrap();
    let stats = Arc::new(QueryStats::default());
    with_stats(stats.clone(), federate::receive(&app, &mut tx, &bob, &id, &object, Rating::Like)).await.unwrap();
    assert!(stats.count() <= 4, "{} statements", stats.count());
}

#[tokio::test]
async fn what_a_user_says_can_be_asked_for_by_its_id() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (root, video) = root_and_remote(&app, video.id).await;
    actions::rate(&app, &root, &video, Some(Rating::Dislike)).await.unwrap();
    actions::rate(&app, &root, &video, Some(Rating::Dislike)).await.unwrap();
    assert_eq!(counters(&app, video.id).await, (0, 1), "whoever says it sees it at once");
    let mut connection = app.platform.db.read().await.unwrap();
    let document = federate::document(&app, &mut connection, "root", Rating::Dislike, video.id).await.unwrap().unwrap();
    assert_eq!(document["type"], "Dislike");
    assert_eq!(document["id"], format!("http://alpha.test/accounts/root/dislikes/{}", video.id.0));
    assert_eq!(document["object"], video.url.as_str());
    let other = federate::document(&app, &mut connection, "root", Rating::Like, video.id).await.unwrap();
    assert_eq!(other, None);
}

#[tokio::test]
async fn an_origin_hears_of_opinions_and_that_they_were_taken_back_however_long_it_is_away() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let (root, video) = root_and_remote(&app, video.id).await;
    for rating in [Some(Rating::Like), None] {
        actions::rate(&app, &root, &video, rating).await.unwrap();
    }
    assert_eq!(scalar(&app, "SELECT count(*) FROM outgoing_activities WHERE must_arrive = FALSE").await, 0);
    assert_eq!(scalar(&app, "SELECT count(*) FROM outgoing_activities WHERE must_arrive = TRUE").await, 2);
}

#[tokio::test]
async fn the_likes_of_a_video_are_listed_ten_at_a_time() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    for number in 0..12 {
        say(&app, &stranger(&app, &format!("fan{number}")).await, &video, Rating::Like).await;
    }
    let mut connection = app.platform.db.read().await.unwrap();
    let video = videos::store::find(&mut connection, video.id).await.unwrap().unwrap();
    let id = url("http://alpha.test/videos/watch/x/likes");
    let whole = federate::collection(&mut connection, &video, &id, Rating::Like, Paging::default()).await.unwrap();
    assert_eq!((&whole["type"], &whole["totalItems"]), (&"OrderedCollection".into(), &12.into()));
    let second = Paging { page: Some(2), ..Paging::default() };
    let page = federate::collection(&mut connection, &video, &id, Rating::Like, second).await.unwrap();
    let items = page["orderedItems"].as_array().unwrap();
    assert_eq!(items, &["https://beta.test/accounts/fan1/likes/9", "https://beta.test/accounts/fan0/likes/9"]);
    assert_eq!(page.get("next"), None);
}
