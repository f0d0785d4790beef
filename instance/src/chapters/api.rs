use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use platform::web::{ApiResult, Problem};
use serde::{Deserialize, Serialize};

use super::{Chapter, read_chapters, store};
use crate::{
    App,
    oauth::{Session, SignedIn},
    videos,
};

/// The chapters of a video, as PeerTube's API has them.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChapterList {
    chapters: Vec<Chapter>,
}

/// `GET /api/v1/videos/{id}/chapters`.
pub async fn list(State(app): State<App>, Path(id): Path<String>, session: Session) -> ApiResult<Json<ChapterList>> {
    let mut connection = app.platform.db.read().await?;
    let video = videos::find_visible(&mut connection, &id, session.user.as_ref()).await?;
    Ok(Json(ChapterList { chapters: store::of_video(&mut connection, video.id).await? }))
}

/// `PUT /api/v1/videos/{id}/chapters`: all of them, in place of those that were.
pub async fn replace(
    State(app): State<App>,
    Path(id): Path<String>,
    session: SignedIn,
    Json(list): Json<ChapterList>,
) -> ApiResult<StatusCode> {
    let video = videos::find_owned(&app, &id, &session.user).await?;
    let chapters = read_chapters(list.chapters, if video.is_live { 0 } else { video.duration_s })
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    let mut tx = app.platform.db.begin().await?;
    store::replace(&mut tx, video.id, &chapters).await?;
    videos::parts_changed(&app, &mut tx, video.id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
