//! What people do on one of the two servers, and how much of it there was.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use shoal_tests::{Clip, Server, User, World, form::Form};
use uuid::Uuid;

const PICTURE: &[u8] = include_bytes!("../../fixtures/pictures/gradient.png");

/// One of two servers that follow each other, and what its people have to do with.
pub struct Side<'w> {
    world: &'w World,
    pub server: &'w Server,
    /// The other server's host.
    there: &'static str,
    /// Its own videos from before the cut.
    pub own: Vec<Uuid>,
    /// Those of the other server.
    pub theirs: Vec<Uuid>,
    playlist: String,
    /// How much was changed here.
    pub changes: usize,
}

impl<'w> Side<'w> {
    /// A server with four videos, a playlist with one of them, and a subscription to the other's channel.
    pub async fn new(world: &'w World, server: &'w Server, there: &'static str, clip: &Clip) -> Self {
        let mut side = Self { world, server, there, own: vec![], theirs: vec![], playlist: String::new(), changes: 0 };
        for number in 0..4 {
            side.own.push(side.root().upload(&format!("Before, at {} {number}", server.name()), clip).await);
        }
        world.settle().await;
        side.playlist = side.make_playlist("Before").await;
        side.add_to_playlist(side.own[0]).await;
        side
    }

    fn root(&self) -> User<'w> {
        self.server.admin()
    }

    /// Whatever was done: a moment passes.
    fn count(&mut self) {
        self.changes += 1;
        self.world.clock().advance(Duration::from_secs(1));
    }

    async fn put(&mut self, path: &str, body: &Value) {
        let request = self.server.request(Method::PUT, path).header("content-type", "application/json");
        self.root().send(request.body(body.to_string())).await.assert_success();
        self.count();
    }

    async fn post(&mut self, path: &str, body: &Value) -> Value {
        let answer = self.root().post_json(path, body).await.success();
        self.count();
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    async fn submit(&mut self, method: Method, path: &str, form: Form) -> Value {
        let (body, kind) = form.finish();
        let request = self.server.request(method, path).header("content-type", kind).body(body);
        let answer = self.root().send(request).await.success();
        self.count();
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    async fn delete(&mut self, path: &str) {
        self.root().delete(path).await.assert_success();
        self.count();
    }

    pub async fn rate(&mut self, video: Uuid, rating: &str) {
        self.put(&format!("/api/v1/videos/{video}/rate"), &json!({ "rating": rating })).await;
    }

    pub async fn edit(&mut self, video: Uuid, changes: &Value) {
        self.put(&format!("/api/v1/videos/{video}"), changes).await;
    }

    pub async fn publish(&mut self, title: &str, clip: &Clip) {
        self.root().upload(title, clip).await;
        self.count();
    }

    pub async fn remove(&mut self, video: Uuid) {
        self.delete(&format!("/api/v1/videos/{video}")).await;
    }

    /// Writes a comment, or an answer to one, and tells its number on this server.
    pub async fn comment(&mut self, video: Uuid, answered: Option<i64>, text: &str) -> i64 {
        let path = match answered {
            Some(number) => format!("/api/v1/videos/{video}/comments/{number}"),
            None => format!("/api/v1/videos/{video}/comment-threads"),
        };
        self.post(&path, &json!({ "text": text })).await["comment"]["id"].as_i64().unwrap()
    }

    pub async fn take_comment_back(&mut self, video: Uuid, number: i64) {
        self.delete(&format!("/api/v1/videos/{video}/comments/{number}")).await;
    }

    /// Gives a video a caption, or takes it away.
    pub async fn caption(&mut self, video: Uuid, language: &str, text: Option<&str>) {
        let path = format!("/api/v1/videos/{video}/captions/{language}");
        let Some(text) = text else { return self.delete(&path).await };
        let file = format!("WEBVTT\n\n00:01.000 --> 00:02.000\n{text}\n");
        let form = Form::default().file("captionfile", "x.vtt", "text/vtt", file.as_bytes());
        self.submit(Method::PUT, &path, form).await;
    }

    pub async fn chapter(&mut self, video: Uuid, title: &str) {
        let chapters =
            json!({ "chapters": [{ "timecode": 0, "title": "Beginning" }, { "timecode": 3, "title": title }] });
        self.put(&format!("/api/v1/videos/{video}/chapters"), &chapters).await;
    }

    pub async fn make_playlist(&mut self, name: &str) -> String {
        let channel = self.root().channel().await.to_string();
        let form = Form::default().text("displayName", name).text("privacy", "1").text("videoChannelId", &channel);
        let made = self.submit(Method::POST, "/api/v1/video-playlists", form).await;
        format!("/api/v1/video-playlists/{}", made["videoPlaylist"]["uuid"].as_str().unwrap())
    }

    pub async fn rename_playlist(&mut self, name: &str) {
        let path = self.playlist.clone();
        self.submit(Method::PUT, &path, Form::default().text("displayName", name)).await;
    }

    pub async fn add_to_playlist(&mut self, video: Uuid) {
        let path = format!("{}/videos", self.playlist);
        self.post(&path, &json!({ "videoId": video })).await;
    }

    pub async fn empty_playlist(&mut self) {
        let path = format!("{}/videos", self.playlist);
        let elements = self.server.get_json(&path).await;
        for element in elements["data"].as_array().unwrap() {
            self.delete(&format!("{path}/{}", element["id"])).await;
        }
    }

    /// What its administrator says of their account, and of their channel.
    pub async fn introduce(&mut self, words: &str) {
        let said = json!({ "displayName": words, "description": format!("About {words}") });
        self.put("/api/v1/users/me", &said).await;
        self.put("/api/v1/video-channels/root_channel", &said).await;
    }

    /// Gives the account a picture, or takes it away.
    pub async fn portray(&mut self, is_wanted: bool) {
        if !is_wanted {
            return self.delete("/api/v1/users/me/avatar").await;
        }
        let form = Form::default().file("avatarfile", "me.png", "image/png", PICTURE);
        self.submit(Method::POST, "/api/v1/users/me/avatar/pick", form).await;
    }

    pub async fn subscribe(&mut self) {
        let channel = format!("root_channel@{}", self.there);
        self.post("/api/v1/users/me/subscriptions", &json!({ "uri": channel })).await;
    }

    pub async fn unsubscribe(&mut self) {
        self.delete(&format!("/api/v1/users/me/subscriptions/root_channel@{}", self.there)).await;
    }

    /// Withholds a video from everybody, here and elsewhere.
    pub async fn withhold(&mut self, video: Uuid) {
        self.post(&format!("/api/v1/videos/{video}/blacklist"), &json!({ "unfederate": true })).await;
    }

    pub async fn release(&mut self, video: Uuid) {
        self.delete(&format!("/api/v1/videos/{video}/blacklist")).await;
    }
}
