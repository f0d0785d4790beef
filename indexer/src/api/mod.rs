//! The REST interface of the index: that of a Sepia Search index, so that PeerTube, SearXNG, `NewPipe`, Grayjay and others
//! can use this one as it is.

mod answer;
mod collections;
mod info;
mod openapi;
mod parameters;
mod videos;

pub use answer::{ChannelAnswer, PlaylistAnswer, VideoAnswer};
pub use parameters::{BadParameter, Parameters};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use platform::web::Problem;
use tower_http::cors::{Any, CorsLayer};

use crate::{Config, collections::Collections, search::Searcher};

/// Instances send the list of hosts that they block with every search.
const MAX_BODY_BYTES: usize = 1_000_000;

/// What the handlers need.
#[derive(Debug, Clone)]
pub struct ApiState {
    /// Answers searches.
    pub searcher: Searcher,
    /// Channels and playlists.
    pub collections: Collections,
    /// The rules of this index.
    pub config: Config,
    /// Name of the site.
    pub site_name: String,
}

/// The routes, below the address that clients are given.
pub fn router(state: ApiState) -> Router {
    Router::new()
        .route("/api/v1/search/videos", search(get(videos::search).post(videos::search)))
        .route("/api/v1/search/video-channels", search(get(collections::channels).post(collections::channels)))
        .route("/api/v1/search/video-playlists", search(get(collections::playlists).post(collections::playlists)))
        .route("/api/v1/config", only("GET", get(info::config)))
        .route("/api/v1/openapi.json", only("GET", get(openapi::document)))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CorsLayer::new().allow_origin(Any).allow_methods([Method::GET, Method::POST]).allow_headers(Any))
        .with_state(state)
}

fn search(routes: MethodRouter<ApiState>) -> MethodRouter<ApiState> {
    only("GET, POST", routes)
}

fn only(allowed: &'static str, routes: MethodRouter<ApiState>) -> MethodRouter<ApiState> {
    routes.fallback(move |_: State<ApiState>, method: Method| async move { not_allowed(&method, allowed) })
}

fn not_allowed(method: &Method, allowed: &'static str) -> Response {
    let problem =
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not possible here, only {allowed}."));
    let mut response = problem.into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "tests.rs"]
#[expect(clippy::duplicate_mod, reason = "one suite for all engines: see `opensearch::testing`")]
mod tests_on_opensearch;
