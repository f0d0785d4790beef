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
use serde_json::{Map, Value, json};

use super::{BlockError, Blocker, actions, store};
use crate::{
    App,
    accounts::{self, AccountId},
    moderation::{self, ListOptions, Moderator},
    oauth::{Session, SignedIn},
    users::User,
    videos::{account_json, iso},
};

const MAX_ASKED: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewAccountBlock {
    account_name: String,
}

#[derive(Debug, Deserialize)]
pub struct NewServerBlock {
    host: String,
}

/// `GET /api/v1/server/blocklist/accounts`.
pub async fn server_accounts(
    State(app): State<App>,
    _: Moderator,
    Query(options): Query<ListOptions>,
) -> ApiResult<Json<Value>> {
    list_accounts(&app, Blocker::Server, options).await
}

/// `GET /api/v1/users/me/blocklist/accounts`.
pub async fn my_accounts(
    State(app): State<App>,
    session: SignedIn,
    Query(options): Query<ListOptions>,
) -> ApiResult<Json<Value>> {
    list_accounts(&app, blocker(&app, &session.user).await?, options).await
}

/// `GET /api/v1/server/blocklist/servers`.
pub async fn server_servers(
    State(app): State<App>,
    _: Moderator,
    Query(options): Query<ListOptions>,
) -> ApiResult<Json<Value>> {
    list_servers(&app, Blocker::Server, options).await
}

/// `GET /api/v1/users/me/blocklist/servers`.
pub async fn my_servers(
    State(app): State<App>,
    session: SignedIn,
    Query(options): Query<ListOptions>,
) -> ApiResult<Json<Value>> {
    list_servers(&app, blocker(&app, &session.user).await?, options).await
}

