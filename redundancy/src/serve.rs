//! What do players get from us?
//!
//! The files of complete copies, under the names that the origin gave them, so that the relative names inside playlists
//! work here, too. Only what the database lists is served: neither half a copy nor a file that was forgotten.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, header},
    response::Response,
    routing::get,
};
use platform::{
    Platform,
    web::{ApiResult, Problem, object_response},
};
use uuid::Uuid;

use crate::{model::FileName, store};

/// The folder of a copy on this server: what a `CacheFile` and `redundancies[].baseUrl` name.
pub fn base_path(video_uuid: Uuid) -> String {
    format!("/static/redundancy/hls/{video_uuid}")
}

pub(crate) fn router(platform: &Platform) -> Router {
    Router::new()
        .route("/static/redundancy/hls/{uuid}/{file}", get(file).options(preflight))
        .with_state(platform.clone())
}

async fn file(
    State(platform): State<Platform>,
    Path((uuid, file)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let not_found = || Problem::not_found("There is no such file.");
    let uuid = Uuid::try_parse(&uuid).map_err(|_| not_found())?;
    let name = FileName::new(&file).ok_or_else(not_found)?;
    if !store::is_served(&mut platform.db.read().await?, uuid, name.as_str()).await? {
        return Err(not_found());
    }
    let key = name.key(uuid).map_err(|_| not_found())?;
    let (content_type, cache_control) = media_type(name.as_str());
    object_response(&platform.storage, &key, &method, &headers, content_type, cache_control).await
}

/// Browsers ask before they send a `Range` that is not simple, as players do with several of them.
async fn preflight() -> (StatusCode, [(HeaderName, &'static str); 4]) {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Range"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers)
}

/// Files of strangers are never called anything that a browser would run. Media keep their bytes under a name; the rest
/// may change when a video does.
fn media_type(name: &str) -> (&'static str, &'static str) {
    const FOREVER: &str = "public, max-age=604800, immutable";
    const AN_HOUR: &str = "public, max-age=3600";
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("mp4" | "m4v" | "m4a") => ("video/mp4", FOREVER),
        Some("m3u8") => ("application/vnd.apple.mpegurl", AN_HOUR),
        Some("json") => ("application/json", AN_HOUR),
        Some("jpg") => ("image/jpeg", AN_HOUR),
        Some("png") => ("image/png", AN_HOUR),
        Some("webp") => ("image/webp", AN_HOUR),
        _ => ("application/octet-stream", AN_HOUR),
    }
}
