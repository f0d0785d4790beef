//! Everyone who can act in the federation, here and elsewhere.
//!
//! **Invariant:** a local actor has a private key and this server's host; a remote one has neither. What is known of a
//! remote actor was said by its own server, at the actor's own address. A name on a host belongs to one actor at a time.
//!
//! A local actor that is deleted leaves its row, without anything of what it said: its key still signs the news of its end,
//! and nobody gets its name again.

mod actions;
pub mod federate;
pub mod images;
pub mod jobs;
mod model;
pub mod moves;
pub mod pages;
pub mod removal;
pub mod store;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use actions::{ensure_instance_actor, new_local};
pub use model::{Actor, ActorId, ActorKind, NewActor, fold_name, is_valid_name, page_path};
