use platform::{clock::Timestamp, ids};
use serde::Serialize;
use uuid::Uuid;

use super::{ActorAnswer, AvatarAnswer, iso, pictures, public};
use crate::{
    channels::{Channel, Owner},
    collections::CollectionHit,
    document::{Actor, Labelled},
    playlists::Playlist,
};

/// A channel in a search result. The names are those of the contract.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelAnswer {
    pub score: f32,
    #[serde(flatten)]
    pub actor: ActorAnswer,
    pub banner: Option<AvatarAnswer>,
    pub banners: Vec<AvatarAnswer>,
    pub following_count: u64,
    pub followers_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub videos_count: Option<u64>,
    #[serde(serialize_with = "iso")]
    pub created_at: Timestamp,
    #[serde(serialize_with = "iso")]
    pub updated_at: Timestamp,
    pub description: Option<String>,
    pub support: Option<String>,
    pub is_local: bool,
    pub owner_account: OwnerAnswer,
}

/// The account of a channel in a search result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerAnswer {
    #[serde(flatten)]
    pub actor: ActorAnswer,
    pub description: Option<String>,
    pub following_count: u64,
    pub followers_count: u64,
    #[serde(serialize_with = "iso")]
    pub created_at: Timestamp,
    #[serde(serialize_with = "iso")]
    pub updated_at: Timestamp,
}

/// A playlist in a search result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaylistAnswer {
    pub id: i64,
    pub uuid: Uuid,
    #[serde(rename = "shortUUID")]
    pub short_uuid: String,
    pub score: f32,
    pub is_local: bool,
    pub url: String,
    pub display_name: String,
    pub description: Option<String>,
    pub privacy: Labelled<i64>,
    pub videos_length: u64,
    pub r#type: Labelled<i64>,
    pub thumbnail_path: Option<String>,
    pub thumbnail_url: Option<String>,
    pub embed_path: String,
    pub embed_url: String,
    #[serde(serialize_with = "iso")]
    pub created_at: Timestamp,
    #[serde(serialize_with = "iso")]
    pub updated_at: Timestamp,
    pub owner_account: ActorAnswer,
    pub video_channel: Option<ActorAnswer>,
}

impl ChannelAnswer {
    /// Writes a hit for a client, which may say from which instance it asks.
    pub fn new(hit: CollectionHit<Channel>, from_host: Option<&str>) -> Self {
        let CollectionHit { score, document: channel } = hit;
        Self {
            score,
            is_local: is_from(&channel.actor, from_host),
            actor: ActorAnswer::new(&channel.actor, &channel.origin),
            banner: None,
            banners: pictures(&channel.banners, &channel.origin),
            following_count: channel.following_count,
            followers_count: channel.followers_count,
            videos_count: channel.videos_count,
            created_at: channel.created_at,
            updated_at: channel.updated_at,
            owner_account: OwnerAnswer::new(channel.owner, &channel.origin),
            description: channel.description,
            support: channel.support,
        }
    }
}

impl OwnerAnswer {
    fn new(owner: Owner, origin: &str) -> Self {
        Self {
            actor: ActorAnswer::new(&owner.actor, origin),
            description: owner.description,
            following_count: owner.following_count,
            followers_count: owner.followers_count,
            created_at: owner.created_at,
            updated_at: owner.updated_at,
        }
    }
}

impl PlaylistAnswer {
    /// Writes a hit for a client, which may say from which instance it asks.
    pub fn new(hit: CollectionHit<Playlist>, from_host: Option<&str>) -> Self {
        let CollectionHit { score, document: playlist } = hit;
        let origin = playlist.origin.as_str();
        Self {
            id: playlist.origin_id,
            uuid: playlist.uuid,
            short_uuid: ids::short_uuid(playlist.uuid),
            score,
            is_local: is_from(&playlist.account, from_host),
            url: format!("{origin}/videos/watch/playlist/{}", playlist.uuid),
            privacy: public(),
            thumbnail_url: playlist.thumbnail_path.as_ref().map(|path| format!("{origin}{path}")),
            embed_url: format!("{origin}{}", playlist.embed_path),
            owner_account: ActorAnswer::new(&playlist.account, origin),
            video_channel: playlist.channel.as_ref().map(|channel| ActorAnswer::new(channel, origin)),
            display_name: playlist.display_name,
            description: playlist.description,
            videos_length: playlist.videos_length,
            r#type: playlist.kind,
            thumbnail_path: playlist.thumbnail_path,
            embed_path: playlist.embed_path,
            created_at: playlist.created_at,
            updated_at: playlist.updated_at,
        }
    }
}

fn is_from(actor: &Actor, host: Option<&str>) -> bool {
    host.is_some_and(|host| host.eq_ignore_ascii_case(&actor.host))
}
