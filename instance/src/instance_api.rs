//! What the REST API tells of the server itself, its accounts and its channels.

use axum::{Json, extract::State};
use platform::web::{ApiResult, Problem};
use serde_json::{Value, json};

use crate::{
    App, accounts, channels,
    oauth::SignedIn,
    videos::{account_json, channel_json},
};

/// `GET /api/v1/ping`.
pub async fn ping() -> &'static str {
    "pong"
}

/// `GET /api/v1/config`: what a client must know of this server.
pub async fn config(State(app): State<App>) -> Json<Value> {
    let (operator, settings) = (&app.platform.operator, app.border.settings());
    Json(json!({
        "federation": { "enabled": settings.federates, "remoteComments": settings.accepts_remote_comments },
        "serverVersion": env!("CARGO_PKG_VERSION"),
        "instance": {
            "name": operator.name,
            "shortDescription": operator.description,
            "isNSFW": false,
            "defaultNSFWPolicy": "blur",
        },
        "signup": { "allowed": false, "allowedForCurrentIP": false, "requiresEmailVerification": false },
        "transcoding": { "hls": { "enabled": true }, "web_videos": { "enabled": false },
            "enabledResolutions": app.config.resolutions },
        "live": { "enabled": false },
        "video": { "file": { "extensions": [".mp4", ".webm", ".mkv", ".mov", ".avi", ".ogv", ".m4v", ".mp3", ".ogg", ".flac"] } },
        "tracker": { "enabled": app.config.p2p },
        "search": {
            "remoteUri": {
                "users": settings.remote_lookup.allows(true),
                "anonymous": settings.remote_lookup.allows(false),
            },
            "searchIndex": { "enabled": false, "url": "", "disableLocalSearch": false, "isDefaultSearch": false },
        },
    }))
}

/// `GET /api/v1/config/about`.
pub async fn about(State(app): State<App>) -> Json<Value> {
    let operator = &app.platform.operator;
    Json(
        json!({ "instance": { "name": operator.name, "shortDescription": operator.description, "description": operator.description } }),
    )
}

/// `GET /api/v1/users/me`.
pub async fn me(State(app): State<App>, session: SignedIn) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let missing = || Problem::internal(&"a user without an account");
    let account = accounts::store::find_by_user(&mut connection, session.user.id).await?.ok_or_else(missing)?;
    let account_value = account_json(&account);
    let channels = channels::store::of_account(&mut connection, account.id).await?;
    let role = session.user.role();
    Ok(Json(json!({
        "id": session.user.id.0,
        "username": session.user.username,
        "email": session.user.email,
        "emailVerified": null,
        "role": { "id": role.number(), "label": role.label() },
        "blocked": session.user.is_blocked,
        "createdAt": session.user.created_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "videoChannels": channels.iter().map(|channel| channel_json(channel, &account_value)).collect::<Vec<_>>(),
        "account": account_value,
    })))
}
