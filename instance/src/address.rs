//! Where does a client speak from?
//!
//! The limits of the tracker and of logging in go by address. Behind a reverse proxy on this machine every connection comes
//! from the loopback address, and the client's own is the last that the proxy wrote into `X-Forwarded-For`; what stands
//! before it, and the whole header on any other connection, was written by strangers.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use platform::web::Problem;

/// The address of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
            return Err(Problem::internal(&"the listener did not tell who is connected"));
        };
        Ok(Self(client(peer.ip(), &parts.headers)))
    }
}

fn client(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let peer = peer.to_canonical();
    if peer.is_loopback() { last_forwarded(headers).unwrap_or(peer) } else { peer }
}

fn last_forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last_header = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let address: IpAddr = last_header.rsplit(',').next()?.trim().parse().ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn client_at(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
        }
        client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_proxy_on_this_machine_names_the_client() {
        assert_eq!(client_at("127.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client_at("::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(client_at("::ffff:127.0.0.1", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn what_a_client_wrote_before_the_proxy_counts_for_nothing() {
        assert_eq!(client_at("127.0.0.1", &["203.0.113.1, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(client_at("127.0.0.1", &["203.0.113.1", "198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn nobody_else_is_believed() {
        assert_eq!(client_at("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
    }

    #[test]
    fn an_address_in_ipv6_clothes_is_the_same_address() {
        assert_eq!(client_at("::ffff:192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(client_at("127.0.0.1", &["::ffff:192.0.2.1"]), "192.0.2.1");
    }

    proptest! {
        #[test]
        fn a_header_that_is_no_address_leaves_the_peer(value in "[g-z ,.]{0,30}") {
            prop_assert_eq!(client_at("127.0.0.1", &[&value]), "127.0.0.1");
        }
    }
}
