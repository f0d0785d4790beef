//! Small files of other servers' videos that are fetched when somebody here first asks for them: captions, storyboards.
//!
//! **Invariant:** however many ask for a file at once, its origin is asked once; when that fails, it is left alone for a
//! while.

use std::time::Duration;

use axum::{
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use moka::future::Cache;
use platform::{
    storage::Key,
    web::{ApiResult, Problem, object_response},
};
use tracing::info;
use url::Url;

use crate::App;

const A_DAY: &str = "public, max-age=86400";
const LEFT_ALONE_FOR: Duration = Duration::from_mins(5);
const MOST_REMEMBERED: u64 = 10_000;

/// What was asked for lately, and whether it came.
#[derive(Debug)]
pub struct LazyFiles {
    recent: Cache<String, bool>,
}

impl Default for LazyFiles {
    fn default() -> Self {
        Self { recent: Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(LEFT_ALONE_FOR).build() }
    }
}

/// A file that may be here, or at its origin.
#[derive(Debug)]
pub(crate) struct LazyFile {
    /// Its folder in storage.
    pub folder: &'static str,
    /// Its name here.
    pub file: String,
    /// Where it is at its origin; `None` for our own.
    pub remote_url: Option<String>,
    /// What is larger is not taken.
    pub max_bytes: u64,
    /// Whether these bytes can be such a file.
    pub looks_right: fn(&[u8]) -> bool,
}

/// Serves a file, fetched first if it is not here.
pub(crate) async fn serve(
    app: &App,
    lazy: &LazyFile,
    content_type: &'static str,
    method: &Method,
    headers: &HeaderMap,
) -> ApiResult<Response> {
    let missing = || Problem::not_found("There is no such file.");
    let key = Key::new(format!("{}/{}", lazy.folder, lazy.file)).map_err(|_| missing())?;
    if app.platform.storage.size(&key).await?.is_none() {
        let url = lazy.remote_url.as_deref().and_then(|url| Url::parse(url).ok()).ok_or_else(missing)?;
        let came = app.lazy_files.recent.get_with(key.to_string(), fetch(app, lazy, &key, &url)).await;
        if !came {
            return Err(Problem::new(StatusCode::BAD_GATEWAY, "The server of this video did not give the file.")
                .retry_after(LEFT_ALONE_FOR.as_secs()));
        }
    }
    object_response(&app.platform.storage, &key, method, headers, content_type, A_DAY).await
}

async fn fetch(app: &App, lazy: &LazyFile, key: &Key, url: &Url) -> bool {
    match try_fetch(app, lazy, key, url).await {
        Ok(()) => true,
        Err(reason) => {
            info!(%url, reason, "a file of another server's video did not come");
            false
        }
    }
}

async fn try_fetch(app: &App, lazy: &LazyFile, key: &Key, url: &Url) -> Result<(), String> {
    let response = app.platform.http.get(url).max_body(lazy.max_bytes).send().await;
    let response = response.and_then(platform::net::Response::error_for_status).map_err(|error| error.to_string())?;
    if !(lazy.looks_right)(&response.body) {
        return Err("it is of another kind than it should be".to_owned());
    }
    app.platform.storage.put_bytes(key, response.body).await.map_err(|error| error.to_string())
}

/// Whether bytes begin as a picture does that browsers show: JPEG, PNG or WebP.
pub(crate) fn is_picture(bytes: &[u8]) -> bool {
    is_jpeg(bytes)
        || bytes.starts_with(b"\x89PNG\r\n\x1a\n")
        || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"))
}

/// Whether bytes begin as a JPEG does.
pub(crate) fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0xD8, 0xFF])
}
