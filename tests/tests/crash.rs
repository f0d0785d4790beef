//! `kill -9` at any moment: after the restart the work is finished, or cleanly absent.

#![cfg(test)]

use std::{fs, path::Path, time::Duration};

use http::Method;
use serde_json::Value;
use shoal_tests::{Client, Clip, Process, form::upload_form, hls::Source};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, sleep},
};
use uuid::Uuid;

const INSTANCE: [&str; 2] = ["instance", "redundancy"];

async fn details_if_published(client: &Client, uuid: Uuid) -> Option<Value> {
    let answer = client.try_send(client.request(Method::GET, &format!("/api/v1/videos/{uuid}"))).await?;
    let details = answer.status.is_success().then(|| answer.json())?;
    (details["state"]["id"] == 1 && details["streamingPlaylists"][0]["playlistUrl"].is_string()).then_some(details)
}

async fn details_if_copied(client: &Client, uuid: Uuid) -> Option<Value> {
    let details = details_if_published(client, uuid).await?;
    details["streamingPlaylists"][0]["redundancies"][0]["baseUrl"].is_string().then_some(details)
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path.display().to_string()] }).collect()
}

#[tokio::test]
async fn half_an_upload_leaves_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    let mut server = Process::start("alpha", &INSTANCE, root.path(), "").await;
    let (token, channel) = (server.admin().token().await, server.admin().channel().await);
    let clip = Clip::long().await;
    let (body, content_type) = upload_form(channel, "Half a video", &clip.bytes).finish();
    let address = server.url().trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /api/v1/videos/upload HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&body[..body.len() / 2]).await.unwrap();
    let scratch = server.data().join("tmp");
    let started = Instant::now();
    while files(&scratch).is_empty() && started.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(10)).await;
    }
    assert!(!files(&scratch).is_empty(), "the upload is written to disk while it arrives");

    server.kill_and_restart().await;
    assert_eq!(server.get_json("/api/v1/videos").await["total"], 0);
    assert_eq!(files(&scratch), Vec::<String>::new());
    assert_eq!(files(&server.data().join("storage")), Vec::<String>::new());
    let uuid = server.admin().upload("The whole video", &Clip::tiny().await).await;
    server.until("publishing", async |client| details_if_published(client, uuid).await).await;
}

#[tokio::test]
async fn a_transcode_that_was_cut_off_is_done_again() {
    let root = tempfile::tempdir().unwrap();
    let mut server = Process::start("alpha", &INSTANCE, root.path(), "").await;
    let uuid = server.admin().upload("Cut off", &Clip::long().await).await;
    let mut cut_off = 0;
    for delay_ms in [0, 300, 900, 2_000] {
        sleep(Duration::from_millis(delay_ms)).await;
        cut_off += u32::from(details_if_published(&server, uuid).await.is_none());
        server.kill_and_restart().await;
    }
    assert!(cut_off >= 2, "the transcode was over before it could be cut off");
    let details = server.until("publishing", async |client| details_if_published(client, uuid).await).await;
    let playback = Source::of(&details).play(&server).await;
    assert!(playback.duration_ms.abs_diff(40_000) < 500, "{playback:?}");
    assert_eq!(server.get_json("/api/v1/videos").await["total"], 1);
    server.kill_and_restart().await;
    assert_eq!(files(&server.data().join("tmp")), Vec::<String>::new());
    let known: Vec<&String> = playback.files.keys().collect();
    for file in files(&server.data().join("storage")).iter().filter(|file| file.contains("fragmented")) {
        assert!(known.iter().any(|name| file.ends_with(name.as_str())), "{file} belongs to nothing");
    }
}

#[tokio::test]
async fn a_copy_that_was_cut_off_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let alpha = Process::start("alpha", &INSTANCE, root.path(), "").await;
    // Slow, so that there is a middle to be cut off in.
    let slowly = "[redundancy]\nenabled = true\nbandwidth = \"800 kB\"\n";
    let mut beta = Process::start("beta", &INSTANCE, root.path(), slowly).await;
    let alpha_host = alpha.url().trim_start_matches("http://").to_owned();
    beta.admin().follow_server(&alpha_host).await;
    beta.until("the follow", async |client| {
        let following = client.get_json("/api/v1/server/following").await;
        (following["data"][0]["state"] == "accepted").then_some(())
    })
    .await;
    let uuid = alpha.admin().upload("To be copied", &Clip::long().await).await;
    beta.until("federation", async |client| details_if_published(client, uuid).await).await;
    let mut cut_off = 0;
    for delay_ms in [50, 400, 1_000] {
        sleep(Duration::from_millis(delay_ms)).await;
        cut_off += u32::from(details_if_copied(&alpha, uuid).await.is_none());
        beta.kill_and_restart().await;
    }
    assert!(cut_off >= 2, "the copy was over before it could be cut off");
    let details = alpha.until("the copy", async |client| details_if_copied(client, uuid).await).await;
    let origin = Source::of(&details);
    let base = details["streamingPlaylists"][0]["redundancies"][0]["baseUrl"].as_str().unwrap();
    assert_eq!(origin.moved_to(base).play(&beta).await, origin.play(&alpha).await);
}

#[tokio::test]
async fn an_index_that_was_cut_off_is_complete_again() {
    const VIDEOS: usize = 60;
    let root = tempfile::tempdir().unwrap();
    let mut alpha = Process::start("alpha", &["instance"], root.path(), "").await;
    alpha.kill();
    alpha.command(&["bench-seed", "--videos", &VIDEOS.to_string()]);
    alpha.restart().await;
    let fast =
        format!("[indexer]\nhosts = [\"{}\"]\nrequests_per_second = 40.0\ncrawl_interval = \"5s\"\n", alpha.url());
    let mut search = Process::start("search", &["indexer", "search-ui"], root.path(), &fast).await;
    let mut cut_off = 0;
    for delay_ms in [50, 250, 700, 1_500] {
        sleep(Duration::from_millis(delay_ms)).await;
        cut_off += u32::from(search.get_json("/api/v1/search/videos").await["total"] != VIDEOS);
        search.kill_and_restart().await;
    }
    assert!(cut_off >= 2, "the index was complete before it could be cut off");
    let found = search
        .until("indexing", async |client| {
            let found = client.get_json("/api/v1/search/videos?count=100").await;
            (found["total"] == VIDEOS).then_some(found)
        })
        .await;
    let mut uuids: Vec<&str> =
        found["data"].as_array().unwrap().iter().map(|hit| hit["uuid"].as_str().unwrap()).collect();
    uuids.sort_unstable();
    uuids.dedup();
    assert_eq!(uuids.len(), VIDEOS, "each video is there once");
}
