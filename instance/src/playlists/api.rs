//! Playlists in PeerTube's REST API.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Multipart, Path, Query, State},
    http::StatusCode,
};
use platform::{
    db::Connection,
    ids::{parse_uuid, short_uuid},
    web::{ApiResult, Problem},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Playlist, PlaylistError, PlaylistId, PlaylistPrivacy, actions, form, listing::PlaylistQuery,
    pictures::PictureError, positions::Move, representation::playlists_json, store,
};
use crate::{
    App, accounts,
    address::ClientAddress,
    lookup::{self, Found, api::Search},
    moderation::may_see_actor,
    oauth::{Session, SignedIn},
    users::User,
};

pub(super) type Parameters = Query<Vec<(String, String)>>;

/// `GET /api/v1/video-playlists`: the public ones, of here and elsewhere.
pub async fn list(State(app): State<App>, Query(parameters): Parameters) -> ApiResult<Json<Value>> {
    respond(&app, &PlaylistQuery::parse(&parameters)?).await
}

/// `GET /api/v1/search/video-playlists`: by words of the title, where empty ones are not found; or the one playlist whose
/// address is pasted, from wherever it is.
pub async fn search(
    State(app): State<App>,
    address: Result<ClientAddress, Problem>,
    Query(parameters): Parameters,
    session: Session,
) -> ApiResult<Json<Value>> {
    let found = match lookup::api::bring(&app, address, session.clone(), &parameters).await? {
        Search::One(Found::Playlist(uuid)) => store::find_by_uuid(&mut app.platform.db.read().await?, uuid).await?,
        Search::One(_) | Search::Nothing => None,
        Search::Words => {
            let mut query = PlaylistQuery::parse(&parameters)?;
            query.filter.has_videos = true;
            return respond(&app, &query).await;
        }
    };
    let user = session.user.as_ref();
    let mut found = found.filter(|playlist| playlist.may_be_seen_by(user));
    if let Some(playlist) = &found {
        let mut connection = app.platform.db.read().await?;
        if !may_see_actor(&mut connection, playlist.account_actor_id, user).await? {
            found = None;
        }
    }
    let data = playlists_json(&app, &mut app.platform.db.read().await?, &found).await?;
    Ok(Json(json!({ "total": data.len(), "data": data })))
}

/// `GET /api/v1/accounts/{handle}/video-playlists`: for the owner all of them.
pub async fn of_account(
    State(app): State<App>,
    Path(handle): Path<String>,
    Query(parameters): Parameters,
    session: Session,
) -> ApiResult<Json<Value>> {
    let (name, host) = app.split_handle(&handle);
    let account = accounts::store::find_by_handle(&mut app.platform.db.read().await?, &name, &host).await?;
    let account = account.ok_or_else(|| Problem::not_found("Account not found"))?;
    let mut query = PlaylistQuery::parse(&parameters)?;
    query.filter.account = Some(account.id);
    let is_owner = session.user.is_some_and(|user| account.user_id == Some(user.id));
    if is_owner {
        actions::ensure_watch_later(&app, &account).await?;
        query.filter.owner = Some(account.id);
    }
    respond(&app, &query).await
}

/// `GET /api/v1/video-channels/{handle}/video-playlists`: for the owner all of them.
pub async fn of_channel(
    State(app): State<App>,
    Path(handle): Path<String>,
    Query(parameters): Parameters,
    session: Session,
) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let channel = actions::channel_of(&app, &mut connection, &handle).await?;
    let channel = channel.ok_or_else(|| Problem::not_found("Video channel not found"))?;
    let mut query = PlaylistQuery::parse(&parameters)?;
    query.filter.channel = Some(channel.id);
    if let Some(user) = session.user {
        query.filter.owner = accounts::store::find_by_user(&mut connection, user.id).await?.map(|account| account.id);
    }
    drop(connection);
    respond(&app, &query).await
}

async fn respond(app: &App, query: &PlaylistQuery) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let playlists = store::list(&mut connection, query).await?;
    let total = store::count(&mut connection, &query.filter).await?;
    let data = playlists_json(app, &mut connection, &playlists).await?;
    Ok(Json(json!({ "total": total, "data": data })))
}

/// `GET /api/v1/video-playlists/privacies`.
pub async fn privacies() -> Json<BTreeMap<i64, &'static str>> {
    Json(PlaylistPrivacy::ALL.into_iter().map(|privacy| (privacy.number(), privacy.label())).collect())
}

