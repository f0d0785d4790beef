use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use indexer::{
    hosts::{self, HostState, HostStatus},
    search::Counts,
};
use platform::{
    clock::Timestamp,
    db::DbError,
    web::{Nonce, Page, PageContext, VideoCard},
};

use crate::{
    cards::{extent, grouped},
    site::{Place, Site},
};

/// `GET /about`
#[derive(Debug, Template)]
#[template(path = "search/about.html")]
struct AboutPage {
    page: PageContext,
    about: Option<String>,
    contact: Option<String>,
    extent: String,
    hosts: Vec<HostRow>,
}

/// A site that is searched.
#[derive(Debug)]
struct HostRow {
    host: String,
    origin: String,
    videos: String,
    read: String,
}

pub(crate) async fn about(State(site): State<Site>, nonce: Nonce) -> Response {
    let page = site.page(&nonce, Place::About);
    match read(&site).await {
        Ok((counts, statuses)) => Page(AboutPage::new(&site, page, counts, statuses)).into_response(),
        Err(error) => site.failure(page, &error.into()),
    }
}

async fn read(site: &Site) -> Result<(Counts, Vec<HostStatus>), DbError> {
    let counts = site.searcher().counts().await?;
    let statuses = hosts::status(&mut site.platform().db.read().await?).await?;
    Ok((counts, statuses))
}

impl AboutPage {
    fn new(site: &Site, page: PageContext, counts: Counts, statuses: Vec<HostStatus>) -> Self {
        let now = site.platform().clock.now();
        Self {
            page,
            about: site.config().about.clone(),
            contact: site.platform().operator.contact.clone(),
            extent: extent(counts),
            hosts: statuses
                .into_iter()
                .filter(|status| status.state != HostState::Refused)
                .map(|status| row(status, now))
                .collect(),
        }
    }
}

fn row(status: HostStatus, now: Timestamp) -> HostRow {
    HostRow {
        videos: grouped(status.video_count.unsigned_abs()),
        read: status.last_success_at.map_or_else(|| "not yet".to_owned(), |moment| VideoCard::age_label(moment, now)),
        host: status.host,
        origin: status.origin,
    }
}
