//! Our actors, objects and collections as documents. The same addresses are pages for people.

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use federation::{
    ACTIVITY_JSON, accepts_activity, ids,
    wire::{Action, Activity, Audience, Collection, CollectionPage},
};
use platform::{
    db::Connection,
    ids::parse_uuid,
    web::{ApiResult, Nonce, Problem},
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{
    App, accounts,
    actors::{self, Actor, ActorKind, federate::Introduction},
    channels, follows,
    oauth::Session,
    videos::{self, Privacy, VideoState},
};

const PAGE_SIZE: i64 = 10;

pub(crate) fn document(value: &Value) -> Response {
    let headers =
        [(header::CONTENT_TYPE, ACTIVITY_JSON), (header::VARY, "accept"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (headers, value.to_string()).into_response()
}

pub(crate) fn wants_document(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(accepts_activity)
}

fn not_found() -> Problem {
    Problem::not_found("There is no such actor or object here.")
}

/// `GET /accounts/{name}`.
pub async fn account(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> ApiResult<Response> {
    actor_document(&app, &name, false, &headers).await
}

/// `GET /video-channels/{name}`.
pub async fn channel(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> ApiResult<Response> {
    actor_document(&app, &name, true, &headers).await
}

async fn actor_document(app: &App, name: &str, is_channel: bool, headers: &HeaderMap) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let actor = local_actor(&mut connection, name, is_channel).await?;
    if !wants_document(headers) {
        return Ok(Redirect::to("/videos/local").into_response());
    }
    let introduction = if is_channel {
        let channel = channels::store::find_by_actor(&mut connection, actor.id).await?.ok_or_else(not_found)?;
        let owner = actors::store::find(&mut connection, channel.owner_actor_id).await?;
        Introduction {
            display_name: channel.display_name,
            description: channel.description,
            support: channel.support,
            owner: owner.and_then(|owner| Url::parse(owner.url()).ok()),
        }
    } else {
        let account = accounts::store::find_by_actor(&mut connection, actor.id).await?.ok_or_else(not_found)?;
        Introduction { display_name: account.display_name, description: account.description, ..Introduction::default() }
    };
    actors::federate::document(app, &actor, introduction).map(|value| document(&value)).ok_or_else(not_found)
}

async fn local_actor(connection: &mut Connection, name: &str, is_channel: bool) -> ApiResult<Actor> {
    let actor = actors::store::find_local(connection, name).await?;
    actor.filter(|actor| (actor.kind() == ActorKind::Group) == is_channel).ok_or_else(not_found)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageNumber {
    pub(crate) page: Option<u64>,
}

/// `GET /accounts/{name}/outbox`: for the server's own actor what it shared, for others what they published.
pub async fn account_outbox(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<PageNumber>,
) -> ApiResult<Response> {
    outbox(&app, &name, false, query.page).await
}

/// `GET /video-channels/{name}/outbox`.
pub async fn channel_outbox(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<PageNumber>,
) -> ApiResult<Response> {
    outbox(&app, &name, true, query.page).await
}

async fn outbox(app: &App, name: &str, is_channel: bool, page: Option<u64>) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let actor = local_actor(&mut connection, name, is_channel).await?;
    let mut filters = videos::Filters { is_local: Some(true), ..videos::Filters::default() };
    match actor.kind() {
        ActorKind::Group => {
            let channel = channels::store::find_by_actor(&mut connection, actor.id).await?.ok_or_else(not_found)?;
            filters.channel = Some(channel.id);
        }
        ActorKind::Application => {}
        _ => {
            let account = accounts::store::find_by_actor(&mut connection, actor.id).await?.ok_or_else(not_found)?;
            filters.account = Some(account.id);
        }
    }
    let total = videos::store::count(&mut connection, &filters).await?.unsigned_abs();
    let url = Url::parse(actor.url()).map_err(|error| Problem::internal(&error))?;
    let id = ids::under(&url, "outbox");
    let Some(page) = page else { return Ok(document(&Collection::new(id, total).to_document())) };
    let list = videos::ListQuery { filters, start: offset(page), count: PAGE_SIZE, ..videos::ListQuery::default() };
    let videos = videos::store::list(&mut connection, &list).await?;
    let items = videos.iter().map(|video| outbox_item(app, &actor, &url, video)).collect();
    Ok(document(&CollectionPage::new(&id, page, total, items).to_document()))
}

fn outbox_item(app: &App, actor: &Actor, url: &Url, video: &videos::Video) -> Value {
    let id = app.ids.announce(video.uuid, actor.id.0);
    let announce = Activity::new(id, url.clone(), Action::Announce(app.ids.video(video.uuid)));
    Value::Object(announce.addressed(Audience::public([ids::under(url, "followers")])).to_members())
}

pub(crate) fn offset(page: u64) -> i64 {
    i64::try_from(page.saturating_sub(1)).unwrap_or(i64::MAX / PAGE_SIZE).saturating_mul(PAGE_SIZE).min(1_000_000)
}

/// `GET /accounts/{name}/followers`.
pub async fn account_followers(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<PageNumber>,
) -> ApiResult<Response> {
    follows_collection(&app, &name, false, "followers", query.page).await
}

/// `GET /video-channels/{name}/followers`.
pub async fn channel_followers(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<PageNumber>,
) -> ApiResult<Response> {
    follows_collection(&app, &name, true, "followers", query.page).await
}

/// `GET /accounts/{name}/following`.
pub async fn account_following(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<PageNumber>,
) -> ApiResult<Response> {
    follows_collection(&app, &name, false, "following", query.page).await
}

/// `GET /video-channels/{name}/following`.
pub async fn channel_following(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<PageNumber>,
) -> ApiResult<Response> {
    follows_collection(&app, &name, true, "following", query.page).await
}

async fn follows_collection(
    app: &App,
    name: &str,
    is_channel: bool,
    which: &'static str,
    page: Option<u64>,
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
    let total = total.unsigned_abs();
    let Some(page) = page else { return Ok(document(&Collection::new(id, total).to_document())) };
    let items = if is_followers {
        let follows = follows::store::followers(&mut connection, actor.id, PAGE_SIZE, offset(page)).await?;
        follows.into_iter().map(|follow| follow.follower_url.into()).collect()
    } else {
        let follows = follows::store::following(&mut connection, actor.id, PAGE_SIZE, offset(page)).await?;
        follows.into_iter().map(|follow| follow.target_url.into()).collect()
    };
    Ok(document(&CollectionPage::new(&id, page, total, items).to_document()))
}

/// `GET /videos/watch/{id}`: the object for servers, the page for people.
pub async fn video(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    nonce: Nonce,
    session: Session,
) -> ApiResult<Response> {
    if !wants_document(&headers) {
        return Ok(videos::pages::watch(app, nonce, session, id).await);
    }
    let uuid = parse_uuid(&id).ok_or_else(not_found)?;
    let mut connection = app.platform.db.read().await?;
    let video = videos::store::find_by_uuid(&mut connection, uuid).await?.ok_or_else(not_found)?;
    if !video.is_local {
        return Ok(Redirect::to(&video.url).into_response());
    }
    let is_open = matches!(video.privacy, Privacy::Public | Privacy::Unlisted);
    if !is_open || video.state != VideoState::Published {
        return Err(not_found());
    }
    Ok(document(&videos::federate::document(&app, &mut connection, &video).await?))
}

/// `GET /videos/watch/{id}/{likes|dislikes|comments|announces}`: how many there are.
pub async fn video_collection(
    State(app): State<App>,
    Path((id, which)): Path<(String, String)>,
) -> ApiResult<Response> {
    let uuid = parse_uuid(&id).ok_or_else(not_found)?;
    let video = videos::store::find_by_uuid(&mut app.platform.db.read().await?, uuid).await?.ok_or_else(not_found)?;
    let total = match which.as_str() {
        _ if !video.is_local || !video.is_listed() => return Err(not_found()),
        "likes" => video.likes,
        "dislikes" => video.dislikes,
        "comments" | "announces" => 0,
        _ => return Err(not_found()),
    };
    let id = ids::under(&app.ids.video(uuid), &which);
    Ok(document(&Collection::new(id, total.unsigned_abs()).to_document()))
}
