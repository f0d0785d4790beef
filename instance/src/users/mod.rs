//! Those who can log in here.
//!
//! **Invariant:** a user has exactly one account and at least one channel, made in the same transaction.

mod actions;
pub mod api;
pub mod model;
pub mod password;
pub(crate) mod profile;
pub mod store;

pub use actions::{NewUser, UserError, create, ensure_root, new_actor, reset_password};
pub use model::{Role, User, UserId};
pub use profile::{own_account, own_account_actor, own_channel, own_channel_actor};
