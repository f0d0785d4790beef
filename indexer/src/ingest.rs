//! What other servers say about their videos, made safe to keep.
//!
//! **Invariant:** nothing in a [`VideoDocument`] is longer than the limits here, contains control or direction-changing
//! characters, or leads away from the instance that was asked. A host can therefore lie about its own videos only.

mod captions;
mod clean;
mod collections;
mod wire;

use chrono::Datelike;
use platform::{clock::Timestamp, ids};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    document::{Actor, Avatar, Labelled, VideoDocument},
    hosts::{
        Origin,
        consent::{Objection, rules},
    },
};

pub use captions::{CaptionFile, read_caption_list};
pub use clean::line as clean_line;
pub use collections::{read_channel, read_playlist};
pub use wire::{WireCaption, WireChannel, WireDetail, WirePage, WirePlaylist, WireVideo};

use wire::{WireActor, WireAvatar, WireLabelled, WireSaid};

const MAX_NAME: usize = 200;
const MAX_LABEL: usize = 80;
const MAX_DESCRIPTION: usize = 10_000;
const MAX_TAGS: usize = 20;
const MAX_TAG: usize = 60;
const MAX_AVATARS: usize = 8;
/// PeerTube's number for "everybody may see it".
const PUBLIC: i64 = 1;

/// Why a record does not enter the index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No UUID, no title or name, or no usable account or channel.
    #[error("the record has no usable {0}")]
    Missing(&'static str),
    /// Unlisted, private, internal, or not said.
    #[error("it is not public")]
    NotPublic,
    /// It belongs to another instance than the one that was asked.
    #[error("it belongs to {0:?}")]
    Foreign(String),
}

/// Reads one entry of an instance's list of videos.
///
/// The list carries neither the tags nor the whole description: see [`complete`].
///
/// # Errors
/// [`Rejection`] if the record may not enter the index.
pub fn read(origin: &Origin, wire: &WireVideo, now: Timestamp) -> Result<VideoDocument, Rejection> {
    if !is_everybodys(wire.privacy.as_ref()) {
        return Err(Rejection::NotPublic);
    }
    let uuid = wire.uuid.as_deref().and_then(ids::parse_uuid).ok_or(Rejection::Missing("uuid"))?;
    let name = clean::line(wire.name.as_deref().unwrap_or_default(), MAX_NAME);
    if name.is_empty() {
        return Err(Rejection::Missing("name"));
    }
    let account = read_actor(origin, wire.account.as_ref(), "accounts")?.ok_or(Rejection::Missing("account"))?;
    let channel = read_actor(origin, wire.channel.as_ref(), "video-channels")?.ok_or(Rejection::Missing("channel"))?;
    let (created_at, updated_at) = (wire.created_at.and_then(read_moment), wire.updated_at.and_then(read_moment));
    let published_at = wire.published_at.and_then(read_moment).or(created_at).unwrap_or(now).min(now);
    Ok(VideoDocument {
        origin_id: wire.id.unwrap_or_default(),
        uuid,
        host: origin.host().to_owned(),
        origin: origin.to_string(),
        url: read_url(origin, wire, uuid)?,
        name,
        description: wire.description.as_deref().or(wire.truncated_description.as_deref()).and_then(read_description),
        tags: Vec::new(),
        category: read_number(wire.category.as_ref()),
        licence: read_number(wire.licence.as_ref()),
        language: read_language(wire.language.as_ref()),
        duration: wire.duration,
        views: bounded_count(wire.views),
        viewers: bounded_count(wire.viewers),
        likes: bounded_count(wire.likes),
        dislikes: bounded_count(wire.dislikes),
        comments: bounded_count(wire.comments),
        is_live: wire.is_live,
        nsfw: wire.nsfw,
        nsfw_flags: wire.nsfw_flags,
        nsfw_summary: wire.nsfw_summary.as_deref().map(|text| clean::line(text, 250)).filter(|text| !text.is_empty()),
        created_at: created_at.unwrap_or(published_at).min(now),
        updated_at: updated_at.unwrap_or(published_at).min(now),
        published_at,
        originally_published_at: wire.originally_published_at.and_then(read_moment),
        thumbnail_path: wire.thumbnail_path.as_deref().and_then(clean::path),
        preview_path: wire.preview_path.as_deref().and_then(clean::path),
        embed_path: wire
            .embed_path
            .as_deref()
            .and_then(clean::path)
            .unwrap_or_else(|| format!("/videos/embed/{}", ids::short_uuid(uuid))),
        account,
        channel,
    })
}

/// Adds what only the video's own page of the API tells.
///
/// # Errors
/// [`Rejection::NotPublic`] if the video is not public after all.
pub fn complete(video: &mut VideoDocument, detail: &WireDetail) -> Result<(), Rejection> {
    if !is_public(detail) {
        return Err(Rejection::NotPublic);
    }
    video.tags =
        detail.tags.iter().take(MAX_TAGS).map(|tag| clean::line(tag, MAX_TAG)).filter(|tag| !tag.is_empty()).collect();
    if let Some(description) = detail.description.as_deref().and_then(read_description) {
        video.description = Some(description);
    }
    Ok(())
}

/// A video as its own page of the API tells it, which is everything.
#[derive(Debug)]
pub struct Record {
    /// What is indexed.
    pub video: VideoDocument,
    /// See [`listing_hash`].
    pub listing_hash: String,
    /// What its account and its channel want.
    pub wishes: Vec<Wish>,
}

