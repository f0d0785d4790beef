//! Which addresses may a name stand for?
//!
//! The HTTP library asks here each time it opens a connection and connects to nothing but the answer, so the check and the
//! use cannot come apart (no DNS rebinding). Names that a test injected are trusted, all others are looked up and each
//! address is judged by its [`AddressClass`].

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::AddressClass;

/// Trying more addresses of one name only costs time.
const MAX_ADDRESSES: usize = 16;

/// Names with a fixed address that the guard trusts, for tests: `alpha.test` → `127.0.0.1:40123`.
///
/// Clones share the same table, so names can be added after a client was built. The match is exact: no wildcards, no
/// trailing dot. The port of the address is used if the URL names none.
#[derive(Debug, Clone, Default)]
pub struct StaticNames {
    addresses: Arc<RwLock<HashMap<String, SocketAddr>>>,
}

impl StaticNames {
    /// Maps a name (lower case, without port) to an address, replacing an earlier one.
    pub fn insert(&self, name: impl Into<String>, address: SocketAddr) {
        self.addresses.write().unwrap_or_else(PoisonError::into_inner).insert(name.into(), address);
    }

    /// The address of a name, if it was injected.
    pub fn get(&self, name: &str) -> Option<SocketAddr> {
        self.addresses.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }
}

/// Where names that nobody injected are looked up.
pub(super) trait Lookup: Send + Sync + fmt::Debug {
    /// All addresses of a name.
    fn lookup(&self, name: String) -> LookupFuture;
}

pub(super) type LookupFuture = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// The resolver of the operating system.
#[derive(Debug)]
pub(super) struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> LookupFuture {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Resolves names and lets only acceptable addresses out.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver {
    pub static_names: StaticNames,
    pub lookup: Arc<dyn Lookup>,
    pub allow_private_addresses: bool,
}

/// Why a name has no address that we may use.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    #[error("{name} resolves to {address}, which is {class}")]
    Forbidden { name: String, address: IpAddr, class: AddressClass },
    #[error("{name} has no address")]
    Unresolvable { name: String },
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.acceptable_addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl GuardedResolver {
    /// The addresses that a connection may be made to; port 0 means the port of the URL.
    async fn acceptable_addresses(&self, name: &str) -> Result<Vec<SocketAddr>, ResolveError> {
        if let Some(address) = self.static_names.get(name) {
            return Ok(vec![address]);
        }
        let unresolvable = || ResolveError::Unresolvable { name: name.to_owned() };
        let found = self.lookup.lookup(name.to_owned()).await.map_err(|_| unresolvable())?;
        let refused = found.first().copied().ok_or_else(unresolvable)?;
        let accepted: Vec<_> = found
            .into_iter()
            .filter(|address| self.allow_private_addresses || AddressClass::of(*address).is_public())
            .take(MAX_ADDRESSES)
            .map(|address| SocketAddr::new(address, 0))
            .collect();
        if accepted.is_empty() {
            let class = AddressClass::of(refused);
            return Err(ResolveError::Forbidden { name: name.to_owned(), address: refused, class });
        }
        Ok(accepted)
    }
}

/// A lookup with prepared answers, so that tests can play a hostile name server.
#[cfg(test)]
#[derive(Debug, Default)]
pub(super) struct FixedLookup(pub HashMap<String, Vec<IpAddr>>);

#[cfg(test)]
impl Lookup for FixedLookup {
    fn lookup(&self, name: String) -> LookupFuture {
        let found = self.0.get(name.trim_end_matches('.')).cloned().ok_or_else(|| io::ErrorKind::NotFound.into());
        Box::pin(async move { found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolver(name: &str, addresses: &[&str]) -> GuardedResolver {
        let addresses = addresses.iter().map(|address| address.parse().expect("an address")).collect();
        GuardedResolver {
            static_names: StaticNames::default(),
            lookup: Arc::new(FixedLookup(HashMap::from([(name.to_owned(), addresses)]))),
            allow_private_addresses: false,
        }
    }

    #[tokio::test]
    async fn only_the_public_addresses_of_a_name_remain() {
        let mixed = resolver("mixed.example", &["10.0.0.1", "1.1.1.1", "::1"]);
        let accepted = mixed.acceptable_addresses("mixed.example").await.expect("one address");
        assert_eq!(accepted, ["1.1.1.1:0".parse().expect("an address")]);
    }

    #[tokio::test]
    async fn a_name_with_nothing_but_private_addresses_is_forbidden() {
        let inner = resolver("inner.example", &["192.168.0.1", "fd00::1"]);
        let refused = inner.acceptable_addresses("inner.example").await;
        assert!(matches!(refused, Err(ResolveError::Forbidden { class: AddressClass::Private, .. })));
    }

    #[tokio::test]
    async fn an_injected_name_is_trusted_only_as_it_is_written() {
        let resolver = resolver("alpha.test", &["127.0.0.1"]);
        resolver.static_names.insert("alpha.test", "127.0.0.1:4000".parse().expect("an address"));
        assert!(resolver.acceptable_addresses("alpha.test").await.is_ok());
        assert!(matches!(resolver.acceptable_addresses("alpha.test.").await, Err(ResolveError::Forbidden { .. })));
        assert!(matches!(
            resolver.acceptable_addresses("sub.alpha.test").await,
            Err(ResolveError::Unresolvable { .. })
        ));
    }
}
