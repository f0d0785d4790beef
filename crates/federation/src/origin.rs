//! Who may speak for whom? A server speaks only for what lives on its own host.
//!
//! A document names its own id, its actor, its key and its attributions. Each of these is a claim, and a claim about
//! another host is worthless until that host confirms it. The checks here compare hosts with ports, as PeerTube does.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use url::Url;

const MAX_HOST_LENGTH: usize = 260;

/// A server by name: lower-case host name or address literal, with the port unless it is the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host(String);

impl Host {
    /// The server behind an `http` or `https` URL. `None` for any other URL.
    pub fn of(url: &Url) -> Option<Self> {
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let name = url.host_str().filter(|name| !name.is_empty())?;
        Some(match url.port() {
            Some(port) => Self(format!("{name}:{port}")),
            None => Self(name.to_owned()),
        })
    }

    /// The name as it is written in handles and settings.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A text that names no server.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no host name")]
pub struct HostError(String);

impl FromStr for Host {
    type Err = HostError;

    /// Reads `example.org` or `example.org:9000`, and nothing that carries a path, a user or a scheme.
    fn from_str(text: &str) -> Result<Self, HostError> {
        let refused = || HostError(text.chars().take(MAX_HOST_LENGTH).collect());
        let foreign = |character: char| matches!(character, '/' | '\\' | '@' | '?' | '#') || character.is_whitespace();
        if text.is_empty() || text.len() > MAX_HOST_LENGTH || text.contains(foreign) {
            return Err(refused());
        }
        let url = Url::parse(&format!("https://{text}/")).map_err(|_| refused())?;
        Self::of(&url).ok_or_else(refused)
    }
}

impl TryFrom<String> for Host {
    type Error = HostError;

    fn try_from(text: String) -> Result<Self, HostError> {
        text.parse()
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.0
    }
}

/// Two URLs that should share a host do not.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{claimed} is not on the same host as {speaker}")]
pub struct OriginMismatch {
    /// What was spoken about.
    pub claimed: String,
    /// Who spoke.
    pub speaker: String,
}

/// Whether both URLs live on the same server.
pub fn same_host(one: &Url, other: &Url) -> bool {
    matches!((Host::of(one), Host::of(other)), (Some(one), Some(other)) if one == other)
}

/// Checks that `speaker` may say something about `claimed`.
///
/// # Errors
/// [`OriginMismatch`] if they live on different hosts.
pub fn ensure_same_host(claimed: &Url, speaker: &Url) -> Result<(), OriginMismatch> {
    if same_host(claimed, speaker) {
        return Ok(());
    }
    Err(OriginMismatch { claimed: claimed.to_string(), speaker: speaker.to_string() })
}

/// Whether both URLs name the same document, whatever their fragments.
pub fn same_document(one: &Url, other: &Url) -> bool {
    without_fragment(one) == without_fragment(other)
}

/// The URL of the document that a URL with a fragment points into.
pub fn without_fragment(url: &Url) -> Url {
    let mut document = url.clone();
    document.set_fragment(None);
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_host_speaks_only_for_itself() {
        let actor = url("https://alpha.test/accounts/bob");
        assert_eq!(ensure_same_host(&url("https://ALPHA.test:443/videos/watch/1"), &actor), Ok(()));
        for foreign in ["https://beta.test/1", "https://alpha.test.evil.test/1", "https://alpha.test:8443/1"] {
            assert!(ensure_same_host(&url(foreign), &actor).is_err(), "{foreign}");
        }
    }

    #[test]
    fn a_url_without_a_web_host_belongs_to_nobody() {
        assert!(!same_host(&url("data:text/plain,a"), &url("data:text/plain,a")));
        assert_eq!(Host::of(&url("magnet:?xt=urn:btih:aa")), None);
    }

    #[test]
    fn host_names_are_read_without_anything_around_them() {
        assert_eq!("Example.ORG:9000".parse::<Host>().unwrap().as_str(), "example.org:9000");
        assert_eq!("example.org:443".parse::<Host>().unwrap().as_str(), "example.org");
        for text in ["", "a/b", "https://a", "bob@a", "a b", "a?b", ":80"] {
            assert!(text.parse::<Host>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_is_in_the_document_of_its_actor() {
        assert!(same_document(&url("https://a.test/u#main-key"), &url("https://a.test/u")));
        assert!(!same_document(&url("https://a.test/u#main-key"), &url("https://a.test/v")));
    }
}
