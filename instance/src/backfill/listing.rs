//! Which videos does PeerTube's REST API list?

use federation::{
    origin::same_host,
    wire::lenient::{as_url, first},
};
use platform::{clock::Timestamp, jobs::JobError};
use serde_json::Value;
use url::Url;

use super::model::{Cut, Entry, Page, Position};
use crate::{
    App,
    actors::{Actor, ActorKind},
};

/// Videos on one page; PeerTube gives no more.
const PAGE_SIZE: i64 = 100;
/// The same, as the length of a list.
const MAX_ITEMS: usize = 100;
const MAX_BYTES: u64 = 5_000_000;
/// No server has more videos than this, whatever it says.
const MAX_VIDEOS: i64 = 500_000;

/// A page of the listing.
pub async fn read(app: &App, actor: &Actor, position: &Position) -> Result<Page, JobError> {
    let base = Url::parse(actor.url()).map_err(JobError::fail)?;
    if app.border.refuses_url(&base) {
        return Err(JobError::fail("this server is not spoken with"));
    }
    let url = address(&base, actor.kind(), &actor.username, position.cursor).map_err(JobError::fail)?;
    let request = app.platform.http.get(&url).accept("application/json").max_body(MAX_BYTES);
    let response = request.send().await?.error_for_status()?;
    if !same_host(&response.url, &base) {
        return Err(JobError::fail(format!("{} answers for {}", response.url, base)));
    }
    Ok(page(&response.json()?, &base, position.cursor))
}

fn address(actor: &Url, kind: ActorKind, name: &str, start: i64) -> Result<Url, url::ParseError> {
    let mut url = actor.join("/api/v1/videos")?;
    if let (false, Ok(mut path)) = (kind == ActorKind::Application, url.path_segments_mut()) {
        let section = if kind == ActorKind::Group { "video-channels" } else { "accounts" };
        path.clear().extend(["api", "v1", section, name, "videos"]);
    }
    url.query_pairs_mut()
        .append_pair("isLocal", "true")
        .append_pair("nsfw", "both")
        .append_pair("sort", "-publishedAt")
        .append_pair("start", &start.to_string())
        .append_pair("count", &PAGE_SIZE.to_string());
    Ok(url)
}

/// What is not on the host itself is another server's to list.
fn page(document: &Value, base: &Url, start: i64) -> Page {
    let total = document.get("total").and_then(Value::as_i64).map(|total| total.clamp(0, MAX_VIDEOS));
    let items = document.get("data").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let on_page = i64::try_from(items.len()).unwrap_or(PAGE_SIZE).min(PAGE_SIZE);
    let entries = items.iter().take(MAX_ITEMS).filter_map(|item| {
        let url = as_url(first(item.get("url")?)).filter(|url| same_host(url, base))?;
        let updated_at = item.get("updatedAt").and_then(Value::as_str);
        let updated_at = updated_at.and_then(|text| text.parse::<Timestamp>().ok());
        Some(Entry::Address(url, updated_at))
    });
    let cursor = start + on_page;
    let is_last = on_page == 0 || cursor >= total.unwrap_or(MAX_VIDEOS) || cursor >= MAX_VIDEOS;
    let cut = (on_page > 0 && cursor >= MAX_VIDEOS).then_some(Cut::Endless);
    let next = (!is_last).then_some(Position { cursor, ..Position::default() });
    Page { entries: entries.collect(), next, cut, total }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn base() -> Url {
        Url::parse("https://tube.example/accounts/peertube").unwrap()
    }

    #[test]
    fn a_recorded_page_is_read() {
        let document = json!({ "total": 250, "data": [
            { "url": "https://tube.example/videos/watch/1", "updatedAt": "2026-11-22T03:56:21.853Z" },
            { "url": "https://other.example/videos/watch/2", "updatedAt": "2026-11-22T03:56:21.853Z" },
            { "name": "without an address" },
        ]});
        let page = page(&document, &base(), 100);
        assert_eq!(page.entries.len(), 1);
        assert_eq!(page.entries[0].url().path(), "/videos/watch/1");
        assert!(page.entries[0].updated_at().is_some());
        assert_eq!((page.next.unwrap().cursor, page.total), (103, Some(250)));
    }

    #[test]
    fn a_listing_ends_with_its_total_or_an_empty_page() {
        let item = json!({ "url": "https://tube.example/videos/watch/1" });
        assert_eq!(page(&json!({ "total": 1, "data": [item] }), &base(), 0).next, None);
        assert_eq!(page(&json!({ "total": 1_000_000_000, "data": [] }), &base(), 0).next, None);
        let endless = page(&json!({ "data": [item] }), &base(), MAX_VIDEOS - 1);
        assert_eq!((endless.next, endless.cut), (None, Some(Cut::Endless)));
    }

    #[test]
    fn each_kind_of_actor_has_its_own_listing() {
        let path = |kind| address(&base(), kind, "a b", 0).unwrap().path().to_owned();
        assert_eq!(path(ActorKind::Application), "/api/v1/videos");
        assert_eq!(path(ActorKind::Group), "/api/v1/video-channels/a%20b/videos");
        assert_eq!(path(ActorKind::Person), "/api/v1/accounts/a%20b/videos");
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_panic(text in ".{0,80}", number in any::<i64>(), start in 0_i64..1_000_000) {
            let document = json!({ "total": number, "data": [{ "url": text, "updatedAt": text }, text] });
            let page = page(&document, &base(), start);
            prop_assert!(page.next.is_none_or(|next| next.cursor > start));
        }
    }
}
