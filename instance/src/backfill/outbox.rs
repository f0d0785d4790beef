//! Which videos does an outbox speak of?
//!
//! Outboxes are pages of activities about addresses. Servers of this kind, asked with `embed=video`, put the videos
//! themselves in their place: 50 at a time instead of one request for each. A video that stands on a page is believed if
//! the page is on its host; of others only the address counts.

use federation::{
    origin::{ensure_same_host, same_host, without_fragment},
    wire::{
        self, Collection, CollectionPage,
        lenient::{as_url, first},
    },
};
use platform::jobs::JobError;
use serde_json::Value;
use url::Url;

use super::model::{Cut, Entry, Page, Position, Source};
use crate::{App, actors::Actor};

/// The parameter by which whole videos are asked for, and its value.
pub const EMBED: (&str, &str) = ("embed", "video");
/// Pages of one outbox that are read at most; PeerTube's own limit.
pub(super) const MAX_PAGES: i64 = 2_000;
/// Entries of one page that are read at most.
const MAX_ENTRIES: usize = 200;

/// A page of an outbox. The cursor counts pages.
pub async fn read(app: &App, actor: &Actor, source: Source, position: &Position) -> Result<Page, JobError> {
    let outbox = actor.outbox_url.as_deref().and_then(|url| Url::parse(url).ok());
    let outbox = outbox.ok_or_else(|| JobError::fail("the actor has no outbox"))?;
    let (page, total) = match &position.next_url {
        Some(url) => (CollectionPage::from_value(&app.courier.fetch(url).await?).map_err(JobError::fail)?, None),
        None => match first_page(app, &outbox, source).await? {
            Some(first) => first,
            None => return Ok(Page::default()),
        },
    };
    ensure_same_host(&page.id, &outbox).map_err(JobError::fail)?;
    let total = total.and_then(|total| i64::try_from(total).ok());
    let (next, cut) = match page.next.clone().filter(|next| same_host(next, &outbox) && !page.ordered_items.is_empty())
    {
        None => (None, None),
        Some(next) => match go_on(&page.id, next, position) {
            Ok(next) => (Some(next), None),
            Err(cut) => (None, Some(cut)),
        },
    };
    Ok(Page { entries: entries(&page), next, cut, total })
}

/// Where it goes on after a page. Of the pages that were read, one is remembered: that of the last power of two, so that
/// in the end it lies on whatever circle the way leads in, however long (after R. P. Brent).
fn go_on(page: &Url, next: Url, position: &Position) -> Result<Position, Cut> {
    let is_mark = |url: &Url| position.mark_url.as_ref() == Some(url);
    if next == *page || position.next_url.as_ref() == Some(&next) || is_mark(&next) || is_mark(page) {
        return Err(Cut::Circle);
    }
    let cursor = position.cursor + 1;
    if cursor >= MAX_PAGES {
        return Err(Cut::Endless);
    }
    let is_power_of_two = cursor & (cursor - 1) == 0;
    let mark_url = if is_power_of_two { Some(page.clone()) } else { position.mark_url.clone() };
    Ok(Position { cursor, next_url: Some(next), mark_url })
}

async fn first_page(
    app: &App,
    outbox: &Url,
    source: Source,
) -> Result<Option<(CollectionPage, Option<u64>)>, JobError> {
    let mut url = outbox.clone();
    if source == Source::Documents {
        url.query_pairs_mut().append_pair(EMBED.0, EMBED.1);
    }
    let collection = Collection::from_value(&app.courier.fetch(&url).await?).map_err(JobError::fail)?;
    let total = Some(collection.total_items);
    if let Some(page) = collection.embedded {
        return Ok(Some((*page, total)));
    }
    let Some(first) = collection.first else { return Ok(None) };
    ensure_same_host(&first, outbox).map_err(JobError::fail)?;
    let page = CollectionPage::from_value(&app.courier.fetch(&first).await?).map_err(JobError::fail)?;
    Ok(Some((page, total)))
}

