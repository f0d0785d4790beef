//! What other servers ask of the actor, and its inbox.

use axum::{
    Router,
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use federation::{ACTIVITY_JSON, ids, webfinger, webfinger::Descriptor, wire::Collection};
use platform::{
    Platform,
    db::DbError,
    web::{ApiResult, Problem},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Listener, identity, inbox, store};

/// The pages of the actor. Where there is no instance to do it, WebFinger is answered, too.
pub(super) fn router(listener: &Listener, is_alone: bool) -> Router {
    let mut router = Router::new()
        .route(identity::PATH, get(actor))
        .route(&under("inbox"), post(inbox::inbox))
        .route(&under("outbox"), get(outbox))
        .route(&under("followers"), get(followers))
        .route(&under("following"), get(following));
    if is_alone {
        router = router.route(webfinger::WELL_KNOWN_PATH, get(look_up));
    }
    router.with_state(listener.clone())
}

fn under(part: &str) -> String {
    format!("{}/{part}", identity::PATH)
}

/// Who is meant, if somebody asks for the index by its handle or its address.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn describe(platform: &Platform, resource: &str) -> Result<Option<Descriptor>, DbError> {
    let url = identity::address(&platform.public_url);
    let Some(handle) = identity::handle(&platform.public_url) else { return Ok(None) };
    if resource != url.as_str() && !resource.eq_ignore_ascii_case(&handle.to_uri()) {
        return Ok(None);
    }
    let stored = store::actor(&mut platform.db.read().await?).await?;
    let is_here = stored.is_some_and(|stored| stored.url == url.as_str());
    Ok(is_here.then(|| Descriptor::of_actor(&handle, url, &platform.public_url.join("/"))))
}

#[derive(Debug, Deserialize)]
struct Resource {
    resource: String,
}

async fn look_up(State(listener): State<Listener>, Query(query): Query<Resource>) -> ApiResult<Response> {
    let descriptor = describe(&listener.platform, &query.resource).await?;
    let descriptor = descriptor.ok_or_else(|| Problem::not_found("Nobody here has that name."))?;
    let headers = [(header::CONTENT_TYPE, webfinger::CONTENT_TYPE), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    Ok((headers, axum::Json(descriptor)).into_response())
}

async fn actor(State(listener): State<Listener>) -> Response {
    document(&listener.me.document(&listener.platform))
}

async fn outbox(State(listener): State<Listener>) -> Response {
    empty(&listener, "outbox")
}

async fn followers(State(listener): State<Listener>) -> Response {
    empty(&listener, "followers")
}

/// How many servers are followed; which, is on the page of hosts.
async fn following(State(listener): State<Listener>) -> ApiResult<Response> {
    let followed = store::followed(&mut listener.platform.db.read().await?).await?.len() as u64;
    let collection =
        Collection { first: None, ..Collection::new(ids::under(listener.me.url(), "following"), followed) };
    Ok(document(&collection.to_document()))
}

fn empty(listener: &Listener, part: &str) -> Response {
    document(&Collection::new(ids::under(listener.me.url(), part), 0).to_document())
}

fn document(value: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, ACTIVITY_JSON), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (headers, value.to_string()).into_response()
}