/// `POST /api/v1/server/blocklist/accounts`.
pub async fn block_account_here(
    State(app): State<App>,
    _: Moderator,
    Json(block): Json<NewAccountBlock>,
) -> ApiResult<StatusCode> {
    actions::block_account(&app, Blocker::Server, &block.account_name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/users/me/blocklist/accounts`.
pub async fn block_account_for_me(
    State(app): State<App>,
    session: SignedIn,
    Json(block): Json<NewAccountBlock>,
) -> ApiResult<StatusCode> {
    actions::block_account(&app, blocker(&app, &session.user).await?, &block.account_name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/server/blocklist/servers`.
pub async fn block_server_here(
    State(app): State<App>,
    _: Moderator,
    Json(block): Json<NewServerBlock>,
) -> ApiResult<StatusCode> {
    actions::block_servers(&app, Blocker::Server, &[&block.host]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/users/me/blocklist/servers`.
pub async fn block_server_for_me(
    State(app): State<App>,
    session: SignedIn,
    Json(block): Json<NewServerBlock>,
) -> ApiResult<StatusCode> {
    actions::block_servers(&app, blocker(&app, &session.user).await?, &[&block.host]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/server/blocklist/accounts/{handle}`.
pub async fn unblock_account_here(
    State(app): State<App>,
    _: Moderator,
    Path(handle): Path<String>,
) -> ApiResult<StatusCode> {
    actions::unblock_account(&app, Blocker::Server, &handle).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/users/me/blocklist/accounts/{handle}`.
pub async fn unblock_account_for_me(
    State(app): State<App>,
    session: SignedIn,
    Path(handle): Path<String>,
) -> ApiResult<StatusCode> {
    actions::unblock_account(&app, blocker(&app, &session.user).await?, &handle).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/server/blocklist/servers/{host}`.
pub async fn unblock_server_here(
    State(app): State<App>,
    _: Moderator,
    Path(host): Path<String>,
) -> ApiResult<StatusCode> {
    actions::unblock_server(&app, Blocker::Server, &host).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/users/me/blocklist/servers/{host}`.
pub async fn unblock_server_for_me(
    State(app): State<App>,
    session: SignedIn,
    Path(host): Path<String>,
) -> ApiResult<StatusCode> {
    actions::unblock_server(&app, blocker(&app, &session.user).await?, &host).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/blocklist/status?accounts=name@host&hosts=host`: what of this is blocked by the server, and by who asks.
pub async fn status(
    State(app): State<App>,
    session: Session,
    Query(parameters): Query<Vec<(String, String)>>,
) -> ApiResult<Json<Value>> {
    if parameters.len() > MAX_ASKED {
        return Err(Problem::bad_request(format!("Ask for at most {MAX_ASKED} accounts and hosts.")));
    }
    let mut connection = app.platform.db.read().await?;
    let reader = match &session.user {
        Some(user) => accounts::store::find_by_user(&mut connection, user.id).await?.map(|account| account.id),
        None => None,
    };
    let (mut accounts, mut hosts) = (Map::new(), Map::new());
    for (name, value) in parameters {
        match name.trim_end_matches("[]") {
            "accounts" => {
                let status = account_status(&app, &mut connection, reader, &value).await?;
                accounts.insert(value, status);
            }
            "hosts" => {
                let by_user = match reader {
                    Some(reader) => store::blocks_host(&mut connection, reader, &value).await?,
                    None => false,
                };
                hosts.insert(value.clone(), status_json(app.border.blocks_host(&value), by_user));
            }
            _ => {}
        }
    }
    Ok(Json(json!({ "accounts": accounts, "hosts": hosts })))
}

async fn account_status(
    app: &App,
    connection: &mut Connection,
    reader: Option<AccountId>,
    handle: &str,
) -> ApiResult<Value> {
    let (name, host) = app.split_handle(handle);
    let Some(account) = accounts::store::find_by_handle(connection, &name, &host).await? else {
        return Ok(status_json(false, false));
    };
    let by_server = match moderation::store::find_server_account(connection).await? {
        Some(server) => store::blocks_account(connection, server, account.id).await?,
        None => false,
    };
    let by_user = match reader {
        Some(reader) => store::blocks_account(connection, reader, account.id).await?,
        None => false,
    };
    Ok(status_json(by_server, by_user))
}

fn status_json(by_server: bool, by_user: bool) -> Value {
    json!({ "blockedByServer": by_server, "blockedByUser": by_user })
}

async fn blocker(app: &App, user: &User) -> ApiResult<Blocker> {
    let account = accounts::store::find_by_user(&mut app.platform.db.read().await?, user.id).await?;
    account.map(|account| Blocker::User(account.id)).ok_or_else(|| Problem::internal(&"a user without an account"))
}

async fn list_accounts(app: &App, blocker: Blocker, options: ListOptions) -> ApiResult<Json<Value>> {
    let options = options.check(&["createdAt"])?;
    let mut connection = app.platform.db.read().await?;
    let by = blocker.account(&mut connection).await?;
    let by_json = by_account(&mut connection, by).await?;
    let total = store::count_accounts(&mut connection, by, &options).await?;
    let mut data = vec![];
    for block in store::accounts(&mut connection, by, &options).await? {
        if let Some(account) = accounts::store::find_by_actor(&mut connection, block.actor_id).await? {
            data.push(json!({
                "byAccount": by_json,
                "blockedAccount": account_json(&account),
                "createdAt": iso(block.created_at).to_string(),
            }));
        }
    }
    Ok(Json(json!({ "total": total, "data": data })))
}

async fn list_servers(app: &App, blocker: Blocker, options: ListOptions) -> ApiResult<Json<Value>> {
    let options = options.check(&["createdAt"])?;
    let mut connection = app.platform.db.read().await?;
    let by = blocker.account(&mut connection).await?;
    let by_json = by_account(&mut connection, by).await?;
    let total = store::count_servers(&mut connection, by, &options).await?;
    let servers = store::servers(&mut connection, by, &options).await?;
    let data: Vec<_> = servers
        .iter()
        .map(|block| {
            json!({
                "byAccount": by_json,
                "blockedServer": { "host": block.host },
                "createdAt": iso(block.created_at).to_string(),
            })
        })
        .collect();
    Ok(Json(json!({ "total": total, "data": data })))
}

async fn by_account(connection: &mut Connection, account: AccountId) -> ApiResult<Value> {
    let Some(actor) = moderation::store::actor_of(connection, account).await? else { return Ok(Value::Null) };
    let account = accounts::store::find_by_actor(connection, actor).await?;
    Ok(account.as_ref().map(account_json).unwrap_or_default())
}

impl From<BlockError> for Problem {
    fn from(error: BlockError) -> Self {
        match error {
            BlockError::BadHost(_) => Problem::bad_request(error.to_string()),
            BlockError::UnknownAccount(_) | BlockError::NotBlocked(_) => Problem::not_found(error.to_string()),
            BlockError::Myself | BlockError::OwnServer => Problem::new(StatusCode::CONFLICT, error.to_string()),
            BlockError::Db(error) => error.into(),
        }
    }
}
