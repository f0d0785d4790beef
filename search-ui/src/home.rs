use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use platform::web::{Nonce, Page, PageContext};

use crate::{
    cards::counted,
    site::{Failure, Place, Site},
};

/// `GET /`
#[derive(Debug, Template)]
#[template(path = "search/home.html")]
struct HomePage {
    page: PageContext,
    /// What can be searched; `None` while nothing can.
    extent: Option<String>,
}

pub(crate) async fn home(State(site): State<Site>, nonce: Nonce) -> Response {
    let page = site.page(&nonce, Place::Home);
    match site.searcher().counts().await {
        Ok(counts) => {
            let extent = (counts.videos > 0)
                .then(|| format!("{} on {}", counted(counts.videos, "video"), counted(counts.hosts, "site")));
            Page(HomePage { page, extent }).into_response()
        }
        Err(error) => site.failure(page, &Failure::Db(error)),
    }
}
