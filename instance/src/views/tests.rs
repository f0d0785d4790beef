use std::net::IpAddr;

use chrono::TimeDelta;
use federation::wire::{View, WatchAction, WatchSection};
use platform::testing::TestPlatform;
use url::Url;
use uuid::Uuid;

use super::*;
use crate::{
    App,
    actors::{Actor, ActorKind, testing::remote_actor},
    videos::{self, Video},
    views::register::Report,
};

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

async fn actor(app: &App, kind: ActorKind, name: &str) -> Actor {
    let mut tx = app.platform.db.begin().await.unwrap();
    let actor = remote_actor(&mut tx, kind, "beta.test", name, app.platform.clock.now()).await;
    tx.commit().await.unwrap();
    actor
}

async fn read(app: &App, video: &Video) -> Video {
    videos::store::find(&mut app.platform.db.read().await.unwrap(), video.id).await.unwrap().unwrap()
}

async fn hear(app: &App, by: &Actor, view: View) {
    hear_as(app, by, "https://beta.test/v/1", view).await;
}

async fn hear_as(app: &App, by: &Actor, id: &str, view: View) {
    let mut tx = app.platform.db.begin().await.unwrap();
    federate::receive_view(app, &mut tx, by, &url(id), &view).await.unwrap();
    tx.commit().await.unwrap();
}

async fn hear_of_download(app: &App, by: &Actor, id: &str, video: &Video) {
    let mut tx = app.platform.db.begin().await.unwrap();
    federate::receive_download(app, &mut tx, by, &url(id), &url(&video.url)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn watches(app: &App) -> i64 {
    let mut connection = app.platform.db.read().await.unwrap();
    connection.query("SELECT count(*) FROM video_watches").fetch_scalar().await.unwrap()
}

fn watch_for_twelve_seconds(test: &TestPlatform, app: &App, video: &Video) {
    for at in [0, 6, 12] {
        let address = IpAddr::from([198, 51, 100, 1]);
        let (duration_s, is_live) = (video.duration_s, video.is_live);
        let report = Report { video: video.id, duration_s, is_live, address, session: "", at, jumped: false };
        app.views.report(&report, app.platform.clock.now());
        test.clock.advance(std::time::Duration::from_secs(6));
    }
}

#[tokio::test]
async fn views_reach_the_database_with_the_next_flush() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    watch_for_twelve_seconds(&test, &app, &video);
    assert_eq!(read(&app, &video).await.views, video.views);
    flush(&app, false).await.unwrap();
    flush(&app, false).await.unwrap();
    assert_eq!(read(&app, &video).await.views, video.views + 1);
    assert_eq!(watches(&app).await, 0, "it is not over");
}

#[tokio::test]
async fn the_last_flush_writes_everything_down() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    watch_for_twelve_seconds(&test, &app, &video);
    flush(&app, true).await.unwrap();
    assert_eq!(read(&app, &video).await.views, video.views + 1);
    assert_eq!(watches(&app).await, 1);
}

#[tokio::test]
async fn what_somebody_watched_can_be_asked_for_and_names_nobody() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    watch_for_twelve_seconds(&test, &app, &video);
    flush(&app, true).await.unwrap();
    let mut connection = app.platform.db.read().await.unwrap();
    let uuid: Uuid = connection.query("SELECT uuid FROM video_watches").fetch_scalar().await.unwrap();
    let document = federate::watch_document(&app, &mut connection, uuid).await.unwrap().unwrap();
    assert_eq!(document["type"], "WatchAction");
    assert_eq!(document["object"], video.url.as_str());
    assert_eq!(document["watchSections"], serde_json::json!([{"startTimestamp": 0, "endTimestamp": 12}]));
    assert!(document.get("location").is_none() && document.get("actor").is_none(), "{document}");
}

