//! The client as the rest of the program sees it.

use std::{fmt, sync::Arc};

use http::{HeaderValue, Method};
use url::Url;

use super::{
    NetConfig, NetError, RequestBuilder, StaticNames,
    host_gate::HostGates,
    resolver::{GuardedResolver, Lookup, SystemLookup},
    transport,
    url_rules::UrlRules,
};

/// The guarded HTTP client. Clones share connections, gates and injected names.
#[derive(Clone)]
pub struct HttpClient {
    pub(super) inner: Arc<Inner>,
}

/// What all clones share.
pub(super) struct Inner {
    pub transport: reqwest::Client,
    pub rules: UrlRules,
    pub gates: HostGates,
    pub config: NetConfig,
}

impl HttpClient {
    /// Starts building a client.
    pub fn builder(config: NetConfig) -> HttpClientBuilder {
        HttpClientBuilder {
            config,
            user_agent: concat!("Shoal/", env!("CARGO_PKG_VERSION")).to_owned(),
            static_names: StaticNames::default(),
            lookup: Arc::new(SystemLookup),
        }
    }

    /// A request for a resource.
    pub fn get<'a>(&self, url: &Url) -> RequestBuilder<'a> {
        self.request(Method::GET, url)
    }

    /// A request for a resource's headers.
    pub fn head<'a>(&self, url: &Url) -> RequestBuilder<'a> {
        self.request(Method::HEAD, url)
    }

    /// A request that hands something over.
    pub fn post<'a>(&self, url: &Url) -> RequestBuilder<'a> {
        self.request(Method::POST, url)
    }

    /// Whether `http:` URLs are acceptable, so that callers know which scheme to try for a bare host name.
    pub fn allows_plain_http(&self) -> bool {
        self.inner.rules.allow_plain_http || self.inner.rules.allow_private_addresses
    }

    fn request<'a>(&self, method: Method, url: &Url) -> RequestBuilder<'a> {
        RequestBuilder::new(self.clone(), method, url.clone())
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpClient").field("rules", &self.inner.rules).finish_non_exhaustive()
    }
}

/// Collects what an [`HttpClient`] needs.
#[derive(Debug)]
pub struct HttpClientBuilder {
    config: NetConfig,
    user_agent: String,
    static_names: StaticNames,
    lookup: Arc<dyn Lookup>,
}

impl HttpClientBuilder {
    /// Names the operator in the user agent, so that whoever wonders about our requests knows whom to ask:
    /// `Shoal/0.1.0 (+https://video.example/; admin@video.example)`.
    #[must_use]
    pub fn operated_by(mut self, public_url: &Url, contact: Option<&str>) -> Self {
        let contact = contact.map(|contact| format!("; {contact}")).unwrap_or_default();
        self.user_agent = format!("{} (+{public_url}{contact})", self.user_agent);
        self
    }

    /// Injects names that the guard trusts. For tests.
    #[must_use]
    pub fn static_names(mut self, names: StaticNames) -> Self {
        self.static_names = names;
        self
    }

    /// Replaces the operating system's resolver; its answers are guarded like any others.
    #[cfg(test)]
    pub(super) fn lookup(mut self, lookup: impl Lookup + 'static) -> Self {
        self.lookup = Arc::new(lookup);
        self
    }

    /// Sets the client up.
    ///
    /// # Errors
    /// [`NetError::Setup`] if there are no CA certificates, [`NetError::InvalidRequest`] if the contact cannot stand in a
    /// header.
    pub fn build(self) -> Result<HttpClient, NetError> {
        let user_agent = HeaderValue::try_from(&self.user_agent)
            .map_err(|_| NetError::InvalidRequest("the operator's contact cannot stand in a header".into()))?;
        let resolver = GuardedResolver {
            static_names: self.static_names,
            lookup: self.lookup,
            allow_private_addresses: self.config.allow_private_addresses,
        };
        let inner = Inner {
            transport: transport::guarded(&self.config, resolver, user_agent)?,
            rules: self.config.url_rules(),
            gates: HostGates::new(&self.config),
            config: self.config,
        };
        Ok(HttpClient { inner: Arc::new(inner) })
    }
}
