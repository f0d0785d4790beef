//! Playlists: of the people here, and of those elsewhere.
//!
//! **Invariants:** an element names its video by address, so that it outlives both the arrival and the deletion of the
//! video. A public playlist belongs to a channel, since other servers find its owner through it. What is private is told
//! to nobody; whoever was told of a playlist is told when it becomes private. What is known of a remote playlist was said by
//! its origin, at the playlist's own address.
//!
//! **Bounds:** [`MAX_ELEMENTS`] in a playlist, [`MAX_PER_ACCOUNT`] of an account; one look at a remote playlist asks for
//! at most [`MAX_NEW_VIDEOS`] videos that are unknown here.

mod actions;
pub mod api;
mod documents;
mod element_api;
mod element_store;
pub mod federate;
mod form;
pub mod jobs;
mod listing;
mod model;
mod own_pages;
mod page_forms;
pub mod pages;
mod pictures;
mod positions;
mod representation;
pub mod store;
#[cfg(test)]
mod tests;

pub use actions::PlaylistError;
pub use documents::{element, playlist};
pub use element_api::{add_video, change_element, elements, remove_element, reorder, videos_exist};
pub use federate::FetchPlaylistError;
pub use model::{Element, ElementId, NewElement, NewPlaylist, Playlist, PlaylistId, PlaylistKind, PlaylistPrivacy};
pub use own_pages::mine;
pub use page_forms::{create, edit, edit_form, move_element, remove, remove_from, save, set_times};

/// Elements that a playlist has at most; of longer ones elsewhere, the first are kept.
pub const MAX_ELEMENTS: i64 = 1_000;
/// Playlists that an account has at most.
pub const MAX_PER_ACCOUNT: i64 = 500;
/// Videos that one look at a remote playlist asks for at most. The next look asks for more.
pub const MAX_NEW_VIDEOS: usize = 100;
