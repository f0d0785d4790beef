//! What users change about themselves, for programs.

use axum::{
    Json,
    extract::{Multipart, State},
    http::StatusCode,
};
use platform::web::{ApiResult, Problem};
use serde_json::{Value, json};

use super::profile::{self, ProfileChange};
use crate::{
    App,
    actors::{
        ActorId, federate,
        images::{self, ActorImage, ImageKind, model::images_json},
    },
    oauth::SignedIn,
};

/// `PUT /api/v1/users/me`. Settings that this server does not have are passed over.
pub async fn update_me(
    State(app): State<App>,
    session: SignedIn,
    Json(change): Json<ProfileChange>,
) -> ApiResult<StatusCode> {
    profile::change(&app, &session.user, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/users/me`.
pub async fn delete_me(State(app): State<App>, session: SignedIn) -> ApiResult<StatusCode> {
    profile::delete(&app, &session.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/users/me/avatar/pick`.
pub async fn pick_avatar(State(app): State<App>, session: SignedIn, form: Multipart) -> ApiResult<Json<Value>> {
    let account = profile::own_account(&app, &session.user).await?;
    let avatars = pick(&app, account.actor_id, ImageKind::Avatar, "avatarfile", form).await?;
    Ok(Json(json!({ "avatars": images_json(&avatars, &account.url) })))
}

/// `DELETE /api/v1/users/me/avatar`.
pub async fn delete_avatar(State(app): State<App>, session: SignedIn) -> ApiResult<StatusCode> {
    let account = profile::own_account(&app, &session.user).await?;
    drop_image(&app, account.actor_id, ImageKind::Avatar).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives one of our actors the picture in a form.
///
/// # Errors
/// [`Problem`] if there is no picture in it.
pub async fn pick(
    app: &App,
    actor: ActorId,
    kind: ImageKind,
    field: &str,
    form: Multipart,
) -> ApiResult<Vec<ActorImage>> {
    let file = images::api::receive(app, form, field).await?;
    let file = file.ok_or_else(|| Problem::bad_request(format!("The file {field} is empty.")))?;
    set_image(app, actor, kind, &file).await
}

/// Gives one of our actors a picture, and tells the federation.
///
/// # Errors
/// [`Problem`] if it is none.
pub async fn set_image(
    app: &App,
    actor: ActorId,
    kind: ImageKind,
    file: &std::path::Path,
) -> ApiResult<Vec<ActorImage>> {
    let prepared = images::actions::prepare(app, kind, file).await?;
    let mut tx = app.platform.db.begin().await?;
    images::actions::put(&mut tx, actor, kind, &prepared, app.platform.clock.now()).await?;
    federate::send_update(app, &mut tx, actor).await?;
    let images = images::store::of_actor(&mut tx, actor, kind).await?;
    tx.commit().await?;
    Ok(images)
}

/// Takes a picture away from one of our actors, and tells the federation.
///
/// # Errors
/// [`Problem`] if the database refuses.
pub async fn drop_image(app: &App, actor: ActorId, kind: ImageKind) -> ApiResult<()> {
    let mut tx = app.platform.db.begin().await?;
    images::actions::put(&mut tx, actor, kind, &[], app.platform.clock.now()).await?;
    federate::send_update(app, &mut tx, actor).await?;
    Ok(tx.commit().await?)
}
