//! Pictures of remote actors, fetched when somebody first looks at them.

use std::time::Duration;

use bytes::Bytes;
use moka::future::Cache;
use platform::{
    clock::Timestamp,
    storage::Key,
    web::{ApiResult, Problem},
};
use tokio::sync::Semaphore;
use url::Url;

use crate::App;

/// What is larger is no avatar or banner.
const MAX_BYTES: u64 = 8_000_000;
/// How long a server may take to give one.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Pictures that are fetched at a time: lists of strangers must not tie up the server.
const AT_A_TIME: usize = 16;
/// How long one that could not be had is not asked for again.
const RETRY_AFTER: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

/// Who is being fetched, and who could not be.
pub struct LazyImages {
    turns: Semaphore,
    failed: Cache<String, Timestamp>,
}

impl Default for LazyImages {
    fn default() -> Self {
        Self { turns: Semaphore::new(AT_A_TIME), failed: Cache::new(10_000) }
    }
}

impl LazyImages {
    /// Fetches a picture into storage.
    ///
    /// # Errors
    /// [`Problem`] if its server does not give it, or gives something else.
    pub async fn fetch(&self, app: &App, key: &Key, url: &Url) -> ApiResult<()> {
        let now = app.platform.clock.now();
        let missing = || Problem::not_found("This picture cannot be had from its server.");
        if self.failed.get(key.as_str()).await.is_some_and(|then| now - then < RETRY_AFTER) {
            return Err(missing());
        }
        let turn = tokio::time::timeout(TIMEOUT, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(Problem::new(http::StatusCode::SERVICE_UNAVAILABLE, "Too many pictures are being fetched."));
        };
        if app.platform.storage.size(key).await?.is_some() {
            return Ok(());
        }
        let Some(bytes) = download(app, url).await else {
            self.failed.insert(key.as_str().to_owned(), now).await;
            return Err(missing());
        };
        Ok(app.platform.storage.put_bytes(key, bytes).await?)
    }
}

async fn download(app: &App, url: &Url) -> Option<Bytes> {
    let response = app.platform.http.get(url).accept("image/*").max_body(MAX_BYTES).timeout(TIMEOUT).send().await;
    let response = response.and_then(platform::net::Response::error_for_status);
    let response = response.inspect_err(|error| tracing::debug!(%error, "a picture could not be fetched")).ok()?;
    picture_type(&response.body).map(|_| response.body)
}

/// The type of a picture by its first bytes; `None` if it is none of those that browsers show and that carry no script.
pub(super) fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let is_avif = matches!(bytes.get(4..12), Some(b"ftypavif" | b"ftypavis"));
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        _ if is_webp => Some("image/webp"),
        _ if is_avif => Some("image/avif"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pictures_are_known_by_their_first_bytes_and_pages_are_none() {
        assert_eq!(picture_type(b"\xFF\xD8\xFF\xE0rest"), Some("image/jpeg"));
        assert_eq!(picture_type(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        assert_eq!(picture_type(b"GIF89a...."), Some("image/gif"));
        assert_eq!(picture_type(b"RIFF\x00\x00\x00\x00WEBPVP8 "), Some("image/webp"));
        assert_eq!(picture_type(b"\x00\x00\x00\x20ftypavif...."), Some("image/avif"));
        for other in [&b"<svg xmlns"[..], b"<!doctype html>", b"", b"RIFF", b"\xFF\xD8"] {
            assert_eq!(picture_type(other), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = picture_type(&bytes);
        }
    }
}
