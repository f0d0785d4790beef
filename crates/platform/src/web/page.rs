use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use super::{assets::asset_url, layers::Nonce};
use crate::Platform;

/// What the shared layout needs on every page.
#[derive(Debug, Clone, Default)]
pub struct PageContext {
    /// The nonce that the page's scripts carry (Content Security Policy).
    pub nonce: String,
    /// Name of the site.
    pub site_name: String,
    /// What every link of this site begins with: empty, or a prefix such as `/search-index`.
    pub base_path: String,
    /// Language of the page (BCP 47).
    pub locale: String,
    /// Direction of its text: `ltr` or `rtl`.
    pub dir: &'static str,
    /// Where the search box leads.
    pub search_action: String,
    /// What stands in the search box.
    pub search_query: String,
    /// Where browsers learn how to search this site from their address bar (OpenSearch).
    pub opensearch_href: Option<String>,
    /// Where the search box asks what could be meant by what is typed so far (OpenSearch Suggestions), if anybody can tell.
    pub suggestions_href: Option<String>,
    /// Who is logged in.
    pub user: Option<UserBadge>,
    /// The places of this site.
    pub nav: Vec<NavItem>,
    /// The pages of the place where the reader is, if it has several.
    pub tabs: Vec<Tab>,
    /// What these pages are about.
    pub tabs_label: &'static str,
}

/// Who is logged in, as the top bar shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserBadge {
    /// User name.
    pub name: String,
    /// Name to show.
    pub display_name: String,
    /// Where they look after their account.
    pub href: String,
}

/// One of several pages that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Where it leads.
    pub href: &'static str,
    /// Its name.
    pub label: &'static str,
    /// Whether this is where the reader is.
    pub current: bool,
}

/// A place of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavItem {
    /// Where it leads.
    pub href: String,
    /// Its name.
    pub label: String,
    /// Name of its icon in the sprite.
    pub icon: &'static str,
    /// Whether this is where the reader is.
    pub current: bool,
}

impl PageContext {
    /// The context of a page of this platform, with links under `base_path`.
    pub fn new(platform: &Platform, nonce: &Nonce, base_path: &str) -> Self {
        Self {
            nonce: nonce.as_str().to_owned(),
            site_name: platform.operator.name.clone(),
            base_path: base_path.to_owned(),
            locale: "en".to_owned(),
            dir: "ltr",
            search_action: format!("{base_path}/search"),
            search_query: String::new(),
            opensearch_href: None,
            suggestions_href: None,
            user: None,
            nav: vec![],
            tabs: vec![],
            tabs_label: "",
        }
    }

    /// Path of a built script, stylesheet or picture.
    pub fn asset(&self, name: &str) -> String {
        asset_url(name)
    }
}

/// A page as a response.
#[derive(Debug)]
pub struct Page<T>(pub T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(text) => Html(text).into_response(),
            Err(error) => super::Problem::internal(&error).into_response(),
        }
    }
}

/// A page that says what happened and what to do next.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// For the layout.
    pub page: PageContext,
    /// HTTP status.
    pub status: u16,
    /// What happened, in a few words.
    pub heading: String,
    /// What that means.
    pub explanation: String,
    /// What to do next.
    pub advice: String,
    /// Where trying again leads, when that may help.
    pub retry_href: Option<String>,
    /// What to quote to the operator.
    pub reference: Option<String>,
}

impl ErrorPage {
    /// The page for a status, with a sentence about what happened.
    pub fn new(page: PageContext, status: StatusCode, explanation: impl Into<String>) -> Self {
        let (heading, advice) = match status {
            StatusCode::NOT_FOUND => {
                ("There is nothing here", "Check the address, or search for what you were looking for.")
            }
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED if page.user.is_some() => {
                ("You may not do this", "If you think that you should, ask the people who run this server.")
            }
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => ("You may not see this", "Log in, then try again."),
            StatusCode::TOO_MANY_REQUESTS => ("That was too much at once", "Wait a few minutes, then try again."),
            StatusCode::NOT_IMPLEMENTED => ("This server cannot do that", "Nothing was changed."),
            StatusCode::INSUFFICIENT_STORAGE => {
                ("The server is full", "The people who run it have to make room before anything can be saved.")
            }
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
                ("Another server did not answer", "It may be back in a few minutes.")
            }
            StatusCode::SERVICE_UNAVAILABLE => ("This server is busy", "Try again in a moment."),
            status if status.is_client_error() => {
                ("That did not work", "Go back, change what you entered, and try again.")
            }
            _ => ("Something went wrong", "It has been logged. Nothing that you had saved is lost."),
        };
        Self {
            page,
            status: status.as_u16(),
            heading: heading.to_owned(),
            explanation: explanation.into(),
            advice: advice.to_owned(),
            retry_href: None,
            reference: None,
        }
    }
}

impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Page(self)).into_response()
    }
}
