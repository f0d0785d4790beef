//! The one way out: no byte leaves this process towards an address that somebody else chose except through [`HttpClient`].
//!
//! The invariant: **a request reaches only an address that passed the guard at the moment of connecting.** URLs come from
//! strangers (activities, redirects, search indexes), so four independent rules apply to every hop of every request:
//!
//! 1. [`url_rules`]: HTTPS, no credentials, a web port, and for literal IP hosts a public address.
//! 2. [`resolver`]: each address that a name resolves to is checked, and the connection is made to exactly those that
//!    passed, so that a name cannot change its mind between check and use.
//! 3. `redirect`: redirects are followed by hand, each target is a new URL under the same rules, and secrets stay behind
//!    when the origin changes.
//! 4. `body`: bytes (after decompression), time and minimum speed are bounded, so that nobody can hold us with a body
//!    without end, a compression bomb or a slow drip.
//!
//! What the operator wrote into the configuration is another matter: see [`OperatorEndpoint`].
//!
//! A `host_gate` keeps us polite: a rate and a number of simultaneous requests for each remote server.
//!
//! [`NetConfig::allow_private_addresses`] lifts the address rule for tests and for the demo network; tests that want the
//! guard on map names such as `alpha.test` with [`StaticNames`] instead.

pub mod address;
mod body;
mod client;
mod config;
mod error;
mod exchange;
mod host_gate;
mod operator_endpoint;
mod redirect;
mod request;
pub mod resolver;
mod response;
mod transport;
pub mod url_rules;

#[cfg(test)]
mod tests;

pub use body::BodyStream;
pub use client::{HttpClient, HttpClientBuilder};
pub use config::NetConfig;
pub use error::NetError;
pub use operator_endpoint::{EndpointLimits, OperatorEndpoint};
pub use request::{RequestBuilder, RequestSigner};
pub use resolver::StaticNames;
pub use response::{Response, StreamingResponse};
pub(crate) use transport::operator_endpoint_client;
