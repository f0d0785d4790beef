//! Somebody who uses a server.

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Clip, client::Client, form::upload_form};

/// A user of a server, who logs in when that is first needed.
#[derive(Debug, Clone)]
pub struct User<'c> {
    server: &'c Client,
    name: String,
    password: String,
}

impl<'c> User<'c> {
    pub(crate) fn new(server: &'c Client, name: &str, password: &str) -> Self {
        Self { server, name: name.to_owned(), password: password.to_owned() }
    }

    /// The access token of the user's session.
    pub async fn token(&self) -> String {
        let mut tokens = self.server.tokens.lock().await;
        if let Some(token) = tokens.get(&self.name) {
            return token.clone();
        }
        let answer = self.log_in().await.success().json();
        let token = answer["access_token"].as_str().expect("a token").to_owned();
        tokens.insert(self.name.clone(), token.clone());
        token
    }

    /// Logs in anew with the next request: after days, a session is over.
    pub async fn come_back(&self) {
        self.server.tokens.lock().await.remove(&self.name);
    }

    /// Logs in, as PeerTube's clients do.
    pub async fn log_in(&self) -> Answer {
        let client = self.server.get_json("/api/v1/oauth-clients/local").await;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client["client_id"].as_str().expect("a client id"))
            .append_pair("client_secret", client["client_secret"].as_str().expect("a client secret"))
            .append_pair("grant_type", "password")
            .append_pair("username", &self.name)
            .append_pair("password", &self.password)
            .finish();
        let request = self
            .server
            .request(Method::POST, "/api/v1/users/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        self.server.send(request).await
    }

    /// Sends a request as this user.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let token = self.token().await;
        self.server.send(request.header("authorization", format!("Bearer {token}"))).await
    }

    /// Asks for something.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.server.request(Method::GET, path)).await
    }

    /// The JSON at a path, which must be there.
    pub async fn get_json(&self, path: &str) -> Value {
        self.get(path).await.success().json()
    }

    /// Hands something over.
    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        let request =
            self.server.request(Method::POST, path).header("content-type", "application/json").body(body.to_string());
        self.send(request).await
    }

    /// Removes something.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.server.request(Method::DELETE, path)).await
    }

    /// The user's first channel.
    pub async fn channel(&self) -> i64 {
        let me = self.get_json("/api/v1/users/me").await;
        me["videoChannels"][0]["id"].as_i64().unwrap_or_else(|| panic!("{} has no channel: {me}", self.name))
    }

    /// Uploads a clip, which is public once it is transcoded.
    pub async fn upload(&self, title: &str, clip: &Clip) -> Uuid {
        let answer = self.try_upload(title, &clip.bytes).await.success().json();
        let uuid = answer["video"]["uuid"].as_str().unwrap_or_else(|| panic!("no uuid in {answer}"));
        uuid.parse().expect("a UUID")
    }

    /// Uploads whatever it is.
    pub async fn try_upload(&self, title: &str, file: &[u8]) -> Answer {
        let (body, content_type) = upload_form(self.channel().await, title, file).finish();
        let request =
            self.server.request(Method::POST, "/api/v1/videos/upload").header("content-type", content_type).body(body);
        self.send(request).await
    }

    /// Has the server follow another one.
    pub async fn follow_server(&self, host: &str) {
        self.post_json("/api/v1/server/following", &json!({ "hosts": [host] })).await.assert_success();
    }
}
