use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tracing::error;

use crate::{
    db::DbError,
    net::NetError,
    storage::{StorageError, is_want_of_space},
};

/// What an interface answers with, or why not.
pub type ApiResult<T> = Result<T, Problem>;

/// An error as an API client sees it: problem JSON (RFC 7807) with PeerTube's `code` and `error` members.
///
/// What went wrong inside stays in the log; the client reads only what it can act on.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    code: Option<&'static str>,
    retry_after_s: Option<u64>,
}

#[derive(Serialize)]
struct Body<'p> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    detail: &'p str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// PeerTube's older clients and `NewPipe` read this member.
    error: &'p str,
}

impl Problem {
    /// A problem with a sentence for whoever sent the request.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), code: None, retry_after_s: None }
    }

    /// 400: something in the request cannot be used.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 401: who asks must log in.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// 403: who asks may not.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 500, with the cause in the log and not in the answer.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        error!(%cause, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on this server. It has been logged.")
    }

    /// 507: there is no room for what the request brings.
    fn disk_full(cause: &dyn std::fmt::Display) -> Self {
        error!(%cause, "the disk is full");
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "The server's disk is full: nothing was saved.")
    }

    /// Adds PeerTube's machine-readable code.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Tells when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// When to try again, if that was told.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.retry_after_s
    }

    /// Its sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.status, self.detail)
    }
}

impl std::error::Error for Problem {}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        if error.is_busy() {
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server is busy. Try again in a moment.")
                .retry_after(2);
        }
        if error.is_disk_full() {
            return Self::disk_full(&error);
        }
        Self::internal(&error)
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::NotFound(_) => Self::not_found("There is no such file."),
            StorageError::NoSpace { .. } => Self::disk_full(&error),
            other => Self::internal(&other),
        }
    }
}

/// Scratch files.
impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        if is_want_of_space(&error) { Self::disk_full(&error) } else { Self::internal(&error) }
    }
}

impl From<NetError> for Problem {
    fn from(error: NetError) -> Self {
        tracing::info!(%error, "another server could not be reached for a request");
        Self::new(StatusCode::BAD_GATEWAY, "Another server did not answer as it should.")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            r#type: "about:blank",
            title: self.status.canonical_reason(),
            detail: &self.detail,
            status: self.status.as_u16(),
            code: self.code,
            error: &self.detail,
        };
        let mut response = (self.status, Json(&body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json; charset=utf-8"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_problem_has_the_members_that_peertube_clients_read() {
        let response = Problem::not_found("Video not found").code("unknown_video").into_response();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json; charset=utf-8");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "about:blank", "title": "Not Found", "detail": "Video not found", "status": 404,
                "code": "unknown_video", "error": "Video not found"
            })
        );
    }
}
