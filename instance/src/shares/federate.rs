//! Announcements of our videos, as documents.

use federation::{
    ids,
    wire::{Action, Activity, Audience, Collection, CollectionPage},
};
use platform::db::{Connection, DbError};
use serde_json::Value;
use url::Url;

use super::store;
use crate::{App, actors::ActorId, videos::Video};

const PAGE_SIZE: i64 = 10;
const MAX_PAGE: u64 = 100_000;

/// Who shares one of our videos: how many, or one page of them.
pub async fn collection(
    connection: &mut Connection,
    video: &Video,
    id: Url,
    page: Option<u64>,
) -> Result<Value, DbError> {
    let total = store::count(connection, video.id).await?.unsigned_abs();
    let Some(page) = page else { return Ok(Collection::new(id, total).to_document()) };
    let page = page.clamp(1, MAX_PAGE);
    let offset = i64::try_from(page - 1).unwrap_or_default() * PAGE_SIZE;
    let urls = store::urls(connection, video.id, PAGE_SIZE, offset).await?;
    let items = urls.into_iter().map(Value::from).collect();
    Ok(CollectionPage::new(&id, page, total, items).to_document())
}

/// The announcement of one of our videos by one of our actors.
pub async fn document(
    app: &App,
    connection: &mut Connection,
    video: &Video,
    actor: ActorId,
) -> Result<Option<Value>, DbError> {
    let sharer = store::sharer(connection, video.id, actor).await?.and_then(|url| Url::parse(&url).ok());
    Ok(sharer.map(|sharer| {
        let id = app.ids.announce(video.uuid, actor.0);
        let audience = Audience::public([ids::under(&sharer, "followers")]);
        Activity::new(id, sharer, Action::Announce(app.ids.video(video.uuid))).addressed(audience).to_document()
    }))
}
