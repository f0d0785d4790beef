//! A client of PeerTube's REST interface, as far as the story needs one.

use std::time::Duration;

use platform::{
    ids::Random,
    net::{HttpClient, NetError, RequestBuilder, Response},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{
    clips::Clip,
    form::Form,
    network::{Member, Network},
};

const UPLOAD_PATIENCE: Duration = Duration::from_mins(5);

/// A server of the network did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// It did not answer, or not with what was expected.
    #[error("{member} did not {what}: {source}")]
    Net {
        /// Which server.
        member: Member,
        /// What it was asked to do.
        what: &'static str,
        /// Why.
        source: NetError,
    },
    /// It refused.
    #[error("{member} did not {what}: {status}: {detail}")]
    Refused {
        /// Which server.
        member: Member,
        /// What it was asked to do.
        what: &'static str,
        /// The status of its answer.
        status: u16,
        /// What it said.
        detail: String,
    },
}

/// A server, spoken to as one of its users.
#[derive(Debug)]
pub(super) struct Api<'n> {
    http: HttpClient,
    network: &'n Network,
    member: Member,
    token: Option<String>,
}

#[derive(Deserialize)]
struct LocalClient {
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Me {
    #[serde(rename = "videoChannels")]
    video_channels: Vec<Channel>,
}

#[derive(Deserialize)]
struct Channel {
    id: i64,
}

#[derive(Deserialize)]
struct Uploaded {
    video: UploadedVideo,
}

#[derive(Deserialize)]
struct UploadedVideo {
    uuid: Uuid,
}

/// A list, as every endpoint answers with one.
#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Follow {
    state: String,
    following: Actor,
}

#[derive(Deserialize)]
struct Actor {
    host: String,
}

#[derive(Deserialize)]
struct Hit {
    uuid: Uuid,
    name: String,
}

/// What the story wants to know about a video.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VideoDetails {
    state: Option<Labelled>,
    #[serde(default)]
    streaming_playlists: Vec<StreamingPlaylist>,
}

#[derive(Debug, Deserialize)]
struct Labelled {
    id: i64,
}

#[derive(Debug, Deserialize)]
struct StreamingPlaylist {
    #[serde(default)]
    redundancies: Vec<Value>,
}

impl VideoDetails {
    /// PeerTube's state 1.
    pub(super) fn is_published(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.id == 1) && !self.streaming_playlists.is_empty()
    }

    /// PeerTube's state 7.
    pub(super) fn has_failed(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.id == 7)
    }

    /// Whether another server keeps a copy.
    pub(super) fn is_mirrored(&self) -> bool {
        self.streaming_playlists.iter().any(|playlist| !playlist.redundancies.is_empty())
    }
}

impl<'n> Api<'n> {
    /// Speaks to a server as nobody in particular.
    pub(super) fn new(http: &HttpClient, network: &'n Network, member: Member) -> Self {
        Self { http: http.clone(), network, member, token: None }
    }

