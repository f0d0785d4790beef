//! Playlists: videos that somebody has put in a row for everybody.
//!
//! **Invariant:** a [`Playlist`] has passed [`crate::ingest`], as a [`VideoDocument`](crate::document::VideoDocument) has.

use platform::clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    collections::{Collection, Findable},
    document::{Actor, Labelled},
    hosts::Origin,
    ingest::{self, Rejection, WirePlaylist},
};

/// A public playlist of some instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Playlist {
    /// Its number on its own instance.
    pub origin_id: i64,
    /// Its identity everywhere.
    pub uuid: Uuid,
    /// Where the instance's pages and files are, without a slash at the end.
    pub origin: String,
    /// The title.
    pub display_name: String,
    /// What it is about, in Markdown.
    pub description: Option<String>,
    /// How many videos it holds.
    pub videos_length: u64,
    /// What kind of playlist it is, by PeerTube's numbering.
    pub kind: Labelled<i64>,
    /// The picture, as a path at the origin.
    pub thumbnail_path: Option<String>,
    /// The player for other sites, as a path at the origin.
    pub embed_path: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed on its instance.
    pub updated_at: Timestamp,
    /// Whose it is.
    pub account: Actor,
    /// Where it appears, if it does in a channel.
    pub channel: Option<Actor>,
}

impl Collection for Playlist {
    const KIND: &'static str = "playlist";
    const LIST: &'static str = "/api/v1/search/video-playlists";

    fn read(origin: &Origin, record: &RawValue, now: Timestamp) -> Result<Self, Rejection> {
        let wire: WirePlaylist = serde_json::from_str(record.get()).unwrap_or_default();
        ingest::read_playlist(origin, &wire, now)
    }

    fn name(&self) -> String {
        self.uuid.to_string()
    }

    fn owners(&self) -> Vec<&str> {
        [Some(&self.account), self.channel.as_ref()].into_iter().flatten().map(|actor| actor.name.as_str()).collect()
    }

    /// A playlist is asked for by its UUID, and weighs as much as it has videos.
    fn findable(&self) -> Findable<'_> {
        let actors = [Some(&self.account), self.channel.as_ref()].into_iter().flatten();
        Findable {
            identity: self.uuid.to_string(),
            host: &self.account.host,
            account: self.account.handle(),
            title: &self.display_name,
            names: actors.flat_map(|actor| [actor.display_name.clone(), actor.name.clone()]).collect(),
            description: self.description.as_deref(),
            weight: self.videos_length,
            created_at: self.created_at,
        }
    }
}
