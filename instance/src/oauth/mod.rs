//! Logging in: OAuth 2.0 (RFC 6749) with the password and refresh grants, as PeerTube's REST API has it, and the same
//! tokens in a cookie for pages.
//!
//! **Invariant:** the database knows tokens by their SHA-256 alone. A refresh token works once: using it ends the pair.
//! No address tries more than so many wrong passwords ([`LogInAttempts`]).

mod actions;
mod api;
mod attempts;
mod pages;
mod session;
pub mod store;
#[cfg(test)]
pub(crate) mod tests;

pub use actions::{TokenPair, ensure_client, purge_expired};
pub use api::{local_client, revoke, token};
pub use attempts::LogInAttempts;
pub use pages::{local_path, log_in, log_out, login_page};
pub use session::{Session, SignedIn};
