//! What a browser needs to offer this site among its search engines (OpenSearch 1.1).

use askama::Template;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::site::{Site, Xml};

/// Of the specification.
const MAX_SHORT_NAME: usize = 16;

/// `GET /opensearch.xml`
#[derive(Debug, Template)]
#[template(path = "search/opensearch.xml")]
struct Description {
    short_name: String,
    purpose: String,
    icon: String,
    results: String,
    suggestions: String,
    own_address: String,
}

pub(crate) async fn description(State(site): State<Site>) -> Response {
    let name = site.name();
    let description = Description {
        short_name: name.chars().take(MAX_SHORT_NAME).collect(),
        purpose: format!("Search videos of many sites with {name}"),
        icon: site.platform().public_url.join(&platform::web::asset_url("favicon.svg")).into(),
        results: site.address("/search"),
        suggestions: site.address("/suggestions"),
        own_address: site.address("/opensearch.xml"),
    };
    ([(header::CACHE_CONTROL, "public, max-age=86400")], Xml("application/opensearchdescription+xml", description))
        .into_response()
}
