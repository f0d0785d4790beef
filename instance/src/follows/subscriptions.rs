//! What a user follows, as PeerTube's REST API has it: "subscriptions".

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use platform::{
    db::Connection,
    web::{ApiResult, Problem},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Follow, FollowState, Target, actions, api::ListParameters, model::Side, store};
use crate::{
    App, accounts,
    actors::ActorKind,
    channels,
    oauth::{Session, SignedIn},
    users::User,
    videos::{self, account_json, channel_json},
};

const MAX_HANDLES: usize = 100;

/// `GET /api/v1/users/me/subscriptions`: the channels.
pub async fn list(
    State(app): State<App>,
    session: SignedIn,
    Query(parameters): Query<ListParameters>,
) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let me = actions::actor_of_user(&mut connection, &session.user).await?;
    let mut query = parameters.query(Side::Following(me.id))?;
    query.kind = Some(ActorKind::Group);
    let total = store::count(&mut connection, &query).await?;
    let mut data = vec![];
    for follow in store::list(&mut connection, &query).await? {
        data.extend(followed_channel(&mut connection, &follow).await?);
    }
    Ok(Json(json!({ "total": total, "data": data })))
}

async fn followed_channel(connection: &mut Connection, follow: &Follow) -> ApiResult<Option<Value>> {
    let Some(channel) = channels::store::find_by_actor(connection, follow.target_id).await? else { return Ok(None) };
    let owner = accounts::store::find_by_actor(connection, channel.owner_actor_id).await?;
    Ok(owner.map(|owner| channel_json(&channel, &account_json(&owner))))
}

#[derive(Debug, Deserialize)]
pub struct NewSubscription {
    uri: String,
}

/// `POST /api/v1/users/me/subscriptions`.
pub async fn add(
    State(app): State<App>,
    session: SignedIn,
    Json(wanted): Json<NewSubscription>,
) -> ApiResult<StatusCode> {
    let target = handle(&app, &wanted.uri)?;
    actions::subscribe(&app, &session.user, &target).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/users/me/subscriptions/exist?uris=a@b&uris=c@d`.
pub async fn exist(
    State(app): State<App>,
    session: SignedIn,
    Query(parameters): Query<Vec<(String, String)>>,
) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let wanted = parameters.iter().filter(|(name, _)| name.trim_end_matches("[]") == "uris");
    let wanted: Vec<&str> = wanted.flat_map(|(_, value)| value.split(',')).collect();
    if wanted.len() > MAX_HANDLES {
        return Err(Problem::bad_request(format!("At most {MAX_HANDLES} handles at a time.")));
    }
    let mut answer = Map::new();
    for text in wanted {
        let follow = find(&app, &mut connection, &session.user, &handle(&app, text)?).await?;
        answer.insert(text.to_owned(), follow.is_some().into());
    }
    Ok(Json(answer.into()))
}

/// `GET /api/v1/users/me/subscriptions/{handle}`.
pub async fn show(State(app): State<App>, session: SignedIn, Path(text): Path<String>) -> ApiResult<Json<Value>> {
    let missing = || Problem::not_found("Subscription not found");
    let mut connection = app.platform.db.read().await?;
    let target = handle(&app, &text)?;
    let follow = find(&app, &mut connection, &session.user, &target).await?.ok_or_else(missing)?;
    followed_channel(&mut connection, &follow).await?.map(Json).ok_or_else(missing)
}

/// `DELETE /api/v1/users/me/subscriptions/{handle}`.
pub async fn remove(State(app): State<App>, session: SignedIn, Path(text): Path<String>) -> ApiResult<StatusCode> {
    actions::unsubscribe(&app, &session.user, &handle(&app, &text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/users/me/subscriptions/videos`.
pub async fn list_videos(
    State(app): State<App>,
    session: SignedIn,
    Query(parameters): Query<Vec<(String, String)>>,
) -> ApiResult<Response> {
    let me = actions::actor_of_user(&mut app.platform.db.read().await?, &session.user).await?;
    let mut query = videos::ListQuery::parse(&parameters)?;
    query.filters.subscriber = Some(me.id);
    videos::respond(&app, &Session { user: Some(session.user) }, query).await
}

/// A subscription that was not refused.
pub async fn find(app: &App, connection: &mut Connection, user: &User, target: &Target) -> ApiResult<Option<Follow>> {
    let me = actions::actor_of_user(connection, user).await?;
    let Some(known) = actions::find_known(app, connection, target).await? else { return Ok(None) };
    let follow = store::find_pair(connection, me.id, known.id).await?;
    Ok(follow.filter(|follow| follow.state() != FollowState::Rejected))
}

/// A handle; without a host it is one of this server.
fn handle(app: &App, text: &str) -> ApiResult<Target> {
    let text = text.trim();
    let target = if text.contains('@') || text.contains("://") {
        text.parse()
    } else {
        format!("{text}@{}", app.platform.public_url.host()).parse()
    };
    target.map_err(|error| super::FollowError::Target(error).into())
}