/// Reads a video's own page.
///
/// # Errors
/// [`Rejection`] if the video may not enter the index.
pub fn read_record(origin: &Origin, record: &RawValue, now: Timestamp) -> Result<Record, Rejection> {
    let wire: WireVideo = serde_json::from_str(record.get()).unwrap_or_default();
    let detail: WireDetail = serde_json::from_str(record.get()).unwrap_or_default();
    let mut video = read(origin, &wire, now)?;
    let listing_hash = listing_hash(&video);
    complete(&mut video, &detail)?;
    Ok(Record { video, listing_hash, wishes: wishes(&detail) })
}

/// The name of an account or a channel, and what it says against being found.
pub type Wish = (String, Option<Objection>);

/// What the account and the channel of a video say about themselves beside it. Who says nothing there may say it elsewhere.
pub fn wishes(detail: &WireDetail) -> Vec<Wish> {
    let owners = [&detail.account, &detail.channel].into_iter().flatten();
    let wish = |owner: &WireSaid| {
        let name = owner.name.clone().filter(|name| clean::is_handle(name))?;
        Some((name, rules::of_actor(None, Some(owner.description.as_deref()?))))
    };
    owners.filter_map(wish).collect()
}

/// Whether everybody may see the video.
pub fn is_public(detail: &WireDetail) -> bool {
    is_everybodys(detail.privacy.as_ref())
}

/// A fingerprint of what a list says about a video, apart from what changes by itself (counters and the time of update).
pub fn listing_hash(video: &VideoDocument) -> String {
    let steady = VideoDocument {
        views: 0,
        viewers: 0,
        likes: 0,
        dislikes: 0,
        comments: 0,
        updated_at: Timestamp::default(),
        ..video.clone()
    };
    content_hash(&steady)
}

/// A fingerprint of a whole document.
pub fn content_hash(document: &impl Serialize) -> String {
    let mut hasher = Sha256::new();
    hasher.update(serde_json::to_vec(document).unwrap_or_default());
    hex::encode(hasher.finalize())
}

fn is_everybodys(privacy: Option<&WireLabelled<i64>>) -> bool {
    privacy.and_then(|privacy| privacy.id) == Some(PUBLIC)
}

fn read_url(origin: &Origin, wire: &WireVideo, uuid: Uuid) -> Result<String, Rejection> {
    if wire.is_local == Some(false) {
        return Err(Rejection::Foreign(clean::line(wire.url.as_deref().unwrap_or_default(), MAX_NAME)));
    }
    match wire.url.as_deref().filter(|url| !url.is_empty()) {
        None => Ok(origin.join(&format!("/videos/watch/{uuid}"))),
        Some(url) if origin.owns(url) && url.len() <= clean::MAX_PATH && clean::is_plain(url) => Ok(url.to_owned()),
        Some(url) => Err(Rejection::Foreign(clean::line(url, MAX_NAME))),
    }
}

fn read_actor(origin: &Origin, wire: Option<&WireActor>, folder: &str) -> Result<Option<Actor>, Rejection> {
    let Some(wire) = wire else { return Ok(None) };
    let Some(name) = wire.name.as_deref().filter(|name| clean::is_handle(name)) else { return Ok(None) };
    if !wire.host.as_deref().is_some_and(|host| host.eq_ignore_ascii_case(origin.host())) {
        return Err(Rejection::Foreign(clean::line(wire.host.as_deref().unwrap_or_default(), MAX_NAME)));
    }
    let display_name = clean::line(wire.display_name.as_deref().unwrap_or_default(), MAX_NAME);
    Ok(Some(Actor {
        id: wire.id.unwrap_or_default(),
        name: name.to_owned(),
        display_name: if display_name.is_empty() { name.to_owned() } else { display_name },
        url: wire
            .url
            .as_deref()
            .filter(|url| origin.owns(url) && url.len() <= clean::MAX_PATH && clean::is_plain(url))
            .map_or_else(|| origin.join(&format!("/{folder}/{name}")), str::to_owned),
        host: origin.host().to_owned(),
        avatars: read_pictures(wire.avatars.as_deref()),
    }))
}

fn read_pictures(wire: Option<&[WireAvatar]>) -> Vec<Avatar> {
    wire.unwrap_or_default().iter().take(MAX_AVATARS).filter_map(read_avatar).collect()
}

fn read_avatar(wire: &WireAvatar) -> Option<Avatar> {
    Some(Avatar {
        path: clean::path(wire.path.as_deref()?)?,
        width: wire.width,
        created_at: wire.created_at.and_then(read_moment),
        updated_at: wire.updated_at.and_then(read_moment),
    })
}

fn read_description(text: &str) -> Option<String> {
    Some(clean::paragraphs(text, MAX_DESCRIPTION)).filter(|text| !text.is_empty())
}

fn read_number(wire: Option<&WireLabelled<i64>>) -> Labelled<i64> {
    wire.and_then(|wire| Some(Labelled { id: Some(wire.id?), label: clean::line(wire.label.as_deref()?, MAX_LABEL) }))
        .unwrap_or_else(Labelled::unknown)
}

fn read_language(wire: Option<&WireLabelled<String>>) -> Labelled<String> {
    let Some(WireLabelled { id: Some(id), label: Some(label) }) = wire else { return Labelled::unknown() };
    if id.is_empty() || id.len() > 20 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Labelled::unknown();
    }
    Labelled { id: Some(id.clone()), label: clean::line(label, MAX_LABEL) }
}

/// A year of four digits, which every database and every client can write.
fn read_moment(moment: Timestamp) -> Option<Timestamp> {
    (1..=9_999).contains(&moment.year()).then_some(moment)
}

/// Counters fit the signed numbers of databases.
fn bounded_count(count: u64) -> u64 {
    count.min(i64::MAX.unsigned_abs())
}

#[cfg(test)]
mod tests;
