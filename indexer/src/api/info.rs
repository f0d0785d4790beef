use axum::{Json, extract::State};
use platform::web::ApiResult;
use serde::Serialize;

use super::ApiState;

/// What clients are told about this index.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IndexInfo {
    search_instance_name: String,
    search_instance_name_image: Option<String>,
    search_instance_search_image: Option<String>,
    legal_notices_url: Option<String>,
    indexed_hosts_count: u64,
    indexed_videos_count: u64,
    indexed_channels_count: u64,
    indexed_playlists_count: u64,
    indexed_instances_url: Option<String>,
}

/// `GET /api/v1/config`
pub(super) async fn config(State(state): State<ApiState>) -> ApiResult<Json<IndexInfo>> {
    let counts = state.searcher.counts().await?;
    Ok(Json(IndexInfo {
        search_instance_name: state.site_name.clone(),
        search_instance_name_image: None,
        search_instance_search_image: None,
        legal_notices_url: state.config.legal_notices_url.clone(),
        indexed_hosts_count: counts.hosts,
        indexed_videos_count: counts.videos,
        indexed_channels_count: state.collections.channels.count().await?,
        indexed_playlists_count: state.collections.playlists.count().await?,
        indexed_instances_url: None,
    }))
}
