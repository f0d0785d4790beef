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

use super::{
    ListQuery, Privacy, Video, VideoId, VideoState, actions, labels,
    representation::{Details, ResultList, Summary},
    store,
};
use crate::{
    App, accounts, channels,
    oauth::{Session, SignedIn},
    users::{Role, User},
};

type Parameters = Query<Vec<(String, String)>>;

/// `GET /api/v1/videos`, and `GET /api/v1/search/videos`: this server's own search, by words of the title.
pub async fn list(State(app): State<App>, Query(parameters): Parameters) -> ApiResult<Response> {
    let query = ListQuery::parse(&parameters)?;
    respond(&app, &query).await
}

/// `GET /api/v1/video-channels/{handle}/videos`.
pub async fn channel_videos(
    State(app): State<App>,
    Path(handle): Path<String>,
    Query(parameters): Parameters,
) -> ApiResult<Response> {
    let (name, host) = app.split_handle(&handle);
    let channel = channels::store::find_by_handle(&mut app.platform.db.read().await?, &name, &host).await?;
    let channel = channel.ok_or_else(|| Problem::not_found("Video channel not found"))?;
    let mut query = ListQuery::parse(&parameters)?;
    query.filters.channel = Some(channel.id);
    respond(&app, &query).await
}

/// `GET /api/v1/accounts/{handle}/videos`.
pub async fn account_videos(
    State(app): State<App>,
    Path(handle): Path<String>,
    Query(parameters): Parameters,
) -> ApiResult<Response> {
    let (name, host) = app.split_handle(&handle);
    let account = accounts::store::find_by_handle(&mut app.platform.db.read().await?, &name, &host).await?;
    let account = account.ok_or_else(|| Problem::not_found("Account not found"))?;
    let mut query = ListQuery::parse(&parameters)?;
    query.filters.account = Some(account.id);
    respond(&app, &query).await
}

async fn respond(app: &App, query: &ListQuery) -> ApiResult<Response> {
    let key = format!("{query:?}");
    let generation = app.platform.db.generation();
    let body = if let Some(body) = app.video_lists.get(generation, &key) {
        body
    } else {
        let body = render_list(app, query).await?;
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
    let list = ResultList { total, data: videos.iter().map(Summary::from).collect() };
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
    let details = Details {
        tags: store::tags(&mut connection, video.id).await?,
        redundancies: store::redundancies(&mut connection, video.id, app.platform.clock.now()).await?,
        video: &video,
        channel: &channel,
        account: &account,
        playlist,
    };
    Ok(Json(details.to_json()))
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
    if may_see(connection, &video, user).await? { Ok(video) } else { Err(not_found()) }
}

/// Whether somebody may know that a video exists, and watch it.
pub(crate) async fn may_see(connection: &mut Connection, video: &Video, user: Option<&User>) -> Result<bool, DbError> {
    let is_open = match video.privacy {
        Privacy::Public | Privacy::Unlisted => true,
        Privacy::Internal => user.is_some(),
        Privacy::Private => false,
    };
    if is_open && video.state == VideoState::Published {
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
