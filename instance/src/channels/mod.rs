//! Channels: what people follow, and what videos belong to. Every account that can publish has at least one.

pub mod model;
pub mod store;

pub use model::{Channel, ChannelId};
