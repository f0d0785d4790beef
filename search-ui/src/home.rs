use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use platform::web::{Nonce, Page, PageContext};

use crate::{
    cards::extent,
    site::{Place, Site},
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
            let extent = (counts.videos > 0).then(|| extent(counts));
            Page(HomePage { page, extent }).into_response()
        }
        Err(error) => site.failure(page, &error),
    }
}
