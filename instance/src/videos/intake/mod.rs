//! What other servers say of their videos, and what of that is kept here.
//!
//! **Invariants:** only a video's own origin is believed about it: an activity counts when its actor lives on the video's
//! host, and everything else is only a reason to ask there. A video is kept if it is known, if this server follows somebody
//! who pushed it, or if somebody here asked for it ([`Reason`]). It goes when its origin says that it was deleted (`Delete`,
//! 410, a Tombstone); when its origin merely does not find it, it goes after days of that, and not at all while a copy is
//! kept here.
//!
//! `videos.is_listed_here` says whether the lists of this server show a video: its own, and those whose server, account or
//! channel it follows, or that one of these shared. It is worked out when a video comes in or is shared, and by [`relist`]
//! when a follow changes, so that lists need not look at follows.

pub mod actions;
mod federate;
mod jobs;
mod store;
#[cfg(test)]
mod tests;

pub use actions::{receive_delete, refresh_if_outdated, relist, want};
pub use federate::{
    SaveError, receive_announce, receive_announced_delete, receive_reference, receive_undo_announce,
    receive_undo_announce_by_id, receive_video, save,
};
pub use jobs::{Reason, job_set};
