use axum::{
    Json,
    extract::{RawQuery, State},
    http::HeaderMap,
};
use bytes::Bytes;
use platform::web::ApiResult;

use super::{
    ApiState,
    answer::{ChannelAnswer, Listing, PlaylistAnswer},
    videos::read,
};

/// `GET|POST /api/v1/search/video-channels`
pub(super) async fn channels(
    State(state): State<ApiState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult<Json<Listing<ChannelAnswer>>> {
    let parameters = read(query.as_deref().unwrap_or_default(), &headers, &body)?;
    let from_host = parameters.text("fromHost")?;
    let page = state.collections.channels.search(parameters.channel_query()?).await?;
    let data = page.hits.into_iter().map(|hit| ChannelAnswer::new(hit, from_host)).collect();
    Ok(Json(Listing { total: page.total, data }))
}

/// `GET|POST /api/v1/search/video-playlists`
pub(super) async fn playlists(
    State(state): State<ApiState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult<Json<Listing<PlaylistAnswer>>> {
    let parameters = read(query.as_deref().unwrap_or_default(), &headers, &body)?;
    let from_host = parameters.text("fromHost")?;
    let page = state.collections.playlists.search(parameters.playlist_query()?).await?;
    let data = page.hits.into_iter().map(|hit| PlaylistAnswer::new(hit, from_host)).collect();
    Ok(Json(Listing { total: page.total, data }))
}
