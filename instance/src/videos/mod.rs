//! Videos, ours and those of other servers.
//!
//! **Invariants:** a video belongs to one channel, and its host is that of the channel. What is known of a remote video
//! was said by its origin. Only a published, public video is listed, federated or indexed.

mod actions;
mod api;
mod around;
mod cache;
pub mod edit_pages;
mod editing;
pub mod federate;
mod files;
pub mod intake;
pub mod jobs;
mod labels;
pub(crate) mod lazy;
mod listing;
pub mod mine;
pub mod model;
pub mod pages;
mod pictures;
mod player;
mod representation;
mod rules;
mod seed;
pub mod store;

pub use actions::{delete_in, delete_of_actor, parts_changed, publish};
pub use api::{
    account_videos, categories, channel_videos, delete_video, description, details, languages, licences, list,
    privacies, refresh, respond, respond_with_one, source,
};
pub(crate) use api::{find_owned, find_visible, may_see};
pub use cache::VideoListCache;
pub use editing::update;
pub(crate) use files::stream_folder;
pub use files::{preview_file, streaming_file, thumbnail_file};
pub use labels::{category, category_names, language, language_names, licence, licence_names};
pub use lazy::LazyFiles;
pub use listing::{Filters, ListQuery};
pub use model::{Privacy, Video, VideoFile, VideoId, VideoState};
pub(crate) use pictures::{GivenPictures, MAX_BYTES as MAX_PICTURE_BYTES, PictureError, StoredPictures};
pub(crate) use representation::{Summary, account_json, channel_json, iso, summaries};
pub(crate) use rules::check as check_facts;
pub use seed::seed;
