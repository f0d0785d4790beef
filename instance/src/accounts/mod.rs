//! People's accounts, here and elsewhere, and the account of the server itself.

pub mod model;
pub mod store;

pub use model::{Account, AccountId};
