//! Comments under videos, from here and from anywhere in the federation.
//!
//! **Invariants:** a comment belongs to one video and one author, and its address lives on its author's server. It is
//! taken in only if what it answers is known, the policy of the video allows it, and its author says so; it is removed by
//! its author's server, by that of the video, or by those who look after this one, and does not come back. A deleted
//! comment stays as a stone while it has replies. What waits for approval is seen by its author, the owner of the video and
//! the moderators, and told to nobody else.
//!
//! Texts are kept as Markdown, whatever they came as ([`html`]), and made into HTML when they are shown ([`text`]).
//! Approval follows FEP-5624, as PeerTube speaks it.

mod actions;
pub mod api;
pub mod documents;
pub mod federate;
mod html;
mod intake;
pub mod jobs;
mod model;
pub mod pages;
mod recipients;
mod represent;
mod store;
mod text;
mod tree;

pub use actions::{forget_author, may_see};
pub use intake::{forget_gone, is_known};
pub use model::{Comment, CommentId};
