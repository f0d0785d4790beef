//! Channels: what people follow, and what videos belong to. Every account that can publish has at least one.

mod actions;
pub mod api;
pub mod model;
pub mod store;

pub use actions::{ChannelChange, ChannelError, NewChannel, change, create, delete};
pub use model::{Channel, ChannelId};