#[tokio::test]
async fn views_elsewhere_count_if_a_server_tells_of_them() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let view = || View::counted(url(&video.url));
    hear(&app, &actor(&app, ActorKind::Person, "mallory").await, view()).await;
    hear(&app, &actor(&app, ActorKind::Application, "peertube").await, view()).await;
    flush(&app, false).await.unwrap();
    assert_eq!(read(&app, &video).await.views, video.views + 1);
}

#[tokio::test]
async fn viewers_elsewhere_are_shown_while_they_last() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let server = actor(&app, ActorKind::Application, "peertube").await;
    let now = app.platform.clock.now();
    hear(&app, &server, View::watching(url(&video.url), 3, now + TimeDelta::minutes(2))).await;
    hear(&app, &server, View::watching(url(&video.url), 4, now + TimeDelta::minutes(2))).await;
    assert_eq!(app.views.viewers(video.id, now), 4, "a later word takes the place of an earlier one");
    assert_eq!(app.views.viewers(video.id, now + TimeDelta::minutes(2)), 0);
    flush(&app, false).await.unwrap();
    assert_eq!(read(&app, &video).await.views, video.views, "viewers are no views");
}

#[tokio::test]
async fn nobody_but_its_origin_speaks_for_all_viewers_of_a_video() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    tx.query("UPDATE videos SET is_local = FALSE, url = 'https://origin.test/videos/watch/1'").execute().await.unwrap();
    tx.commit().await.unwrap();
    let stranger = actor(&app, ActorKind::Application, "peertube").await;
    let now = app.platform.clock.now();
    let video_url = url("https://origin.test/videos/watch/1");
    hear(&app, &stranger, View::watching(video_url.clone(), 900, now + TimeDelta::minutes(2))).await;
    hear(&app, &stranger, View::counted(video_url)).await;
    assert_eq!(app.views.viewers(video.id, now), 0);
    assert!(app.views.harvest(now, false).views.is_empty());
}

#[tokio::test]
async fn downloads_elsewhere_are_counted() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let server = actor(&app, ActorKind::Application, "peertube").await;
    hear_of_download(&app, &server, "https://beta.test/d/1", &video).await;
    assert_eq!(read(&app, &video).await.downloads, video.downloads + 1);
}

#[tokio::test]
async fn a_view_or_download_that_is_told_again_counts_once_even_after_a_restart() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let server = actor(&app, ActorKind::Application, "peertube").await;
    let tell = async |app: &App| {
        for id in ["https://beta.test/a/1", "https://beta.test/a/2", "https://beta.test/a/1"] {
            hear_as(app, &server, id, View::counted(url(&video.url))).await;
        }
        for id in ["https://beta.test/d/1", "https://beta.test/d/1", "https://beta.test/d/2"] {
            hear_of_download(app, &server, id, &video).await;
        }
        flush(app, false).await.unwrap();
    };
    tell(&app).await;
    let restarted = App::reopened(&test).await;
    test.clock.advance(std::time::Duration::from_hours(7 * 24));
    let mut tx = app.platform.db.begin().await.unwrap();
    purge(&mut tx, app.platform.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    tell(&restarted).await;
    let counted = read(&app, &video).await;
    assert_eq!((counted.views, counted.downloads), (video.views + 2, video.downloads + 2));
}

#[tokio::test]
async fn a_view_that_was_answered_outlives_a_process_that_is_killed() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let server = actor(&app, ActorKind::Application, "peertube").await;
    for id in ["https://beta.test/a/1", "https://beta.test/a/2", "https://beta.test/a/1"] {
        hear_as(&app, &server, id, View::counted(url(&video.url))).await;
    }
    drop(app);
    let next = App::reopened(&test).await;
    hear_as(&next, &server, "https://beta.test/a/2", View::counted(url(&video.url))).await;
    for _ in 0..2 {
        flush(&next, false).await.unwrap();
        assert_eq!(read(&next, &video).await.views, video.views + 2);
    }
}

