//! Channels: where videos appear, whether they hold any yet or not.
//!
//! **Invariant:** a [`Channel`] has passed [`crate::ingest`], as a [`VideoDocument`](crate::document::VideoDocument) has.

use platform::clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    collections::{Collection, Findable, VideoCounts},
    document::{Actor, Avatar},
    hosts::Origin,
    ingest::{self, Rejection, WireChannel},
};

/// A channel of some instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Channel {
    /// The channel itself.
    pub actor: Actor,
    /// Where the instance's pages and files are, without a slash at the end.
    pub origin: String,
    /// What it is about, in Markdown.
    pub description: Option<String>,
    /// How to support it, in Markdown.
    pub support: Option<String>,
    /// The wide pictures over its page, in several sizes.
    pub banners: Vec<Avatar>,
    /// How many it follows.
    pub following_count: u64,
    /// How many follow it.
    pub followers_count: u64,
    /// How many of its videos are indexed; `None` before they were counted.
    pub videos_count: Option<u64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed on its instance.
    pub updated_at: Timestamp,
    /// Whose it is.
    pub owner: Owner,
}

/// The account that owns a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The account itself.
    pub actor: Actor,
    /// Who that is, in Markdown.
    pub description: Option<String>,
    /// How many it follows.
    pub following_count: u64,
    /// How many follow it.
    pub followers_count: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed on its instance.
    pub updated_at: Timestamp,
}

impl Collection for Channel {
    const KIND: &'static str = "channel";
    const LIST: &'static str = "/api/v1/search/video-channels";

    fn read(origin: &Origin, record: &RawValue, now: Timestamp) -> Result<Self, Rejection> {
        let wire: WireChannel = serde_json::from_str(record.get()).unwrap_or_default();
        ingest::read_channel(origin, &wire, now)
    }

    fn name(&self) -> String {
        self.actor.name.clone()
    }

    fn count_videos(&mut self, counts: &VideoCounts) {
        self.videos_count = Some(counts.get(&self.actor.name).copied().unwrap_or_default());
    }

    fn owners(&self) -> Vec<&str> {
        vec![&self.actor.name, &self.owner.actor.name]
    }

    fn descriptions(&self) -> Vec<(&str, Option<&str>)> {
        vec![
            (&self.actor.name, self.description.as_deref()),
            (&self.owner.actor.name, self.owner.description.as_deref()),
        ]
    }

    /// A channel is asked for by its handle, and weighs as much as it has followers.
    fn findable(&self) -> Findable<'_> {
        let (channel, owner) = (&self.actor, &self.owner.actor);
        Findable {
            identity: channel.handle().to_lowercase(),
            host: &channel.host,
            account: owner.handle(),
            title: &channel.display_name,
            names: vec![channel.handle(), owner.display_name.clone(), owner.name.clone()],
            description: self.description.as_deref(),
            weight: self.followers_count,
            created_at: self.created_at,
        }
    }
}
