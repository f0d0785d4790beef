//! The HTTP library, set up in the only two ways that this process uses it.

use std::time::Duration;

use http::HeaderValue;

use super::{NetConfig, NetError, resolver::GuardedResolver};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// For URLs of strangers: the resolver is the guard's, redirects are the caller's business.
pub(super) fn guarded(
    config: &NetConfig,
    resolver: GuardedResolver,
    user_agent: HeaderValue,
) -> Result<reqwest::Client, NetError> {
    build(
        plain_builder()
            .dns_resolver(resolver)
            .user_agent(user_agent)
            .connect_timeout(config.connect_timeout.get())
            .pool_idle_timeout(Duration::from_mins(1))
            .pool_max_idle_per_host(config.concurrent_requests_per_host as usize)
            .http2_max_header_list_size(64 * 1_024),
    )
}

/// For an endpoint that the operator wrote into the configuration, such as S3-compatible storage, which may well be in a
/// private network. Never hand it a URL that came from outside.
///
/// # Errors
/// [`NetError::Setup`] if TLS cannot be set up.
pub(crate) fn operator_endpoint_client(silence_timeout: Duration) -> Result<reqwest::Client, NetError> {
    operator_endpoint_client_trusting(silence_timeout, vec![])
}

/// The same, trusting these authorities besides the usual ones.
///
/// # Errors
/// [`NetError::Setup`] if TLS cannot be set up.
pub(super) fn operator_endpoint_client_trusting(
    silence_timeout: Duration,
    authorities: Vec<reqwest::Certificate>,
) -> Result<reqwest::Client, NetError> {
    let builder = plain_builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(silence_timeout).no_gzip();
    build(if authorities.is_empty() { builder } else { builder.tls_certs_merge(authorities) })
}

/// No proxy from the environment, no redirects, no `Referer`.
fn plain_builder() -> reqwest::ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "this module is the guarded client")]
    let builder = reqwest::Client::builder();
    builder.no_proxy().redirect(reqwest::redirect::Policy::none()).referer(false)
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, NetError> {
    builder.build().map_err(|error| NetError::Setup(error.to_string()))
}