#[tokio::test]
async fn a_view_of_what_is_undone_with_the_rest_of_its_transaction_is_not_counted() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let server = actor(&app, ActorKind::Application, "peertube").await;
    let view = View::counted(url(&video.url));
    let mut tx = app.platform.db.begin().await.unwrap();
    federate::receive_view(&app, &mut tx, &server, &url("https://beta.test/a/1"), &view).await.unwrap();
    drop(tx);
    flush(&app, false).await.unwrap();
    assert_eq!(read(&app, &video).await.views, video.views);
    hear_as(&app, &server, "https://beta.test/a/1", view).await;
    flush(&app, false).await.unwrap();
    assert_eq!(read(&app, &video).await.views, video.views + 1, "its server told of it again");
}

#[tokio::test]
async fn a_video_that_is_deleted_takes_its_views_along() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let server = actor(&app, ActorKind::Application, "peertube").await;
    hear(&app, &server, View::counted(url(&video.url))).await;
    let mut tx = app.platform.db.begin().await.unwrap();
    tx.query("DELETE FROM videos").execute().await.unwrap();
    tx.commit().await.unwrap();
    flush(&app, false).await.unwrap();
    let kept = store::videos_with_kept_views(&mut app.platform.db.read().await.unwrap(), 10).await.unwrap();
    assert_eq!(kept, []);
}

#[tokio::test]
async fn what_was_counted_is_forgotten_when_it_cannot_come_again() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let server = actor(&app, ActorKind::Application, "peertube").await;
    hear_of_download(&app, &server, "https://beta.test/d/1", &video).await;
    test.clock.advance(std::time::Duration::from_hours(9 * 24));
    let mut tx = app.platform.db.begin().await.unwrap();
    purge(&mut tx, app.platform.clock.now()).await.unwrap();
    let left: i64 = tx.query("SELECT count(*) FROM counted_activities").fetch_scalar().await.unwrap();
    assert_eq!(left, 0);
}

fn watched(app: &App, video: &Video) -> WatchAction {
    let now = app.platform.clock.now();
    let uuid = Uuid::from_u128(7);
    WatchAction {
        audience: federation::wire::Audience::default(),
        id: url(&format!("https://beta.test/videos/local-viewer/{uuid}")),
        uuid,
        video: url(&video.url),
        start_time: now - TimeDelta::minutes(1),
        end_time: now,
        duration: std::time::Duration::from_mins(1),
        location: None,
        watch_sections: vec![WatchSection { start_timestamp: 0, end_timestamp: 50 }],
    }
}

async fn receive(app: &App, by: &Actor, watched: &WatchAction) {
    let mut tx = app.platform.db.begin().await.unwrap();
    federate::receive_watch(app, &mut tx, by, watched).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_was_watched_elsewhere_is_kept_once() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let server = actor(&app, ActorKind::Application, "peertube").await;
    let watched = watched(&app, &video);
    receive(&app, &server, &watched).await;
    receive(&app, &server, &watched).await;
    assert_eq!(watches(&app).await, 1);
}

#[tokio::test]
async fn what_was_watched_at_no_possible_time_is_ignored() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    let server = actor(&app, ActorKind::Application, "peertube").await;
    let mut later = watched(&app, &video);
    later.end_time += TimeDelta::days(1);
    let mut backwards = watched(&app, &video);
    backwards.start_time += TimeDelta::hours(1);
    receive(&app, &server, &later).await;
    receive(&app, &server, &backwards).await;
    let person = actor(&app, ActorKind::Person, "mallory").await;
    receive(&app, &person, &watched(&app, &video)).await;
    assert_eq!(watches(&app).await, 0);
}

#[tokio::test]
async fn what_was_watched_is_forgotten_after_a_year() {
    let test = TestPlatform::new().await;
    let (app, video) = App::staged(&test).await;
    watch_for_twelve_seconds(&test, &app, &video);
    flush(&app, true).await.unwrap();
    for (days, left) in [(364, 1), (2, 0)] {
        test.clock.advance(std::time::Duration::from_hours(24 * days));
        let mut tx = app.platform.db.begin().await.unwrap();
        purge(&mut tx, app.platform.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(watches(&app).await, left);
    }
}
