//! Everything that an operator can say, in one struct.
//!
//! **Invariant:** the doc comments are the reference that `shoal config` prints, so a key cannot exist without its words.

use platform::{
    Operator,
    db::DatabaseConfig,
    jobs::RunnerConfig,
    lifecycle::ServerConfig,
    net::NetConfig,
    storage::StorageConfig,
    telemetry::{LogConfig, MetricsConfig},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::InstanceConfig;

/// The configuration of a Shoal server. Every key has a default; write down only what differs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How the server listens and stops, and which roles it plays.
    pub server: ServerConfig,
    /// Who runs this server, as pages and other servers are told.
    pub operator: Operator,
    /// Where state is kept.
    pub database: DatabaseConfig,
    /// Where videos and other files are kept.
    pub storage: StorageConfig,
    /// Outbound requests: what may be reached, how patiently, how politely.
    pub net: NetConfig,
    /// How many jobs of each lane run at the same time in this process.
    pub jobs: RunnerConfig,
    /// What is written to the log, and how.
    pub log: LogConfig,
    /// Where metrics can be read.
    pub metrics: MetricsConfig,
    /// The role `instance`: the video server.
    pub instance: InstanceConfig,
    /// The role `redundancy`: copies of the videos of followed servers, which play when their origin is down.
    pub redundancy: redundancy::Config,
    /// The role `indexer`: searching many servers at once.
    pub indexer: indexer::Config,
    /// The role `search-ui`: the search site.
    pub search_ui: search_ui::Config,
    /// Where the index and its site are found when the process is an instance, too.
    pub search_place: SearchPlace,
}

/// Where the index and its site are found when the process is an instance, too. Without an instance they are at `/`.
///
/// An instance answers `/api/v1/search/videos` about its own videos, and the index answers the same path about everyone's:
/// they cannot share it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SearchPlace {
    /// What their paths begin with on the instance's own listener.
    pub path_prefix: String,
    /// Address and port of a listener of their own, as in `127.0.0.1:9001`; then they are at `/` there.
    pub listen: Option<String>,
}

impl Default for SearchPlace {
    fn default() -> Self {
        Self { path_prefix: "/search-index".to_owned(), listen: None }
    }
}

impl SearchPlace {
    /// The prefix, once it is clear that it can be one.
    ///
    /// # Errors
    /// A sentence that says what a prefix looks like.
    pub fn checked_prefix(&self) -> Result<&str, String> {
        let segments = self.path_prefix.strip_prefix('/').unwrap_or_default().split('/');
        let is_plain = |segment: &str| {
            !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte))
        };
        if segments.into_iter().all(is_plain) {
            return Ok(&self.path_prefix);
        }
        Err(format!("search_place.path_prefix = {:?} must look like \"/search-index\"", self.path_prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_every_role_is_in_the_reference() {
        let reference = platform::config::reference::<Config>();
        for key in ["[server]", "[storage.s3]", "[instance]", "[redundancy]", "[indexer]", "[search_place]"] {
            assert!(reference.contains(&format!("\n{key}\n")), "{key} is missing from:\n{reference}");
        }
    }

    #[test]
    fn every_key_of_the_reference_is_explained() {
        let reference = platform::config::reference::<Config>();
        let lines: Vec<&str> = reference.lines().collect();
        for pair in lines.windows(2) {
            let [before, line] = pair else { continue };
            let is_key = line.starts_with("# ") && line.contains(" =") && !line.contains('`');
            assert!(!is_key || before.starts_with("# "), "no words above {line:?}");
        }
    }

    #[test]
    fn an_empty_file_is_a_configuration() {
        let config: Config = platform::config::load(None, []).unwrap();
        assert_eq!(config.search_place.checked_prefix(), Ok("/search-index"));
    }

    #[test]
    fn a_prefix_must_be_a_plain_path() {
        for bad in ["", "/", "search", "/a/", "//a", "/a b", "/{x}", "/*x", "/../x"] {
            let place = SearchPlace { path_prefix: bad.to_owned(), listen: None };
            assert!(place.checked_prefix().is_err(), "{bad:?}");
        }
    }
}
