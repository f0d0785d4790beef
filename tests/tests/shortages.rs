//! When others hold the database, or the disk is full: whoever asks is told so, and nothing is lost or half done.

#![cfg(test)]

use std::{fs, path::Path, time::Duration};

use http::{Method, StatusCode};
use platform::{
    config::HumanDuration,
    db::{Db, Dialect, Tx},
};
use serde_json::{Value, json};
use shoal_tests::{Answer, Clip, Process, Server, World, form::upload_form};
use tokio::time::sleep;
use uuid::Uuid;

/// A server on which nobody waits longer than two seconds for the database.
async fn impatient_world() -> World {
    World::configured(["alpha"], |_, config| config.database.longest_wait = HumanDuration::from_secs(2)).await
}

/// A transaction that keeps others from changing accounts: on SQLite it has the whole file, on PostgreSQL all their rows.
async fn hold(server: &Server) -> Tx {
    let mut tx = server.platform().db.begin().await.unwrap();
    tx.query("UPDATE accounts SET updated_at = updated_at").execute().await.unwrap();
    tx
}

async fn rename(server: &Server, name: &str) -> Answer {
    let request = server.request(Method::PUT, "/api/v1/users/me").header("content-type", "application/json");
    server.admin().send(request.body(json!({ "displayName": name }).to_string())).await
}

async fn name(server: &Server) -> Value {
    server.get_json("/api/v1/accounts/root").await["displayName"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_meets_a_locked_database_waits_for_its_turn() {
    let world = impatient_world().await;
    world.alpha.admin().token().await;
    let held = hold(&world.alpha).await;
    let release = async {
        sleep(Duration::from_millis(300)).await;
        held.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(rename(&world.alpha, "Patience"), release);
    answer.assert_success();
    assert_eq!(name(&world.alpha).await, "Patience");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_too_long_is_told_to_come_back_and_changes_nothing() {
    let world = impatient_world().await;
    world.alpha.admin().token().await;
    let before = name(&world.alpha).await;
    let held = hold(&world.alpha).await;
    let (answer, read) = tokio::join!(rename(&world.alpha, "Too late"), name(&world.alpha));
    assert_eq!(read, before, "who only reads does not wait");
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_eq!(answer.header("content-type"), Some("application/problem+json; charset=utf-8"));
    assert_eq!(answer.json()["detail"], "The server is busy. Try again in a moment.");
    drop(held);
    assert_eq!(name(&world.alpha).await, before);
    rename(&world.alpha, "In time").await.assert_success();
    assert_eq!(name(&world.alpha).await, "In time");
}

/// Lets the SQLite file of a server grow by so many pages and no more. What is free within it is taken first. The limit goes
/// with the connection, which is replaced when a statement fails for it.
async fn limit_growth(db: &Db, pages: i64) {
    let mut tx = db.begin().await.unwrap();
    tx.query("CREATE TABLE IF NOT EXISTS ballast (bytes BLOB)").execute().await.unwrap();
    let free: i64 = tx.query("PRAGMA freelist_count").fetch_scalar().await.unwrap();
    tx.query(format!("INSERT INTO ballast VALUES (zeroblob({free} * 4096))").leak()).execute().await.unwrap();
    let now: i64 = tx.query("PRAGMA page_count").fetch_scalar().await.unwrap();
    let most = now + pages;
    tx.query(format!("PRAGMA max_page_count = {most}").leak()).execute().await.unwrap();
    tx.commit().await.unwrap();
}

/// Pages for everything that a test writes.
const PLENTY: i64 = 100_000;

async fn comment(server: &Server, video: Uuid, text: &str) -> Answer {
    server.admin().post_json(&format!("/api/v1/videos/{video}/comment-threads"), &json!({ "text": text })).await
}

/// Comments until there is no room for another, and tells how many there was room for.
async fn fill(server: &Server, video: Uuid, text: &str) -> usize {
    for taken in 0..50 {
        let answer = comment(server, video, text).await;
        if !answer.status.is_success() {
            assert_disk_full(&answer);
            return taken;
        }
    }
    panic!("the database does not get full");
}

fn assert_disk_full(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::INSUFFICIENT_STORAGE, "{}", answer.text());
    assert_eq!(answer.json()["detail"], "The server's disk is full: nothing was saved.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_full_takes_nothing_by_halves_and_goes_on_answering() {
    let mut world = World::with(["alpha"]).await;
    world.expect_failures();
    let alpha = &world.alpha;
    if alpha.platform().db.dialect() == Dialect::Postgres {
        return; // Its disk cannot be filled from here.
    }
    let video = alpha.admin().upload("A test card", &Clip::tiny().await).await;
    world.settle().await;
    limit_growth(&alpha.platform().db, 12).await;
    let long = "x".repeat(9_000);
    let taken = fill(alpha, video, &long).await;
    assert!(taken > 0, "it was full from the beginning");
    let threads = alpha.get_json(&format!("/api/v1/videos/{video}/comment-threads")).await;
    assert_eq!((&threads["total"], threads["data"].as_array().unwrap().len()), (&taken.into(), taken));
    assert_eq!(alpha.get_json(&format!("/api/v1/videos/{video}")).await["comments"], taken);
    alpha.get_as("/", "text/html").await.assert_success();

    limit_growth(&alpha.platform().db, 1).await;
    let form = upload_form(alpha.admin().channel().await, "Refused", &Clip::tiny().await.bytes);
    let (body, content_type) = form.text("description", &long).finish();
    let request = alpha.request(Method::POST, "/api/v1/videos/upload").header("content-type", content_type).body(body);
    assert_disk_full(&alpha.admin().send(request).await);
    assert_eq!(alpha.platform().storage.list("originals").await.unwrap(), [], "no file without its video");
    assert_eq!(files(&alpha.platform().data.tmp()), Vec::<String>::new());

    limit_growth(&alpha.platform().db, PLENTY).await;
    comment(alpha, video, &long).await.assert_success();
    alpha.admin().upload("Taken", &Clip::tiny().await).await;
    world.settle().await;
    assert_eq!(world.alpha.get_json("/api/v1/videos").await["total"], 2);
}

/// Names of the files in a folder.
fn files(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// A limit of the size of files stands in for a full disk: the system refuses to write on, in the middle of a file.
#[tokio::test]
async fn an_upload_for_which_there_is_no_room_is_refused_and_leaves_nothing_behind() {
    const LARGEST_FILE_BYTES: usize = 12_000_000;
    let root = tempfile::tempdir().unwrap();
    let mut server = Process::start_limited("alpha", &["instance"], root.path(), LARGEST_FILE_BYTES).await;
    let large = vec![0; 2 * LARGEST_FILE_BYTES];
    let answer = server.admin().try_upload("Too large", &large).await;
    assert_disk_full(&answer);
    assert_eq!(files(&server.data().join("tmp")), Vec::<String>::new());
    server.get("/readyz").await.assert_success();
    let uuid = server.admin().upload("There is room for this", &Clip::tiny().await).await;
    let published = async |client: &shoal_tests::Client| {
        let answer = client.get(&format!("/api/v1/videos/{uuid}")).await;
        answer.status.is_success().then_some(())
    };
    server.until("publishing", published).await;

    // With room again, the same upload is taken: that it is no video is another matter.
    server.kill();
    server.lift_limit();
    server.restart().await;
    let (body, content_type) = upload_form(server.admin().channel().await, "Too large", &large).finish();
    let request = server.request(Method::POST, "/api/v1/videos/upload").header("content-type", content_type).body(body);
    server.admin().send(request).await.assert_success();
}
