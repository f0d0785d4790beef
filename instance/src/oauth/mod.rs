//! Logging in: OAuth 2.0 (RFC 6749) with the password and refresh grants, as PeerTube's REST API has it, and the same
//! tokens in a cookie for pages.
//!
//! **Invariant:** the database knows tokens by their SHA-256 alone. A refresh token works once: using it ends the pair.

mod actions;
mod api;
mod pages;
mod session;
pub mod store;

pub use actions::{TokenPair, ensure_client, purge_expired};
pub use api::{local_client, revoke, token};
pub use pages::{log_in, log_out, login_page};
pub use session::{Session, SignedIn};
