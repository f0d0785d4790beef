//! The search site: pages over the index, for people.
//!
//! **Invariant:** every page reads and every form works without JavaScript, and every link is made from the base path, so
//! that the site works at the root of a host and under a prefix alike.

mod about;
mod cards;
mod choices;
mod filters;
mod form;
mod home;
mod results;
mod site;

use axum::{Router, routing::get};
use indexer::Searcher;
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
}

/// Builds the site. `base_path` is what its links begin with: empty, or a prefix such as `/search-index`.
///
/// # Errors
/// None so far; the signature is that of every role.
#[expect(clippy::unused_async, reason = "roles are mounted alike")]
pub async fn mount(
    platform: &Platform,
    config: Config,
    searcher: Searcher,
    base_path: &str,
) -> Result<Role, MountError> {
    let site = Site::new(platform.clone(), config, searcher, base_path);
    Ok(Role { router: router(site), ..Role::new("search-ui") })
}

/// The pages, below the base path.
pub fn router(site: Site) -> Router {
    Router::new()
        .route("/", get(home::home))
        .route("/search", get(results::results))
        .route("/about", get(about::about))
        .with_state(site)
}

#[cfg(test)]
mod tests;
