use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use platform::{
    db::{Connection, DbError},
    web::{ApiResult, Problem},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{VideoBlockError, actions, store};
use crate::{
    App,
    moderation::{ListOptions, Moderator},
    videos::{self, VideoId, find_visible, iso},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Block {
    reason: Option<String>,
    unfederate: bool,
}

/// `POST /api/v1/videos/{id}/blacklist`.
pub async fn block(
    State(app): State<App>,
    Moderator(user): Moderator,
    Path(id): Path<String>,
    body: Option<Json<Block>>,
) -> ApiResult<StatusCode> {
    let Json(block) = body.unwrap_or_default();
    let video = find_visible(&mut app.platform.db.read().await?, &id, Some(&user)).await?;
    actions::block(&app, &video, block.reason.as_deref(), block.unfederate).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /api/v1/videos/{id}/blacklist`.
pub async fn change(
    State(app): State<App>,
    Moderator(user): Moderator,
    Path(id): Path<String>,
    Json(block): Json<Block>,
) -> ApiResult<StatusCode> {
    let video = find_visible(&mut app.platform.db.read().await?, &id, Some(&user)).await?;
    actions::change_reason(&app, &video, block.reason.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/videos/{id}/blacklist`.
pub async fn unblock(
    State(app): State<App>,
    Moderator(user): Moderator,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let video = find_visible(&mut app.platform.db.read().await?, &id, Some(&user)).await?;
    actions::unblock(&app, &video).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/videos/blacklist`.
pub async fn list(State(app): State<App>, _: Moderator, Query(options): Query<ListOptions>) -> ApiResult<Json<Value>> {
    let options = options.check(&["createdAt", "name", "duration", "views"])?;
    let mut connection = app.platform.db.read().await?;
    let total = store::count(&mut connection, &options).await?;
    let base = app.platform.public_url.as_str();
    let mut data = vec![];
    for block in store::list(&mut connection, &options).await? {
        let Some(video) = videos::store::find(&mut connection, block.video_id).await? else { continue };
        data.push(json!({
            "id": block.id,
            "type": 1,
            "reason": block.reason,
            "unfederated": block.is_unfederated,
            "video": videos::summaries(&mut connection, [&video]).await?.pop().map(|video| video.at(base)),
            "createdAt": iso(block.created_at).to_string(),
            "updatedAt": iso(block.updated_at).to_string(),
        }));
    }
    Ok(Json(json!({ "total": total, "data": data })))
}

/// Adds to the description of a video whether it is blocked, and why.
pub(crate) async fn describe(connection: &mut Connection, video: VideoId, details: &mut Value) -> Result<(), DbError> {
    if let (Some(block), Some(details)) = (store::find(connection, video).await?, details.as_object_mut()) {
        details.insert("blacklisted".to_owned(), true.into());
        details.insert("blacklistedReason".to_owned(), block.reason.into());
    }
    Ok(())
}

impl From<VideoBlockError> for Problem {
    fn from(error: VideoBlockError) -> Self {
        match error {
            VideoBlockError::BadReason => Problem::bad_request(error.to_string()),
            VideoBlockError::NotBlocked => Problem::not_found(error.to_string()),
            VideoBlockError::Remote | VideoBlockError::AlreadyBlocked => {
                Problem::new(StatusCode::CONFLICT, error.to_string())
            }
            VideoBlockError::Db(error) => error.into(),
        }
    }
}
