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

use super::{api::may_see, store};
use crate::{App, oauth::Session};

const A_DAY: &str = "public, max-age=86400";
const AN_HOUR: &str = "public, max-age=3600";
/// What not everybody may see is kept by nobody on the way.
const FOR_ONE: &str = "private, max-age=3600";

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

/// `GET /static/streaming-playlists/hls/{uuid}/{file}`: manifests, hash list and media of a local video, for whoever may
/// see it.
pub async fn streaming_file(
    State(app): State<App>,
    Path((uuid, file)): Path<(Uuid, String)>,
    method: Method,
    headers: HeaderMap,
    session: Session,
) -> ApiResult<Response> {
    let missing = || Problem::not_found("There is no such file.");
    let mut connection = app.platform.db.read().await?;
    let video = store::find_by_uuid(&mut connection, uuid).await?.ok_or_else(missing)?;
    if !may_see(&mut connection, &video, session.user.as_ref()).await? {
        return Err(missing());
    }
    drop(connection);
    let is_for_all = video.privacy.is_open();
    let key = Key::new(format!("{}/{file}", stream_folder(uuid))).map_err(|_| missing())?;
    let (kind, cache) = match file.rsplit('.').next().unwrap_or_default() {
        "m3u8" => ("application/vnd.apple.mpegurl", AN_HOUR),
        "mp4" => ("video/mp4", A_DAY),
        "json" => ("application/json; charset=utf-8", AN_HOUR),
        _ => return Err(missing()),
    };
    let cache = if is_for_all { cache } else { FOR_ONE };
    object_response(&app.platform.storage, &key, &method, &headers, kind, cache).await
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{Request, StatusCode, header},
    };
    use platform::testing::TestPlatform;
    use tower::ServiceExt;

    use super::*;
    use crate::{oauth, routes};

    async fn status(app: &App, path: &str, token: Option<&str>) -> StatusCode {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        routes::router(app).oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
    }

    #[tokio::test]
    async fn the_files_of_a_private_video_are_for_its_owner() {
        let test = TestPlatform::new().await;
        let (app, video) = App::staged(&test).await;
        let token = oauth::tests::log_in(&app, "root", "a long password").await;
        let key = Key::new(format!("{}/a.mp4", stream_folder(video.uuid))).unwrap();
        app.platform.storage.put_bytes(&key, "x").await.unwrap();
        let path = format!("/static/{key}");
        assert_eq!(status(&app, &path, None).await, StatusCode::OK);

        let mut tx = app.platform.db.begin().await.unwrap();
        tx.query("UPDATE videos SET privacy = 3 WHERE id = $1").bind(video.id).execute().await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(status(&app, &path, None).await, StatusCode::NOT_FOUND);
        assert_eq!(status(&app, &path, Some(&token)).await, StatusCode::OK);
    }
}
