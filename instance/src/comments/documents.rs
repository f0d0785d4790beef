//! Comments as documents for other servers. The same addresses lead people to the page of the video.

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use federation::ids;
use platform::{
    db::Connection,
    ids::parse_uuid,
    web::{ApiResult, Problem},
};
use serde_json::Value;

use super::{Comment, CommentId, actions, federate, store};
use crate::{
    App,
    federation::{
        Paging,
        endpoints::{document, wants_document},
    },
    videos::{self, Video},
};

fn not_found() -> Problem {
    Problem::not_found("There is no such comment here.")
}

async fn find_video(connection: &mut Connection, id: &str) -> ApiResult<Video> {
    let uuid = parse_uuid(id).ok_or_else(not_found)?;
    let video = videos::store::find_by_uuid(connection, uuid).await?.ok_or_else(not_found)?;
    if actions::is_told(connection, &video).await? { Ok(video) } else { Err(not_found()) }
}

/// `GET /videos/watch/{id}/comments`: addresses of all comments of a video of ours, wherever they live.
pub async fn collection(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<Paging>,
) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let video = find_video(&mut connection, &id).await?;
    if !video.is_local {
        return Err(not_found());
    }
    let total = store::count_urls(&mut connection, video.id).await?.unsigned_abs();
    let urls = match query.page {
        Some(_) => store::urls(&mut connection, video.id, query.limit(), query.offset()).await?,
        None => vec![],
    };
    let id = ids::under(&app.ids.video(video.uuid), "comments");
    Ok(document(&query.document(&id, total, urls.into_iter().map(Value::from).collect())))
}

/// `GET /videos/watch/{id}/comments/{comment}`: the note; what is left of a deleted one; for people, the page.
pub async fn comment(
    State(app): State<App>,
    Path((id, number)): Path<(String, i64)>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let video = find_video(&mut connection, &id).await?;
    let Some(comment) = find(&mut connection, &video, number).await? else {
        return gone(&app, &mut connection, &video, number).await;
    };
    if !wants_document(&headers) {
        let path = format!("{}?thread={}#comment-{number}", video.watch_path(), comment.thread().0);
        return Ok(Redirect::to(&path).into_response());
    }
    if !comment.is_local {
        return Ok(Redirect::to(&comment.url).into_response());
    }
    answer(federate::document(&app, &mut connection, &video, &comment).await?)
}

/// `GET /videos/watch/{id}/comments/{comment}/activity`: the creation of a comment of ours.
pub async fn activity(State(app): State<App>, Path((id, number)): Path<(String, i64)>) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let video = find_video(&mut connection, &id).await?;
    let comment =
        find(&mut connection, &video, number).await?.filter(|comment| comment.is_local && !comment.is_stone());
    let comment = comment.ok_or_else(not_found)?;
    answer(federate::creation_document(&app, &mut connection, &video, &comment).await?)
}

/// `GET /videos/watch/{id}/comments/{comment}/approve-reply`: that a comment may stand under a video of ours.
pub async fn approval(State(app): State<App>, Path((id, number)): Path<(String, i64)>) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let video = find_video(&mut connection, &id).await?;
    let comment = find(&mut connection, &video, number).await?.ok_or_else(not_found)?;
    answer(federate::approval_document(&app, &mut connection, &video, &comment).await?)
}

fn answer(value: Option<Value>) -> ApiResult<Response> {
    value.map(|value| document(&value)).ok_or_else(not_found)
}

/// A comment of ours that waits for approval elsewhere is shown to whoever knows its address: the server that approves
/// has to read it.
async fn find(connection: &mut Connection, video: &Video, number: i64) -> ApiResult<Option<Comment>> {
    let comment = store::find(connection, CommentId(number)).await?.filter(|comment| comment.video_id == video.id);
    Ok(comment.filter(|comment| !comment.is_held || !video.is_local))
}

async fn gone(app: &App, connection: &mut Connection, video: &Video, number: i64) -> ApiResult<Response> {
    let url = app.ids.comment(video.uuid, number);
    let deleted_at = crate::tombstones::store::deleted_at(connection, url.as_str()).await?.ok_or_else(not_found)?;
    let tombstone = federate::tombstone_document(app, video, number, deleted_at);
    Ok((StatusCode::GONE, document(&tombstone)).into_response())
}
