//! A search that a feed reader repeats: what is new among its results (RSS 2.0).
//!
//! The address is that of the results with `.rss` behind the path, and takes the same filters. It is always the newest that
//! come first, however the page is sorted: a reader shows what it has not seen.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use indexer::document::VideoDocument;
use tracing::error;

use crate::{
    cards::picture,
    choices::{Order, ResultType},
    form::SearchForm,
    results::{heading, search_path},
    site::{Site, Xml},
};

const ITEMS: usize = 50;
const MAX_SUMMARY_CHARS: usize = 500;

/// `GET /search.rss`
#[derive(Debug, Template)]
#[template(path = "search/feed.xml")]
struct Feed {
    title: String,
    description: String,
    results: String,
    own_address: String,
    items: Vec<Item>,
}

#[derive(Debug)]
struct Item {
    title: String,
    link: String,
    /// The same for ever, whatever else changes about the video.
    id: String,
    published: String,
    channel: String,
    summary: Option<String>,
    /// In seconds.
    duration: u32,
    nsfw: bool,
    picture: Option<String>,
}

pub(crate) async fn feed(State(site): State<Site>, RawQuery(query): RawQuery) -> Response {
    let asked = SearchForm::read(query.as_deref().unwrap_or_default());
    let form = SearchForm { result_type: ResultType::Videos, order: Order::Newest, page: 1, ..asked };
    let query = form.first_results(ITEMS, site.platform().clock.now());
    match site.searcher().search(query).await {
        Ok(found) => {
            let items = found.hits.iter().map(|hit| Item::of(&hit.video)).collect();
            let cached = [(header::CACHE_CONTROL, "public, max-age=300")];
            (cached, Xml("application/rss+xml; charset=utf-8", Feed::new(&site, &form, items))).into_response()
        }
        Err(error) => {
            error!(%error, "a feed could not be made");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The feed of a search, as a path of this site.
pub(crate) fn feed_path(form: &SearchForm) -> String {
    let form = SearchForm { result_type: ResultType::Videos, order: Order::Newest, ..form.clone() };
    format!("/search.rss?{}", form.query_of_page(1))
}

impl Feed {
    fn new(site: &Site, form: &SearchForm, items: Vec<Item>) -> Self {
        Self {
            title: format!("{} · {}", heading(form), site.name()),
            description: format!("What is new among the results at {}.", site.name()),
            results: site.address(&search_path(form, 1)),
            own_address: site.address(&feed_path(form)),
            items,
        }
    }
}

impl Item {
    fn of(video: &VideoDocument) -> Self {
        let summary = video.description.as_deref().map(|text| text.chars().take(MAX_SUMMARY_CHARS).collect::<String>());
        Self {
            title: video.name.clone(),
            link: video.url.clone(),
            id: format!("urn:uuid:{}", video.uuid),
            published: video.published_at.to_rfc2822(),
            channel: video.channel.display_name.clone(),
            summary: summary.filter(|text| !text.trim().is_empty()),
            duration: video.duration,
            nsfw: video.nsfw,
            picture: picture(video),
        }
    }
}
