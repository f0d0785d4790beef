use axum::{
    Json,
    extract::{Multipart, Path, Query, State},
    http::StatusCode,
};
use platform::{
    db::Connection,
    web::{ApiResult, Problem},
};
use serde_json::{Value, json};

use super::{
    Channel, ChannelChange, ChannelError, NewChannel, actions,
    store::{self, ChannelFilters},
};
use crate::{
    App,
    accounts::{self, Account, AccountId},
    actors::{
        self, federate,
        images::{ImageKind, model::images_json},
        jobs::RefreshActor,
    },
    listing::ListPage,
    moderation::may_see_actor,
    oauth::{Session, SignedIn},
    users::{
        self, User,
        api::{drop_image, pick},
        own_channel,
    },
    videos::{account_json, channel_json},
};

type Parameters = Query<Vec<(String, String)>>;

fn missing() -> Problem {
    Problem::not_found("Video channel not found")
}

/// `GET /api/v1/accounts`.
pub async fn accounts(State(app): State<App>, Query(parameters): Parameters) -> ApiResult<Json<Value>> {
    let page = ListPage::parse(&parameters)?;
    let mut connection = app.platform.db.read().await?;
    let total = accounts::store::count(&mut connection).await?;
    let data: Vec<_> = accounts::store::list(&mut connection, &page).await?.iter().map(account_json).collect();
    Ok(Json(json!({ "total": total, "data": data })))
}

/// `GET /api/v1/accounts/{handle}`.
pub async fn account(State(app): State<App>, Path(handle): Path<String>, session: Session) -> ApiResult<Json<Value>> {
    let account = find_account(&app, &handle, session.user.as_ref()).await?;
    refresh_if_stale(&app, account.actor_id).await?;
    Ok(Json(account_json(&account)))
}

async fn find_account(app: &App, handle: &str, user: Option<&User>) -> ApiResult<Account> {
    let (name, host) = app.split_handle(handle);
    let mut connection = app.platform.db.read().await?;
    let account = accounts::store::find_by_handle(&mut connection, &name, &host).await?;
    let account = account.ok_or_else(|| Problem::not_found("Account not found"))?;
    if may_see_actor(&mut connection, account.actor_id, user).await? {
        return Ok(account);
    }
    Err(Problem::not_found("This server hides this account."))
}

/// The channel with a handle, if somebody may see it.
///
/// # Errors
/// [`Problem`] (404) if there is none, or it is hidden.
pub(crate) async fn find_visible(
    app: &App,
    connection: &mut Connection,
    handle: &str,
    user: Option<&User>,
) -> ApiResult<Channel> {
    let (name, host) = app.split_handle(handle);
    let channel = store::find_by_handle(connection, &name, &host).await?.ok_or_else(missing)?;
    if may_see_actor(connection, channel.actor_id, user).await? {
        return Ok(channel);
    }
    Err(Problem::not_found("This server hides this channel."))
}

/// Somebody looks at an actor: its server is asked for it soon if that was long ago.
///
/// # Errors
/// [`Problem`] if the database refuses.
pub async fn refresh_if_stale(app: &App, id: actors::ActorId) -> ApiResult<()> {
    let now = app.platform.clock.now();
    let actor = actors::store::find(&mut app.platform.db.read().await?, id).await?;
    let Some(actor) = actor.filter(|actor| !federate::is_fresh(actor, now)) else { return Ok(()) };
    let Ok(url) = actor.url().parse() else { return Ok(()) };
    if app.border.refuses_url(&url) {
        return Ok(());
    }
    let mut tx = app.platform.db.begin().await?;
    platform::jobs::enqueue(&mut tx, now, &RefreshActor { url }).await?;
    Ok(tx.commit().await?)
}

/// `GET /api/v1/accounts/{handle}/video-channels`.
pub async fn account_channels(
    State(app): State<App>,
    Path(handle): Path<String>,
    session: Session,
    Query(parameters): Parameters,
) -> ApiResult<Json<Value>> {
    let account = find_account(&app, &handle, session.user.as_ref()).await?;
    channels_answer(&app, Some(account.id), &parameters).await
}

/// `GET /api/v1/video-channels`.
pub async fn channels(State(app): State<App>, Query(parameters): Parameters) -> ApiResult<Json<Value>> {
    channels_answer(&app, None, &parameters).await
}

