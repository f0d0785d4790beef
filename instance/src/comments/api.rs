use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use platform::{
    db::Connection,
    web::{ApiResult, Problem},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Comment, CommentId,
    actions::{self, CommentError},
    jobs,
    model::{Filters, MAX_PER_THREAD, Policy, Sort},
    represent::{Authors, comment_json, tree_json, with_videos_json},
    store,
    tree::Thread,
};
use crate::{
    App, accounts,
    channels::ChannelId,
    listing,
    oauth::{Session, SignedIn},
    pages::sentence,
    users::Role,
    videos::{self, Video, VideoId},
};

/// Levels of the tree that are nested: parsers of JSON allow about 128, and each level is two.
const MAX_LEVELS: usize = 40;
const MAX_SEARCH: usize = 200;

impl From<CommentError> for Problem {
    fn from(error: CommentError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            CommentError::Closed | CommentError::Full => Self::new(StatusCode::CONFLICT, detail),
            CommentError::Length => Self::bad_request(detail),
            CommentError::NotFound => Self::not_found(detail),
            CommentError::Forbidden(_) => Self::forbidden(detail),
            CommentError::Db(error) => error.into(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    start: Option<i64>,
    count: Option<i64>,
    sort: Option<String>,
}

impl PageQuery {
    fn sort(&self) -> ApiResult<Sort> {
        match self.sort.as_deref() {
            None | Some("") => Ok(Sort::Newest),
            Some(name) => Sort::parse(name)
                .ok_or_else(|| Problem::bad_request("Comments can be sorted by createdAt or totalReplies.")),
        }
    }
}

/// `GET /api/v1/videos/{id}/comment-threads`.
pub async fn threads(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
    session: Session,
) -> ApiResult<Json<Value>> {
    let (bounds, sort) = (listing::range(query.start, query.count)?, query.sort()?);
    let mut connection = app.platform.db.read().await?;
    let video = videos::find_visible(&mut connection, &id, session.user.as_ref()).await?;
    if Policy::from(video.comments_policy) == Policy::Closed {
        return Ok(Json(json!({ "total": 0, "totalNotDeletedComments": 0, "data": [] })));
    }
    let viewer = actions::viewer(&app, &mut connection, &video, session.user.as_ref()).await?;
    let comments = store::threads(&mut connection, video.id, &viewer, sort, bounds).await?;
    let total = store::count_threads(&mut connection, video.id, &viewer).await?;
    let living = store::count_living(&mut connection, video.id, &viewer).await?;
    let authors = Authors::of(&mut connection, &comments.iter().collect::<Vec<_>>()).await?;
    drop(connection);
    jobs::fetch_when_due(&app, &video).await?;
    let data: Vec<Value> = comments.iter().map(|comment| comment_json(comment, &authors)).collect();
    Ok(Json(json!({ "total": total, "totalNotDeletedComments": living, "data": data })))
}

/// `GET /api/v1/videos/{id}/comment-threads/{thread}`: a thread as a tree.
pub async fn thread(
    State(app): State<App>,
    Path((id, thread)): Path<(String, i64)>,
    session: Session,
) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let video = videos::find_visible(&mut connection, &id, session.user.as_ref()).await?;
    let viewer = actions::viewer(&app, &mut connection, &video, session.user.as_ref()).await?;
    let root = actions::find_visible(&mut connection, &video, &viewer, CommentId(thread)).await?;
    if root.thread_id.is_some() {
        return Err(CommentError::NotFound.into());
    }
    let replies = store::replies(&mut connection, &[root.id], &viewer, MAX_PER_THREAD).await?;
    let shown: Vec<&Comment> = replies.iter().chain([&root]).collect();
    let authors = Authors::of(&mut connection, &shown).await?;
    drop(connection);
    jobs::fetch_when_due(&app, &video).await?;
    Ok(Json(tree_json(&Thread::new(&replies).grow(&root, MAX_LEVELS), &authors)))
}

#[derive(Debug, Deserialize)]
pub struct NewText {
    text: String,
}

/// `POST /api/v1/videos/{id}/comment-threads`: begins a thread.
pub async fn create_thread(
    State(app): State<App>,
    Path(id): Path<String>,
    session: SignedIn,
    Json(new): Json<NewText>,
) -> ApiResult<Json<Value>> {
    create(&app, &id, &session, None, &new.text).await
}

/// `POST /api/v1/videos/{id}/comments/{comment}`: answers a comment.
pub async fn create_reply(
    State(app): State<App>,
    Path((id, comment)): Path<(String, i64)>,
    session: SignedIn,
    Json(new): Json<NewText>,
) -> ApiResult<Json<Value>> {
    create(&app, &id, &session, Some(CommentId(comment)), &new.text).await
}

async fn create(
    app: &App,
    id: &str,
    session: &SignedIn,
    parent: Option<CommentId>,
    text: &str,
) -> ApiResult<Json<Value>> {
    let video = visible(app, id, session).await?;
    let comment = actions::write(app, &session.user, &video, parent, text).await?;
    let authors = Authors::of(&mut app.platform.db.read().await?, &[&comment]).await?;
    Ok(Json(json!({ "comment": comment_json(&comment, &authors) })))
}

async fn visible(app: &App, id: &str, session: &SignedIn) -> ApiResult<Video> {
    videos::find_visible(&mut app.platform.db.read().await?, id, Some(&session.user)).await
}

/// `DELETE /api/v1/videos/{id}/comments/{comment}`.
pub async fn delete(
    State(app): State<App>,
    Path((id, comment)): Path<(String, i64)>,
    session: SignedIn,
) -> ApiResult<StatusCode> {
    let video = visible(&app, &id, &session).await?;
    actions::delete(&app, &session.user, &video, CommentId(comment)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/videos/{id}/comments/{comment}/approve`.
pub async fn approve(
    State(app): State<App>,
    Path((id, comment)): Path<(String, i64)>,
    session: SignedIn,
) -> ApiResult<StatusCode> {
    let video = visible(&app, &id, &session).await?;
    actions::approve(&app, &session.user, &video, CommentId(comment)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListQuery {
    start: Option<i64>,
    count: Option<i64>,
    sort: Option<String>,
    search: Option<String>,
    search_account: Option<String>,
    search_video: Option<String>,
    video_id: Option<String>,
    video_channel_id: Option<i64>,
    is_held_for_review: Option<bool>,
    is_local: Option<bool>,
    on_local_video: Option<bool>,
}

/// `GET /api/v1/users/me/videos/comments`: under one's own videos.
pub async fn mine(State(app): State<App>, session: SignedIn, Query(query): Query<ListQuery>) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let account = accounts::store::find_by_user(&mut connection, session.user.id).await?;
    let account = account.ok_or_else(|| Problem::forbidden("This user has no account."))?;
    let filters = query.filters(&mut connection).await?;
    list(&mut connection, &query, Filters { owner: Some(account.id), ..filters }).await
}

/// `GET /api/v1/videos/comments`: all of them, for moderators.
pub async fn all(State(app): State<App>, session: SignedIn, Query(query): Query<ListQuery>) -> ApiResult<Response> {
    if session.user.role() == Role::User {
        return Err(Problem::forbidden("Only those who look after this server may see all comments."));
    }
    let mut connection = app.platform.db.read().await?;
    let filters = query.filters(&mut connection).await?;
    list(&mut connection, &query, filters).await
}

impl ListQuery {
    async fn filters(&self, connection: &mut Connection) -> ApiResult<Filters> {
        let words = |text: &Option<String>| {
            let text: String = text.as_deref().unwrap_or_default().trim().chars().take(MAX_SEARCH).collect();
            (!text.is_empty()).then_some(text)
        };
        let video = match self.video_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Some(find_video(connection, id).await?),
            None => None,
        };
        Ok(Filters {
            owner: None,
            video,
            channel: self.video_channel_id.map(ChannelId),
            is_local: self.is_local,
            on_local_video: self.on_local_video,
            is_held: self.is_held_for_review,
            search: words(&self.search),
            search_account: words(&self.search_account),
            search_video: words(&self.search_video),
        })
    }
}

async fn find_video(connection: &mut Connection, id: &str) -> ApiResult<VideoId> {
    if let Ok(number) = id.parse() {
        return Ok(VideoId(number));
    }
    let uuid = platform::ids::parse_uuid(id).ok_or_else(|| Problem::bad_request("videoId is no id of a video."))?;
    let video = videos::store::find_by_uuid(connection, uuid).await?;
    video.map(|video| video.id).ok_or_else(|| Problem::not_found("Video not found"))
}

async fn list(connection: &mut Connection, query: &ListQuery, filters: Filters) -> ApiResult<Response> {
    let page = PageQuery { start: query.start, count: query.count, sort: query.sort.clone() };
    let (bounds, sort) = (listing::range(page.start, page.count)?, page.sort()?);
    let comments = store::list(connection, &filters, sort, bounds).await?;
    let total = store::count(connection, &filters).await?;
    let data = with_videos_json(connection, &comments).await?;
    Ok(Json(json!({ "total": total, "data": data })).into_response())
}
