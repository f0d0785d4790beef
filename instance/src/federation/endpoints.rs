//! Our actors, objects and collections as documents. The same addresses are pages for people.

use axum::{
    extract::{Path, Query, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use federation::{ACTIVITY_JSON, accepts_activity, ids};
use platform::{
    db::Connection,
    ids::parse_uuid,
    web::{ApiResult, Nonce, Problem},
};
use serde_json::Value;
use url::Url;

use super::{
    outbox::{self, OutboxQuery},
    paging::Paging,
};
use crate::{
    App,
    actors::{self, Actor, ActorId, ActorKind},
    comments, follows,
    oauth::Session,
    rates::{self, Rating},
    shares, tombstones,
    videos::{self, Video, VideoId},
    views,
};

pub(crate) fn document(value: &Value) -> Response {
    let headers =
        [(header::CONTENT_TYPE, ACTIVITY_JSON), (header::VARY, "accept"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (headers, value.to_string()).into_response()
}

pub(crate) fn wants_document(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(accepts_activity)
}

pub(super) fn not_found() -> Problem {
    Problem::not_found("There is no such actor or object here.")
}

/// While federation is off, there are pages for people here, and nothing for servers.
pub async fn while_federating(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.border.settings().federates || is_for_people(&request) {
        return next.run(request).await;
    }
    let status = if request.method() == Method::POST { StatusCode::FORBIDDEN } else { StatusCode::NOT_FOUND };
    Problem::new(status, "This server does not federate at the moment.").into_response()
}

fn is_for_people(request: &Request) -> bool {
    let mut path = request.uri().path().split('/').skip(1);
    let is_page = matches!(
        (path.next(), path.next(), path.next(), path.next()),
        (Some("accounts" | "video-channels"), Some(_), None, None) | (Some("videos"), Some("watch"), Some(_), None)
    );
    is_page && request.method().is_safe() && !wants_document(request.headers())
}

/// `GET /accounts/{name}`.
pub async fn account(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> ApiResult<Response> {
    actor_document(&app, &name, false, &headers).await
}

/// `GET /video-channels/{name}`.
pub async fn channel(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> ApiResult<Response> {
    actor_document(&app, &name, true, &headers).await
}

/// For servers the document of one of our actors, or what is left of it; for people its page.
async fn actor_document(app: &App, name: &str, is_channel: bool, headers: &HeaderMap) -> ApiResult<Response> {
    if !wants_document(headers) {
        let folder = if is_channel { "c" } else { "a" };
        return Ok(Redirect::to(&format!("/{folder}/{}", path_segment(name))).into_response());
    }
    let (username, host) = app.split_handle(name);
    let mut connection = app.platform.db.read().await?;
    if host != app.platform.public_url.host() {
        let remote = actors::store::find_by_handle(&mut connection, &username, &host).await?.ok_or_else(not_found)?;
        return Ok(Redirect::to(remote.url()).into_response());
    }
    let actor = local_actor(&mut connection, &username, is_channel).await?;
    if let Some(value) = actors::federate::document(app, &mut connection, &actor).await? {
        return Ok(document(&value));
    }
    let deleted_at = tombstones::store::deleted_at(&mut connection, actor.url()).await?.ok_or_else(not_found)?;
    let stone = actors::federate::tombstone(&actor, deleted_at).ok_or_else(not_found)?;
    Ok((StatusCode::GONE, document(&stone)).into_response())
}

/// A name as it may stand in a path.
pub(crate) fn path_segment(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20").replace("%40", "@")
}

pub(super) async fn local_actor(connection: &mut Connection, name: &str, is_channel: bool) -> ApiResult<Actor> {
    let actor = actors::store::find_local(connection, name).await?;
    actor.filter(|actor| (actor.kind() == ActorKind::Group) == is_channel).ok_or_else(not_found)
}

/// `GET /accounts/{name}/outbox`: for the server's own actor what it shared, for others what they published.
pub async fn account_outbox(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<OutboxQuery>,
) -> ApiResult<Response> {
    outbox::respond(&app, &name, false, &query).await
}

/// `GET /video-channels/{name}/outbox`.
pub async fn channel_outbox(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<OutboxQuery>,
) -> ApiResult<Response> {
    outbox::respond(&app, &name, true, &query).await
}

/// `GET /accounts/{name}/followers`.
pub async fn account_followers(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<Paging>,
) -> ApiResult<Response> {
    follows_collection(&app, &name, false, "followers", query).await
}

/// `GET /video-channels/{name}/followers`.
pub async fn channel_followers(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<Paging>,
) -> ApiResult<Response> {
    follows_collection(&app, &name, true, "followers", query).await
}

/// `GET /accounts/{name}/following`.
pub async fn account_following(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<Paging>,
) -> ApiResult<Response> {
    follows_collection(&app, &name, false, "following", query).await
}

/// `GET /video-channels/{name}/following`.
pub async fn channel_following(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<Paging>,
) -> ApiResult<Response> {
    follows_collection(&app, &name, true, "following", query).await
}

async fn follows_collection(
    app: &App,
    name: &str,
    is_channel: bool,
    which: &'static str,
    paging: Paging,
) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let actor = local_actor(&mut connection, name, is_channel).await?;
    let url = Url::parse(actor.url()).map_err(|error| Problem::internal(&error))?;
    let id = ids::under(&url, which);
    let is_followers = which == "followers";
    let total = if is_followers {
        follows::store::count_followers(&mut connection, actor.id).await?
    } else {
        follows::store::count_following(&mut connection, actor.id).await?
    };
    let items = match paging.page {
        None => vec![],
        Some(_) if is_followers => {
            let follows = follows::store::followers(&mut connection, actor.id, paging.limit(), paging.offset()).await?;
            follows.into_iter().map(|follow| follow.follower_url.into()).collect()
        }
        Some(_) => {
            let follows = follows::store::following(&mut connection, actor.id, paging.limit(), paging.offset()).await?;
            follows.into_iter().map(|follow| follow.target_url.into()).collect()
        }
    };
    Ok(document(&paging.document(&id, total.unsigned_abs(), items)))
}

/// `GET /videos/watch/{id}` and `GET /w/{id}`: the object for servers, the page for people.
pub async fn video(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(shown): Query<comments::pages::Shown>,
    headers: HeaderMap,
    nonce: Nonce,
    session: Session,
) -> ApiResult<Response> {
    if !wants_document(&headers) {
        return Ok(videos::pages::watch(app, nonce, session, id, shown).await);
    }
    let uuid = parse_uuid(&id).ok_or_else(not_found)?;
    let mut connection = app.platform.db.read().await?;
    let Some(video) = videos::store::find_by_uuid(&mut connection, uuid).await? else {
        return tombstone(&mut connection, app.ids.video(uuid)).await;
    };
    if !video.is_local {
        return Ok(Redirect::to(&video.url).into_response());
    }
    if !videos::federate::is_told(&mut connection, &video).await? {
        return Err(not_found());
    }
    Ok(document(&videos::federate::document(&app, &mut connection, &video).await?))
}

/// What is left of a video that was deleted here.
async fn tombstone(connection: &mut Connection, id: Url) -> ApiResult<Response> {
    let deleted = tombstones::store::deleted_at(connection, id.as_str()).await?.ok_or_else(not_found)?;
    let left = document(&videos::federate::tombstone_document(id, deleted));
    Ok((StatusCode::GONE, left).into_response())
}

/// A video of ours whose object is served: then all that the object names is served, too.
async fn served_video(connection: &mut Connection, id: &str) -> ApiResult<Video> {
    let uuid = parse_uuid(id).ok_or_else(not_found)?;
    let video = videos::store::find_by_uuid(connection, uuid).await?.filter(|video| video.is_local);
    let video = video.ok_or_else(not_found)?;
    if videos::federate::is_told(connection, &video).await? { Ok(video) } else { Err(not_found()) }
}

/// `GET /videos/watch/{id}/activity`: the activity with which it was published.
pub async fn video_creation(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let video = served_video(&mut connection, &id).await?;
    Ok(document(&videos::federate::creation_document(&app, &mut connection, &video).await?))
}

/// `GET /videos/watch/{id}/chapters`.
pub async fn video_chapters(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let video = served_video(&mut connection, &id).await?;
    Ok(document(&videos::federate::chapters_document(&app, &mut connection, &video).await?))
}

/// `GET /videos/watch/{id}/{likes|dislikes|announces}`.
pub async fn video_collection(
    State(app): State<App>,
    Path((id, which)): Path<(String, String)>,
    Query(query): Query<Paging>,
) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let video = served_video(&mut connection, &id).await?;
    let id = ids::under(&app.ids.video(video.uuid), &which);
    let value = match which.as_str() {
        "likes" => rates::federate::collection(&mut connection, &video, &id, Rating::Like, query).await?,
        "dislikes" => rates::federate::collection(&mut connection, &video, &id, Rating::Dislike, query).await?,
        "announces" => shares::federate::collection(&mut connection, &video, &id, query).await?,
        _ => return Err(not_found()),
    };
    Ok(document(&value))
}

/// `GET /videos/watch/{id}/announces/{actor}`.
pub async fn announcement(State(app): State<App>, Path((id, actor)): Path<(String, i64)>) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let video = served_video(&mut connection, &id).await?;
    let value = shares::federate::document(&app, &mut connection, &video, ActorId(actor)).await?;
    value.map(|value| document(&value)).ok_or_else(not_found)
}

/// `GET /accounts/{name}/likes/{video}`.
pub async fn like(State(app): State<App>, Path((name, video)): Path<(String, i64)>) -> ApiResult<Response> {
    rate(&app, &name, Rating::Like, video).await
}

/// `GET /accounts/{name}/dislikes/{video}`.
pub async fn dislike(State(app): State<App>, Path((name, video)): Path<(String, i64)>) -> ApiResult<Response> {
    rate(&app, &name, Rating::Dislike, video).await
}

async fn rate(app: &App, name: &str, rating: Rating, video: i64) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let value = rates::federate::document(app, &mut connection, name, rating, VideoId(video)).await?;
    value.map(|value| document(&value)).ok_or_else(not_found)
}

/// `GET /videos/local-viewer/{uuid}`.
pub async fn local_viewer(State(app): State<App>, Path(uuid): Path<String>) -> ApiResult<Response> {
    let uuid = parse_uuid(&uuid).ok_or_else(not_found)?;
    let value = views::federate::watch_document(&app, &mut app.platform.db.read().await?, uuid).await?;
    value.map(|value| document(&value)).ok_or_else(not_found)
}
