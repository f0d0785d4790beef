//! What a search answers with: the objects of the contract.
//!
//! Where the software that defined the contract errs, the right thing is said: a date that is not known is `null`.

mod collections;

pub use collections::{ChannelAnswer, PlaylistAnswer};

use platform::{clock::Timestamp, ids};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::{
    document::{Actor, Avatar, Labelled},
    search::{Explanation, Hit, SpokenMatch},
    text::truncate,
};

const MAX_DESCRIPTION: usize = 250;

/// A list and how many there are in all.
#[derive(Debug, Serialize)]
pub struct Listing<T> {
    /// How many match.
    pub total: usize,
    /// Those asked for.
    pub data: Vec<T>,
}

/// A video in a search result. The names are those of the contract.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VideoAnswer {
    pub id: i64,
    pub uuid: Uuid,
    #[serde(rename = "shortUUID")]
    pub short_uuid: String,
    pub score: f32,
    #[serde(serialize_with = "iso")]
    pub created_at: Timestamp,
    #[serde(serialize_with = "iso")]
    pub updated_at: Timestamp,
    #[serde(serialize_with = "iso")]
    pub published_at: Timestamp,
    #[serde(serialize_with = "optional_iso")]
    pub originally_published_at: Option<Timestamp>,
    pub category: Labelled<i64>,
    pub licence: Labelled<i64>,
    pub language: Labelled<String>,
    pub privacy: Labelled<i64>,
    pub name: String,
    pub description: Option<String>,
    pub truncated_description: Option<String>,
    pub duration: u32,
    pub tags: Vec<String>,
    pub thumbnail_path: Option<String>,
    pub thumbnail_url: Option<String>,
    pub preview_path: Option<String>,
    pub preview_url: Option<String>,
    pub embed_path: String,
    pub embed_url: String,
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_local: Option<bool>,
    pub views: u64,
    pub viewers: u64,
    pub likes: u64,
    pub dislikes: u64,
    pub comments: u64,
    pub is_live: bool,
    pub nsfw: bool,
    pub nsfw_flags: u32,
    pub nsfw_summary: Option<String>,
    pub account: ActorAnswer,
    pub channel: ActorAnswer,
    /// Beyond the contract: other instances that have the same video.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_on: Vec<String>,
    /// Beyond the contract: what is said in the video, if the words are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spoken: Option<SpokenMatch>,
    /// Beyond the contract: how the score came about, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// An account or channel in a search result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorAnswer {
    pub id: i64,
    pub name: String,
    pub display_name: String,
    pub url: String,
    pub host: String,
    pub avatar: Option<AvatarAnswer>,
    pub avatars: Vec<AvatarAnswer>,
}

/// A picture in a search result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AvatarAnswer {
    pub url: String,
    pub path: String,
    pub file_url: String,
    pub width: Option<u32>,
    #[serde(serialize_with = "optional_iso")]
    pub created_at: Option<Timestamp>,
    #[serde(serialize_with = "optional_iso")]
    pub updated_at: Option<Timestamp>,
}

impl VideoAnswer {
    /// Writes a hit for a client, which may say from which instance it asks.
    pub fn new(hit: Hit, from_host: Option<&str>) -> Self {
        let Hit { score, video, also_on, spoken, explanation } = hit;
        let absolute = |path: &Option<String>| path.as_ref().map(|path| format!("{}{path}", video.origin));
        let description = video.description.as_deref().map(shorten);
        Self {
            id: video.origin_id,
            uuid: video.uuid,
            short_uuid: ids::short_uuid(video.uuid),
            score,
            created_at: video.created_at,
            updated_at: video.updated_at,
            published_at: video.published_at,
            originally_published_at: video.originally_published_at,
            privacy: public(),
            truncated_description: description.clone(),
            description,
            thumbnail_url: absolute(&video.thumbnail_path),
            preview_url: absolute(&video.preview_path),
            embed_url: format!("{}{}", video.origin, video.embed_path),
            is_local: from_host.map(|host| host.eq_ignore_ascii_case(&video.host)),
            account: ActorAnswer::new(&video.account, &video.origin),
            channel: ActorAnswer::new(&video.channel, &video.origin),
            category: video.category,
            licence: video.licence,
            language: video.language,
            name: video.name,
            duration: video.duration,
            tags: video.tags,
            thumbnail_path: video.thumbnail_path,
            preview_path: video.preview_path,
            embed_path: video.embed_path,
            url: video.url,
            views: video.views,
            viewers: video.viewers,
            likes: video.likes,
            dislikes: video.dislikes,
            comments: video.comments,
            is_live: video.is_live,
            nsfw: video.nsfw,
            nsfw_flags: video.nsfw_flags,
            nsfw_summary: video.nsfw_summary,
            also_on,
            spoken,
            explanation,
        }
    }
}

impl ActorAnswer {
    fn new(actor: &Actor, origin: &str) -> Self {
        Self {
            id: actor.id,
            name: actor.name.clone(),
            display_name: actor.display_name.clone(),
            url: actor.url.clone(),
            host: actor.host.clone(),
            avatar: None,
            avatars: pictures(&actor.avatars, origin),
        }
    }
}

fn pictures(pictures: &[Avatar], origin: &str) -> Vec<AvatarAnswer> {
    let answer = |picture: &Avatar| {
        let url = format!("{origin}{}", picture.path);
        AvatarAnswer {
            file_url: url.clone(),
            url,
            path: picture.path.clone(),
            width: picture.width,
            created_at: picture.created_at,
            updated_at: picture.updated_at,
        }
    };
    pictures.iter().map(answer).collect()
}

/// Nothing else is indexed.
fn public() -> Labelled<i64> {
    Labelled { id: Some(1), label: "Public".to_owned() }
}

/// At most 250 characters, the last three of them dots when something was cut, as PeerTube does it.
fn shorten(description: &str) -> String {
    if description.chars().nth(MAX_DESCRIPTION).is_none() {
        return description.to_owned();
    }
    format!("{}...", truncate(description, MAX_DESCRIPTION - 3))
}

fn iso<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&moment.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn optional_iso<S: Serializer>(moment: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match moment {
        Some(moment) => iso(moment, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_cut_to_250_characters_with_the_dots() {
        assert_eq!(shorten(&"é".repeat(250)), "é".repeat(250));
        let cut = shorten(&"é".repeat(251));
        assert_eq!((cut.chars().count(), cut.ends_with("...")), (250, true));
    }
}
