//! How strangers find their way around here: WebFinger (RFC 7033), NodeInfo, host-meta.

use axum::{
    Json,
    extract::{Query, State},
    http::header,
    response::IntoResponse,
};
use federation::{
    host_meta,
    nodeinfo::{NodeInfo, Services, Software, Usage, UserCounts, WellKnown},
    webfinger::{Descriptor, Handle},
};
use platform::web::{ApiResult, Problem};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::{App, actors, users, videos};

const NODEINFO_TYPE: &str =
    "application/json; charset=utf-8; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.0#\"";

#[derive(Debug, Deserialize)]
pub struct Resource {
    resource: String,
}

/// `GET /.well-known/webfinger`.
pub async fn webfinger(State(app): State<App>, Query(query): Query<Resource>) -> ApiResult<impl IntoResponse> {
    let unknown = || Problem::not_found("Nobody here has that name.");
    let handle: Handle =
        query.resource.parse().map_err(|_| Problem::bad_request("Ask for a resource such as acct:name@host."))?;
    if handle.host.as_str() != app.platform.public_url.host() {
        return Err(unknown());
    }
    let actor = actors::store::find_local(&mut app.platform.db.read().await?, &handle.name).await?;
    let actor = actor.ok_or_else(unknown)?;
    let url = Url::parse(actor.url()).map_err(|error| Problem::internal(&error))?;
    let handle = Handle::new(actor.username, handle.host);
    let descriptor = Descriptor::of_actor(&handle, url, &app.platform.public_url.join("/"));
    Ok(([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Json(descriptor)))
}

/// `GET /.well-known/nodeinfo`.
pub async fn nodeinfo_links(State(app): State<App>) -> Json<WellKnown> {
    Json(WellKnown::new(app.platform.public_url.join("/nodeinfo/2.0.json"), app.ids.instance_actor()))
}

/// `GET /nodeinfo/2.0.json`.
pub async fn nodeinfo(State(app): State<App>) -> ApiResult<impl IntoResponse> {
    let mut connection = app.platform.db.read().await?;
    let total = users::store::count(&mut connection).await?.unsigned_abs();
    let local_posts = videos::store::count_local_listed(&mut connection).await?.unsigned_abs();
    let operator = &app.platform.operator;
    let document = NodeInfo {
        version: "2.0".to_owned(),
        software: Software::new("shoal", env!("CARGO_PKG_VERSION")),
        protocols: vec!["activitypub".to_owned()],
        services: Services::default(),
        open_registrations: false,
        usage: Usage { users: UserCounts { total, ..UserCounts::default() }, local_posts, local_comments: 0 },
        metadata: json!({ "nodeName": operator.name, "nodeDescription": operator.description, "taxonomy": { "postsName": "Videos" } }),
    };
    Ok(([(header::CONTENT_TYPE, NODEINFO_TYPE)], Json(document)))
}

/// `GET /.well-known/host-meta`.
pub async fn host_meta_document(State(app): State<App>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/xrd+xml; charset=utf-8")],
        host_meta::document(&app.platform.public_url.join("/")),
    )
}