/// Each video once, in the order of the page.
fn entries(page: &CollectionPage) -> Vec<Entry> {
    let mut entries: Vec<Entry> = vec![];
    for item in page.ordered_items.iter().take(MAX_ENTRIES) {
        let entry = embedded(item, &page.id).or_else(|| named(item));
        entries.extend(entry.filter(|entry| entries.iter().all(|known| known.url() != entry.url())));
    }
    entries
}

fn embedded(item: &Value, page: &Url) -> Option<Entry> {
    let video = wire::Video::from_value(item.get("object")?).ok()?;
    same_host(&video.id, page).then(|| Entry::Document(Box::new(video)))
}

fn named(item: &Value) -> Option<Entry> {
    let url = as_url(first(item.get("object")?))?;
    Some(Entry::Address(without_fragment(&url), None))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(items: Vec<Value>) -> CollectionPage {
        let outbox = Url::parse("https://tube.example/outbox").unwrap();
        CollectionPage::new(&outbox, 1, 10, items)
    }

    fn video(host: &str) -> Value {
        let mut object = wire::Video::new(
            Url::parse(&format!("https://{host}/videos/watch/1")).unwrap(),
            uuid::Uuid::nil(),
            "A video".to_owned(),
            chrono::DateTime::UNIX_EPOCH,
        );
        object.icon = vec![wire::Image::new(object.id.clone(), "image/jpeg", 1, 1)];
        object.attributed_to = vec![wire::Attribution::channel(object.id.clone())];
        object.to_document()
    }

    #[test]
    fn activities_name_videos_each_once() {
        let item = json!({ "type": "Announce", "object": "https://tube.example/videos/watch/1" });
        let entries = entries(&page(vec![item.clone(), item, json!("nothing"), json!({ "object": 3 })]));
        assert_eq!(entries.len(), 1);
        assert!(matches!(&entries[0], Entry::Address(url, None) if url.path() == "/videos/watch/1"));
    }

    #[test]
    fn a_circle_is_noticed_however_long_it_is_and_however_far_away() {
        let address = |number: usize| Url::parse(&format!("https://tube.example/outbox?page={number}")).unwrap();
        for (way_there, circle) in [(0, 1), (0, 2), (1, 1), (0, 3), (5, 7), (100, 33), (3, 400)] {
            let (mut position, mut page, mut read) = (Position::default(), 0, 1);
            let cut = loop {
                let next = if page + 1 == way_there + circle { way_there } else { page + 1 };
                match go_on(&address(page), address(next), &position) {
                    Ok(next) => position = next,
                    Err(cut) => break cut,
                }
                (page, read) = (next, read + 1);
            };
            assert_eq!(cut, Cut::Circle, "{way_there} pages to a circle of {circle}");
            assert!(read <= 3 * (way_there + circle), "{read} pages read of {way_there} to a circle of {circle}");
        }
    }

    #[test]
    fn an_outbox_that_goes_on_and_on_is_left() {
        let address = |number: i64| Url::parse(&format!("https://tube.example/outbox?page={number}")).unwrap();
        let mut position = Position::default();
        let read = (0..2 * MAX_PAGES).find(|page| match go_on(&address(*page), address(page + 1), &position) {
            Ok(next) => {
                position = next;
                false
            }
            Err(cut) => cut == Cut::Endless,
        });
        assert_eq!(read, Some(MAX_PAGES - 1));
    }

    #[test]
    fn a_whole_video_is_believed_on_a_page_of_its_own_host_only() {
        let items = vec![
            json!({ "type": "Announce", "object": video("tube.example") }),
            json!({ "type": "Announce", "object": video("victim.example") }),
        ];
        let entries = entries(&page(items));
        assert!(matches!(&entries[0], Entry::Document(video) if video.name == "A video"), "{entries:?}");
        assert!(matches!(&entries[1], Entry::Address(url, None) if url.host_str() == Some("victim.example")));
    }
}
