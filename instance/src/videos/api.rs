use std::collections::BTreeMap;

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use platform::{
    db::{Connection, DbError},
    ids::parse_uuid,
    web::{ApiResult, Problem},
};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::{
    ListQuery, Privacy, Video, VideoId, actions, intake, labels, mine,
    representation::{Details, ResultList, iso, summaries},
    store,
};
use crate::{
    App, accounts, channels, moderation,
    oauth::{Session, SignedIn},
    uploads,
    users::{Role, User},
};

type Parameters = Query<Vec<(String, String)>>;

/// `GET /api/v1/videos`, and `GET /api/v1/search/videos`: this server's own search, by words of the title.
pub async fn list(State(app): State<App>, session: Session, Query(parameters): Parameters) -> ApiResult<Response> {
    respond(&app, &session, ListQuery::parse(&parameters)?).await
}

/// `GET /api/v1/video-channels/{handle}/videos`.
pub async fn channel_videos(
    State(app): State<App>,
    Path(handle): Path<String>,
    session: Session,
    Query(parameters): Parameters,
) -> ApiResult<Response> {
    let (name, host) = app.split_handle(&handle);
    let channel = channels::store::find_by_handle(&mut app.platform.db.read().await?, &name, &host).await?;
    let channel = channel.ok_or_else(|| Problem::not_found("Video channel not found"))?;
    let mut query = ListQuery::parse(&parameters)?;
    query.filters.channel = Some(channel.id);
    respond(&app, &session, query).await
}

/// `GET /api/v1/accounts/{handle}/videos`.
pub async fn account_videos(
    State(app): State<App>,
    Path(handle): Path<String>,
    session: Session,
    Query(parameters): Parameters,
) -> ApiResult<Response> {
    let (name, host) = app.split_handle(&handle);
    let account = accounts::store::find_by_handle(&mut app.platform.db.read().await?, &name, &host).await?;
    let account = account.ok_or_else(|| Problem::not_found("Account not found"))?;
    let mut query = ListQuery::parse(&parameters)?;
    query.filters.account = Some(account.id);
    respond(&app, &session, query).await
}

/// The one video of a search for its address.
pub async fn respond_with_one(app: &App, uuid: Uuid) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let mut video = store::find_by_uuid(&mut connection, uuid).await?.filter(Video::is_open);
    if let Some(found) = &video
        && moderation::store::is_hidden(&mut connection, found.id).await?
    {
        video = None;
    }
    let base = app.platform.public_url.as_str();
    let data: Vec<_> = summaries(&mut connection, &video).await?.into_iter().map(|video| video.at(base)).collect();
    Ok(Json(ResultList { total: i64::try_from(data.len()).ok(), data }).into_response())
}

/// A list of videos, from memory if nothing has changed since. What the reader has blocked is left out.
pub async fn respond(app: &App, session: &Session, mut query: ListQuery) -> ApiResult<Response> {
    query.filters.reader = session.account(app).await?;
    let key = format!("{query:?}");
    let generation = app.platform.db.generation();
    let body = if let Some(body) = app.video_lists.get(generation, &key) {
        body
    } else {
        let body = render_list(app, &query).await?;
        app.video_lists.put(generation, key, body.clone());
        body
    };
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], Body::from(body)).into_response())
}

async fn render_list(app: &App, query: &ListQuery) -> ApiResult<Bytes> {
    let mut connection = app.platform.db.read().await?;
    let videos = store::list(&mut connection, query).await?;
    let total = if query.skip_count { None } else { Some(store::count(&mut connection, &query.filters).await?) };
    let (now, base) = (app.platform.clock.now(), app.platform.public_url.as_str());
    let watching = |video: &Video| app.views.viewers(video.id, now);
    let summaries = summaries(&mut connection, &videos).await?;
    let data =
        summaries.into_iter().zip(&videos).map(|(shown, video)| shown.at(base).watched_by(watching(video))).collect();
    let list = ResultList { total, data };
    serde_json::to_vec(&list).map(Bytes::from).map_err(|error| Problem::internal(&error))
}

/// `GET /api/v1/videos/{id}`: by number, UUID or short UUID.
pub async fn details(State(app): State<App>, Path(id): Path<String>, session: Session) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let video = find_visible(&mut connection, &id, session.user.as_ref()).await?;
    let missing = || Problem::internal(&"a video without channel or account");
    let channel = channels::store::find(&mut connection, video.channel_id).await?.ok_or_else(missing)?;
    let account = accounts::store::find_by_actor(&mut connection, video.account_actor_id).await?.ok_or_else(missing)?;
    let playlist = match store::playlist(&mut connection, video.id).await? {
        Some(playlist) => {
            let files = store::files(&mut connection, playlist.id).await?;
            Some((playlist, files))
        }
        None => None,
    };
    let links = store::links(&mut connection, video.id).await?;
    let details = Details {
        is_embeddable: video.is_local || links.is_none_or(|links| links.is_embeddable()),
        base: app.platform.public_url.as_str(),
        web_files: store::web_files(&mut connection, video.id).await?,
        tags: store::tags(&mut connection, video.id).await?,
        redundancies: store::redundancies(&mut connection, video.id, app.platform.clock.now()).await?,
        video: &video,
        channel: &channel,
        account: &account,
        playlist,
    };
    let mut body = details.to_json();
    if let Some(body) = body.as_object_mut() {
        body.insert("viewers".to_owned(), app.views.viewers(video.id, app.platform.clock.now()).into());
    }
    mine::tell_failure(&video, &mut body);
    moderation::video_blocks::api::describe(&mut connection, video.id, &mut body).await?;
    drop(connection);
    look_after(&app, &video).await;
    Ok(Json(body))
}

