//! Player settings in PeerTube's REST API, and as documents.

use axum::{
    Json,
    extract::{Path, Query, State},
    response::Response,
};
use platform::{
    db::Connection,
    web::{ApiResult, Problem},
};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Dressed, Theme, federate, store};
use crate::{
    App,
    channels::{self, Channel},
    federation::endpoints::document,
    moderation::video_blocks,
    oauth::{Session, SignedIn},
    users::{Role, User},
    videos,
};

/// Whether the choice itself is asked for, and not what follows from it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Raw {
    raw: bool,
}

/// What is chosen.
#[derive(Debug, Deserialize)]
pub struct Choice {
    theme: String,
}

impl Choice {
    fn read(&self, of: Dressed) -> ApiResult<Theme> {
        let theme = Theme::from_name(&self.theme).filter(|theme| of.admits(*theme));
        theme.ok_or_else(|| Problem::bad_request("That is no theme of a player."))
    }
}

fn answer(theme: Theme) -> Json<Value> {
    Json(json!({ "theme": theme.name() }))
}

/// `GET /api/v1/player-settings/videos/{id}`.
pub async fn of_video(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<Raw>,
    session: Session,
) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let video = videos::find_visible(&mut connection, &id, session.user.as_ref()).await?;
    let chosen = store::theme(&mut connection, Dressed::Video(video.id)).await?;
    if query.raw {
        return Ok(answer(chosen));
    }
    let theme = match chosen {
        Theme::ChannelDefault => store::theme(&mut connection, Dressed::Channel(video.channel_id)).await?,
        theme => theme,
    };
    Ok(answer(resolved(theme)))
}

/// `GET /api/v1/player-settings/video-channels/{handle}`.
pub async fn of_channel(
    State(app): State<App>,
    Path(handle): Path<String>,
    Query(query): Query<Raw>,
) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let channel = find_channel(&app, &mut connection, &handle).await?;
    let chosen = store::theme(&mut connection, Dressed::Channel(channel.id)).await?;
    Ok(answer(if query.raw { chosen } else { resolved(chosen) }))
}

fn resolved(theme: Theme) -> Theme {
    match theme {
        Theme::InstanceDefault | Theme::ChannelDefault => Theme::OURS,
        theme => theme,
    }
}

async fn find_channel(app: &App, connection: &mut Connection, handle: &str) -> ApiResult<Channel> {
    let (name, host) = app.split_handle(handle);
    let channel = channels::store::find_by_handle(connection, &name, &host).await?;
    channel.ok_or_else(|| Problem::not_found("Video channel not found"))
}

fn may_change(is_owner: bool, user: &User) -> ApiResult<()> {
    if is_owner || user.role() != Role::User {
        return Ok(());
    }
    Err(Problem::forbidden("This player is not yours."))
}

/// `PUT /api/v1/player-settings/videos/{id}`.
pub async fn set_of_video(
    State(app): State<App>,
    Path(id): Path<String>,
    session: SignedIn,
    Json(choice): Json<Choice>,
) -> ApiResult<Json<Value>> {
    let mut tx = app.platform.db.begin().await?;
    let video = videos::find_visible(&mut tx, &id, Some(&session.user)).await?;
    let is_owner = videos::store::owner(&mut tx, video.id).await? == Some(session.user.id);
    if !video.is_local {
        return Err(Problem::forbidden("This video belongs to another server."));
    }
    may_change(is_owner, &session.user)?;
    let of = Dressed::Video(video.id);
    let theme = choice.read(of)?;
    let url = app.ids.video_player_settings(video.uuid);
    store::set(&mut tx, of, url.as_str(), theme, app.platform.clock.now()).await?;
    if video.is_open() && !video_blocks::is_unfederated(&mut tx, video.id).await? {
        let owner = app.ids.account(&video.account_username);
        let speakers = [video.account_actor_id, video.channel_actor_id];
        let settings = (url, app.ids.video(video.uuid), theme);
        federate::send_update(&app, &mut tx, &owner, &speakers, settings).await?;
    }
    tx.commit().await?;
    Ok(answer(theme))
}

/// `PUT /api/v1/player-settings/video-channels/{handle}`.
pub async fn set_of_channel(
    State(app): State<App>,
    Path(handle): Path<String>,
    session: SignedIn,
    Json(choice): Json<Choice>,
) -> ApiResult<Json<Value>> {
    let mut tx = app.platform.db.begin().await?;
    let channel = find_channel(&app, &mut tx, &handle).await?;
    if !channel.is_local {
        return Err(Problem::forbidden("This channel belongs to another server."));
    }
    let is_owner = videos::store::is_channel_of_user(&mut tx, channel.id, session.user.id).await?;
    may_change(is_owner, &session.user)?;
    let of = Dressed::Channel(channel.id);
    let theme = choice.read(of)?;
    let url = app.ids.channel_player_settings(&channel.username);
    store::set(&mut tx, of, url.as_str(), theme, app.platform.clock.now()).await?;
    let missing = || Problem::internal(&"a channel without actors");
    let actor = crate::actors::store::find_by_url(&mut tx, &channel.url).await?.ok_or_else(missing)?;
    let owner = crate::actors::store::find(&mut tx, channel.owner_actor_id).await?.ok_or_else(missing)?;
    let owner_url = Url::parse(owner.url()).map_err(|error| Problem::internal(&error))?;
    let settings = (url, app.ids.channel(&channel.username), theme);
    federate::send_update(&app, &mut tx, &owner_url, &[owner.id, actor.id], settings).await?;
    tx.commit().await?;
    Ok(answer(theme))
}

/// `GET /videos/watch/{id}/player-settings`.
pub async fn video_document(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let missing = || Problem::not_found("There is no such video here.");
    let mut connection = app.platform.db.read().await?;
    let video = videos::find_visible(&mut connection, &id, None).await?;
    if !video.is_local || !video.is_open() {
        return Err(missing());
    }
    let theme = store::theme(&mut connection, Dressed::Video(video.id)).await?;
    let id = app.ids.video_player_settings(video.uuid);
    Ok(document(&federate::document(id, app.ids.video(video.uuid), theme)))
}

/// `GET /video-channels/{name}/player-settings`.
pub async fn channel_document(State(app): State<App>, Path(name): Path<String>) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let channel = find_channel(&app, &mut connection, &name).await?;
    if !channel.is_local {
        return Err(Problem::not_found("There is no such channel here."));
    }
    let theme = store::theme(&mut connection, Dressed::Channel(channel.id)).await?;
    let id = app.ids.channel_player_settings(&channel.username);
    Ok(document(&federate::document(id, app.ids.channel(&channel.username), theme)))
}
