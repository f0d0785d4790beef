use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use indexer::hosts::{self, HostCounts, HostFilter, HostState, HostStatus};
use platform::{
    clock::Timestamp,
    db::DbError,
    web::{Nonce, Page, PageContext, Pagination, VideoCard, grouped},
};
use serde::Deserialize;
use url::form_urlencoded;

use crate::{
    cards::counted,
    site::{Place, Site},
};

const PER_PAGE: i64 = 50;
const LAST_PAGE: i64 = 1_000;
const MAX_CHARS: usize = 200;
const MAX_SIMILAR: usize = 5;

/// `GET /hosts`
#[derive(Debug, Template)]
#[template(path = "search/hosts.html")]
struct HostsPage {
    page: PageContext,
    figures: Vec<Figure>,
    search: String,
    states: Vec<StateChoice>,
    is_filtered: bool,
    summary: String,
    rows: Vec<HostRow>,
    /// Sites whose names look like what was looked for in vain.
    similar: Vec<SiteLink>,
    pagination: Pagination,
}

/// A number with its name.
#[derive(Debug)]
struct Figure {
    name: &'static str,
    value: String,
}

#[derive(Debug)]
struct StateChoice {
    value: &'static str,
    label: &'static str,
    selected: bool,
}

/// A site of the list.
#[derive(Debug)]
struct HostRow {
    link: SiteLink,
    videos: String,
    state: StateWords,
    read: String,
}

/// A site and the address of its page here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SiteLink {
    pub host: String,
    pub href: String,
}

impl SiteLink {
    pub fn new(site: &Site, host: String) -> Self {
        Self { href: site.host_link(&host), host }
    }
}

/// How reading a site goes, in a few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StateWords {
    pub badge: &'static str,
    pub label: &'static str,
}

impl StateWords {
    pub fn of(state: HostState) -> Self {
        let (badge, label) = match state {
            HostState::Waiting => ("", "Waiting to be read"),
            HostState::Indexed => ("badge-success", "Searched"),
            HostState::Failing => ("badge-warning", "Cannot be read"),
            HostState::Refused => ("badge-danger", "Does not want it"),
        };
        Self { badge, label }
    }
}

const STATES: [HostState; 4] = [HostState::Indexed, HostState::Waiting, HostState::Failing, HostState::Refused];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HostsQuery {
    search: String,
    state: String,
    page: String,
}

impl HostsQuery {
    fn filter(&self) -> HostFilter {
        HostFilter {
            search: self.search.trim().chars().take(MAX_CHARS).collect::<String>().to_lowercase(),
            state: STATES.into_iter().find(|state| state.name() == self.state),
        }
    }

    fn page(&self) -> i64 {
        self.page.parse().unwrap_or(1).clamp(1, LAST_PAGE)
    }
}

/// What the database says.
struct Found {
    counts: HostCounts,
    opted_out: i64,
    statuses: Vec<HostStatus>,
    total: i64,
    similar: Vec<String>,
}

pub(crate) async fn hosts(State(site): State<Site>, Query(query): Query<HostsQuery>, nonce: Nonce) -> Response {
    let page = site.page(&nonce, Place::Hosts);
    let filter = query.filter();
    match find(&site, &filter, query.page()).await {
        Ok(found) => Page(HostsPage::new(&site, page, &filter, query.page(), found)).into_response(),
        Err(error) => site.failure(page, &error.into()),
    }
}

async fn find(site: &Site, filter: &HostFilter, page: i64) -> Result<Found, DbError> {
    let mut conn = site.platform().db.read().await?;
    let (counts, opted_out) = hosts::counts(&mut conn).await?;
    let (statuses, total) = hosts::list(&mut conn, filter, (page - 1) * PER_PAGE, PER_PAGE).await?;
    let similar = if total == 0 && filter.state.is_none() {
        hosts::similar(&mut conn, &filter.search, MAX_SIMILAR).await?
    } else {
        vec![]
    };
    Ok(Found { counts, opted_out, statuses, total, similar })
}

impl HostsPage {
    fn new(site: &Site, page: PageContext, filter: &HostFilter, number: i64, found: Found) -> Self {
        let now = site.platform().clock.now();
        let pages = (found.total + PER_PAGE - 1) / PER_PAGE;
        let href = |page: u64| site.link(&format!("/hosts{}", query_of(filter, page)));
        Self {
            page,
            figures: figures(found.counts, found.opted_out),
            search: filter.search.clone(),
            states: STATES
                .into_iter()
                .map(|state| StateChoice {
                    value: state.name(),
                    label: StateWords::of(state).label,
                    selected: filter.state == Some(state),
                })
                .collect(),
            is_filtered: *filter != HostFilter::default(),
            summary: counted(found.total.unsigned_abs(), "site"),
            rows: found.statuses.into_iter().map(|status| row(site, status, now)).collect(),
            similar: found.similar.into_iter().map(|host| SiteLink::new(site, host)).collect(),
            pagination: Pagination::new(number.unsigned_abs(), pages.unsigned_abs(), href),
        }
    }
}

fn figures(counts: HostCounts, opted_out: i64) -> Vec<Figure> {
    let figure = |name, value: i64| Figure { name, value: grouped(value.unsigned_abs()) };
    vec![
        figure("Sites that are searched", counts.indexed),
        figure("Videos", counts.videos),
        figure("Sites that cannot be read now", counts.failing),
        figure("Sites that do not want it", counts.refused + opted_out),
    ]
}

fn query_of(filter: &HostFilter, page: u64) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !filter.search.is_empty() {
        query.append_pair("search", &filter.search);
    }
    if let Some(state) = filter.state {
        query.append_pair("state", state.name());
    }
    if page > 1 {
        query.append_pair("page", &page.to_string());
    }
    let query = query.finish();
    if query.is_empty() { query } else { format!("?{query}") }
}

fn row(site: &Site, status: HostStatus, now: Timestamp) -> HostRow {
    HostRow {
        videos: grouped(status.video_count.unsigned_abs()),
        state: StateWords::of(status.state),
        read: status.last_success_at.map_or_else(|| "not yet".to_owned(), |moment| VideoCard::age_label(moment, now)),
        link: SiteLink::new(site, status.host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_carries_only_what_was_chosen() {
        let query = |search: &str, state: &str, page: &str| {
            let query = HostsQuery { search: search.into(), state: state.into(), page: page.into() };
            query_of(&query.filter(), query.page().unsigned_abs())
        };
        assert_eq!(query("", "all", "-3"), "");
        assert_eq!(query(" Tube ", "failing", "2"), "?search=tube&state=failing&page=2");
        assert_eq!(query("", "", "99999999"), "?page=1000");
    }
}
