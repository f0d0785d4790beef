//! A made-up server of another kind, for tests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use platform::{tasks::Tasks, testing::TestPlatform};
use serde_json::Value;

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
