use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use platform::web::{ApiResult, Problem};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{MoveError, actions};
use crate::{
    App,
    actors::Actor,
    oauth::SignedIn,
    users::{own_account_actor, own_channel_actor},
};

/// Where to.
#[derive(Debug, Deserialize)]
pub struct Target {
    target: String,
}

/// Who else.
#[derive(Debug, Deserialize)]
pub struct Aliases {
    aliases: Vec<String>,
}

/// `GET /api/v1/accounts/{name}/move`.
pub async fn of_account(State(app): State<App>, Path(name): Path<String>, session: SignedIn) -> ApiResult<Json<Value>> {
    Ok(state(&own_account_actor(&app, &session.user, &name).await?))
}

/// `POST /api/v1/accounts/{name}/move`.
pub async fn move_account(
    State(app): State<App>,
    Path(name): Path<String>,
    session: SignedIn,
    Json(body): Json<Target>,
) -> ApiResult<Json<Value>> {
    let actor = own_account_actor(&app, &session.user, &name).await?;
    Ok(Json(json!({ "movedTo": actions::move_away(&app, &actor, &body.target).await? })))
}

/// `DELETE /api/v1/accounts/{name}/move`.
pub async fn keep_account(
    State(app): State<App>,
    Path(name): Path<String>,
    session: SignedIn,
) -> ApiResult<StatusCode> {
    actions::stay(&app, &own_account_actor(&app, &session.user, &name).await?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /api/v1/accounts/{name}/aliases`.
pub async fn alias_account(
    State(app): State<App>,
    Path(name): Path<String>,
    session: SignedIn,
    Json(body): Json<Aliases>,
) -> ApiResult<Json<Value>> {
    let actor = own_account_actor(&app, &session.user, &name).await?;
    Ok(Json(json!({ "alsoKnownAs": actions::set_aliases(&app, &actor, &body.aliases).await? })))
}

/// `GET /api/v1/video-channels/{handle}/move`.
pub async fn of_channel(State(app): State<App>, Path(name): Path<String>, session: SignedIn) -> ApiResult<Json<Value>> {
    Ok(state(&own_channel_actor(&app, &session.user, &name).await?))
}

/// `POST /api/v1/video-channels/{handle}/move`.
pub async fn move_channel(
    State(app): State<App>,
    Path(name): Path<String>,
    session: SignedIn,
    Json(body): Json<Target>,
) -> ApiResult<Json<Value>> {
    let actor = own_channel_actor(&app, &session.user, &name).await?;
    Ok(Json(json!({ "movedTo": actions::move_away(&app, &actor, &body.target).await? })))
}

/// `DELETE /api/v1/video-channels/{handle}/move`.
pub async fn keep_channel(
    State(app): State<App>,
    Path(name): Path<String>,
    session: SignedIn,
) -> ApiResult<StatusCode> {
    actions::stay(&app, &own_channel_actor(&app, &session.user, &name).await?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /api/v1/video-channels/{handle}/aliases`.
pub async fn alias_channel(
    State(app): State<App>,
    Path(name): Path<String>,
    session: SignedIn,
    Json(body): Json<Aliases>,
) -> ApiResult<Json<Value>> {
    let actor = own_channel_actor(&app, &session.user, &name).await?;
    Ok(Json(json!({ "alsoKnownAs": actions::set_aliases(&app, &actor, &body.aliases).await? })))
}

fn state(actor: &Actor) -> Json<Value> {
    Json(json!({ "movedTo": actor.moved_to_url, "movedAt": actor.moved_at, "alsoKnownAs": actor.aliases() }))
}

impl From<MoveError> for Problem {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::TooSoon => Self::new(StatusCode::CONFLICT, error.to_string()),
            MoveError::Db(error) => error.into(),
            error => Self::bad_request(error.to_string()),
        }
    }
}
