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

/// `GET /about`
#[derive(Debug, Template)]
#[template(path = "search/about.html")]
struct AboutPage {
    page: PageContext,
    about: Option<String>,
    contact: Option<String>,
    extent: String,
}

pub(crate) async fn about(State(site): State<Site>, nonce: Nonce) -> Response {
    let page = site.page(&nonce, Place::About);
    let counts = match site.searcher().counts().await {
        Ok(counts) => counts,
        Err(error) => return site.failure(page, &error),
    };
    let about = AboutPage {
        page,
        about: site.config().about.clone(),
        contact: site.platform().operator.contact.clone(),
        extent: extent(counts),
    };
    Page(about).into_response()
}
