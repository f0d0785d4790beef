//! How strangers find their way around here: WebFinger (RFC 7033), NodeInfo, host-meta.

use axum::{
    Json,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect},
};
use chrono::TimeDelta;
use federation::{
    host_meta,
    ids::INSTANCE_ACTOR_NAME,
    nodeinfo::{self, NodeInfo, Services, Software, Usage, UserCounts, WellKnown},
    origin::{Host, same_host},
    webfinger::{self, Descriptor, DescriptorLink, Handle},
};
use platform::web::{ApiResult, Problem};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::{App, actors, compose::RoleName, instance_api, users, videos};

const PROFILE_PAGE: &str = "http://webfinger.net/rel/profile-page";
/// Who is active in a month, and who in half a year, as NodeInfo counts.
const A_MONTH: TimeDelta = TimeDelta::days(30);
const HALF_A_YEAR: TimeDelta = TimeDelta::days(180);

#[derive(Debug, Deserialize)]
pub struct Resource {
    resource: String,
}

/// `GET /.well-known/webfinger`: asked by handle, or by the address of an actor or of its page.
pub async fn webfinger(State(app): State<App>, Query(query): Query<Resource>) -> ApiResult<impl IntoResponse> {
    let unknown = || Problem::not_found("Nobody here has that name.");
    let mut connection = app.platform.db.read().await?;
    let actor = match name_of(&app, &query.resource)? {
        Some(name) => actors::store::find_local(&mut connection, &name).await?,
        None => None,
    };
    let Some(actor) = actor else {
        drop(connection);
        return Ok(found(describe_index(&app, &query.resource).await?.ok_or_else(unknown)?));
    };
    if crate::tombstones::store::deleted_at(&mut connection, actor.url()).await?.is_some() {
        return Err(Problem::new(StatusCode::GONE, "Whoever had that name is gone."));
    }
    let url = Url::parse(actor.url()).map_err(|error| Problem::internal(&error))?;
    let host: Host = app.platform.public_url.host().parse().map_err(|_| unknown())?;
    let page = app.platform.public_url.join(&actor.page_path());
    let handle = Handle::new(actor.username, host);
    let mut descriptor = Descriptor::of_actor(&handle, url, &app.platform.public_url.join("/"));
    descriptor.aliases.push(page.to_string());
    descriptor.links.push(DescriptorLink {
        rel: PROFILE_PAGE.to_owned(),
        media_type: Some("text/html".to_owned()),
        href: Some(page),
        template: None,
    });
    Ok(found(descriptor))
}

fn found(descriptor: Descriptor) -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, webfinger::CONTENT_TYPE), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (headers, Json(descriptor))
}

/// The index in the same process is an actor, too.
async fn describe_index(app: &App, resource: &str) -> ApiResult<Option<Descriptor>> {
    if !app.roles.has(RoleName::Indexer) {
        return Ok(None);
    }
    Ok(indexer::listen::describe(&app.platform, resource).await?)
}

/// The name that a resource asks for; `None` if that is nobody of this server.
fn name_of(app: &App, resource: &str) -> ApiResult<Option<String>> {
    let public_url = &app.platform.public_url;
    if resource.starts_with("https://") || resource.starts_with("http://") {
        let Ok(url) = Url::parse(resource) else { return Ok(None) };
        if !same_host(&url, &app.ids.instance_actor()) {
            return Ok(None);
        }
        let segments: Vec<&str> = url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect();
        return Ok(match segments.as_slice() {
            [] => Some(INSTANCE_ACTOR_NAME.to_owned()),
            ["accounts" | "a" | "video-channels" | "c", name, ..] => Some((*name).to_owned()),
            [name] => name.strip_prefix('@').map(str::to_owned),
            _ => None,
        });
    }
    let bad = |_| Problem::bad_request("Ask for a resource such as acct:name@host.");
    let handle: Handle = resource.parse().map_err(bad)?;
    if handle.host.as_str() != public_url.host() {
        return Ok(None);
    }
    // Some ask for the server itself by its own name.
    Ok(Some(if handle.name == public_url.host() { INSTANCE_ACTOR_NAME.to_owned() } else { handle.name }))
}

