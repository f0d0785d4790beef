use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
};
use bytes::Bytes;
use platform::web::{ApiResult, Problem};
use tracing::error;

use super::{
    ApiState, BadParameter, Parameters,
    answer::{Listing, VideoAnswer},
};
use crate::search::SearchError;

/// `GET|POST /api/v1/search/videos`
pub(super) async fn search(
    State(state): State<ApiState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult<Json<Listing<VideoAnswer>>> {
    let parameters = read(query.as_deref().unwrap_or_default(), &headers, &body)?;
    let mut query = parameters.video_query()?;
    if !state.config.boost_languages {
        query.boost_languages.clear();
    }
    let page = if parameters.flag("explain")? {
        state.searcher.search_explained(query).await?
    } else {
        state.searcher.search(query).await?
    };
    let from_host = parameters.text("fromHost")?;
    let data = page.hits.into_iter().map(|hit| VideoAnswer::new(hit, from_host)).collect();
    Ok(Json(Listing { total: page.total, data }))
}

/// What was asked, in the query, in the body, or in both.
pub(super) fn read(query: &str, headers: &HeaderMap, body: &[u8]) -> Result<Parameters, BadParameter> {
    let parameters = Parameters::from_query(query);
    if body.is_empty() {
        return Ok(parameters);
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let sent = if kind.starts_with("application/x-www-form-urlencoded") {
        Parameters::from_query(&String::from_utf8_lossy(body))
    } else {
        Parameters::from_json(body)?
    };
    Ok(parameters.overridden_by(sent))
}

impl From<BadParameter> for Problem {
    fn from(bad: BadParameter) -> Self {
        Self::new(StatusCode::BAD_REQUEST, bad.to_string())
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Db(error) => error.into(),
            SearchError::Interrupted => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server is stopping. Try again in a moment.")
                    .retry_after(5)
            }
            SearchError::OpenSearch(error) if error.is_passing() => {
                error!(%error, "a search could not be done");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The search is out of order for the moment. Try again later.",
                )
                .retry_after(30)
            }
            error @ (SearchError::Index(_) | SearchError::OpenSearch(_) | SearchError::Panicked) => {
                Self::internal(&error)
            }
        }
    }
}
