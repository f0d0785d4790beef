//! What an operator can say about outbound requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::url_rules::UrlRules;
use crate::config::{ByteSize, HumanDuration};

/// Outbound requests: what may be reached, how patiently, how politely.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NetConfig {
    /// Lets requests reach loopback and private addresses over plain HTTP. Only for tests and demonstrations: on a public
    /// server it lets strangers make this machine talk to your inner network.
    pub allow_private_addresses: bool,
    /// Lets requests go over plain HTTP to public addresses.
    pub allow_plain_http: bool,
    /// How long opening a connection may take, name resolution and TLS included.
    pub connect_timeout: HumanDuration,
    /// How long a whole exchange may take; for large files, how long until the first byte.
    pub request_timeout: HumanDuration,
    /// How long the other side may stay silent in the middle of an answer.
    pub idle_timeout: HumanDuration,
    /// How long the transfer of one large file may take.
    pub transfer_timeout: HumanDuration,
    /// Transfers of large files that stay slower than this, per second, are given up.
    pub minimum_speed: ByteSize,
    /// How much of an ordinary answer is read, after decompression.
    pub max_body: ByteSize,
    /// How many redirects are followed.
    pub max_redirects: u32,
    /// How many requests per second one remote server gets at most.
    pub requests_per_second_per_host: u32,
    /// How many requests to one remote server run at once at most.
    pub concurrent_requests_per_host: u32,
}

impl Default for NetConfig {
    fn default() -> Self {
        Self {
            allow_private_addresses: false,
            allow_plain_http: false,
            connect_timeout: HumanDuration::from_secs(10),
            request_timeout: HumanDuration::from_secs(30),
            idle_timeout: HumanDuration::from_secs(15),
            transfer_timeout: HumanDuration::from_secs(6 * 3_600),
            minimum_speed: ByteSize(4_000),
            max_body: ByteSize(5_000_000),
            max_redirects: 5,
            requests_per_second_per_host: 25,
            concurrent_requests_per_host: 8,
        }
    }
}

impl NetConfig {
    pub(super) fn url_rules(&self) -> UrlRules {
        UrlRules { allow_plain_http: self.allow_plain_http, allow_private_addresses: self.allow_private_addresses }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_reaches_public_addresses_over_https_only() {
        let rules = NetConfig::default().url_rules();
        assert_eq!(rules, UrlRules { allow_plain_http: false, allow_private_addresses: false });
    }
}
