//! What our actors have published. Items are announcements of addresses, as PeerTube writes them; whoever asks with
//! `embed=video` gets the videos themselves, more of them at a time. What does not fit into a document of the size that
//! others read stays an address. `size` says how many are on a page, as in PeerTube.

use axum::response::Response;
use federation::{
    ids,
    wire::{Action, Activity, Audience, Collection, CollectionPage},
};
use platform::{
    db::Connection,
    web::{ApiResult, Problem},
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{
    endpoints::{document, local_actor, not_found},
    paging::PAGE_SIZE,
};
use crate::{
    App, accounts,
    actors::{Actor, ActorKind},
    channels,
    videos::{self, Video},
};

/// Videos on a page of whole videos.
const LARGE_PAGE_SIZE: i64 = 50;
/// Whole videos together are no larger than this; readers take 500 kB.
const MAX_EMBEDDED_BYTES: usize = 400_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OutboxQuery {
    page: Option<i64>,
    size: Option<i64>,
    embed: String,
}

impl OutboxQuery {
    fn embeds(&self) -> bool {
        self.embed == "video"
    }
}

/// The outbox of one of our actors, or a page of it.
pub async fn respond(app: &App, name: &str, is_channel: bool, query: &OutboxQuery) -> ApiResult<Response> {
    let mut connection = app.platform.db.read().await?;
    let actor = local_actor(&mut connection, name, is_channel).await?;
    let filters = filters(&mut connection, &actor).await?;
    let total = videos::store::count(&mut connection, &filters).await?;
    let url = Url::parse(actor.url()).map_err(|error| Problem::internal(&error))?;
    let addresses = Addresses {
        outbox: ids::under(&url, "outbox"),
        embeds: query.embeds(),
        size: query.size.map(|size| size.clamp(1, LARGE_PAGE_SIZE)),
    };
    let Some(page) = query.page else { return Ok(document(&addresses.collection(total).to_document())) };

    let page = page.clamp(1, 1_000_000);
    let size = addresses.page_size();
    let list = videos::ListQuery { filters, start: (page - 1) * size, count: size, ..videos::ListQuery::default() };
    let videos = videos::store::list(&mut connection, &list).await?;
    let items = if addresses.embeds {
        embedded(app, &mut connection, &actor, &url, &videos).await?
    } else {
        videos.iter().map(|video| item(app, &actor, &url, video)).collect()
    };
    Ok(document(&addresses.page(page, total, items).to_document()))
}

async fn filters(connection: &mut Connection, actor: &Actor) -> ApiResult<videos::Filters> {
    let mut filters = videos::Filters { is_local: Some(true), ..videos::Filters::default() };
    match actor.kind() {
        ActorKind::Group => {
            let channel = channels::store::find_by_actor(connection, actor.id).await?.ok_or_else(not_found)?;
            filters.channel = Some(channel.id);
        }
        ActorKind::Application => {}
        _ => {
            let account = accounts::store::find_by_actor(connection, actor.id).await?.ok_or_else(not_found)?;
            filters.account = Some(account.id);
        }
    }
    Ok(filters)
}

/// Where the pages are: their addresses are their ids, so they repeat what was asked for.
struct Addresses {
    outbox: Url,
    embeds: bool,
    size: Option<i64>,
}

impl Addresses {
    fn page_size(&self) -> i64 {
        self.size.unwrap_or(if self.embeds { LARGE_PAGE_SIZE } else { PAGE_SIZE })
    }

    fn collection(&self, total: i64) -> Collection {
        let mut collection = Collection::new(self.outbox.clone(), total.unsigned_abs());
        collection.first = (total > 0).then(|| self.page_url(1));
        if self.embeds {
            collection.id.set_query(Some("embed=video"));
        }
        collection
    }

    fn page(&self, page: i64, total: i64, items: Vec<Value>) -> CollectionPage {
        CollectionPage {
            id: self.page_url(page),
            part_of: Some(self.collection(total).id),
            next: (page * self.page_size() < total).then(|| self.page_url(page + 1)),
            prev: (page > 1).then(|| self.page_url(page - 1)),
            ordered_items: items,
            total_items: total.unsigned_abs(),
        }
    }

    fn page_url(&self, page: i64) -> Url {
        let mut url = self.outbox.clone();
        let embed = if self.embeds { "embed=video&" } else { "" };
        let size = self.size.map(|size| format!("&size={size}")).unwrap_or_default();
        url.set_query(Some(&format!("{embed}page={page}{size}")));
        url
    }
}

fn item(app: &App, actor: &Actor, url: &Url, video: &Video) -> Value {
    let id = app.ids.announce(video.uuid, actor.id.0);
    let announce = Activity::new(id, url.clone(), Action::Announce(app.ids.video(video.uuid)));
    Value::Object(announce.addressed(Audience::public([ids::under(url, "followers")])).to_members())
}

async fn embedded(
    app: &App,
    connection: &mut Connection,
    actor: &Actor,
    url: &Url,
    videos: &[Video],
) -> ApiResult<Vec<Value>> {
    let mut room = MAX_EMBEDDED_BYTES;
    let mut items = vec![];
    for video in videos {
        let mut item = item(app, actor, url, video);
        let mut object = videos::federate::document(app, connection, video).await?;
        if let Some(members) = object.as_object_mut() {
            members.remove("@context");
        }
        let size = object.to_string().len();
        if let (true, Some(place)) = (size <= room, item.get_mut("object")) {
            room -= size;
            *place = object;
        }
        items.push(item);
    }
    Ok(items)
}
