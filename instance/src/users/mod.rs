//! Those who can log in here.
//!
//! **Invariant:** a user has exactly one account and at least one channel, made in the same transaction.

mod actions;
pub mod model;
pub mod password;
pub mod store;

pub use actions::{NewUser, UserError, create, ensure_root, reset_password};
pub use model::{Role, User, UserId};
