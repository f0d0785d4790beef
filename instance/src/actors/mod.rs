//! Everyone who can act in the federation, here and elsewhere.
//!
//! **Invariant:** a local actor has a private key and this server's host; a remote one has neither. What is known of a
//! remote actor was said by its own server, at the actor's own address.

mod actions;
pub mod federate;
mod model;
pub mod store;

pub use actions::{ensure_instance_actor, new_local};
pub use model::{Actor, ActorId, ActorKind, NewActor, fold_name, is_valid_name};
