//! Is it the operator who asks?
//!
//! A search site has no users. Its operator logs in with the token of the configuration; the cookie holds a hash of it, so it
//! ends when the token is changed. It counts for changing something only if the browser says that the request comes from a
//! page of this site (cross-site request forgery).

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use platform::web::{Nonce, Page, PageContext};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::site::{Place, Site};

const COOKIE: &str = "shoal_search_operator";
const MAX_AGE_S: u32 = 30 * 86_400;
const SHORTEST_TOKEN: usize = 20;

/// `GET /operator`
#[derive(Debug, Template)]
#[template(path = "search/operator.html")]
struct OperatorPage {
    page: PageContext,
    next: String,
    is_in: bool,
    is_wrong: bool,
}

/// Refuses a token that could be guessed.
pub(crate) fn check_token(token: Option<&str>) -> Result<(), String> {
    match token {
        Some(token) if token.chars().count() < SHORTEST_TOKEN => {
            Err(format!("search_ui.operator_token must have at least {SHORTEST_TOKEN} characters"))
        }
        _ => Ok(()),
    }
}

/// Whether the reader is the operator.
pub(crate) fn is_operator(site: &Site, headers: &HeaderMap) -> bool {
    let Some(expected) = site.config().operator_token.as_deref().map(cookie_of) else { return false };
    cookies(headers).any(|(name, value)| name == COOKIE && value == expected)
}

/// Whether the operator changes something from a page of this site.
pub(crate) fn may_change(site: &Site, headers: &HeaderMap) -> bool {
    is_operator(site, headers) && comes_from_here(headers)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entrance {
    token: String,
    next: String,
}

pub(crate) async fn operator(
    State(site): State<Site>,
    nonce: Nonce,
    headers: HeaderMap,
    Query(query): Query<Entrance>,
) -> Response {
    let page = site.page(&nonce, Place::About);
    if site.config().operator_token.is_none() {
        return Site::missing(page, "This site has no entrance for its operator: search_ui.operator_token is not set.");
    }
    let next = local_path(&site, &query.next);
    Page(OperatorPage { page, next, is_in: is_operator(&site, &headers), is_wrong: false }).into_response()
}

pub(crate) async fn log_in(State(site): State<Site>, nonce: Nonce, Form(form): Form<Entrance>) -> Response {
    let page = site.page(&nonce, Place::About);
    let next = local_path(&site, &form.next);
    let Some(token) = site.config().operator_token.as_deref() else {
        return Site::missing(page, "This site has no entrance for its operator.");
    };
    // Of hashes, how long it takes to compare them tells nothing about the token.
    if cookie_of(form.token.trim()) != cookie_of(token) {
        let page = OperatorPage { page, next, is_in: false, is_wrong: true };
        return (StatusCode::UNAUTHORIZED, Page(page)).into_response();
    }
    ([(header::SET_COOKIE, set_cookie(&site, &cookie_of(token), MAX_AGE_S))], Redirect::to(&next)).into_response()
}

pub(crate) async fn leave(State(site): State<Site>) -> Response {
    ([(header::SET_COOKIE, set_cookie(&site, "", 0))], Redirect::to(&site.link("/hosts"))).into_response()
}

fn cookie_of(token: &str) -> String {
    hex::encode(Sha256::digest(format!("operator of the search site {token}")))
}

fn set_cookie(site: &Site, value: &str, max_age_s: u32) -> String {
    let secure = if site.platform().public_url.is_https() { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path={}; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}", site.link("/"))
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

fn comes_from_here(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://"));
    origin.is_some_and(|(_, host)| text(header::HOST) == Some(host))
}

/// A path on this site, or its list of sites: a log-in must not lead elsewhere.
fn local_path(site: &Site, next: &str) -> String {
    let is_local = next.starts_with(&site.link("/")) && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if is_local { next.to_owned() } else { site.link("/hosts") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&'static str, &'static str)]) -> bool {
        comes_from_here(&pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
    }

    #[test]
    fn only_a_page_of_this_site_changes_anything() {
        assert!(from(&[("sec-fetch-site", "same-origin")]));
        assert!(from(&[("origin", "https://search.example"), ("host", "search.example")]));
        assert!(!from(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://search.example"),
            ("host", "search.example")
        ]));
        assert!(!from(&[("origin", "https://evil.example"), ("host", "search.example")]));
        assert!(!from(&[("host", "search.example")]));
    }

    #[test]
    fn a_token_that_could_be_guessed_is_refused() {
        assert!(check_token(Some("secret")).is_err());
        assert!(check_token(Some("a sentence nobody knows")).is_ok() && check_token(None).is_ok());
    }
}
