use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use platform::web::{ApiResult, Problem};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Follow, FollowError, actions, store};
use crate::{
    App,
    actors::{self, Actor},
    oauth::SignedIn,
    users::Role,
};

const MAX_HOSTS: usize = 500;

#[derive(Debug, Deserialize)]
pub struct NewFollows {
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    handles: Vec<String>,
}

/// `POST /api/v1/server/following`: follows servers. They are asked in the background.
pub async fn follow(
    State(app): State<App>,
    session: SignedIn,
    Json(wanted): Json<NewFollows>,
) -> ApiResult<StatusCode> {
    require_administrator(&session)?;
    if wanted.hosts.len() > MAX_HOSTS {
        return Err(Problem::bad_request(format!("At most {MAX_HOSTS} hosts at a time.")));
    }
    if !wanted.handles.is_empty() {
        return Err(Problem::bad_request("Single accounts and channels cannot be followed yet: give hosts."));
    }
    for host in &wanted.hosts {
        actions::follow_server(&app, host).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/server/following/{host}`.
pub async fn unfollow(State(app): State<App>, session: SignedIn, Path(host): Path<String>) -> ApiResult<StatusCode> {
    require_administrator(&session)?;
    actions::unfollow(&app, &host).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
pub struct Range {
    #[serde(default)]
    start: u32,
    #[serde(default = "fifteen")]
    count: u32,
}

fn fifteen() -> u32 {
    15
}

/// `GET /api/v1/server/following`.
pub async fn following(State(app): State<App>, Query(range): Query<Range>) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let me = instance_actor(&app, &mut connection).await?;
    let total = store::count_following(&mut connection, me.id).await?;
    let (count, start) = (range.count.min(100).into(), range.start.into());
    let follows = store::following(&mut connection, me.id, count, start).await?;
    Ok(Json(json!({ "total": total, "data": follows.iter().map(follow_json).collect::<Vec<_>>() })))
}

/// `GET /api/v1/server/followers`.
pub async fn followers(State(app): State<App>, Query(range): Query<Range>) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let me = instance_actor(&app, &mut connection).await?;
    let total = store::count_followers(&mut connection, me.id).await?;
    let (count, start) = (range.count.min(100).into(), range.start.into());
    let follows = store::followers(&mut connection, me.id, count, start).await?;
    Ok(Json(json!({ "total": total, "data": follows.iter().map(follow_json).collect::<Vec<_>>() })))
}

async fn instance_actor(app: &App, connection: &mut platform::db::Connection) -> ApiResult<Actor> {
    let actor = actors::store::find_by_url(connection, app.ids.instance_actor().as_str()).await?;
    actor.ok_or_else(|| Problem::internal(&"the server's own actor is missing"))
}

fn follow_json(follow: &Follow) -> Value {
    let side = |url: &str, name: &str, host: &str| json!({ "url": url, "name": name, "host": host, "avatars": [] });
    json!({
        "id": follow.id.0,
        "follower": side(&follow.follower_url, &follow.follower_username, &follow.follower_host),
        "following": side(&follow.target_url, &follow.target_username, &follow.target_host),
        "score": 10000,
        "state": follow.state().name(),
        "createdAt": follow.created_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "updatedAt": follow.updated_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
    })
}

fn require_administrator(session: &SignedIn) -> ApiResult<()> {
    if session.user.role() == Role::Administrator {
        Ok(())
    } else {
        Err(Problem::forbidden("Only administrators may do that."))
    }
}

impl From<FollowError> for Problem {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::BadHost(_) | FollowError::Myself => Problem::bad_request(error.to_string()),
            FollowError::NotFound(_) => Problem::not_found(error.to_string()),
            FollowError::Db(error) => error.into(),
        }
    }
}