async fn channels_answer(
    app: &App,
    account: Option<AccountId>,
    parameters: &[(String, String)],
) -> ApiResult<Json<Value>> {
    let page = ListPage::parse(parameters)?;
    let value_of = |name: &str| parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let search = value_of("search").filter(|search| !search.is_empty());
    let with_stats = value_of("withStats").is_some_and(|value| matches!(value.as_str(), "true" | "1"));
    let filters = ChannelFilters { account, search };
    let mut connection = app.platform.db.read().await?;
    let total = store::count(&mut connection, &filters).await?;
    let mut data = vec![];
    for channel in store::list(&mut connection, &filters, &page).await? {
        let mut value = with_owner(&mut connection, &channel).await?;
        if with_stats && let Some(object) = value.as_object_mut() {
            let stats = store::stats(&mut connection, channel.id).await?;
            object.insert("videosCount".to_owned(), stats.videos.into());
            object.insert("totalViews".to_owned(), stats.views.into());
            object.insert("viewsPerDay".to_owned(), json!([]));
        }
        data.push(value);
    }
    Ok(Json(json!({ "total": total, "data": data })))
}

async fn with_owner(connection: &mut Connection, channel: &Channel) -> ApiResult<Value> {
    let owner = accounts::store::find_by_actor(connection, channel.owner_actor_id).await?.ok_or_else(missing)?;
    Ok(channel_json(channel, &account_json(&owner)))
}

/// `GET /api/v1/video-channels/{handle}`.
pub async fn channel(State(app): State<App>, Path(handle): Path<String>, session: Session) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let channel = find_visible(&app, &mut connection, &handle, session.user.as_ref()).await?;
    let value = with_owner(&mut connection, &channel).await?;
    drop(connection);
    refresh_if_stale(&app, channel.actor_id).await?;
    Ok(Json(value))
}

/// `POST /api/v1/video-channels`.
pub async fn create(
    State(app): State<App>,
    session: SignedIn,
    Json(channel): Json<NewChannel>,
) -> ApiResult<Json<Value>> {
    let owner = users::own_account(&app, &session.user).await?;
    let id = actions::create(&app, &owner, channel).await?;
    Ok(Json(json!({ "videoChannel": { "id": id.0 } })))
}

/// `PUT /api/v1/video-channels/{handle}`.
pub async fn update(
    State(app): State<App>,
    Path(handle): Path<String>,
    session: SignedIn,
    Json(change): Json<ChannelChange>,
) -> ApiResult<StatusCode> {
    let channel = own_channel(&app, &session.user, &handle).await?;
    actions::change(&app, &channel, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/video-channels/{handle}`.
pub async fn delete(State(app): State<App>, Path(handle): Path<String>, session: SignedIn) -> ApiResult<StatusCode> {
    let channel = own_channel(&app, &session.user, &handle).await?;
    actions::delete(&app, &channel).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/video-channels/{handle}/avatar/pick`.
pub async fn pick_avatar(
    State(app): State<App>,
    Path(handle): Path<String>,
    session: SignedIn,
    form: Multipart,
) -> ApiResult<Json<Value>> {
    let channel = own_channel(&app, &session.user, &handle).await?;
    let images = pick(&app, channel.actor_id, ImageKind::Avatar, "avatarfile", form).await?;
    Ok(Json(json!({ "avatars": images_json(&images, &channel.url) })))
}

/// `POST /api/v1/video-channels/{handle}/banner/pick`.
pub async fn pick_banner(
    State(app): State<App>,
    Path(handle): Path<String>,
    session: SignedIn,
    form: Multipart,
) -> ApiResult<Json<Value>> {
    let channel = own_channel(&app, &session.user, &handle).await?;
    let images = pick(&app, channel.actor_id, ImageKind::Banner, "bannerfile", form).await?;
    Ok(Json(json!({ "banners": images_json(&images, &channel.url) })))
}

/// `DELETE /api/v1/video-channels/{handle}/avatar`.
pub async fn delete_avatar(
    State(app): State<App>,
    Path(handle): Path<String>,
    session: SignedIn,
) -> ApiResult<StatusCode> {
    let channel = own_channel(&app, &session.user, &handle).await?;
    drop_image(&app, channel.actor_id, ImageKind::Avatar).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/video-channels/{handle}/banner`.
pub async fn delete_banner(
    State(app): State<App>,
    Path(handle): Path<String>,
    session: SignedIn,
) -> ApiResult<StatusCode> {
    let channel = own_channel(&app, &session.user, &handle).await?;
    drop_image(&app, channel.actor_id, ImageKind::Banner).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<ChannelError> for Problem {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::User(error) => error.into(),
            ChannelError::Db(error) => error.into(),
            ChannelError::Taken(_) | ChannelError::Last | ChannelError::TooMany => {
                Self::new(StatusCode::CONFLICT, error.to_string())
            }
        }
    }
}
