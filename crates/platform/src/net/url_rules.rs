//! May we ask this URL for anything, before any name is resolved?
//!
//! Pure. The [`url`] crate has already normalised the host by the WHATWG rules, so `0x7f.1`, `2130706433` and
//! `0177.0.0.1` all stand here as the address `127.0.0.1`.

use std::net::IpAddr;

use url::{Host, Url};

use super::{NetError, address::AddressClass};

/// Longer URLs serve nobody; servers commonly stop at 8 KiB as well.
const MAX_URL_BYTES: usize = 8_192;

/// What the configuration allows beyond the strict rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UrlRules {
    /// `http:` is acceptable beside `https:`.
    pub allow_plain_http: bool,
    /// Literal addresses of any class are acceptable.
    pub allow_private_addresses: bool,
}

impl UrlRules {
    /// Accepts the URL or says why not.
    ///
    /// # Errors
    /// [`NetError::InvalidUrl`] if nobody could request it, [`NetError::Forbidden`] if we do not want to.
    pub fn check(&self, url: &Url) -> Result<(), NetError> {
        if url.as_str().len() > MAX_URL_BYTES {
            return Err(NetError::InvalidUrl(format!("longer than {MAX_URL_BYTES} bytes")));
        }
        self.check_scheme(url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NetError::Forbidden("the url carries credentials".into()));
        }
        check_port(url)?;
        self.check_host(url)
    }

    fn check_scheme(self, url: &Url) -> Result<(), NetError> {
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.allow_plain_http || self.allow_private_addresses => Ok(()),
            "http" => Err(NetError::Forbidden("plain http is not allowed".into())),
            other => Err(NetError::InvalidUrl(format!("scheme {other} is not https"))),
        }
    }

    fn check_host(self, url: &Url) -> Result<(), NetError> {
        match url.host() {
            None | Some(Host::Domain("")) => Err(NetError::InvalidUrl("no host".into())),
            Some(Host::Domain(_)) => Ok(()), // its addresses are checked by the resolver
            Some(Host::Ipv4(address)) => self.check_literal(address.into()),
            Some(Host::Ipv6(address)) => self.check_literal(address.into()),
        }
    }

    fn check_literal(self, address: IpAddr) -> Result<(), NetError> {
        let class = AddressClass::of(address);
        if self.allow_private_addresses || class.is_public() {
            return Ok(());
        }
        Err(NetError::Forbidden(format!("{address} is {class}")))
    }
}

fn check_port(url: &Url) -> Result<(), NetError> {
    match url.port_or_known_default() {
        Some(port) if is_web_port(port) => Ok(()),
        Some(port) => Err(NetError::Forbidden(format!("port {port} is not a web port"))),
        None => Err(NetError::InvalidUrl("no port".into())),
    }
}

/// 80, 443, and what is free for anyone, except where databases and other inner services usually listen.
fn is_web_port(port: u16) -> bool {
    matches!(port, 80 | 443) || (port >= 1_024 && !INNER_SERVICE_PORTS.contains(&port))
}

/// Docker, etcd, databases, caches, message brokers, remote desktops, IRC: a request to these is never about videos.
const INNER_SERVICE_PORTS: &[u16] = &[
    1433, 1521, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5433, 5671, 5672, 5900, 5984, 6000,
    6379, 6380, 6443, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 6697, 8086, 9042, 9092, 9200, 9300,
    10250, 11211, 15672, 26379, 27017, 27018,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STRICT: UrlRules = UrlRules { allow_plain_http: false, allow_private_addresses: false };
    const PLAIN: UrlRules = UrlRules { allow_plain_http: true, allow_private_addresses: false };
    const OPEN: UrlRules = UrlRules { allow_plain_http: false, allow_private_addresses: true };

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a url")
    }

    fn is_forbidden(rules: UrlRules, text: &str) -> bool {
        matches!(rules.check(&url(text)), Err(NetError::Forbidden(_)))
    }

    #[test]
    fn an_ordinary_https_url_passes() {
        for text in [
            "https://video.example/w/abc?start=1",
            "https://video.example:8443/",
            "https://1.1.1.1/",
            "https://[2606:4700::1]/",
        ] {
            assert!(STRICT.check(&url(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn plain_http_needs_permission() {
        assert!(is_forbidden(STRICT, "http://video.example/"));
        assert!(PLAIN.check(&url("http://video.example/")).is_ok());
        assert!(OPEN.check(&url("http://127.0.0.1:9000/")).is_ok());
    }

    #[test]
    fn other_schemes_never_pass() {
        for text in [
            "ftp://video.example/",
            "file:///etc/passwd",
            "gopher://video.example/",
            "data:text/plain,x",
            "ws://video.example/",
        ] {
            assert!(matches!(OPEN.check(&url(text)), Err(NetError::InvalidUrl(_))), "{text}");
        }
    }

    #[test]
    fn loopback_is_caught_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.1.",
            "0",
            "0.0.0.0",
            "%31%32%37.0.0.1",
            "１２７.0.0.1",
            "127。0。0。1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::127.0.0.1]",
            "[2002:7f00:1::]",
            "[0:0:0:0:0:ffff:7f00:0001]",
        ] {
            assert!(is_forbidden(PLAIN, &format!("http://{host}/")), "{host}");
        }
    }

    #[test]
    fn other_inner_networks_are_caught_as_well() {
        for host in
            ["10.0.0.1", "0xa9fea9fe", "192.168.1.1", "100.64.0.1", "[fd00::1]", "[fe80::1]", "[::ffff:10.0.0.1]"]
        {
            assert!(is_forbidden(STRICT, &format!("https://{host}/")), "{host}");
        }
    }

    #[test]
    fn inner_service_ports_are_refused_even_when_private_addresses_are_allowed() {
        for port in [1, 22, 25, 110, 445, 5432, 6379, 11211, 27017] {
            assert!(is_forbidden(OPEN, &format!("http://127.0.0.1:{port}/")), "{port}");
        }
    }

    #[test]
    fn credentials_in_the_url_are_refused() {
        for text in
            ["https://user@video.example/", "https://user:secret@video.example/", "https://:secret@video.example/"]
        {
            assert!(is_forbidden(OPEN, text), "{text}");
        }
    }

    #[test]
    fn an_endless_url_is_refused() {
        let text = format!("https://video.example/{}", "a".repeat(9_000));
        assert!(matches!(STRICT.check(&url(&text)), Err(NetError::InvalidUrl(_))));
    }

    proptest! {
        #[test]
        fn no_spelling_of_a_private_address_gets_through(host in 0_u32..0x0100_0000, form in 0..4) {
            let bits = 0x0a00_0000 | host;
            let [a, b, c, d] = bits.to_be_bytes();
            let spelled = match form {
                0 => format!("{bits}"),
                1 => format!("0x{bits:x}"),
                2 => format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
                _ => format!("[::ffff:{a}.{b}.{c}.{d}]"),
            };
            let target = format!("https://{spelled}/");
            prop_assert!(is_forbidden(STRICT, &target));
        }

        #[test]
        fn checking_never_panics(text in ".{0,80}") {
            if let Ok(url) = Url::parse(&text) {
                let _ = STRICT.check(&url);
            }
        }
    }
}
