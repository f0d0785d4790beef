//! Playlists at their addresses: objects for servers, pages for people.

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use platform::{
    ids::parse_uuid,
    web::{ApiResult, Problem},
};
use uuid::Uuid;

use super::{ElementId, PlaylistPrivacy, element_store, federate, store};
use crate::{
    App,
    federation::{
        Paging,
        endpoints::{document, wants_document},
    },
};

fn missing() -> Problem {
    Problem::not_found("There is no such playlist here.")
}

/// `GET /video-playlists/{id}`, and its pages `?page=1` and so on.
pub async fn playlist(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<Paging>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let uuid = parse_uuid(&id).ok_or_else(missing)?;
    let mut connection = app.platform.db.read().await?;
    let Some(playlist) = store::find_by_uuid(&mut connection, uuid).await? else {
        return gone(&app, &mut connection, uuid).await;
    };
    if !wants_document(&headers) {
        return Ok(Redirect::to(&playlist.page_path()).into_response());
    }
    if playlist.privacy == PlaylistPrivacy::Private {
        return Err(missing());
    }
    if !playlist.is_local {
        return Ok(Redirect::to(&playlist.url).into_response());
    }
    let Some(page) = query.page else { return Ok(document(&federate::document(&app, &playlist))) };
    // A playlist says with its elements where the next page is; all of its pages are of one size.
    let paging = Paging { page: Some(page), ..Paging::default() };
    let elements = element_store::list(&mut connection, playlist.id, paging.limit(), paging.offset()).await?;
    Ok(document(&federate::page_document(&app, &playlist, page, &elements)))
}

async fn gone(app: &App, connection: &mut platform::db::Connection, uuid: Uuid) -> ApiResult<Response> {
    let url = app.ids.playlist(uuid);
    let deleted_at = crate::tombstones::store::deleted_at(connection, url.as_str()).await?.ok_or_else(missing)?;
    Ok((StatusCode::GONE, document(&federate::tombstone_document(url, deleted_at))).into_response())
}

/// `GET /video-playlists/{id}/videos/{element}`.
pub async fn element(State(app): State<App>, Path((id, element)): Path<(Uuid, i64)>) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let playlist = store::find_by_uuid(&mut connection, id).await?.ok_or_else(missing)?;
    if !playlist.is_local || playlist.privacy == PlaylistPrivacy::Private {
        return Err(missing());
    }
    let element = element_store::find(&mut connection, playlist.id, ElementId(element)).await?.ok_or_else(missing)?;
    let video = federate::video_of(&mut connection, &element).await?;
    Ok(document(&federate::element_document(&app, &playlist, &element, video.as_ref())))
}
