use std::sync::Arc;

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use indexer::{Searcher, collections::Collections, hosts::ConsentDesk, search::SearchError};
use platform::{
    Platform,
    web::{ErrorPage, NavItem, Nonce, PageContext, Problem},
};
use tracing::error;

use crate::Config;

/// What the pages are made from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Site {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    platform: Platform,
    config: Config,
    searcher: Searcher,
    collections: Collections,
    consent: ConsentDesk,
    base_path: String,
}

/// The places of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Home,
    Explore,
    Results,
    Hosts,
    About,
}

impl Site {
    /// A site over an index, with links under `base_path`.
    pub fn new(
        platform: Platform,
        config: Config,
        searcher: Searcher,
        collections: Collections,
        consent: ConsentDesk,
        base_path: &str,
    ) -> Self {
        let base_path = base_path.trim_end_matches('/').to_owned();
        Self { parts: Arc::new(Parts { platform, config, searcher, collections, consent, base_path }) }
    }

    pub(crate) fn collections(&self) -> &Collections {
        &self.parts.collections
    }

    pub(crate) fn consent(&self) -> &ConsentDesk {
        &self.parts.consent
    }

    pub(crate) fn searcher(&self) -> &Searcher {
        &self.parts.searcher
    }

    pub(crate) fn platform(&self) -> &Platform {
        &self.parts.platform
    }

    pub(crate) fn config(&self) -> &Config {
        &self.parts.config
    }

    /// What this site is called.
    pub(crate) fn name(&self) -> &str {
        self.parts.config.name.as_deref().unwrap_or(&self.parts.platform.operator.name)
    }

    /// The whole address of a path of this site, for what is read elsewhere.
    pub(crate) fn address(&self, path: &str) -> String {
        self.parts.platform.public_url.join(&self.link(path)).into()
    }

    /// The address of a path of this site, within it; the path begins with `/`.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}{path}", self.parts.base_path)
    }

    /// The address of the page of an instance.
    pub(crate) fn host_link(&self, host: &str) -> String {
        // Literal IPv6 addresses are all that would not stand in a path as it is.
        self.link(&format!("/hosts/{}", host.replace('[', "%5B").replace(']', "%5D")))
    }

    pub(crate) fn page(&self, nonce: &Nonce, place: Place) -> PageContext {
        let mut page = PageContext::new(&self.parts.platform, nonce, &self.parts.base_path);
        self.name().clone_into(&mut page.site_name);
        page.opensearch_href = Some(self.link("/opensearch.xml"));
        page.suggestions_href = Some(self.link("/suggestions"));
        page.nav = vec![
            self.nav_item("/", "Search", "search", place == Place::Home),
            self.nav_item("/search?sort=-publishedAt", "New videos", "compass", place == Place::Explore),
            self.nav_item("/hosts", "Sites", "server", place == Place::Hosts),
            self.nav_item("/about", "About", "info", place == Place::About),
        ];
        page
    }

    fn nav_item(&self, path: &str, label: &str, icon: &'static str, current: bool) -> NavItem {
        NavItem { href: self.link(path), label: label.to_owned(), icon, current }
    }

    /// The page for what is not there.
    pub(crate) fn missing(page: PageContext, explanation: &str) -> Response {
        ErrorPage::new(page, StatusCode::NOT_FOUND, explanation).into_response()
    }

    /// The page for a search that failed; the cause goes to the log.
    pub(crate) fn failure(&self, page: PageContext, error: &SearchError) -> Response {
        error!(%error, "a page of the search site failed");
        let is_passing = match error {
            SearchError::Db(error) => error.is_busy(),
            SearchError::OpenSearch(error) => error.is_passing(),
            SearchError::Interrupted => true,
            SearchError::Index(_) | SearchError::Panicked => false,
        };
        let status = if is_passing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
        let mut page = ErrorPage::new(page, status, "The search could not be done just now.");
        page.retry_href = Some(self.link("/"));
        page.into_response()
    }
}

/// A document that is no page, with its media type.
#[derive(Debug)]
pub(crate) struct Xml<T>(pub &'static str, pub T);

impl<T: Template> IntoResponse for Xml<T> {
    fn into_response(self) -> Response {
        let Self(media_type, document) = self;
        match document.render() {
            Ok(text) => ([(header::CONTENT_TYPE, media_type)], text).into_response(),
            Err(error) => Problem::internal(&error).into_response(),
        }
    }
}
