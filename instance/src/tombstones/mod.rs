//! What is gone, and since when: whoever asks for it is told so.
//!
//! **Invariant:** an address that was given up once stays given up; its first tombstone counts.

pub mod store;
