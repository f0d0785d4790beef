//! Servers and accounts that somebody does not want to hear of: the moderators for all of the server, or a user for
//! themselves.
//!
//! A block of a server covers its subdomains and ports. For those that are known here it is written out, row by row, so
//! that a list looks up a host in an index; whatever appears later is covered within the hour, and refused at the border
//! at once if the block is the server's.

mod actions;
pub mod api;
mod model;
pub mod pages;
pub mod store;
#[cfg(test)]
mod tests;

pub use actions::{BlockError, cover_new_hosts, follow_move};
pub use model::Blocker;