/// `GET /api/v1/video-playlists/{id}`: by number, UUID or short UUID.
pub async fn details(State(app): State<App>, Path(id): Path<String>, session: Session) -> ApiResult<Json<Value>> {
    let playlist = find_visible(&mut app.platform.db.read().await?, &id, session.user.as_ref()).await?;
    actions::refresh_if_old(&app, &playlist).await?;
    let mut shown = playlists_json(&app, &mut app.platform.db.read().await?, [&playlist]).await?;
    Ok(Json(shown.pop().unwrap_or_default()))
}

/// `POST /api/v1/video-playlists`.
pub async fn create(State(app): State<App>, session: SignedIn, form: Multipart) -> ApiResult<Json<Value>> {
    let (id, uuid) = actions::create(&app, &session.user, form::read(form).await?).await?;
    Ok(Json(json!({ "videoPlaylist": { "id": id.0, "uuid": uuid, "shortUUID": short_uuid(uuid) } })))
}

/// `PUT /api/v1/video-playlists/{id}`.
pub async fn update(
    State(app): State<App>,
    Path(id): Path<String>,
    session: SignedIn,
    form: Multipart,
) -> ApiResult<StatusCode> {
    let id = find_id(&app, &id, &session.user).await?;
    actions::change(&app, &session.user, id, form::read(form).await?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/video-playlists/{id}`.
pub async fn delete(State(app): State<App>, Path(id): Path<String>, session: SignedIn) -> ApiResult<StatusCode> {
    let id = find_id(&app, &id, &session.user).await?;
    actions::delete(&app, &session.user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is to be moved where.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reordering {
    start_position: usize,
    insert_after_position: usize,
    reorder_length: Option<usize>,
}

impl From<Reordering> for Move {
    fn from(asked: Reordering) -> Self {
        Self {
            start: asked.start_position,
            insert_after: asked.insert_after_position,
            length: asked.reorder_length.unwrap_or(1),
        }
    }
}

/// `POST /api/v1/video-channels/{handle}/video-playlists/reorder`.
pub async fn reorder_of_channel(
    State(app): State<App>,
    Path(handle): Path<String>,
    session: SignedIn,
    Json(step): Json<Reordering>,
) -> ApiResult<StatusCode> {
    let channel = actions::channel_of(&app, &mut app.platform.db.read().await?, &handle).await?;
    let channel = channel.ok_or_else(|| Problem::not_found("Video channel not found"))?;
    actions::reorder_channel(&app, &session.user, &channel, step.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Finds a playlist that the asker may see: what they may not see is not there.
pub(super) async fn find_visible(connection: &mut Connection, id: &str, user: Option<&User>) -> ApiResult<Playlist> {
    let playlist = match (parse_uuid(id), id.parse::<i64>()) {
        (Some(uuid), _) => store::find_by_uuid(connection, uuid).await?,
        (None, Ok(number)) => store::find(connection, PlaylistId(number)).await?,
        (None, Err(_)) => {
            return Err(Problem::bad_request("That is no id of a playlist: use its number, UUID or short UUID"));
        }
    };
    // A number is easily guessed: what is unlisted is found by its UUID alone.
    let is_guessed = parse_uuid(id).is_none();
    let is_visible = |playlist: &Playlist| {
        let is_own = user.is_some_and(|user| playlist.may_be_changed_by(user));
        let is_hidden = is_guessed && playlist.privacy == PlaylistPrivacy::Unlisted && !is_own;
        playlist.may_be_seen_by(user) && !is_hidden
    };
    let playlist = playlist.filter(is_visible).ok_or(PlaylistError::NotFound)?;
    if may_see_actor(connection, playlist.account_actor_id, user).await? {
        return Ok(playlist);
    }
    Err(Problem::not_found("This server hides this playlist."))
}

pub(super) async fn find_id(app: &App, id: &str, user: &User) -> ApiResult<PlaylistId> {
    Ok(find_visible(&mut app.platform.db.read().await?, id, Some(user)).await?.id)
}

impl From<PlaylistError> for Problem {
    fn from(error: PlaylistError) -> Self {
        match error {
            PlaylistError::Invalid(_) | PlaylistError::WatchLater => Self::bad_request(error.to_string()),
            PlaylistError::NotFound | PlaylistError::NoElement => Self::not_found(error.to_string()),
            PlaylistError::Foreign(_) => Self::forbidden(error.to_string()),
            PlaylistError::TooMany(_) => Self::new(StatusCode::CONFLICT, error.to_string()),
            PlaylistError::Picture(error) => error.into(),
            PlaylistError::Db(error) => error.into(),
        }
    }
}

impl From<PictureError> for Problem {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::Media(media) if media.is_permanent() => Self::bad_request(media.to_string()),
            PictureError::Media(media) => Self::internal(&media),
            PictureError::Scratch(error) => error.into(),
            PictureError::Storage(error) => error.into(),
        }
    }
}
