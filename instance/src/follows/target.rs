use std::{fmt, str::FromStr};

use federation::{origin::Host, webfinger::Handle};
use url::Url;

use super::Follow;
use crate::{actors::ActorKind, lookup::Reference};

/// Whom to follow, as people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A whole server.
    Server(Host),
    /// An account or channel by name.
    Handle(Handle),
    /// An account or channel by its address.
    Url(Url),
}

/// A text that names nobody.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} names nobody: write a host (tube.example), a handle (name@tube.example) or an address")]
pub struct TargetError(String);

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let refused = || TargetError(text.chars().take(100).collect());
        match Reference::read(text) {
            Some(Reference::Handle(handle)) if !is_name_or_address(&handle.host) => Err(refused()),
            Some(Reference::Handle(handle)) => Ok(Self::Handle(handle)),
            Some(Reference::Url(url)) if url.port() == Some(0) => Err(refused()),
            Some(Reference::Url(url)) if Host::of(&url).is_none_or(|host| !is_name_or_address(&host)) => Err(refused()),
            Some(Reference::Url(url)) if is_page_of_a_server(&url) => {
                Ok(Self::Server(Host::of(&url).ok_or_else(refused)?))
            }
            Some(Reference::Url(url)) => Ok(Self::Url(url)),
            None => {
                let host: Host = text.trim().parse().map_err(|_| refused())?;
                let has_bad_port = host.as_str().ends_with(":0") || text.trim().ends_with(':');
                if has_bad_port || !is_name_or_address(&host) { Err(refused()) } else { Ok(Self::Server(host)) }
            }
        }
    }
}

impl Target {
    /// All that means whom a follow is of.
    pub fn all_of(follow: &Follow) -> Vec<Self> {
        let host = follow.target_host.parse::<Host>().ok();
        let handle = host.clone().map(|host| Self::Handle(Handle::new(follow.target_username.clone(), host)));
        let server = host.filter(|_| follow.target_kind() == ActorKind::Application).map(Self::Server);
        let url = Url::parse(&follow.target_url).ok().map(Self::Url);
        [server, handle, url].into_iter().flatten().collect()
    }

    /// Where it lives.
    pub fn host(&self) -> Option<Host> {
        match self {
            Self::Server(host) => Some(host.clone()),
            Self::Handle(handle) => Some(handle.host.clone()),
            Self::Url(url) => Host::of(url),
        }
    }
}

/// Whether a host can be one: URLs allow `all!` as well, which no server is called.
fn is_name_or_address(host: &Host) -> bool {
    let text = host.as_str();
    if text.starts_with('[') {
        return true;
    }
    let name = text.split_once(':').map_or(text, |(name, _)| name);
    let is_label = |label: &str| {
        let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len())
            && label.bytes().all(is_of_names)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.strip_suffix('.').unwrap_or(name).split('.').all(is_label)
}

/// The front page, and those that lead through a whole server.
fn is_page_of_a_server(url: &Url) -> bool {
    let path = url.path().trim_end_matches('/');
    matches!(path, "" | "/home" | "/search" | "/videos" | "/login")
        || [
            "/about",
            "/videos/local",
            "/videos/browse",
            "/videos/overview",
            "/videos/trending",
            "/videos/recently-added",
        ]
        .iter()
        .any(|page| path == *page || path.strip_prefix(page).is_some_and(|rest| rest.starts_with('/')))
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(host) => host.fmt(formatter),
            Self::Handle(handle) => handle.fmt(formatter),
            Self::Url(url) => url.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hosts_handles_and_addresses_are_read_however_people_write_them() {
        for (written, read) in [
            ("tube.example", Target::Server("tube.example".parse().unwrap())),
            (" https://Tube.Example/videos ", Target::Server("tube.example".parse().unwrap())),
            ("https://tube.example/about/instance", Target::Server("tube.example".parse().unwrap())),
            ("127.0.0.1:9001", Target::Server("127.0.0.1:9001".parse().unwrap())),
            ("[::1]:9001", Target::Server("[::1]:9001".parse().unwrap())),
            ("bücher.example", Target::Server("xn--bcher-kva.example".parse().unwrap())),
            ("http://127.0.0.1:9001/", Target::Server("127.0.0.1:9001".parse().unwrap())),
            ("@bob@tube.example", Target::Handle("bob@tube.example".parse().unwrap())),
            ("https://tube.example/c/bob", Target::Url("https://tube.example/c/bob".parse().unwrap())),
        ] {
            assert_eq!(written.parse(), Ok(read), "{written}");
        }
        for written in [
            "",
            "a b",
            "all!",
            "tube.example!",
            "-tube.example",
            "tube..example",
            "https://all!/",
            "bob@all!",
            "https://all!/c/bob",
            "tube.example:0",
            "tube.example:99999",
            "https://",
            "ftp://tube.example/",
        ] {
            assert!(written.parse::<Target>().is_err(), "{written:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_so_that_it_is_read_again(text in "[a-z0-9@:/.]{0,40}") {
            if let Ok(target) = text.parse::<Target>() {
                prop_assert_eq!(target.to_string().parse(), Ok(target));
            }
        }
    }
}