/// `GET /.well-known/nodeinfo`.
pub async fn nodeinfo_links(State(app): State<App>) -> Json<WellKnown> {
    let url = |version: &str| app.platform.public_url.join(&format!("/nodeinfo/{version}.json"));
    Json(WellKnown::new(url("2.0"), app.ids.instance_actor()).with_2_1(url("2.1")))
}

/// `GET /nodeinfo/2.0.json`.
pub async fn nodeinfo(State(app): State<App>) -> ApiResult<impl IntoResponse> {
    Ok(([(header::CONTENT_TYPE, nodeinfo::CONTENT_TYPE)], Json(read_nodeinfo(&app).await?.into_2_0())))
}

/// `GET /nodeinfo/2.1.json`.
pub async fn nodeinfo_2_1(State(app): State<App>) -> ApiResult<impl IntoResponse> {
    let document = read_nodeinfo(&app).await?.into_2_1(None, None);
    Ok(([(header::CONTENT_TYPE, nodeinfo::CONTENT_TYPE_2_1)], Json(document)))
}

async fn read_nodeinfo(app: &App) -> ApiResult<NodeInfo> {
    let now = app.platform.clock.now();
    let mut connection = app.platform.db.read().await?;
    let users = UserCounts {
        total: users::store::count(&mut connection).await?.unsigned_abs(),
        active_month: users::store::count_active(&mut connection, now - A_MONTH).await?.unsigned_abs(),
        active_halfyear: users::store::count_active(&mut connection, now - HALF_A_YEAR).await?.unsigned_abs(),
    };
    let local_posts = videos::store::count_local_listed(&mut connection).await?.unsigned_abs();
    let local_comments = users::store::count_local_comments(&mut connection).await?.unsigned_abs();
    let operator = &app.platform.operator;
    Ok(NodeInfo {
        version: "2.0".to_owned(),
        software: Software::new("shoal", env!("CARGO_PKG_VERSION")),
        protocols: vec!["activitypub".to_owned()],
        services: Services::default(),
        open_registrations: false,
        usage: Usage { users, local_posts, local_comments },
        metadata: json!({
            "nodeName": operator.name,
            "nodeDescription": operator.description,
            "taxonomy": { "postsName": "Videos" },
            "nodeConfig": instance_api::node_config(app),
        }),
    })
}

/// `GET /.well-known/change-password`: where passwords are changed (W3C, "A well-known URL for changing passwords").
pub async fn change_password() -> Redirect {
    Redirect::to("/my-account#password")
}

/// `GET /.well-known/dnt/`: that nobody is followed from here to other sites (W3C, "Tracking Preference Expression", 6.2).
pub async fn dnt() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/tracking-status+json")], Json(json!({ "tracking": "N" })))
}

/// `GET /.well-known/security.txt`: whom to tell of holes (RFC 9116). Nobody, where the operator names no contact.
pub async fn security_txt(State(app): State<App>) -> ApiResult<impl IntoResponse> {
    let contact = app.platform.operator.contact.as_deref();
    let contact = contact.ok_or_else(|| Problem::not_found("The operator of this server names no contact."))?;
    let is_address = contact.contains('@') && !contact.contains("://") && !contact.starts_with("mailto:");
    let contact = if is_address { format!("mailto:{contact}") } else { contact.to_owned() };
    // The file is made anew with each request; it says how long a copy of it is good.
    let expires = (app.platform.clock.now() + HALF_A_YEAR).format("%Y-%m-%dT%H:%M:%SZ");
    let canonical = app.platform.public_url.join("/.well-known/security.txt");
    let text = format!("Contact: {contact}\nExpires: {expires}\nCanonical: {canonical}\n");
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text))
}

/// `GET /.well-known/host-meta`.
pub async fn host_meta_document(State(app): State<App>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/xrd+xml; charset=utf-8")],
        host_meta::document(&app.platform.public_url.join("/")),
    )
}
