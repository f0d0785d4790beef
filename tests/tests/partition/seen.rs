//! What a server tells a stranger of everything that is on a host: on two servers that agree, it is the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shoal_tests::{Server, World};

/// All that is compared.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    /// By UUID.
    pub videos: BTreeMap<String, Video>,
    /// By name: the videos in it, in their order.
    pub playlists: BTreeMap<String, Vec<String>>,
    pub account: Words,
    pub channel: Words,
}

/// What is said of a video.
#[derive(Debug, PartialEq, Eq)]
pub struct Video {
    pub name: String,
    pub description: String,
    pub tags: BTreeSet<String>,
    /// Likes and dislikes.
    pub rates: (i64, i64),
    /// Comments and answers that are not deleted.
    pub comments: BTreeSet<String>,
    /// What each language says.
    pub captions: BTreeMap<String, String>,
    pub chapters: Vec<String>,
}

/// What is said of an account or a channel.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    pub name: String,
    pub description: String,
    pub has_picture: bool,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl Seen {
    /// What `server` shows of `host`.
    pub async fn at(server: &Server, host: &str) -> Self {
        let list = server.get_json("/api/v1/videos?count=100").await;
        let mut videos = BTreeMap::new();
        for video in items(&list["data"]).filter(|video| video["account"]["host"] == host) {
            videos.insert(text(&video["uuid"]), Video::at(server, &text(&video["uuid"])).await);
        }
        let mut playlists = BTreeMap::new();
        let list = server.get_json(&format!("/api/v1/accounts/root@{host}/video-playlists?count=100")).await;
        for playlist in items(&list["data"]) {
            let path = format!("/api/v1/video-playlists/{}", text(&playlist["uuid"]));
            let name = text(&server.get_json(&path).await["displayName"]);
            let elements = server.get_json(&format!("{path}/videos")).await;
            playlists.insert(name, items(&elements["data"]).map(|one| text(&one["video"]["uuid"])).collect());
        }
        let account = Words::of(&server.get_json(&format!("/api/v1/accounts/root@{host}")).await);
        let channel = Words::of(&server.get_json(&format!("/api/v1/video-channels/root_channel@{host}")).await);
        Self { videos, playlists, account, channel }
    }
}

impl Words {
    fn of(actor: &Value) -> Self {
        let has_picture = items(&actor["avatars"]).next().is_some();
        Self { name: text(&actor["displayName"]), description: text(&actor["description"]), has_picture }
    }
}

impl Video {
    async fn at(server: &Server, uuid: &str) -> Self {
        let path = format!("/api/v1/videos/{uuid}");
        let details = server.get_json(&path).await;
        let number = |key: &str| details[key].as_i64().unwrap();
        let chapters = server.get_json(&format!("{path}/chapters")).await;
        let chapter = |chapter: &Value| format!("{} {}", chapter["timecode"], text(&chapter["title"]));
        Self {
            name: text(&details["name"]),
            description: text(&details["description"]),
            tags: items(&details["tags"]).map(text).collect(),
            rates: (number("likes"), number("dislikes")),
            comments: comments_at(server, &path).await,
            captions: captions_at(server, &path).await,
            chapters: items(&chapters["chapters"]).map(chapter).collect(),
        }
    }
}

async fn comments_at(server: &Server, path: &str) -> BTreeSet<String> {
    let threads = server.get_json(&format!("{path}/comment-threads?count=100")).await;
    let mut comments = BTreeSet::new();
    for thread in items(&threads["data"]) {
        let tree = server.get_json(&format!("{path}/comment-threads/{}", thread["id"])).await;
        let mut open = vec![&tree];
        while let Some(node) = open.pop() {
            let comment = &node["comment"];
            if comment["isDeleted"] == false {
                let author = &comment["account"];
                comments.insert(format!("{}@{}: {}", author["name"], author["host"], comment["text"]));
            }
            open.extend(items(&node["children"]));
        }
    }
    comments
}

async fn captions_at(server: &Server, path: &str) -> BTreeMap<String, String> {
    let list = server.get_json(&format!("{path}/captions")).await;
    let mut captions = BTreeMap::new();
    for caption in items(&list["data"]) {
        let file = server.get(caption["captionPath"].as_str().unwrap()).await.success().text();
        captions.insert(text(&caption["language"]["id"]), file.lines().last().unwrap_or_default().to_owned());
    }
    captions
}

/// Who subscribes to the channel of each of two servers: as that server says, and as the subscribers do.
pub async fn subscriptions(world: &World) -> [(i64, i64); 2] {
    let total = |list: Value| list["total"].as_i64().unwrap();
    let (alpha, beta) = (&world.alpha, &world.beta);
    let mut both = [(0, 0); 2];
    for (place, server, other) in [(0, alpha, beta), (1, beta, alpha)] {
        let told = server.admin().get_json("/api/v1/video-channels/root_channel/followers").await;
        both[place] = (total(told), total(other.admin().get_json("/api/v1/users/me/subscriptions").await));
    }
    both
}
