//! The search site: pages over the index, for people.
//!
//! **Invariant:** every page reads and every form works without JavaScript, and every link is made from the base path, so
//! that the site works at the root of a host and under a prefix alike.

mod about;
mod cards;
mod choices;
mod collections;
mod completions;
mod feed;
mod filters;
mod form;
mod home;
mod host;
mod hosts;
mod opensearch;
mod operator;
mod opt_out;
mod results;
mod site;
mod suggestions;

use axum::{
    Router,
    routing::{get, post},
};
use indexer::{Searcher, collections::Collections, hosts::ConsentDesk};
use platform::{MountError, Platform, role::Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use site::Site;

/// The search site.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Name of the search site; the operator's name without it.
    pub name: Option<String>,
    /// A few sentences about who runs this site and by which rules, for its about page.
    pub about: Option<String>,
    /// A secret of at least 20 characters with which the operator logs in at `/operator`, to have sites read at once. Nobody
    /// can if it is not set.
    pub operator_token: Option<String>,
}

/// Builds the site. `base_path` is what its links begin with: empty, or a prefix such as `/search-index`.
///
/// # Errors
/// [`MountError`] if the operator's token is too short to be a secret.
#[expect(clippy::unused_async, reason = "roles are mounted alike")]
pub async fn mount(
    platform: &Platform,
    config: Config,
    searcher: Searcher,
    collections: Collections,
    consent: ConsentDesk,
    base_path: &str,
) -> Result<Role, MountError> {
    operator::check_token(config.operator_token.as_deref()).map_err(MountError::Other)?;
    let site = Site::new(platform.clone(), config, searcher, collections, consent, base_path);
    Ok(Role { router: router(site), ..Role::new("search-ui") })
}

/// The pages, below the base path.
pub fn router(site: Site) -> Router {
    Router::new()
        .route("/", get(home::home))
        .route("/search", get(results::results))
        .route("/suggestions", get(completions::completions))
        .route("/search.rss", get(feed::feed))
        .route("/opensearch.xml", get(opensearch::description))
        .route("/about", get(about::about))
        .route("/hosts", get(hosts::hosts))
        .route("/hosts/{host}", get(host::host))
        .route("/hosts/{host}/crawl", post(host::crawl))
        .route("/opt-out", get(opt_out::opt_out).post(opt_out::check))
        .route("/operator", get(operator::operator).post(operator::log_in))
        .route("/operator/leave", post(operator::leave))
        .with_state(site)
}

#[cfg(test)]
mod tests;
