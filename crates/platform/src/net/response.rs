//! What came back.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::de::DeserializeOwned;
use url::Url;

use super::{BodyStream, NetError};

/// A complete answer. Any status is an answer; see [`Response::error_for_status`].
#[derive(Debug, Clone)]
pub struct Response {
    /// The status line's code.
    pub status: StatusCode,
    /// The headers, without those that compression changed.
    pub headers: HeaderMap,
    /// Where the answer came from, after redirects.
    pub url: Url,
    /// The decompressed body.
    pub body: Bytes,
}

impl Response {
    /// Turns every status that is not a success (2xx) into an error.
    ///
    /// # Errors
    /// [`NetError::Status`].
    pub fn error_for_status(self) -> Result<Self, NetError> {
        check_status(self.status, &self.headers, &self.url)?;
        Ok(self)
    }

    /// Reads the body as JSON, whatever the content type says.
    ///
    /// # Errors
    /// [`NetError::Undecodable`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, NetError> {
        serde_json::from_slice(&self.body)
            .map_err(|error| NetError::Undecodable { host: host_of(&self.url), reason: error.to_string() })
    }

    /// The header's value, if it is there once or more and is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An answer whose body is still arriving.
pub struct StreamingResponse {
    /// The status line's code.
    pub status: StatusCode,
    /// The headers, without those that compression changed.
    pub headers: HeaderMap,
    /// Where the answer comes from, after redirects.
    pub url: Url,
    /// The decompressed body. Its seat at the server is free again once it is dropped.
    pub body: BodyStream,
}

impl StreamingResponse {
    /// Turns every status that is not a success (2xx) into an error.
    ///
    /// # Errors
    /// [`NetError::Status`].
    pub fn error_for_status(self) -> Result<Self, NetError> {
        check_status(self.status, &self.headers, &self.url)?;
        Ok(self)
    }
}

impl fmt::Debug for StreamingResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StreamingResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Host and port, as errors and gates name a server.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn check_status(status: StatusCode, headers: &HeaderMap, url: &Url) -> Result<(), NetError> {
    if status.is_success() {
        return Ok(());
    }
    Err(NetError::Status { host: host_of(url), status, retry_after: retry_after(headers) })
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3); the form with a date is rare and ignored.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn response(status: u16, body: &'static str) -> Response {
        Response {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: HeaderMap::new(),
            url: Url::parse("https://alpha.example:444/secret?token=1").expect("a url"),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    #[test]
    fn an_error_names_the_server_but_not_the_path() {
        let mut response = response(429, "");
        response.headers.insert(RETRY_AFTER, HeaderValue::from_static("90"));
        let error = response.error_for_status().expect_err("an error");
        assert_eq!(error.to_string(), "alpha.example:444 answered 429 Too Many Requests");
        assert!(matches!(error, NetError::Status { retry_after: Some(wait), .. } if wait == Duration::from_secs(90)));
    }

    #[test]
    fn a_body_that_is_no_json_is_a_permanent_error() {
        let error = response(200, "<html>").json::<serde_json::Value>().expect_err("an error");
        assert!(error.is_permanent());
        assert_eq!(response(200, "[1]").json::<Vec<u8>>().expect("json"), [1]);
    }
}
