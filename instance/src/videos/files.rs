//! The files of local videos: pictures and streams, from storage, with ranges.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, Method},
    response::Response,
};
use platform::{
    storage::Key,
    web::{ApiResult, Problem, object_response},
};
use uuid::Uuid;

use super::{Privacy, store};
use crate::App;

const A_DAY: &str = "public, max-age=86400";
const AN_HOUR: &str = "public, max-age=3600";

/// `GET /lazy-static/thumbnails/{file}`.
pub async fn thumbnail_file(
    State(app): State<App>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    picture(&app, "thumbnails", &file, &method, &headers).await
}

/// `GET /lazy-static/previews/{file}`.
pub async fn preview_file(
    State(app): State<App>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    picture(&app, "previews", &file, &method, &headers).await
}

async fn picture(app: &App, folder: &str, file: &str, method: &Method, headers: &HeaderMap) -> ApiResult<Response> {
    let key = Key::new(format!("{folder}/{file}")).map_err(|_| Problem::not_found("There is no such picture."))?;
    object_response(&app.platform.storage, &key, method, headers, "image/jpeg", A_DAY).await
}

/// Where the files of a local video's stream are kept.
pub(crate) fn stream_folder(uuid: Uuid) -> String {
    format!("streaming-playlists/hls/{uuid}")
}

/// `GET /static/streaming-playlists/hls/{uuid}/{file}`: manifests, hash list and media of a local video.
pub async fn streaming_file(
    State(app): State<App>,
    Path((uuid, file)): Path<(Uuid, String)>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let missing = || Problem::not_found("There is no such file.");
    let video = store::find_by_uuid(&mut app.platform.db.read().await?, uuid).await?.ok_or_else(missing)?;
    if !matches!(video.privacy(), Privacy::Public | Privacy::Unlisted) {
        return Err(missing());
    }
    let key = Key::new(format!("{}/{file}", stream_folder(uuid))).map_err(|_| missing())?;
    let (kind, cache) = match file.rsplit('.').next().unwrap_or_default() {
        "m3u8" => ("application/vnd.apple.mpegurl", AN_HOUR),
        "mp4" => ("video/mp4", A_DAY),
        "json" => ("application/json; charset=utf-8", AN_HOUR),
        _ => return Err(missing()),
    };
    object_response(&app.platform.storage, &key, &method, &headers, kind, cache).await
}
