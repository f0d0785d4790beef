use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use indexer::{
    hosts::{self, HostState, HostStatus, HostsError, Source, consent},
    listen::{Follow, FollowState},
    query::{Filters, Sort, VideoQuery},
    search::SearchError,
};
use platform::{
    clock::Timestamp,
    web::{Nonce, Page, PageContext, VideoCard, grouped},
};
use serde::Deserialize;
use url::form_urlencoded;

use crate::{
    cards::{card, counted},
    hosts::{SiteLink, StateWords},
    operator,
    site::{Place, Site},
};

const NEWEST: usize = 8;
const MAX_SIMILAR: usize = 5;

/// `GET /hosts/{host}`
#[derive(Debug, Template)]
#[template(path = "search/host.html")]
struct HostPage {
    page: PageContext,
    host: String,
    origin: String,
    state: StateWords,
    /// What the state means, and what happens next.
    words: String,
    is_bad: bool,
    /// What exactly went wrong.
    error: Option<String>,
    reading: Option<String>,
    facts: Vec<(&'static str, String)>,
    reason: &'static str,
    videos: Vec<VideoCard>,
    all_href: String,
    consent_href: String,
    crawl_action: Option<String>,
    was_asked: bool,
    /// Where the page looks again by itself, while something moves.
    refresh_href: Option<String>,
}

/// `GET /hosts/{host}` of a site that is not on the list.
#[derive(Debug, Template)]
#[template(path = "search/no_host.html")]
struct NoHostPage {
    page: PageContext,
    host: String,
    has_opted_out: bool,
    similar: Vec<SiteLink>,
    consent_href: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HostQuery {
    asked: String,
}

pub(crate) async fn host(
    State(site): State<Site>,
    Path(host): Path<String>,
    Query(query): Query<HostQuery>,
    headers: HeaderMap,
    nonce: Nonce,
) -> Response {
    let page = site.page(&nonce, Place::Hosts);
    let is_operator = operator::is_operator(&site, &headers);
    let shown = match find(&site, &host).await {
        Ok(Some((status, videos))) => {
            let mut shown = HostPage::new(&site, page, status, videos);
            shown.crawl_action = is_operator.then(|| format!("{}/crawl", site.host_link(&shown.host)));
            shown.was_asked = is_operator && query.asked == "1";
            shown.refresh_href = (shown.was_asked || shown.reading.is_some()).then(|| site.host_link(&shown.host));
            Ok(Page(shown).into_response())
        }
        Ok(None) => missing(&site, page.clone(), host).await.map_err(|error| (page, error)),
        Err(error) => Err((page, error)),
    };
    shown.unwrap_or_else(|(page, error)| site.failure(page, &error))
}

/// `POST /hosts/{host}/crawl`
pub(crate) async fn crawl(
    State(site): State<Site>,
    Path(host): Path<String>,
    headers: HeaderMap,
    nonce: Nonce,
) -> Response {
    let back = site.host_link(&host);
    if !operator::may_change(&site, &headers) {
        let next: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
        return Redirect::to(&site.link(&format!("/operator?next={next}"))).into_response();
    }
    match crawl_now(&site, &host).await {
        Ok(()) => Redirect::to(&format!("{back}?asked=1")).into_response(),
        Err(HostsError::Db(error)) => site.failure(site.page(&nonce, Place::Hosts), &error.into()),
        Err(_) => Redirect::to(&back).into_response(),
    }
}

async fn crawl_now(site: &Site, host: &str) -> Result<(), HostsError> {
    let platform = site.platform();
    let mut tx = platform.db.begin().await?;
    hosts::crawl_now(&mut tx, host, platform.http.allows_plain_http(), platform.clock.now()).await?;
    Ok(tx.commit().await?)
}

async fn find(site: &Site, host: &str) -> Result<Option<(HostStatus, Vec<VideoCard>)>, SearchError> {
    let found = hosts::find(&mut site.platform().db.read().await?, &host.to_lowercase()).await?;
    let Some(status) = found else { return Ok(None) };
    let filters = Filters { host: Some(status.host.clone()), ..Filters::default() };
    let query = VideoQuery { count: NEWEST, sort: Sort::NEWEST, filters, ..VideoQuery::default() };
    let (hits, now) = (site.searcher().search(query).await?.hits, site.platform().clock.now());
    Ok(Some((status, hits.iter().map(|hit| card(&hit.video, now)).collect())))
}

async fn missing(site: &Site, page: PageContext, host: String) -> Result<Response, SearchError> {
    let mut conn = site.platform().db.read().await?;
    let has_opted_out = consent::is_opted_out(&mut conn, &host.to_lowercase()).await?;
    let similar = if has_opted_out { vec![] } else { hosts::similar(&mut conn, &host, MAX_SIMILAR).await? };
    let missing = NoHostPage {
        page,
        has_opted_out,
        similar: similar.into_iter().map(|host| SiteLink::new(site, host)).collect(),
        consent_href: consent_link(site, &host),
        host: host.chars().take(100).collect(),
    };
    Ok((axum::http::StatusCode::NOT_FOUND, Page(missing)).into_response())
}

impl HostPage {
    fn new(site: &Site, page: PageContext, status: HostStatus, videos: Vec<VideoCard>) -> Self {
        let now = site.platform().clock.now();
        let filter: String = form_urlencoded::byte_serialize(status.host.as_bytes()).collect();
        Self {
            page,
            state: StateWords::of(status.state),
            words: words(&status, now),
            is_bad: matches!(status.state, HostState::Failing | HostState::Refused),
            reading: status.reading.map(|position| reading(position, status.video_count)),
            facts: facts(&status, now),
            reason: reason(status.source),
            videos,
            all_href: site.link(&format!("/search?sort=-publishedAt&host={filter}")),
            consent_href: consent_link(site, &status.host),
            crawl_action: None,
            was_asked: false,
            refresh_href: None,
            origin: status.origin,
            error: status.last_error,
            host: status.host,
        }
    }
}

fn consent_link(site: &Site, host: &str) -> String {
    let who: String = form_urlencoded::byte_serialize(host.as_bytes()).collect();
    site.link(&format!("/opt-out?who={who}"))
}

fn words(status: &HostStatus, now: Timestamp) -> String {
    let next = until(status.next_crawl_at, now);
    match status.state {
        HostState::Waiting => {
            "It is on the list, and was not read completely yet. That takes minutes for a small site and \
                               hours for a large one."
                .to_owned()
        }
        HostState::Indexed => format!("All its public videos can be found here. It is read again {next}."),
        HostState::Failing if status.hidden_at.is_some() => format!(
            "It could not be read for long, so that nothing of it is found until it is back. It is tried again {next}."
        ),
        HostState::Failing => format!(
            "The last try to read it failed. What was known before is still found, and it is tried again {next}."
        ),
        HostState::Refused => format!(
            "The site says by its robots.txt or a header that it does not want to be searched, so nothing of it is kept. \
             Whether it still says so is looked up {next}."
        ),
    }
}

fn reason(source: Source) -> &'static str {
    match source {
        Source::Manual | Source::Configuration => "It is searched because the people who run this search chose it.",
        Source::Directory => "It is searched because it is in a public directory of sites that this search follows.",
        Source::Neighbour => {
            "It is searched because it follows, or is followed by, another site that is searched here."
        }
        Source::Follow => "It is searched because the video site beside this search follows it.",
        Source::OptIn => "It is searched because it asked for it.",
    }
}

fn facts(status: &HostStatus, now: Timestamp) -> Vec<(&'static str, String)> {
    let ago =
        |moment: Option<Timestamp>| moment.map_or_else(|| "never".to_owned(), |then| VideoCard::age_label(then, now));
    let mut facts = vec![
        ("Videos", grouped(status.video_count.unsigned_abs())),
        ("Read completely", ago(status.last_success_at)),
        ("Last tried", ago(status.last_crawl_at)),
        ("Next visit", until(status.next_crawl_at, now)),
        ("Tells what is new", tells(status.follow.as_ref())),
        ("On the list since", status.added_at.format("%-d %B %Y").to_string()),
    ];
    if status.rejected_count > 0 {
        facts.push(("Records that could not be used", grouped(status.rejected_count.unsigned_abs())));
    }
    facts
}

/// Whether a site tells by itself what is new.
fn tells(follow: Option<&Follow>) -> String {
    let Some(follow) = follow else { return "it was not asked to".to_owned() };
    let since = follow.since.format("%-d %B %Y");
    match follow.state {
        FollowState::Asked => format!("asked on {since}, without an answer yet"),
        FollowState::Accepted => format!("at once, since {since}"),
        FollowState::Refused => format!("no, as it answered on {since}"),
        FollowState::Unavailable => {
            format!("cannot be asked: {}", follow.error.as_deref().unwrap_or("nobody there can be followed"))
        }
    }
}

fn reading(position: i64, known: i64) -> String {
    let read = format!("{} {}", grouped(position.unsigned_abs()), if position == 1 { "entry" } else { "entries" });
    if known > position {
        format!("{read} of about {} read", grouped(known.unsigned_abs()))
    } else {
        format!("{read} read")
    }
}

/// How far away a moment is: `in 5 minutes`, or `as soon as possible` when it is over.
fn until(moment: Timestamp, now: Timestamp) -> String {
    let seconds = (moment - now).num_seconds();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    if seconds <= 0 {
        return "as soon as possible".to_owned();
    }
    for (size, name) in units {
        let count = seconds / size;
        if count > 0 {
            return format!("in {}", counted(count.unsigned_abs(), name));
        }
    }
    "in less than a minute".to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use platform::clock::{Clock, FakeClock};

    use super::*;

    #[test]
    fn the_next_visit_is_said_as_people_say_it() {
        let now = FakeClock::default().now();
        let seconds = |seconds| until(now + Duration::from_secs(seconds), now);
        assert_eq!(until(now, now), "as soon as possible");
        assert_eq!(seconds(30), "in less than a minute");
        assert_eq!(seconds(61), "in 1 minute");
        assert_eq!(seconds(7_300), "in 2 hours");
        assert_eq!(seconds(200_000), "in 2 days");
    }

    #[test]
    fn a_page_says_whether_its_site_tells_what_is_new() {
        let follow = |state| Follow { state, since: FakeClock::default().now(), error: Some("no actor".to_owned()) };
        assert_eq!(tells(None), "it was not asked to");
        assert_eq!(tells(Some(&follow(FollowState::Accepted))), "at once, since 1 March 2026");
        assert_eq!(tells(Some(&follow(FollowState::Refused))), "no, as it answered on 1 March 2026");
        assert_eq!(tells(Some(&follow(FollowState::Unavailable))), "cannot be asked: no actor");
        assert!(tells(Some(&follow(FollowState::Asked))).starts_with("asked on 1 March 2026"));
    }

    #[test]
    fn a_reading_says_how_far_it_is() {
        assert_eq!(reading(1, 0), "1 entry read");
        assert_eq!(reading(1_200, 5_000), "1,200 entries of about 5,000 read");
    }
}