    /// Speaks to a server as one of its users.
    pub(super) async fn log_in(
        http: &HttpClient,
        network: &'n Network,
        member: Member,
        user: &str,
        password: &str,
    ) -> Result<Self, ApiError> {
        let mut api = Self::new(http, network, member);
        let client: LocalClient = api.get("name its API client", "/api/v1/oauth-clients/local").await?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &client.client_id)
            .append_pair("client_secret", &client.client_secret)
            .append_pair("grant_type", "password")
            .append_pair("username", user)
            .append_pair("password", password)
            .finish();
        let request = api.http.post(&api.url("/api/v1/users/token"));
        let token: Token = api.read("log in", request.body(form, "application/x-www-form-urlencoded")).await?;
        api.token = Some(token.access_token);
        Ok(api)
    }

    /// The first channel of the user.
    pub(super) async fn default_channel(&self) -> Result<i64, ApiError> {
        let what = "name a channel";
        let me: Me = self.get(what, "/api/v1/users/me").await?;
        let none = || self.refused(what, 404, "this user has no channel");
        me.video_channels.first().map(|channel| channel.id).ok_or_else(none)
    }

    /// A video with exactly this name, if the server lists one.
    pub(super) async fn find(&self, title: &str) -> Result<Option<Uuid>, ApiError> {
        let videos: List<Hit> = self.get("list its videos", "/api/v1/videos?count=100&sort=-publishedAt").await?;
        Ok(videos.data.into_iter().find(|video| video.name == title).map(|video| video.uuid))
    }

    /// Uploads a video.
    pub(super) async fn upload(&self, channel: i64, clip: &Clip, file: &[u8]) -> Result<Uuid, ApiError> {
        let mut form = Form::new(&Random::system());
        form.text("channelId", &channel.to_string());
        form.text("name", clip.title);
        form.text("description", &clip.description);
        form.text("privacy", "1");
        form.text("licence", &clip.licence.to_string());
        form.text("category", &clip.category.to_string());
        form.text("waitTranscoding", "true");
        for tag in clip.tags {
            form.text("tags[]", tag);
        }
        form.file("videofile", "clip.mp4", "video/mp4", file);
        let request = self.http.post(&self.url("/api/v1/videos/upload")).timeout(UPLOAD_PATIENCE);
        let (body, content_type) = form.finish();
        let uploaded: Uploaded = self.read("take an upload", request.body(body, &content_type)).await?;
        Ok(uploaded.video.uuid)
    }

    /// Has the server follow another one.
    pub(super) async fn follow(&self, host: &str) -> Result<(), ApiError> {
        let request = self.http.post(&self.url("/api/v1/server/following")).json(&json!({ "hosts": [host] }));
        self.send("follow another server", request).await.map(drop)
    }

    /// Whether the server follows another one, and has been accepted.
    pub(super) async fn follows(&self, host: &str) -> Result<bool, ApiError> {
        let follows: List<Follow> = self.get("list whom it follows", "/api/v1/server/following?count=100").await?;
        Ok(follows.data.iter().any(|follow| follow.following.host == host && follow.state == "accepted"))
    }

    /// What the server says about a video; `None` while it does not know it.
    pub(super) async fn video(&self, uuid: Uuid) -> Result<Option<VideoDetails>, ApiError> {
        match self.get("show a video", &format!("/api/v1/videos/{uuid}")).await {
            Ok(details) => Ok(Some(details)),
            Err(ApiError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a search for these words finds the video.
    pub(super) async fn finds(&self, words: &str, uuid: Uuid) -> Result<bool, ApiError> {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("search", words).finish();
        let hits: List<Hit> = self.get("search", &format!("/api/v1/search/videos?{query}")).await?;
        Ok(hits.data.iter().any(|hit| hit.uuid == uuid))
    }

    async fn get<T: DeserializeOwned>(&self, what: &'static str, path: &str) -> Result<T, ApiError> {
        self.read(what, self.http.get(&self.url(path))).await
    }

    async fn read<T: DeserializeOwned>(&self, what: &'static str, request: RequestBuilder<'_>) -> Result<T, ApiError> {
        let answer = self.send(what, request).await?;
        answer.json().map_err(|source| ApiError::Net { member: self.member, what, source })
    }

    async fn send(&self, what: &'static str, request: RequestBuilder<'_>) -> Result<Response, ApiError> {
        let request = match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let answer = request.send().await.map_err(|source| ApiError::Net { member: self.member, what, source })?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let detail = answer.json::<Value>().ok().and_then(|body| body.get("detail")?.as_str().map(str::to_owned));
        Err(self.refused(what, answer.status.as_u16(), &detail.unwrap_or_default()))
    }

    fn refused(&self, what: &'static str, status: u16, detail: &str) -> ApiError {
        ApiError::Refused { member: self.member, what, status, detail: detail.to_owned() }
    }

    fn url(&self, path: &str) -> Url {
        self.network.join(self.member, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(json: Value) -> VideoDetails {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_video_is_mirrored_when_its_origin_lists_a_copy() {
        let copy = json!({ "baseUrl": "http://127.0.0.1:9002/static/redundancy/hls/x" });
        let video = details(json!({ "state": { "id": 1 }, "streamingPlaylists": [{ "redundancies": [copy] }] }));
        assert!(video.is_published() && video.is_mirrored() && !video.has_failed());
        let video = details(json!({ "state": { "id": 1 }, "streamingPlaylists": [{ "redundancies": [] }] }));
        assert!(video.is_published() && !video.is_mirrored());
    }

    #[test]
    fn a_video_without_files_is_not_published_yet() {
        assert!(!details(json!({ "state": { "id": 2 }, "streamingPlaylists": [] })).is_published());
        assert!(details(json!({ "state": { "id": 7 } })).has_failed());
    }
}
