//! Channels and playlists among the results.

use askama::Template;
use axum::response::{IntoResponse, Response};
use indexer::{
    channels::Channel,
    collections::{CollectionQuery, CollectionSort},
    playlists::Playlist,
    search::SearchError,
};
use platform::web::{Page, PageContext, Pagination};

use crate::{
    cards::counted,
    choices::{Choice, ResultType},
    form::{PER_PAGE, SearchForm},
    results::search_link,
    site::Site,
};

/// `GET /search?resultType=video-channels`, `GET /search?resultType=video-playlists`
#[derive(Debug, Template)]
#[template(path = "search/collections.html")]
struct CollectionsPage {
    page: PageContext,
    kinds: Vec<KindTab>,
    heading: String,
    summary: String,
    rows: Vec<Row>,
    total: usize,
    first_page_href: String,
    pagination: Pagination,
}

/// A kind of results, and where it leads.
#[derive(Debug)]
pub(crate) struct KindTab {
    pub href: String,
    pub label: &'static str,
    pub current: bool,
}

/// A channel or a playlist, which leads to its own site.
#[derive(Debug)]
struct Row {
    href: String,
    name: String,
    detail: String,
    picture: Option<String>,
    initial: String,
}

/// The same words among each kind of results.
pub(crate) fn kinds(site: &Site, form: &SearchForm) -> Vec<KindTab> {
    let tab = |(kind, _, label): &(ResultType, &'static str, &'static str)| {
        let other = SearchForm { result_type: *kind, page: 1, ..form.clone() };
        KindTab { href: search_link(site, &other, 1), label, current: *kind == form.result_type }
    };
    ResultType::ALL.iter().map(tab).collect()
}

pub(crate) async fn results(site: &Site, page: PageContext, form: &SearchForm) -> Response {
    match find(site, form).await {
        Ok((total, rows)) => Page(CollectionsPage::new(site, page, form, total, rows)).into_response(),
        Err(error) => site.failure(page, &error),
    }
}

async fn find(site: &Site, form: &SearchForm) -> Result<(usize, Vec<Row>), SearchError> {
    let query = CollectionQuery {
        search: (!form.search.is_empty()).then(|| form.search.clone()),
        start: (form.page - 1) * PER_PAGE,
        count: PER_PAGE,
        sort: CollectionSort::Match,
        host: (!form.host.is_empty()).then(|| form.host.clone()),
        ..CollectionQuery::default()
    };
    if form.result_type == ResultType::Channels {
        let found = site.collections().channels.search(query).await?;
        Ok((found.total, found.hits.iter().map(|hit| Row::of_channel(&hit.document)).collect()))
    } else {
        let found = site.collections().playlists.search(query).await?;
        Ok((found.total, found.hits.iter().map(|hit| Row::of_playlist(&hit.document)).collect()))
    }
}

impl CollectionsPage {
    fn new(site: &Site, page: PageContext, form: &SearchForm, total: usize, rows: Vec<Row>) -> Self {
        let pages = total.div_ceil(PER_PAGE).min(indexer::query::MAX_START / PER_PAGE);
        let (noun, plural) = match form.result_type {
            ResultType::Channels => ("channel", "Channels"),
            ResultType::Videos | ResultType::Playlists => ("playlist", "Playlists"),
        };
        let found = counted(total as u64, noun);
        Self {
            page,
            kinds: kinds(site, form),
            heading: if form.search.is_empty() {
                plural.to_owned()
            } else {
                format!("Results for “{}”", form.search)
            },
            summary: if pages > 1 { format!("{found}, page {} of {pages}", form.page) } else { found },
            rows,
            total,
            first_page_href: search_link(site, form, 1),
            pagination: Pagination::new(form.page as u64, pages as u64, |number| {
                search_link(site, form, number as usize)
            }),
        }
    }
}

impl Row {
    fn of_channel(channel: &Channel) -> Self {
        let actor = &channel.actor;
        let videos = channel.videos_count.map(|count| counted(count, "video"));
        let followers = (channel.followers_count > 0).then(|| counted(channel.followers_count, "follower"));
        Self {
            href: actor.url.clone(),
            detail: detail([Some(actor.host.clone()), videos, followers]),
            picture: actor.avatars.first().map(|avatar| format!("{}{}", channel.origin, avatar.path)),
            ..Self::named(&actor.display_name)
        }
    }

    fn of_playlist(playlist: &Playlist) -> Self {
        let by = playlist.channel.as_ref().unwrap_or(&playlist.account).display_name.clone();
        Self {
            href: format!("{}/videos/watch/playlist/{}", playlist.origin, playlist.uuid),
            detail: detail([
                Some(playlist.account.host.clone()),
                Some(counted(playlist.videos_length, "video")),
                Some(by),
            ]),
            picture: playlist.thumbnail_path.as_ref().map(|path| format!("{}{path}", playlist.origin)),
            ..Self::named(&playlist.display_name)
        }
    }

    fn named(name: &str) -> Self {
        Self {
            href: String::new(),
            name: name.to_owned(),
            detail: String::new(),
            picture: None,
            initial: name.chars().next().map(|first| first.to_uppercase().to_string()).unwrap_or_default(),
        }
    }
}

fn detail<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
