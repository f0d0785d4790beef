//! Bringing single things here: somebody pastes the address or the handle of a video, a channel, an account or a playlist.
//!
//! **Invariant:** a stranger cannot make this server ask others without bound: who may look up is the operator's choice
//! (`remote_lookup`), each asker has a rate ([`Lookups`]), all strangers together have one, and a look-up ends after some
//! seconds. What is brought here passes the same checks as what is sent here.

mod actions;
pub mod api;
mod limit;
mod reference;
pub mod store;

pub use actions::{Asker, Found, LookupError, look_up, subscribe_url};
pub use limit::{Lookups, RemoteLookup};
pub use reference::Reference;
