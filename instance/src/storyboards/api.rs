use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, Method},
    response::Response,
};
use platform::web::{ApiResult, Problem};
use serde_json::{Value, json};

use super::{FOLDER, federate::media_type, store};
use crate::{
    App,
    oauth::Session,
    videos::{
        self,
        lazy::{self, LazyFile},
    },
};

/// A picture for a film of hours is one or two megabytes.
const MAX_BYTES: u64 = 10_000_000;

/// `GET /api/v1/videos/{id}/storyboards`.
pub async fn list(State(app): State<App>, Path(id): Path<String>, session: Session) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let video = videos::find_visible(&mut connection, &id, session.user.as_ref()).await?;
    let boards: Vec<_> = store::of_video(&mut connection, video.id).await?.into_iter().collect();
    let shown = boards.iter().map(|board| {
        json!({
            "storyboardPath": board.path(),
            "fileUrl": app.platform.public_url.join(&board.path()),
            "totalHeight": board.total_height,
            "totalWidth": board.total_width,
            "spriteHeight": board.sprite_height,
            "spriteWidth": board.sprite_width,
            "spriteDuration": board.sprite_duration_s,
        })
    });
    Ok(Json(json!({ "storyboards": shown.collect::<Vec<_>>() })))
}

/// `GET /lazy-static/storyboards/{file}`.
pub async fn file(
    State(app): State<App>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let known = store::remote_url(&mut app.platform.db.read().await?, &file).await?;
    let remote_url = known.ok_or_else(|| Problem::not_found("There is no such storyboard."))?;
    let lazy = LazyFile { folder: FOLDER, file, remote_url, max_bytes: MAX_BYTES, looks_right: lazy::is_picture };
    let kind = media_type(&lazy.file);
    lazy::serve(&app, &lazy, kind, &method, &headers).await
}
