//! Announcements of our videos, as documents.

use federation::{
    ids,
    wire::{Action, Activity, Audience},
};
use platform::db::{Connection, DbError};
use serde_json::Value;
use url::Url;

use super::store;
use crate::{App, actors::ActorId, federation::Paging, videos::Video};

/// Who shares one of our videos: how many, or one page of them.
pub async fn collection(
    connection: &mut Connection,
    video: &Video,
    id: &Url,
    paging: Paging,
) -> Result<Value, DbError> {
    let total = store::count(connection, video.id).await?.unsigned_abs();
    let urls = match paging.page {
        Some(_) => store::urls(connection, video.id, paging.limit(), paging.offset()).await?,
        None => vec![],
    };
    Ok(paging.document(id, total, urls.into_iter().map(Value::from).collect()))
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
