//! What an operator may write to name an instance, and what it means.

use std::{fmt, net::IpAddr};

use url::{Host, Url};

/// An instance's address: a scheme and an authority, nothing else.
///
/// The authority ([`Origin::host`]) is what PeerTube calls the host: lower case, with the port only when it is not the
/// usual one, internationalised names in their ASCII form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Scheme {
    Https,
    Http,
}

/// Why a text is not an instance's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a host name, an IP address or a URL.
    #[error("{0:?} is not a host name or the address of an instance, such as tube.example or https://tube.example")]
    Unreadable(String),
    /// A URL with more than scheme, host and port.
    #[error("{0:?} is more than an instance's address: leave out the path, the query and any password")]
    TooMuch(String),
    /// Something other than HTTPS, where only that is allowed.
    #[error("{0:?} must start with https:// (http:// needs net.allow_private_addresses)")]
    Scheme(String),
}

const MAX_LENGTH: usize = 300;

impl Origin {
    /// Reads `host`, `host:port` or a URL without a path.
    ///
    /// Plain HTTP is for tests and demonstrations: it is accepted only with `allow_http`, and then also assumed for a
    /// loopback address without a scheme.
    ///
    /// # Errors
    /// [`AddressError`] names what is wrong with the text.
    pub fn parse(text: &str, allow_http: bool) -> Result<Self, AddressError> {
        let text = text.trim();
        let unreadable = || AddressError::Unreadable(text.chars().take(80).collect());
        if text.len() > MAX_LENGTH {
            return Err(unreadable());
        }
        let assumed = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&assumed).map_err(|_| unreadable())?;
        let host = authority_of(&url).ok_or_else(unreadable)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::TooMuch(text.to_owned()));
        }
        let scheme = match url.scheme() {
            "https" if allow_http && !text.contains("://") && is_loopback(&url) => Scheme::Http,
            "https" => Scheme::Https,
            "http" if allow_http => Scheme::Http,
            _ => return Err(AddressError::Scheme(text.to_owned())),
        };
        Ok(Self { scheme, host })
    }

    /// The authority, which identifies the instance.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The absolute URL of a path that starts with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// Another instance that this one names by its host, reached as this one is. `None` if it is no host name.
    pub fn neighbour(&self, host: &str) -> Option<Self> {
        let is_bare = !host.contains(['/', '@', '?', '#']);
        let address = format!("{}://{host}", self.scheme.name());
        is_bare.then(|| Self::parse(&address, self.scheme == Scheme::Http).ok()).flatten()
    }

    /// Whether an absolute URL leads to this instance, with the same scheme.
    pub fn owns(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| {
            url.scheme() == self.scheme.name() && authority_of(&url).is_some_and(|host| host == self.host)
        })
    }
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

/// The instance's base URL, without a slash at the end.
impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme.name(), self.host)
    }
}

fn authority_of(url: &Url) -> Option<String> {
    let host = url.host()?;
    if let Host::Domain(name) = &host
        && !(name.contains('.') || *name == "localhost")
    {
        return None;
    }
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_string(),
    })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strict(text: &str) -> Result<String, AddressError> {
        Origin::parse(text, false).map(|origin| origin.to_string())
    }

    fn relaxed(text: &str) -> Result<String, AddressError> {
        Origin::parse(text, true).map(|origin| origin.to_string())
    }

    #[test]
    fn a_name_or_a_url_names_an_instance() {
        for text in
            ["Tube.Example", "https://tube.example", "https://tube.example/", " tube.example ", "tube.example:443"]
        {
            assert_eq!(strict(text).unwrap(), "https://tube.example", "{text}");
        }
        assert_eq!(strict("tube.example:9443").unwrap(), "https://tube.example:9443");
        assert_eq!(strict("vidéo.example").unwrap(), "https://xn--vido-dpa.example");
    }

    #[test]
    fn plain_http_needs_permission() {
        assert!(matches!(strict("http://tube.example"), Err(AddressError::Scheme(_))));
        assert_eq!(relaxed("http://127.0.0.1:9001").unwrap(), "http://127.0.0.1:9001");
        assert_eq!(relaxed("127.0.0.1:9001").unwrap(), "http://127.0.0.1:9001");
        assert_eq!(relaxed("localhost:9001").unwrap(), "http://localhost:9001");
        assert_eq!(relaxed("tube.example").unwrap(), "https://tube.example");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "nodots", "ftp://tube.example", "a b.example", "https://", &"a.".repeat(400)] {
            assert!(strict(text).is_err(), "{text}");
        }
        for text in ["https://user@tube.example", "https://tube.example/w/abc", "tube.example?x=1", "tube.example/#"] {
            assert!(matches!(strict(text), Err(AddressError::TooMuch(_))), "{text}");
        }
    }

    #[test]
    fn an_instance_owns_only_its_own_urls() {
        let origin = Origin::parse("tube.example", false).unwrap();
        assert!(origin.owns("https://tube.example/videos/watch/1"));
        for url in [
            "https://tube.example.evil/1",
            "https://tube.example@evil/1",
            "http://tube.example/1",
            "/1",
            "https://tube.example:444/",
        ] {
            assert!(!origin.owns(url), "{url}");
        }
    }

    #[test]
    fn an_instance_names_others_by_their_hosts() {
        let origin = Origin::parse("https://tube.example", false).unwrap();
        assert_eq!(origin.neighbour("Other.example").unwrap().to_string(), "https://other.example");
        for text in ["", "nodots", "a@b.example", "b.example/x", "https://b.example"] {
            assert_eq!(origin.neighbour(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,80}") {
            if let Ok(origin) = Origin::parse(&text, true) {
                prop_assert_eq!(Origin::parse(&origin.to_string(), true), Ok(origin));
            }
        }
    }
}
