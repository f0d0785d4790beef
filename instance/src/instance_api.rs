//! What the REST API tells of the server itself, its accounts and its channels.

use axum::{Json, extract::State};
use platform::web::{ApiResult, Problem};
use serde_json::{Value, json};

use crate::{
    App, accounts,
    actors::images::api::MAX_UPLOAD_BYTES,
    captions, channels,
    oauth::SignedIn,
    videos::{MAX_PICTURE_BYTES, account_json, channel_json},
};

const VIDEO_EXTENSIONS: [&str; 10] = [".mp4", ".webm", ".mkv", ".mov", ".avi", ".ogv", ".m4v", ".mp3", ".ogg", ".flac"];
const IMAGE_EXTENSIONS: [&str; 5] = [".png", ".jpeg", ".jpg", ".gif", ".webp"];

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
        "transcoding": transcoding(&app),
        "live": { "enabled": false },
        "video": { "file": { "extensions": VIDEO_EXTENSIONS } },
        "tracker": { "enabled": app.config.p2p },
        "search": {
            "remoteUri": remote_uri(&app),
            "searchIndex": { "enabled": false, "url": "", "disableLocalSearch": false, "isDefaultSearch": false },
        },
    }))
}

/// What NodeInfo says of the configuration, in PeerTube's shape (`metadata.nodeConfig`): indexes of servers read it. What this
/// server has nothing of is left out, or off.
pub fn node_config(app: &App) -> Value {
    let off = json!({ "enabled": false });
    json!({
        "search": { "remoteUri": remote_uri(app) },
        "plugin": { "registered": [] },
        "theme": { "registered": [], "default": "default" },
        "email": off,
        "contactForm": off,
        "transcoding": transcoding(app),
        "live": { "enabled": false, "transcoding": { "enabled": false, "enabledResolutions": [] } },
        "import": { "videos": { "http": off, "torrent": off } },
        "autoBlacklist": { "videos": { "ofUsers": off } },
        "avatar": { "file": { "size": { "max": MAX_UPLOAD_BYTES }, "extensions": IMAGE_EXTENSIONS } },
        "video": {
            "image": { "size": { "max": MAX_PICTURE_BYTES }, "extensions": IMAGE_EXTENSIONS },
            "file": { "extensions": VIDEO_EXTENSIONS },
        },
        "videoCaption": { "file": { "size": { "max": captions::text::MAX_BYTES }, "extensions": [".vtt", ".srt"] } },
        "user": { "videoQuota": -1, "videoQuotaDaily": -1 },
        "tracker": { "enabled": app.config.p2p },
    })
}

fn remote_uri(app: &App) -> Value {
    let lookup = app.border.settings().remote_lookup;
    json!({ "users": lookup.allows(true), "anonymous": lookup.allows(false) })
}

fn transcoding(app: &App) -> Value {
    json!({
        "hls": { "enabled": true },
        "web_videos": { "enabled": false },
        "enabledResolutions": app.config.resolutions,
    })
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
