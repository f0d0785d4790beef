//! Who is watching, how often something was watched or downloaded, and which parts were watched.
//!
//! What happens every few seconds for every viewer here is kept in memory ([`Register`]) and written down in batches: views
//! are statistics, and a process that is killed may lose the last seconds of them. A view that another server tells of is
//! written before that server is answered, beside what else came in, and added to the others a few seconds later: nobody
//! would tell of it again. Nobody is recognised: a viewer is the hash of an address with a salt that lives for a day and is
//! written nowhere.
//!
//! **Invariants:** a viewer counts once per hour and video. The views of a video are counted at its origin; others tell the
//! origin of theirs, and learn the sum. Memory is bounded, whatever strangers send. With several nodes, each knows the viewers
//! that reached it.

mod actions;
pub mod api;
mod downloads;
pub mod federate;
mod model;
mod register;
pub mod store;
mod viewers;

pub use actions::{flush, purge, start};
pub use register::Register;

#[cfg(test)]
mod tests;
