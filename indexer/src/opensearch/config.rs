use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use platform::net::{EndpointLimits, NetError, OperatorEndpoint};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page of ten thousand results with their numbers is far below this.
const MAX_ANSWER_BYTES: u64 = 64_000_000;
const SILENCE: Duration = Duration::from_secs(30);
const EXCHANGE: Duration = Duration::from_mins(2);
const MAX_PREFIX_CHARS: usize = 100;

/// The OpenSearch cluster that holds the index, if `engine` is `"opensearch"`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OpenSearchConfig {
    /// The address of the cluster or of what distributes requests among its nodes, such as
    /// `https://search.internal.example:9200`. It may be in a private network.
    pub url: String,
    /// The user, if the cluster asks for one.
    pub username: String,
    /// The user's password.
    pub password: String,
    /// A file with the certificate of the authority that signed the cluster's own, in PEM, if that is none of the public ones.
    pub ca_certificate: Option<PathBuf>,
    /// Put before the names of the three indexes, so that a cluster can be shared: `shoal` makes `shoal-videos`,
    /// `shoal-channels` and `shoal-playlists`. Nodes with the same database share it; another database needs another one.
    pub index_prefix: String,
    /// Into how many parts the index of videos is divided when it is made.
    pub shards: u32,
    /// How many copies of each part the cluster keeps besides.
    pub replicas: u32,
}

impl Default for OpenSearchConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            username: String::new(),
            password: String::new(),
            ca_certificate: None,
            index_prefix: "shoal".to_owned(),
            shards: 1,
            replicas: 1,
        }
    }
}

impl OpenSearchConfig {
    /// Refuses what no cluster can be asked with.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.url.is_empty() {
            return Err("indexer.opensearch.url is missing: it is the address of the cluster".to_owned());
        }
        let prefix = &self.index_prefix;
        let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        let begins_well = prefix.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !begins_well || !prefix.chars().all(is_fine) || prefix.len() > MAX_PREFIX_CHARS {
            return Err(format!(
                "indexer.opensearch.index_prefix = {prefix:?} must be lower-case letters, digits, - and _, and begin with \
                 a letter or digit"
            ));
        }
        if self.shards == 0 {
            return Err("indexer.opensearch.shards = 0 must be 1 or more".to_owned());
        }
        Ok(())
    }

    /// Sets up connections; nothing is asked yet.
    pub(crate) fn endpoint(&self) -> Result<OperatorEndpoint, NetError> {
        let limits = EndpointLimits { silence: SILENCE, exchange: EXCHANGE, max_body: MAX_ANSWER_BYTES };
        let file = self.ca_certificate.as_deref().filter(|file| *file != Path::new(""));
        let endpoint = OperatorEndpoint::with_certificates(&self.url, limits, file)?;
        if self.username.is_empty() { Ok(endpoint) } else { endpoint.with_password(&self.username, &self.password) }
    }
}

impl fmt::Debug for OpenSearchConfig {
    /// Shows everything but the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenSearchConfig")
            .field("url", &self.url)
            .field("username", &self.username)
            .field("ca_certificate", &self.ca_certificate)
            .field("index_prefix", &self.index_prefix)
            .field("shards", &self.shards)
            .field("replicas", &self.replicas)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> OpenSearchConfig {
        OpenSearchConfig { url: "https://search.example:9200".to_owned(), ..OpenSearchConfig::default() }
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        assert_eq!(config().check(), Ok(()));
        assert!(OpenSearchConfig::default().check().unwrap_err().contains("indexer.opensearch.url"));
        for index_prefix in ["", "Shoal", "_shoal", "a/b", "a b", "a,b", "*"] {
            let said = OpenSearchConfig { index_prefix: index_prefix.to_owned(), ..config() }.check().unwrap_err();
            assert!(said.starts_with("indexer.opensearch.index_prefix = "), "{said}");
        }
        assert!(OpenSearchConfig { shards: 0, ..config() }.check().unwrap_err().contains("shards"));
    }

    #[test]
    fn credentials_in_the_address_are_refused_and_the_password_does_not_show() {
        let open = OpenSearchConfig { url: "https://u:hush@search.example".to_owned(), ..config() };
        assert!(open.endpoint().unwrap_err().to_string().contains("credentials"));
        let secret = OpenSearchConfig { username: "shoal".to_owned(), password: "hush".to_owned(), ..config() };
        assert!(!format!("{secret:?} {:?}", secret.endpoint().unwrap()).contains("hush"));
    }
}
