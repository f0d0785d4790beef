//! The public playlists of our accounts and channels, as collections.

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use federation::ids;
use platform::web::{ApiResult, Problem};
use url::Url;

use super::{
    endpoints::{document, local_actor, not_found},
    paging::Paging,
};
use crate::{App, accounts, actors, channels};

/// `GET /accounts/{name}/playlists`.
pub async fn of_account(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<Paging>,
) -> ApiResult<Response> {
    respond(&app, &name, false, query).await
}

/// `GET /video-channels/{name}/playlists`.
pub async fn of_channel(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<Paging>,
) -> ApiResult<Response> {
    respond(&app, &name, true, query).await
}

async fn respond(app: &App, name: &str, is_channel: bool, paging: Paging) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let actor = local_actor(&mut connection, name, is_channel).await?;
    let (limit, offset) = (paging.limit(), paging.offset());
    let (total, urls) = if is_channel {
        let channel = channels::store::find_by_actor(&mut connection, actor.id).await?.ok_or_else(not_found)?.id;
        let total = actors::store::count_playlists_of_channel(&mut connection, channel).await?;
        (total, actors::store::playlists_of_channel(&mut connection, channel, limit, offset).await?)
    } else {
        let account = accounts::store::find_by_actor(&mut connection, actor.id).await?.ok_or_else(not_found)?.id;
        let total = actors::store::count_playlists_of_account(&mut connection, account).await?;
        (total, actors::store::playlists_of_account(&mut connection, account, limit, offset).await?)
    };
    let url = Url::parse(actor.url()).map_err(|error| Problem::internal(&error))?;
    let items = urls.into_iter().map(Into::into).collect();
    Ok(document(&paging.document(&ids::under(&url, "playlists"), total.unsigned_abs(), items)))
}
