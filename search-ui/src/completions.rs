//! What could be meant by what is typed so far?
//!
//! In the form that browsers and other programs ask for (OpenSearch Suggestions 1.1): what was typed, then a list each of
//! texts, of words about them, and of where they lead.

use std::collections::HashSet;

use axum::{
    Json,
    extract::{RawQuery, State},
    http::header,
    response::{IntoResponse, Response},
};
use indexer::{channels::Channel, collections::CollectionQuery, document::VideoDocument, search::SearchError};
use platform::web::Problem;

use crate::{choices::ResultType, form::SearchForm, results::search_path, site::Site};

const MAX_CHANNELS: usize = 2;
const MAX_VIDEOS: usize = 6;
const MEDIA_TYPE: &str = "application/x-suggestions+json";

/// A text that could be meant.
#[derive(Debug)]
struct Completion {
    text: String,
    about: String,
    href: String,
}

/// `GET /suggestions?search=…`
pub(crate) async fn completions(State(site): State<Site>, RawQuery(query): RawQuery) -> Response {
    let typed = SearchForm::read(query.as_deref().unwrap_or_default()).search;
    match complete(&site, &typed).await {
        Ok(found) => {
            let texts: Vec<_> = found.iter().map(|completion| &completion.text).collect();
            let about: Vec<_> = found.iter().map(|completion| &completion.about).collect();
            let links: Vec<_> = found.iter().map(|completion| &completion.href).collect();
            let headers = [(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, "public, max-age=60")];
            (headers, Json((&typed, texts, about, links))).into_response()
        }
        Err(error) => Problem::internal(&error).into_response(),
    }
}

async fn complete(site: &Site, typed: &str) -> Result<Vec<Completion>, SearchError> {
    if typed.is_empty() {
        return Ok(vec![]);
    }
    let (channels, videos) = tokio::try_join!(channels(site, typed), videos(site, typed))?;
    let mut seen = HashSet::new();
    let all = channels.into_iter().chain(videos);
    Ok(all.filter(|completion| seen.insert(completion.text.to_lowercase())).collect())
}

async fn channels(site: &Site, typed: &str) -> Result<Vec<Completion>, SearchError> {
    let query = CollectionQuery { search: Some(typed.to_owned()), count: MAX_CHANNELS, ..CollectionQuery::default() };
    let found = site.collections().channels.search(query).await?;
    Ok(found.hits.iter().map(|hit| Completion::of_channel(site, &hit.document)).collect())
}

async fn videos(site: &Site, typed: &str) -> Result<Vec<Completion>, SearchError> {
    let form = SearchForm { search: typed.to_owned(), ..SearchForm::default() };
    let query = form.first_results(MAX_VIDEOS, site.platform().clock.now());
    let found = site.searcher().search(query).await?;
    Ok(found.hits.iter().map(|hit| Completion::of_video(site, &hit.video)).collect())
}

impl Completion {
    fn of_channel(site: &Site, channel: &Channel) -> Self {
        let name = &channel.actor.display_name;
        Self::new(site, ResultType::Channels, name, format!("Channel on {}", channel.actor.host))
    }

    fn of_video(site: &Site, video: &VideoDocument) -> Self {
        let about = format!("{} on {}", video.channel.display_name, video.host);
        Self::new(site, ResultType::Videos, &video.name, about)
    }

    fn new(site: &Site, result_type: ResultType, text: &str, about: String) -> Self {
        let form = SearchForm { search: text.to_owned(), result_type, ..SearchForm::default() };
        Self { text: text.to_owned(), about, href: site.address(&search_path(&form, 1)) }
    }
}
