use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use platform::{
    ids::short_uuid,
    web::{ApiResult, Problem},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ElementId,
    actions::{self, Times},
    api::{Parameters, Reordering, find_id, find_visible},
    element_store,
    listing::page,
    representation::{elements_json, look_at},
};
use crate::{
    App,
    listing::wrong,
    oauth::{Session, SignedIn},
    videos::{VideoId, find_visible as find_video},
};

/// Videos that can be asked about at once.
const MAX_ASKED: usize = 200;

/// `GET /api/v1/video-playlists/{id}/videos`.
pub async fn elements(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(parameters): Parameters,
    session: Session,
) -> ApiResult<Json<Value>> {
    let (start, count) = page(&parameters)?;
    let mut connection = app.platform.db.read().await?;
    let playlist = find_visible(&mut connection, &id, session.user.as_ref()).await?;
    let elements = element_store::list(&mut connection, playlist.id, count, start).await?;
    let shown = look_at(&app, &mut connection, &elements, session.user.as_ref()).await?;
    let data = elements_json(&app, &mut connection, &elements, &shown).await?;
    Ok(Json(json!({ "total": playlist.length, "data": data })))
}

/// A video for a playlist.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewVideo {
    video_id: Value,
    start_timestamp: Option<i64>,
    stop_timestamp: Option<i64>,
}

/// `POST /api/v1/video-playlists/{id}/videos`.
pub async fn add_video(
    State(app): State<App>,
    Path(id): Path<String>,
    session: SignedIn,
    Json(new): Json<NewVideo>,
) -> ApiResult<Json<Value>> {
    let id = find_id(&app, &id, &session.user).await?;
    let video = match &new.video_id {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let video = find_video(&mut app.platform.db.read().await?, &video, Some(&session.user)).await?;
    let times = Times { start_s: new.start_timestamp, stop_s: new.stop_timestamp };
    let element = actions::add(&app, &session.user, id, &video, times).await?;
    Ok(Json(json!({ "videoPlaylistElement": { "id": element.0 } })))
}

/// From when to when an element plays.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTimes {
    start_timestamp: Option<i64>,
    stop_timestamp: Option<i64>,
}

/// `PUT /api/v1/video-playlists/{id}/videos/{element}`.
pub async fn change_element(
    State(app): State<App>,
    Path((id, element)): Path<(String, i64)>,
    session: SignedIn,
    Json(new): Json<NewTimes>,
) -> ApiResult<StatusCode> {
    let id = find_id(&app, &id, &session.user).await?;
    let times = Times { start_s: new.start_timestamp, stop_s: new.stop_timestamp };
    actions::set_times(&app, &session.user, id, ElementId(element), times).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/video-playlists/{id}/videos/{element}`.
pub async fn remove_element(
    State(app): State<App>,
    Path((id, element)): Path<(String, i64)>,
    session: SignedIn,
) -> ApiResult<StatusCode> {
    let id = find_id(&app, &id, &session.user).await?;
    actions::take_out(&app, &session.user, id, ElementId(element)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/video-playlists/{id}/videos/reorder`.
pub async fn reorder(
    State(app): State<App>,
    Path(id): Path<String>,
    session: SignedIn,
    Json(step): Json<Reordering>,
) -> ApiResult<StatusCode> {
    let id = find_id(&app, &id, &session.user).await?;
    actions::reorder(&app, &session.user, id, step.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/users/me/video-playlists/videos-exist`: in which of the asker's playlists some videos are.
pub async fn videos_exist(
    State(app): State<App>,
    Query(parameters): Parameters,
    session: SignedIn,
) -> ApiResult<Json<Value>> {
    let mut ids = vec![];
    for (name, value) in parameters.iter().filter(|(name, _)| name.trim_end_matches("[]") == "videoIds") {
        ids.push(VideoId(value.parse().map_err(|_| wrong(name, value))?));
    }
    if ids.len() > MAX_ASKED {
        return Err(Problem::bad_request(format!("videoIds has more than {MAX_ASKED} values")));
    }
    let mut connection = app.platform.db.read().await?;
    let account = actions::account_of(&mut connection, &session.user).await?;
    let mut answer: BTreeMap<String, Vec<Value>> = ids.iter().map(|id| (id.0.to_string(), vec![])).collect();
    for place in element_store::occurrences(&mut connection, account.id, &ids).await? {
        answer.entry(place.video_id.0.to_string()).or_default().push(json!({
            "playlistElementId": place.element_id.0,
            "playlistId": place.playlist_id.0,
            "playlistDisplayName": place.playlist_name,
            "playlistShortUUID": short_uuid(place.playlist_uuid),
            "startTimestamp": place.start_s,
            "stopTimestamp": place.stop_s,
        }));
    }
    Ok(Json(json!(answer)))
}
