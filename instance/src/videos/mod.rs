//! Videos, ours and those of other servers.
//!
//! **Invariants:** a video belongs to one channel, and its host is that of the channel. What is known of a remote video
//! was said by its origin. Only a published, public video is listed, federated or indexed.

mod actions;
mod api;
mod cache;
pub mod federate;
mod files;
pub mod jobs;
mod labels;
mod listing;
pub mod model;
pub mod pages;
mod representation;
mod seed;
pub mod store;

pub use actions::publish;
pub use api::{
    account_videos, categories, channel_videos, delete_video, description, details, languages, licences, list,
    privacies,
};
pub(crate) use api::{find_visible, may_see};
pub use cache::VideoListCache;
pub(crate) use files::stream_folder;
pub use files::{preview_file, streaming_file, thumbnail_file};
pub use labels::{category, category_names, language, language_names, licence, licence_names};
pub use listing::{Filters, ListQuery};
pub use model::{Privacy, Video, VideoFile, VideoId, VideoState};
pub(crate) use representation::{Summary, account_json, channel_json, iso};
pub use seed::seed;
