//! The public playlists of our accounts and channels, as collections.

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use federation::{
    ids,
    wire::{Collection, CollectionPage},
};
use platform::web::{ApiResult, Problem};
use url::Url;

use super::endpoints::{PAGE_SIZE, PageNumber, document, local_actor, not_found, offset};
use crate::{App, accounts, actors, channels};

/// `GET /accounts/{name}/playlists`.
pub async fn of_account(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<PageNumber>,
) -> ApiResult<Response> {
    respond(&app, &name, false, query.page).await
}

/// `GET /video-channels/{name}/playlists`.
pub async fn of_channel(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<PageNumber>,
) -> ApiResult<Response> {
    respond(&app, &name, true, query.page).await
}

async fn respond(app: &App, name: &str, is_channel: bool, page: Option<u64>) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let actor = local_actor(&mut connection, name, is_channel).await?;
    let start = offset(page.unwrap_or(1));
    let (total, urls) = if is_channel {
        let channel = channels::store::find_by_actor(&mut connection, actor.id).await?.ok_or_else(not_found)?.id;
        let total = actors::store::count_playlists_of_channel(&mut connection, channel).await?;
        (total, actors::store::playlists_of_channel(&mut connection, channel, PAGE_SIZE, start).await?)
    } else {
        let account = accounts::store::find_by_actor(&mut connection, actor.id).await?.ok_or_else(not_found)?.id;
        let total = actors::store::count_playlists_of_account(&mut connection, account).await?;
        (total, actors::store::playlists_of_account(&mut connection, account, PAGE_SIZE, start).await?)
    };
    let url = Url::parse(actor.url()).map_err(|error| Problem::internal(&error))?;
    let (id, total) = (ids::under(&url, "playlists"), total.unsigned_abs());
    let Some(page) = page else { return Ok(document(&Collection::new(id, total).to_document())) };
    let items = urls.into_iter().map(Into::into).collect();
    Ok(document(&CollectionPage::new(&id, page, total, items).to_document()))
}
