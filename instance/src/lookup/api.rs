use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use platform::{
    db::Connection,
    web::{ApiResult, Problem},
};
use serde_json::{Value, json};

use super::{Asker, Found, LookupError, Reference, look_up, store, store::ChannelQuery};
use crate::{
    App, accounts,
    address::ClientAddress,
    channels::{self, Channel, ChannelId},
    listing::{DEFAULT_COUNT, MAX_COUNT, MAX_START, number},
    moderation::may_see_actor,
    oauth::Session,
    users::User,
    videos::{self, account_json, channel_json},
};

type Parameters = Query<Vec<(String, String)>>;

/// `GET /api/v1/search/videos`: by words of the title, or the one video whose address is pasted, from wherever it is.
pub async fn search_videos(
    State(app): State<App>,
    address: Result<ClientAddress, Problem>,
    session: Session,
    Query(parameters): Parameters,
) -> ApiResult<Response> {
    match Box::pin(bring(&app, address, session.clone(), &parameters)).await? {
        Search::One(Found::Video(uuid)) => videos::respond_with_one(&app, uuid).await,
        Search::One(_) | Search::Nothing => Ok(nothing().into_response()),
        Search::Words => videos::list(State(app), session, Query(parameters)).await,
    }
}

/// `GET /api/v1/search/video-channels`: by words of the name, or the one channel whose address or handle is pasted.
pub async fn search_channels(
    State(app): State<App>,
    address: Result<ClientAddress, Problem>,
    session: Session,
    Query(parameters): Parameters,
) -> ApiResult<Json<Value>> {
    let user = session.user.clone();
    let found = Box::pin(bring(&app, address, session, &parameters)).await?;
    let mut connection = app.platform.db.read().await?;
    match found {
        Search::One(Found::Channel(name, host)) => {
            let channel = channels::store::find_by_handle(&mut connection, &name, &host).await?;
            respond_with(&mut connection, channel.into_iter().collect(), user.as_ref()).await
        }
        // PeerTube answers with the channels of an account whose handle is pasted.
        Search::One(Found::Account(name, host)) => {
            let account = accounts::store::find_by_handle(&mut connection, &name, &host).await?;
            let channels = match account {
                Some(account) => channels::store::of_account(&mut connection, account.id).await?,
                None => vec![],
            };
            respond_with(&mut connection, channels, user.as_ref()).await
        }
        Search::One(_) | Search::Nothing => Ok(nothing()),
        Search::Words => list_channels(&mut connection, &parameters).await,
    }
}

/// Those of the channels that somebody may see.
async fn respond_with(
    connection: &mut Connection,
    channels: Vec<Channel>,
    user: Option<&User>,
) -> ApiResult<Json<Value>> {
    let mut visible = vec![];
    for channel in channels {
        if may_see_actor(connection, channel.actor_id, user).await? {
            visible.push(channel);
        }
    }
    let data = shown(connection, visible).await?;
    Ok(Json(json!({ "total": data.len(), "data": data })))
}

async fn list_channels(connection: &mut Connection, parameters: &[(String, String)]) -> ApiResult<Json<Value>> {
    let query = channel_query(parameters)?;
    let total = store::count_channels(connection, &query).await?;
    let ids = store::channels(connection, &query).await?;
    let data = shown_by_id(connection, &ids).await?;
    Ok(Json(json!({ "total": total, "data": data })))
}

fn channel_query(parameters: &[(String, String)]) -> ApiResult<ChannelQuery> {
    let mut query = ChannelQuery { count: DEFAULT_COUNT, ..ChannelQuery::default() };
    for (name, value) in parameters {
        match name.as_str() {
            "search" => query.words = value.split_whitespace().take(10).map(str::to_owned).collect(),
            "host" => query.host = Some(value.to_lowercase()),
            "start" => query.start = number(name, value, 0, MAX_START)?,
            "count" => query.count = number(name, value, 0, MAX_COUNT)?,
            _ => {}
        }
    }
    Ok(query)
}

async fn shown_by_id(connection: &mut Connection, ids: &[ChannelId]) -> ApiResult<Vec<Value>> {
    let mut found = vec![];
    for id in ids {
        found.extend(channels::store::find(connection, *id).await?);
    }
    shown(connection, found).await
}

async fn shown(connection: &mut Connection, channels: Vec<Channel>) -> ApiResult<Vec<Value>> {
    let mut data = vec![];
    for channel in channels {
        let owner = accounts::store::find_by_actor(connection, channel.owner_actor_id).await?;
        data.extend(owner.map(|owner| channel_json(&channel, &account_json(&owner))));
    }
    Ok(data)
}

fn nothing() -> Json<Value> {
    Json(json!({ "total": 0, "data": [] }))
}

/// What the parameter `search` asks for.
pub(crate) enum Search {
    /// What fits some words.
    Words,
    /// One thing.
    One(Found),
    /// Something that is not to be had.
    Nothing,
}

/// An address that leads nowhere finds nothing; only who asks too often is told so.
pub(crate) async fn bring(
    app: &App,
    address: Result<ClientAddress, Problem>,
    session: Session,
    parameters: &[(String, String)],
) -> ApiResult<Search> {
    let text = parameters.iter().find(|(name, _)| name == "search").map(|(_, text)| text.as_str());
    let Some(text) = text.filter(|text| Reference::read(text).is_some()) else { return Ok(Search::Words) };
    let asker = Asker { user: session.user, address: address?.0 };
    match look_up(app, &asker, text).await {
        Ok(Some(found)) => Ok(Search::One(found)),
        Ok(None) => Ok(Search::Words),
        Err(error @ LookupError::TooMany(_)) => Err(error.into()),
        Err(LookupError::Db(error)) => Err(error.into()),
        Err(error) => {
            tracing::debug!(%error, "a look-up found nothing");
            Ok(Search::Nothing)
        }
    }
}

impl From<LookupError> for Problem {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::NotAllowed => Problem::forbidden(error.to_string()),
            LookupError::TooMany(wait) => {
                Problem::new(StatusCode::TOO_MANY_REQUESTS, error.to_string()).retry_after(wait.as_secs().max(1))
            }
            LookupError::NotFound => Problem::not_found(error.to_string()),
            LookupError::Unreachable(_) => Problem::new(StatusCode::BAD_GATEWAY, error.to_string()),
            LookupError::Db(error) => error.into(),
        }
    }
}
