//! How a test talks to a server: over HTTP, like everybody else.

use std::collections::HashMap;

use bytes::Bytes;
use http::Method;
use reqwest::{ClientBuilder, RequestBuilder, redirect::Policy};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{Answer, User};

/// The password of `root` on every server of the tests.
pub const ROOT_PASSWORD: &str = "root-of-the-tests";

/// A client of one server.
#[derive(Debug)]
pub struct Client {
    url: String,
    http: reqwest::Client,
    /// Access tokens by user name.
    pub(crate) tokens: Mutex<HashMap<String, String>>,
}

impl Client {
    /// A client of the server at an address without a slash at its end. `builder` knows how its name resolves.
    pub fn new(url: String, builder: ClientBuilder) -> Self {
        // Connections are not kept, so that none of them holds up a server that is to stop.
        let builder = builder.no_proxy().redirect(Policy::none()).pool_max_idle_per_host(0);
        Self { url, http: builder.build().expect("a client"), tokens: Mutex::default() }
    }

    /// Address of the server, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The administrator.
    pub fn admin(&self) -> User<'_> {
        User::new(self, "root", ROOT_PASSWORD)
    }

    /// Somebody else.
    pub fn user(&self, name: &str, password: &str) -> User<'_> {
        User::new(self, name, password)
    }

    /// A request; the path begins with `/`, or is a whole address.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with('/') { format!("{}{path}", self.url) } else { path.to_owned() };
        self.http.request(method, url)
    }

    /// Sends a request; `None` if the server does not answer.
    pub async fn try_send(&self, request: RequestBuilder) -> Option<Answer> {
        let request = request.build().expect("a request");
        let question = format!("{} {}", request.method(), request.url());
        Some(Answer::read(question, self.http.execute(request).await.ok()?).await)
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().expect("a request");
        let question = format!("{} {}", request.method(), request.url());
        let response = self.http.execute(request).await.unwrap_or_else(|error| panic!("{question}: {error:?}"));
        Answer::read(question, response).await
    }

    /// Asks as nobody in particular.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Asks for one kind of answer, such as `text/html`.
    pub async fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.send(self.request(Method::GET, path).header("accept", accept)).await
    }

    /// The JSON at a path, which must be there.
    pub async fn get_json(&self, path: &str) -> Value {
        self.get(path).await.success().json()
    }

    /// The bytes at a path, which must be there.
    pub async fn get_bytes(&self, path: &str) -> Bytes {
        self.get(path).await.success().body
    }
}