/// Has the origin of an outdated video asked. Whoever looks at the video sees what is known; nothing here is their problem.
pub(super) async fn look_after(app: &App, video: &Video) {
    if let Err(error) = intake::refresh_if_outdated(app, video).await {
        tracing::debug!(%error, "an outdated video was not asked for");
    }
}

/// `POST /api/v1/videos/{id}/refresh`: asks the origin of a remote video for it, soon. For those who look after the server.
pub async fn refresh(State(app): State<App>, Path(id): Path<String>, session: SignedIn) -> ApiResult<StatusCode> {
    if session.user.role() == Role::User {
        return Err(Problem::forbidden("Only those who look after the server may do this."));
    }
    let video = find_visible(&mut app.platform.db.read().await?, &id, Some(&session.user)).await?;
    let url = Url::parse(&video.url).map_err(|error| Problem::internal(&error))?;
    if video.is_local {
        return Err(Problem::bad_request("This video is at home here: there is nobody to ask."));
    }
    let mut tx = app.platform.db.begin().await?;
    intake::want(&app, &mut tx, &url, intake::Reason::Wanted).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/videos/{id}/source`: the uploaded file, as far as it is kept.
pub async fn source(State(app): State<App>, Path(id): Path<String>, session: SignedIn) -> ApiResult<Json<Value>> {
    let video = find_owned(&app, &id, &session.user).await?;
    let source = uploads::store::find_source(&mut app.platform.db.read().await?, video.id).await?;
    let source = source.ok_or_else(|| Problem::not_found("The uploaded file of this video is not kept."))?;
    Ok(Json(json!({
        "filename": source.file_name,
        "inputFilename": source.file_name,
        "fileUrl": null,
        "fileDownloadUrl": null,
        "resolution": null,
        "size": source.size_bytes,
        "width": null,
        "height": null,
        "fps": null,
        "metadata": null,
        "createdAt": iso(video.created_at).to_string(),
    })))
}

/// `GET /api/v1/videos/{id}/description`: the whole of it.
pub async fn description(State(app): State<App>, Path(id): Path<String>, session: Session) -> ApiResult<Json<Value>> {
    let video = find_visible(&mut app.platform.db.read().await?, &id, session.user.as_ref()).await?;
    Ok(Json(json!({ "description": video.description })))
}

/// `DELETE /api/v1/videos/{id}`: by its owner, or by those who look after the server.
pub async fn delete_video(State(app): State<App>, Path(id): Path<String>, session: SignedIn) -> ApiResult<StatusCode> {
    let mut connection = app.platform.db.read().await?;
    let video = find_visible(&mut connection, &id, Some(&session.user)).await?;
    let owns = store::owner(&mut connection, video.id).await? == Some(session.user.id);
    if !owns && session.user.role() == Role::User {
        return Err(Problem::forbidden("Cannot remove a video of another user."));
    }
    drop(connection);
    actions::delete(&app, &video).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Finds a local video that a user may change: its owner, or those who look after the server.
pub(crate) async fn find_owned(app: &App, id: &str, user: &User) -> ApiResult<Video> {
    let mut connection = app.platform.db.read().await?;
    let video = find_visible(&mut connection, id, Some(user)).await?;
    if !video.is_local {
        return Err(Problem::forbidden("This video belongs to another server: only there it can be changed."));
    }
    let owns = store::owner(&mut connection, video.id).await? == Some(user.id);
    if !owns && user.role() == Role::User {
        return Err(Problem::forbidden("This video belongs to another user."));
    }
    Ok(video)
}

/// Finds a video that the asker may see: what they may not see is not there.
pub(crate) async fn find_visible(connection: &mut Connection, id: &str, user: Option<&User>) -> ApiResult<Video> {
    let not_found = || Problem::not_found("Video not found");
    let video = match (parse_uuid(id), id.parse::<i64>()) {
        (Some(uuid), _) => store::find_by_uuid(connection, uuid).await?,
        (None, Ok(number)) => store::find(connection, VideoId(number)).await?,
        (None, Err(_)) => {
            return Err(Problem::bad_request("That is no id of a video: use its number, UUID or short UUID"));
        }
    };
    let video = video.ok_or_else(not_found)?;
    if may_see(connection, &video, user).await? {
        return Ok(video);
    }
    Err(if video.is_listed() { Problem::not_found("This server hides this video.") } else { not_found() })
}

/// Whether somebody may know that a video exists, and watch it.
pub(crate) async fn may_see(connection: &mut Connection, video: &Video, user: Option<&User>) -> Result<bool, DbError> {
    let is_open = match video.privacy {
        Privacy::Public | Privacy::Unlisted => true,
        Privacy::Internal => user.is_some(),
        Privacy::Private => false,
    };
    let is_hidden = moderation::store::is_hidden(connection, video.id).await?;
    if is_open && video.state.is_presentable() && !is_hidden {
        return Ok(true);
    }
    let Some(user) = user else { return Ok(false) };
    Ok(user.role() != Role::User || store::owner(connection, video.id).await? == Some(user.id))
}

/// `GET /api/v1/videos/categories`.
pub async fn categories() -> Json<BTreeMap<i64, &'static str>> {
    Json(labels::categories())
}

/// `GET /api/v1/videos/licences`.
pub async fn licences() -> Json<BTreeMap<i64, &'static str>> {
    Json(labels::licences())
}

/// `GET /api/v1/videos/languages`.
pub async fn languages() -> Json<&'static BTreeMap<String, String>> {
    Json(labels::languages())
}

/// `GET /api/v1/videos/privacies`.
pub async fn privacies() -> Json<BTreeMap<i64, &'static str>> {
    Json(Privacy::ALL.into_iter().map(|privacy| (privacy.number(), privacy.label())).collect())
}
