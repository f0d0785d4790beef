use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use platform::{
    db::Connection,
    web::{ApiResult, Problem},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Follow, FollowError, FollowState, Target,
    actions::{self, Verdict},
    model::{FollowQuery, FollowSort, Side},
    store,
};
use crate::{
    App, accounts, actors,
    actors::{ActorId, ActorKind},
    channels, listing,
    oauth::SignedIn,
    users::{Role, User},
};

const MAX_TARGETS: usize = 500;

#[derive(Debug, Deserialize)]
pub struct NewFollows {
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    handles: Vec<String>,
}

/// `POST /api/v1/server/following`: follows servers, accounts and channels. Those that are unknown are asked in the
/// background.
pub async fn follow(
    State(app): State<App>,
    session: SignedIn,
    Json(wanted): Json<NewFollows>,
) -> ApiResult<StatusCode> {
    require_administrator(&session.user)?;
    if wanted.hosts.len() + wanted.handles.len() > MAX_TARGETS {
        return Err(Problem::bad_request(format!("At most {MAX_TARGETS} hosts and handles at a time.")));
    }
    let targets = wanted.hosts.iter().chain(&wanted.handles).map(|text| text.parse().map_err(FollowError::Target));
    for target in targets.collect::<Result<Vec<Target>, _>>()? {
        actions::follow_as_server(&app, &target).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/server/following/{hostOrHandle}`.
pub async fn unfollow(State(app): State<App>, session: SignedIn, Path(target): Path<String>) -> ApiResult<StatusCode> {
    require_administrator(&session.user)?;
    actions::unfollow_as_server(&app, &target).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/server/followers/{handle}/accept`.
pub async fn accept(State(app): State<App>, session: SignedIn, Path(handle): Path<String>) -> ApiResult<StatusCode> {
    judge(&app, &session, &handle, Verdict::Accept).await
}

/// `POST /api/v1/server/followers/{handle}/reject`.
pub async fn reject(State(app): State<App>, session: SignedIn, Path(handle): Path<String>) -> ApiResult<StatusCode> {
    judge(&app, &session, &handle, Verdict::Reject).await
}

/// `DELETE /api/v1/server/followers/{handle}`.
pub async fn remove(State(app): State<App>, session: SignedIn, Path(handle): Path<String>) -> ApiResult<StatusCode> {
    judge(&app, &session, &handle, Verdict::Remove).await
}

async fn judge(app: &App, session: &SignedIn, handle: &str, verdict: Verdict) -> ApiResult<StatusCode> {
    require_administrator(&session.user)?;
    let follow = actions::received_from(app, handle).await?;
    actions::judge(app, &follow, verdict).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The parameters of lists of follows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListParameters {
    start: Option<i64>,
    count: Option<i64>,
    sort: Option<String>,
    state: Option<String>,
    search: Option<String>,
    actor_type: Option<String>,
}

impl ListParameters {
    /// The query that they ask for.
    ///
    /// # Errors
    /// [`Problem`] (400) that names the parameter that cannot be used.
    pub fn query(&self, side: Side) -> ApiResult<FollowQuery> {
        let wrong = |name: &str| Problem::bad_request(format!("that is no value for the parameter {name}"));
        let mut query = FollowQuery::new(side);
        (query.start, query.count) = listing::range(self.start, self.count)?;
        if let Some(sort) = &self.sort {
            query.sort = FollowSort::parse(sort).ok_or_else(|| wrong("sort"))?;
        }
        if let Some(state) = &self.state {
            query.state = Some(FollowState::parse(state).ok_or_else(|| wrong("state"))?);
        }
        if let Some(kind) = &self.actor_type {
            let known = ActorKind::from_name(kind);
            query.kind = Some(known).filter(|known| known.name() == kind);
            query.kind.ok_or_else(|| wrong("actorType"))?;
        }
        query.search = self.search.as_ref().map(|text| text.chars().take(200).collect());
        Ok(query)
    }
}

/// `GET /api/v1/server/following`.
pub async fn following(State(app): State<App>, Query(parameters): Query<ListParameters>) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let me = actions::instance_actor(&app, &mut connection).await?;
    respond(&mut connection, &parameters.query(Side::Following(me.id))?).await
}

/// `GET /api/v1/server/followers`.
pub async fn followers(State(app): State<App>, Query(parameters): Query<ListParameters>) -> ApiResult<Json<Value>> {
    let mut connection = app.platform.db.read().await?;
    let me = actions::instance_actor(&app, &mut connection).await?;
    respond(&mut connection, &parameters.query(Side::Followers(vec![me.id]))?).await
}

/// `GET /api/v1/accounts/{name}/followers`: of the account and its channels, for its owner.
pub async fn account_followers(
    State(app): State<App>,
    session: SignedIn,
    Path(handle): Path<String>,
    Query(parameters): Query<ListParameters>,
) -> ApiResult<Json<Value>> {
    let not_found = || Problem::not_found("Account not found");
    let (name, host) = app.split_handle(&handle);
    let mut connection = app.platform.db.read().await?;
    let account = accounts::store::find_by_handle(&mut connection, &name, &host).await?.ok_or_else(not_found)?;
    require_owner(&session.user, account.user_id == Some(session.user.id))?;
    let mut urls = vec![account.url];
    urls.extend(channels::store::of_account(&mut connection, account.id).await?.into_iter().map(|channel| channel.url));
    let targets = actors_at(&mut connection, &urls).await?;
    respond(&mut connection, &parameters.query(Side::Followers(targets))?).await
}

/// `GET /api/v1/video-channels/{handle}/followers`: for its owner.
pub async fn channel_followers(
    State(app): State<App>,
    session: SignedIn,
    Path(handle): Path<String>,
    Query(parameters): Query<ListParameters>,
) -> ApiResult<Json<Value>> {
    let not_found = || Problem::not_found("Video channel not found");
    let (name, host) = app.split_handle(&handle);
    let mut connection = app.platform.db.read().await?;
    let channel = channels::store::find_by_handle(&mut connection, &name, &host).await?.ok_or_else(not_found)?;
    let owner = accounts::store::find_by_actor(&mut connection, channel.owner_actor_id).await?.ok_or_else(not_found)?;
    require_owner(&session.user, owner.user_id == Some(session.user.id))?;
    let targets = actors_at(&mut connection, &[channel.url]).await?;
    respond(&mut connection, &parameters.query(Side::Followers(targets))?).await
}

async fn actors_at(connection: &mut Connection, urls: &[String]) -> ApiResult<Vec<ActorId>> {
    let mut found = vec![];
    for url in urls {
        found.extend(actors::store::find_by_url(connection, url).await?.map(|actor| actor.id));
    }
    Ok(found)
}

async fn respond(connection: &mut Connection, query: &FollowQuery) -> ApiResult<Json<Value>> {
    let total = store::count(connection, query).await?;
    let follows = store::list(connection, query).await?;
    Ok(Json(json!({ "total": total, "data": follows.iter().map(follow_json).collect::<Vec<_>>() })))
}

fn follow_json(follow: &Follow) -> Value {
    let side = |id: ActorId, url: &str, name: &str, host: &str, mirrored: bool| {
        json!({ "id": id.0, "url": url, "name": name, "host": host, "hostRedundancyAllowed": mirrored,
            "followingCount": 0, "followersCount": 0, "createdAt": iso(follow.created_at), "avatars": [], "banners": [] })
    };
    json!({
        "id": follow.id.0,
        "follower": side(
            follow.follower_id, &follow.follower_url, &follow.follower_username, &follow.follower_host, false
        ),
        "following": side(
            follow.target_id, &follow.target_url, &follow.target_username, &follow.target_host,
            follow.is_mirrored && !follow.target_is_local
        ),
        "score": 10000,
        "state": follow.state().name(),
        "isListed": follow.is_listed,
        "isMirrored": follow.is_mirrored,
        "isIndexed": follow.is_indexed,
        "createdAt": iso(follow.created_at),
        "updatedAt": iso(follow.updated_at),
    })
}

fn iso(moment: platform::clock::Timestamp) -> String {
    moment.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// Whether somebody looks after the whole server.
///
/// # Errors
/// [`Problem`] (403) if not.
pub fn require_administrator(user: &User) -> ApiResult<()> {
    if user.role() == Role::Administrator {
        Ok(())
    } else {
        Err(Problem::forbidden("Only administrators may do that."))
    }
}

fn require_owner(user: &User, owns: bool) -> ApiResult<()> {
    if owns || user.role() == Role::Administrator {
        Ok(())
    } else {
        Err(Problem::forbidden("Only its owner may see that."))
    }
}

impl From<FollowError> for Problem {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Target(_) | FollowError::Myself => Problem::bad_request(error.to_string()),
            FollowError::Unknown(_) | FollowError::NotFound(_) => Problem::not_found(error.to_string()),
            FollowError::NotPending(_) | FollowError::TooManySearches => {
                Problem::new(StatusCode::CONFLICT, error.to_string())
            }
            FollowError::Db(error) => error.into(),
        }
    }
}
