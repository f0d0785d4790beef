use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use indexer::search::{ResultPage, SearchError};
use platform::web::{Nonce, Page, PageContext, Pagination, VideoCard};

use crate::{
    cards::{card_of_hit, counted},
    choices::{Order, ResultType},
    collections::{self, KindTab},
    feed::feed_path,
    filters::FilterView,
    form::{PER_PAGE, SearchForm},
    site::{Place, Site},
    suggestions::{Suggestion, suggestions},
};

/// `GET /search`
#[derive(Debug, Template)]
#[template(path = "search/results.html")]
struct ResultsPage {
    page: PageContext,
    search: String,
    kinds: Vec<KindTab>,
    heading: String,
    /// How many there are, and which page this is.
    summary: String,
    filters: FilterView,
    clear_href: String,
    first_page_href: String,
    feed_href: String,
    total: usize,
    /// What would find something, if this does not.
    suggestions: Vec<Suggestion>,
    videos: Vec<VideoCard>,
    pagination: Pagination,
}

pub(crate) async fn results(State(site): State<Site>, RawQuery(query): RawQuery, nonce: Nonce) -> Response {
    let form = SearchForm::read(query.as_deref().unwrap_or_default());
    let place = if form.search.is_empty() { Place::Explore } else { Place::Results };
    let mut page = site.page(&nonce, place);
    page.search_query.clone_from(&form.search);
    if form.result_type != ResultType::Videos {
        return collections::results(&site, page, &form).await;
    }
    match find(&site, &form).await {
        Ok((found, suggestions)) => Page(ResultsPage::new(&site, page, &form, &found, suggestions)).into_response(),
        Err(error) => site.failure(page, &error),
    }
}

async fn find(site: &Site, form: &SearchForm) -> Result<(ResultPage, Vec<Suggestion>), SearchError> {
    let found = site.searcher().search(form.video_query(site.platform().clock.now())).await?;
    let suggestions = if found.total == 0 { suggestions(site, form).await? } else { vec![] };
    Ok((found, suggestions))
}

impl ResultsPage {
    fn new(
        site: &Site,
        page: PageContext,
        form: &SearchForm,
        found: &ResultPage,
        suggestions: Vec<Suggestion>,
    ) -> Self {
        let href = |form: &SearchForm, page: usize| search_link(site, form, page);
        let now = site.platform().clock.now();
        let pages = found.total.div_ceil(PER_PAGE).min(indexer::query::MAX_START / PER_PAGE);
        Self {
            page,
            search: form.search.clone(),
            kinds: collections::kinds(site, form),
            heading: heading(form),
            summary: summary(form, found.total, pages),
            filters: FilterView::of(form),
            clear_href: href(&form.without_filters(), 1),
            first_page_href: href(form, 1),
            feed_href: site.link(&feed_path(form)),
            total: found.total,
            suggestions,
            videos: found.hits.iter().map(|hit| card_of_hit(hit, now)).collect(),
            pagination: Pagination::new(form.page as u64, pages as u64, |number| href(form, number as usize)),
        }
    }
}

/// The address of a page of a search.
pub(crate) fn search_link(site: &Site, form: &SearchForm, page: usize) -> String {
    site.link(&search_path(form, page))
}

/// The same as a path of the site.
pub(crate) fn search_path(form: &SearchForm, page: usize) -> String {
    let query = form.query_of_page(page);
    if query.is_empty() { "/search".to_owned() } else { format!("/search?{query}") }
}

/// What the results of a search are called.
pub(crate) fn heading(form: &SearchForm) -> String {
    match (form.search.is_empty(), form.order) {
        (false, _) => format!("Results for “{}”", form.search),
        (true, Order::Oldest) => "Oldest videos".to_owned(),
        (true, Order::MostViewed) => "Most viewed videos".to_owned(),
        (true, Order::Best | Order::Newest) => "Newest videos".to_owned(),
    }
}

fn summary(form: &SearchForm, total: usize, pages: usize) -> String {
    let videos = counted(total as u64, "video");
    if pages > 1 { format!("{videos}, page {} of {pages}", form.page) } else { videos }
}
