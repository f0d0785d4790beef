use platform::config::{ByteSize, HumanDuration};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::opensearch::OpenSearchConfig;

/// Searching many instances at once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The instances that are indexed, as host names or addresses: `["tube.example", "https://video.example"]`. Others can
    /// be added with `shoal index add`. An instance that is taken out of this list is taken out of the index.
    pub hosts: Vec<String>,
    /// Lists of instances that are indexed as well: addresses of services that answer as the directory of JoinPeerTube does
    /// (`"https://instances.joinpeertube.org"`), other addresses of lists, or paths of files with a host on each line. They
    /// are asked every hour for what is new, and read from beginning to end every day.
    pub directories: Vec<String>,
    /// Whether instances that follow one of the list, or are followed by one, come on the list, too. Those that came in this way
    /// go when this is turned off.
    pub discover_neighbours: bool,
    /// Whether an instance may put itself on the list by its consent file.
    pub accept_opt_in: bool,
    /// Whether instances are asked to tell this server what is new, so that it is found within seconds: the index becomes an
    /// actor of the federation, which follows them. Where this is off, or an instance refuses, news wait for the next visit.
    pub listen: bool,
    /// How often the list of each instance is read from beginning to end.
    pub crawl_interval: HumanDuration,
    /// How often the newest videos of an instance are looked through that does not tell by itself what is new; `0s` leaves
    /// that out.
    pub glance_interval: HumanDuration,
    /// How many requests per second one instance gets at most. Instances answer 5 before they slow down whoever asks.
    pub requests_per_second: f64,
    /// How long an instance may be away until nothing of it is found any more. It is found again when it is back.
    pub hide_absent_after: HumanDuration,
    /// How long an instance may be away until what is known of it is forgotten.
    pub forget_absent_after: HumanDuration,
    /// How many videos of one instance are indexed at most.
    pub max_videos_per_host: u32,
    /// When the tags and the description of a video are read again although nothing that a list shows has changed.
    pub reread_details_after: HumanDuration,
    /// How many videos of one instance are asked for their captions in one crawl, each at the cost of a request or two; 0
    /// leaves captions out.
    pub captions_per_crawl: u32,
    /// How long removed videos are remembered as removed, so that every node hears of it.
    pub remember_removed_for: HumanDuration,
    /// What holds the index: `"tantivy"`, in the data folder of this machine, or `"opensearch"`, a cluster that you run. Either is
    /// filled from the database.
    pub engine: EngineKind,
    /// The cluster, if `engine` is `"opensearch"`.
    pub opensearch: OpenSearchConfig,
    /// How much memory the writer of the index may use while it has work, if `engine` is `"tantivy"`.
    pub writer_memory: ByteSize,
    /// Whether results in other languages than the reader's are ranked lower when a client names the reader's languages.
    pub boost_languages: bool,
    /// Address of a page about what is searched and by which rules, for clients that show one.
    pub legal_notices_url: Option<String>,
}

/// The engines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Embedded in this process.
    #[default]
    Tantivy,
    /// A cluster of OpenSearch.
    OpenSearch,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            directories: Vec::new(),
            discover_neighbours: false,
            accept_opt_in: true,
            listen: true,
            crawl_interval: HumanDuration::from_secs(6 * 3_600),
            glance_interval: HumanDuration::from_secs(10 * 60),
            requests_per_second: 2.0,
            hide_absent_after: HumanDuration::from_secs(7 * 86_400),
            forget_absent_after: HumanDuration::from_secs(60 * 86_400),
            max_videos_per_host: 500_000,
            reread_details_after: HumanDuration::from_secs(7 * 86_400),
            captions_per_crawl: 1_000,
            remember_removed_for: HumanDuration::from_secs(30 * 86_400),
            engine: EngineKind::default(),
            opensearch: OpenSearchConfig::default(),
            writer_memory: ByteSize(50_000_000),
            boost_languages: true,
            legal_notices_url: None,
        }
    }
}

impl Config {
    /// Refuses what the types allow and no crawl or cluster can keep to.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.engine == EngineKind::OpenSearch {
            self.opensearch.check()?;
        }
        let rate = self.requests_per_second;
        if rate.is_finite() && rate > 0.0 {
            return Ok(());
        }
        Err(format!("indexer.requests_per_second = {rate} must be a number above 0, such as 2.0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_that_is_none_is_refused_by_name() {
        assert_eq!(Config::default().check(), Ok(()));
        for rate in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            let said = Config { requests_per_second: rate, ..Config::default() }.check().unwrap_err();
            assert!(said.starts_with("indexer.requests_per_second = ") && said.contains("above 0"), "{said}");
        }
    }
}
