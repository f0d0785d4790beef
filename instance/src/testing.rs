//! For tests: a made-up server of another kind, and somebody who fills in forms.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt;
use platform::{tasks::Tasks, testing::TestPlatform};
use serde_json::Value;
use tower::ServiceExt;

use crate::{App, routes};

/// A server that gives what a test puts there, and counts what it is asked.
#[derive(Clone, Default)]
pub(crate) struct Elsewhere {
    served: Arc<Mutex<HashMap<String, (StatusCode, Value)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Elsewhere {
    /// Begins to answer under this name.
    pub(crate) async fn start(test: &TestPlatform, host: &str) -> Self {
        let server = Self::default();
        let router = Router::new().fallback(answer).with_state(server.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        test.names.insert(host, listener.local_addr().unwrap());
        Tasks::default().spawn("elsewhere", async move { axum::serve(listener, router).await.unwrap() });
        server
    }

    /// Gives this document at a path (with its query) from now on.
    pub(crate) fn serve(&self, path: &str, document: Value) {
        self.answer_with(path, StatusCode::OK, document);
    }

    /// Answers so at a path from now on. What was never mentioned is not found.
    pub(crate) fn answer_with(&self, path: &str, status: StatusCode, document: Value) {
        self.served.lock().unwrap().insert(path.to_owned(), (status, document));
    }

    /// The paths that were asked for, in order, since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

async fn answer(State(server): State<Elsewhere>, request: Request) -> Response {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let found = server.served.lock().unwrap().get(&path).cloned();
    server.asked.lock().unwrap().push(path);
    let (status, document) = found.unwrap_or((StatusCode::NOT_FOUND, Value::Null));
    let response = Response::builder().status(status).header("content-type", "application/activity+json");
    response.body(Body::from(document.to_string())).unwrap()
}

/// The page that somebody gets who fills in a form of another.
pub(crate) async fn submit(app: &App, token: &str, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    submit_as(app, token, path, "application/x-www-form-urlencoded", form).await
}

/// The same with a form that may hold files.
pub(crate) async fn submit_parts(app: &App, token: &str, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let part = |(name, value): &(&str, &str)| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let form = fields.iter().map(part).collect::<String>() + "--b--\r\n";
    submit_as(app, token, path, "multipart/form-data; boundary=b", form).await
}

async fn submit_as(app: &App, token: &str, path: &str, kind: &str, body: String) -> (StatusCode, String) {
    let request = Request::post(path).header(header::CONTENT_TYPE, kind).header(header::ACCEPT, "text/html");
    let request = request.header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::from(body)).unwrap();
    let response = routes::router(app).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}
