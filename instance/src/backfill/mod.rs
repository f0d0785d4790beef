//! What a followed actor published before it was followed, and what we missed since.
//!
//! **Invariants:** progress is written in the transaction that stored what was read, so a reading goes on where it stopped,
//! whatever died. A listing only says what there is; what a video is, its origin says itself, in a document under the
//! video's own address or on a page of the origin's own host.
//!
//! How it is read depends on what runs there ([`Source`]): servers of this kind hand over whole videos on the pages of
//! their outboxes; PeerTube lists a hundred addresses at a time in its REST API; others have an outbox. The newest come
//! first. What is known and has not changed is not asked for again. A finished reading begins anew after a day, so that
//! gaps heal; a failed one goes on later, and later. A listing that leads in a circle, or has no end, is left where that is
//! noticed, and read again after a week.

mod actions;
mod fetch;
pub mod jobs;
mod listing;
mod model;
mod outbox;
pub mod store;
#[cfg(test)]
mod tests;

pub use actions::{pause, peek, resume, start, stop};
pub use fetch::channel_of;
pub use model::{Backfill, BackfillState, Source};
