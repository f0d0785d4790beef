//! Actors that live elsewhere from now on (`Move`, `movedTo`, `alsoKnownAs`), both ways.
//!
//! **Invariant:** nobody's followers are taken along unless both sides say so: the old actor that it moved, and the new one
//! that it was the old one (`alsoKnownAs`, asked of its server at that moment). Only followers move; videos and channels
//! stay where they are. An actor moves at most once a week.

pub mod actions;
pub mod api;
pub mod federate;
pub mod jobs;
mod store;

pub use actions::MoveError;
