//! With whom this server has dealings, and what of them it shows.
//!
//! - [`Border`]: servers and actors that are not spoken with, asked for every activity, document and delivery.
//! - [`blocks`]: servers and accounts that the moderators, or a user for themselves, do not want to hear of.
//! - [`video_blocks`]: single videos that are shown to nobody.
//! - [`abuses`]: reports, from here and from other servers.
//!
//! **Invariants:** what the server blocks, and in allow-list mode whatever is not on the list, is refused at the border
//! before anything is fetched for it, is in no list, and is shown only to its owner and to moderators; nothing is deleted, so
//! that unblocking (or the end of the mode) brings all of it back. Follows in both directions stay and are silent
//! meanwhile. Moderators block; administrators change settings, too.

pub mod abuses;
pub mod blocks;
mod border;
mod host;
mod lists;
mod staff;
pub mod store;
pub mod video_blocks;

pub use border::Border;
pub use host::{BadHost, read_host};
pub(crate) use lists::{ListOptions, page_of};
pub use staff::{Administrator, Moderator};
pub(crate) use staff::{administrator, may_see_actor, moderator, somebody};
