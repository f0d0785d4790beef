use axum::{
    Json,
    extract::{Multipart, Path, State},
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use platform::web::{ApiResult, Problem};
use serde_json::{Value, json};

use super::{
    Caption, FOLDER,
    actions::{self, CaptionError},
    store, text,
};
use crate::{
    App,
    oauth::{Session, SignedIn},
    videos::{
        self, iso,
        lazy::{self, LazyFile},
    },
};

/// `GET /api/v1/videos/{id}/captions`.
pub async fn list(State(app): State<App>, Path(id): Path<String>, session: Session) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let video = videos::find_visible(&mut connection, &id, session.user.as_ref()).await?;
    let captions = store::of_video(&mut connection, video.id).await?;
    let data: Vec<_> = captions.iter().map(|caption| caption_json(&app, caption)).collect();
    Ok(Json(json!({ "total": data.len(), "data": data })))
}

fn caption_json(app: &App, caption: &Caption) -> Value {
    json!({
        "language": { "id": caption.language, "label": caption.shown_label() },
        "automaticallyGenerated": caption.is_automatic,
        "captionPath": caption.path(),
        "fileUrl": app.platform.public_url.join(&caption.path()),
        "m3u8Url": caption.playlist_url,
        "updatedAt": iso(caption.updated_at).to_string(),
    })
}

/// `PUT /api/v1/videos/{id}/captions/{language}`: a form with `captionfile`, `WebVTT` or `SubRip`.
pub async fn put(
    State(app): State<App>,
    Path((id, language)): Path<(String, String)>,
    session: SignedIn,
    mut form: Multipart,
) -> ApiResult<StatusCode> {
    let video = videos::find_owned(&app, &id, &session.user).await?;
    let unreadable = |error: axum::extract::multipart::MultipartError| Problem::bad_request(error.body_text());
    while let Some(mut field) = form.next_field().await.map_err(unreadable)? {
        if field.name() != Some("captionfile") {
            continue;
        }
        let mut file = vec![];
        while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
            file.extend_from_slice(&chunk);
            if file.len() > text::MAX_BYTES {
                return Err(CaptionError::from(text::CaptionTextError::TooLarge).into());
            }
        }
        actions::put(&app, &video, &language, &file).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::bad_request("The form lacks its captionfile."))
}

/// `DELETE /api/v1/videos/{id}/captions/{language}`.
pub async fn remove(
    State(app): State<App>,
    Path((id, language)): Path<(String, String)>,
    session: SignedIn,
) -> ApiResult<StatusCode> {
    let video = videos::find_owned(&app, &id, &session.user).await?;
    actions::remove(&app, &video, &language).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /lazy-static/video-captions/{file}`.
pub async fn file(
    State(app): State<App>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let known = store::remote_url(&mut app.platform.db.read().await?, &file).await?;
    let remote_url = known.ok_or_else(|| Problem::not_found("There is no such caption."))?;
    let max_bytes = text::MAX_BYTES as u64;
    let lazy = LazyFile { folder: FOLDER, file, remote_url, max_bytes, looks_right: text::looks_like_webvtt };
    lazy::serve(&app, &lazy, "text/vtt; charset=utf-8", &method, &headers).await
}

impl From<CaptionError> for Problem {
    fn from(error: CaptionError) -> Self {
        match error {
            CaptionError::Language(_) | CaptionError::Text(_) => Self::bad_request(error.to_string()),
            CaptionError::Missing => Self::not_found(error.to_string()),
            CaptionError::Storage(error) => error.into(),
            CaptionError::Db(error) => error.into(),
        }
    }
}
