//! Videos as PeerTube's REST API shows them.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError},
    ids::short_uuid,
};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Video, labels,
    model::{Redundancy, StoredFile, StreamingPlaylist},
};
use crate::{
    accounts::Account,
    actors::images::{Avatars, model::images_json},
    channels::Channel,
    downloads,
};

/// A number or code with its name.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Labelled<'v, I> {
    /// The number or code; `None` where it is not known.
    pub id: Option<I>,
    /// Its name.
    pub label: &'v str,
}

/// An account or channel in few words.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorSummary<'v> {
    id: i64,
    name: &'v str,
    display_name: &'v str,
    url: &'v str,
    host: &'v str,
    avatars: Value,
}

/// A picture that stands for a video, as PeerTube 8.1 lists them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Thumbnail {
    width: u32,
    height: u32,
    aspect_ratio: &'static str,
    file_url: String,
}

/// When a live stream is planned to start.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveSchedule {
    #[serde(serialize_with = "moment")]
    start_at: Timestamp,
}

/// A video as in lists.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of PeerTube")]
pub struct Summary<'v> {
    id: i64,
    uuid: Uuid,
    #[serde(rename = "shortUUID")]
    short_uuid: String,
    url: &'v str,
    name: &'v str,
    category: Labelled<'v, i64>,
    licence: Labelled<'v, i64>,
    language: Labelled<'v, &'v str>,
    privacy: Labelled<'v, i64>,
    nsfw: bool,
    nsfw_flags: i64,
    nsfw_summary: Option<&'v str>,
    truncated_description: Option<String>,
    description: Option<String>,
    is_local: bool,
    duration: i64,
    aspect_ratio: Option<f64>,
    views: i64,
    viewers: i64,
    likes: i64,
    dislikes: i64,
    comments: i64,
    downloads: i64,
    thumbnail_path: Option<String>,
    thumbnail_url: Option<String>,
    preview_path: Option<String>,
    preview_url: Option<String>,
    thumbnails: Vec<Thumbnail>,
    embed_path: String,
    embed_url: Option<String>,
    #[serde(serialize_with = "moment")]
    created_at: Timestamp,
    #[serde(serialize_with = "moment")]
    updated_at: Timestamp,
    #[serde(serialize_with = "moment")]
    published_at: Timestamp,
    #[serde(serialize_with = "optional_moment")]
    originally_published_at: Option<Timestamp>,
    is_live: bool,
    live_schedules: Vec<LiveSchedule>,
    account: ActorSummary<'v>,
    channel: ActorSummary<'v>,
}

/// A list with the number of all items.
#[derive(Debug, Serialize)]
pub struct ResultList<T> {
    /// All items, shown or not; absent when it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    /// The items of this page.
    pub data: Vec<T>,
}

impl Summary<'_> {
    /// So many watch it now.
    pub fn watched_by(self, viewers: i64) -> Self {
        Self { viewers, ..self }
    }
}

/// Videos as in lists, with the avatars of their accounts and channels.
///
/// # Errors
/// [`DbError`] if the avatars cannot be read.
pub async fn summaries<'v>(
    connection: &mut Connection,
    videos: impl IntoIterator<Item = &'v Video> + Clone,
) -> Result<Vec<Summary<'v>>, DbError> {
    let actors = videos.clone().into_iter().flat_map(|video| [video.account_actor_id, video.channel_actor_id]);
    let avatars = Avatars::of(connection, actors).await?;
    Ok(videos.into_iter().map(|video| Summary::of(video, &avatars)).collect())
}

impl<'v> Summary<'v> {
    fn of(video: &'v Video, avatars: &Avatars) -> Self {
        let description = video.description.as_deref().map(truncate);
        Self {
            id: video.id.0,
            uuid: video.uuid,
            short_uuid: short_uuid(video.uuid),
            url: &video.url,
            name: &video.name,
            category: labelled(video.category, labels::category),
            licence: labelled(video.licence, labels::licence),
            language: labelled(video.language.as_deref(), labels::language),
            privacy: Labelled { id: Some(video.privacy.number()), label: video.privacy.label() },
            nsfw: video.is_nsfw,
            nsfw_flags: video.nsfw_flags,
            nsfw_summary: video.nsfw_summary.as_deref(),
            truncated_description: description.clone(),
            description,
            is_local: video.is_local,
            duration: video.duration_s,
            aspect_ratio: video.aspect_ratio,
            views: video.views,
            viewers: 0,
            likes: video.likes,
            dislikes: video.dislikes,
            comments: video.comments,
            downloads: video.downloads,
            thumbnail_path: video.thumbnail_path(),
            thumbnail_url: None,
            preview_path: video.preview_path(),
            preview_url: None,
            thumbnails: vec![],
            embed_path: format!("/videos/embed/{}", video.uuid),
            embed_url: None,
            created_at: video.created_at,
            updated_at: video.updated_at,
            published_at: video.published_at,
            originally_published_at: video.originally_published_at,
            is_live: video.is_live,
            live_schedules: video.live.starts().iter().map(|start| LiveSchedule { start_at: *start }).collect(),
            account: ActorSummary {
                id: video.account_id.0,
                name: &video.account_username,
                display_name: &video.account_display_name,
                url: &video.account_url,
                host: &video.account_host,
                avatars: avatars.json(video.account_actor_id, &video.account_url),
            },
            channel: ActorSummary {
                id: video.channel_id.0,
                name: &video.channel_username,
                display_name: &video.channel_display_name,
                url: &video.channel_url,
                host: &video.host,
                avatars: avatars.json(video.channel_actor_id, &video.channel_url),
            },
        }
    }
}

impl Summary<'_> {
    /// With the whole addresses of what this server has, which newer clients read; `base` has no slash at its end.
    #[must_use]
    pub fn at(mut self, base: &str) -> Self {
        let absolute = |path: &Option<String>| path.as_ref().map(|path| format!("{base}{path}"));
        self.thumbnail_url = absolute(&self.thumbnail_path);
        self.preview_url = absolute(&self.preview_path);
        self.embed_url = Some(format!("{base}{}", self.embed_path));
        let picture = |file_url: &Option<String>, (width, height)| {
            file_url.clone().map(|file_url| Thumbnail { width, height, aspect_ratio: "16:9", file_url })
        };
        let pictures = [picture(&self.thumbnail_url, THUMBNAIL), picture(&self.preview_url, PREVIEW)];
        self.thumbnails = pictures.into_iter().flatten().collect();
        self
    }
}

/// Sizes of the pictures that are kept here, as clients are told them.
const THUMBNAIL: (u32, u32) = (280, 157);
const PREVIEW: (u32, u32) = (850, 480);

fn labelled<'v, I: Copy>(id: Option<I>, name: impl Fn(I) -> Option<&'static str>) -> Labelled<'v, I> {
    Labelled { id, label: id.and_then(name).unwrap_or("Unknown") }
}

const TRUNCATED_LENGTH: usize = 250;

/// At most 250 characters; what is cut off shows as `...`, which clients look for.
fn truncate(text: &str) -> String {
    if text.chars().count() <= TRUNCATED_LENGTH {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(TRUNCATED_LENGTH - 3).collect();
    short.push_str("...");
    short
}

fn moment<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&iso(*moment))
}

#[expect(clippy::ref_option, reason = "serde asks for a reference to the field")]
fn optional_moment<S: Serializer>(moment: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match moment {
        Some(moment) => serializer.collect_str(&iso(*moment)),
        None => serializer.serialize_none(),
    }
}

/// As JavaScript writes moments: `2026-03-01T12:00:00.000Z`.
pub fn iso(moment: Timestamp) -> impl std::fmt::Display {
    moment.format("%Y-%m-%dT%H:%M:%S%.3fZ")
}

/// Everything that the answer about one video is made of.
#[derive(Debug)]
pub struct Details<'v> {
    /// Address of this server, without a slash at its end.
    pub base: &'v str,
    /// The video.
    pub video: &'v Video,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its channel.
    pub channel: &'v Channel,
    /// Its account.
    pub account: &'v Account,
    /// Its stream, when it has one.
    pub playlist: Option<(StreamingPlaylist, Vec<StoredFile>)>,
    /// Files that play without a stream.
    pub web_files: Vec<StoredFile>,
    /// Copies on other servers.
    pub redundancies: Vec<Redundancy>,
    /// Whether other sites may show it in theirs.
    pub is_embeddable: bool,
}

impl Details<'_> {
    /// As `GET /api/v1/videos/{id}` answers. The description is complete here.
    pub fn to_json(&self) -> Value {
        let video = self.video;
        let mut object =
            serde_json::to_value(Summary::of(video, &Avatars::default()).at(self.base)).unwrap_or_default();
        let files = self.playlist.iter().map(|(playlist, files)| self.playlist_json(playlist, files));
        let account = account_json(self.account);
        let more = json!({
            "description": video.description,
            "support": video.support,
            "descriptionPath": format!("/api/v1/videos/{}/description", video.uuid),
            "channel": channel_json(self.channel, &account),
            "account": account,
            "tags": self.tags,
            "blacklisted": false,
            "blacklistedReason": null,
            "commentsEnabled": video.comments_policy != 2,
            "commentsPolicy": { "id": video.comments_policy, "label": comments_label(video.comments_policy) },
            "downloadEnabled": video.download_enabled,
            "waitTranscoding": video.wait_transcoding,
            "inputFileUpdatedAt": null,
            "state": { "id": video.state.number(), "label": video.state.label() },
            "trackerUrls": video.tracker_urls.0,
            "embedPrivacyPolicy": embed_policy(self.is_embeddable),
            "files": self.web_files.iter().map(file_json).collect::<Vec<_>>(),
            "streamingPlaylists": files.collect::<Vec<_>>(),
        });
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        object
    }

    fn playlist_json(&self, playlist: &StreamingPlaylist, files: &[StoredFile]) -> Value {
        let redundancies: Vec<_> = self.redundancies.iter().map(|copy| json!({ "baseUrl": copy.base_url })).collect();
        json!({
            "id": playlist.id,
            "type": 1,
            "playlistUrl": playlist.playlist_url,
            "segmentsSha256Url": playlist.segments_sha256_url,
            "redundancies": redundancies,
            "files": files.iter().map(|file| self.stream_file_json(file)).collect::<Vec<_>>(),
        })
    }

    /// A rendition, and its playlist where that is known: our own are named alike.
    fn stream_file_json(&self, file: &StoredFile) -> Value {
        let mut object = file_json(file);
        let stem = file.file_url.strip_suffix("-fragmented.mp4").filter(|_| self.video.is_local);
        if let Some(object) = object.as_object_mut() {
            object.insert("playlistUrl".to_owned(), stem.map(|stem| format!("{stem}.m3u8")).into());
        }
        object
    }
}

fn embed_policy(is_embeddable: bool) -> Value {
    let (number, label) = if is_embeddable { (1, "All allowed") } else { (3, "Remote restrictions") };
    json!({ "id": number, "label": label })
}

fn file_json(file: &StoredFile) -> Value {
    let label = if file.resolution == 0 { "Audio only".to_owned() } else { format!("{}p", file.resolution) };
    json!({
        "id": file.id,
        "resolution": { "id": file.resolution, "label": label },
        "width": file.width,
        "height": file.height,
        "size": file.size_bytes,
        "fps": file.fps,
        "fileUrl": file.file_url,
        "fileDownloadUrl": downloads::address_of(&file.file_url, file.resolution),
        "torrentUrl": file.links.torrent_url,
        "torrentDownloadUrl": file.links.torrent_url,
        "magnetUri": file.links.magnet_uri,
        "metadataUrl": file.links.metadata_url,
        "hasAudio": file.has_audio,
        "hasVideo": file.has_video,
        "storage": 0,
    })
}

fn comments_label(policy: i64) -> &'static str {
    match policy {
        2 => "Disabled",
        3 => "Requires approval",
        _ => "Enabled",
    }
}

/// An account as the API shows it.
pub fn account_json(account: &Account) -> Value {
    json!({
        "id": account.id.0,
        "userId": account.user_id.map(|user| user.0),
        "name": account.username,
        "displayName": account.display_name,
        "description": account.description,
        "url": account.url,
        "host": account.host,
        "avatars": images_json(&account.avatars, &account.url),
        "hostRedundancyAllowed": !account.is_local,
        "followingCount": account.following_count,
        "followersCount": account.followers_count,
        "createdAt": iso(account.created_at).to_string(),
        "updatedAt": iso(account.updated_at).to_string(),
    })
}

/// A channel as the API shows it, with its owner.
pub fn channel_json(channel: &Channel, owner: &Value) -> Value {
    json!({
        "id": channel.id.0,
        "name": channel.username,
        "displayName": channel.display_name,
        "description": channel.description,
        "support": channel.support,
        "url": channel.url,
        "host": channel.host,
        "isLocal": channel.is_local,
        "avatars": images_json(&channel.avatars, &channel.url),
        "banners": images_json(&channel.banners, &channel.url),
        "hostRedundancyAllowed": !channel.is_local,
        "followingCount": channel.following_count,
        "followersCount": channel.followers_count,
        "createdAt": iso(channel.created_at).to_string(),
        "updatedAt": iso(channel.updated_at).to_string(),
        "ownerAccount": owner,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_descriptions_end_in_three_dots() {
        assert_eq!(truncate("short"), "short");
        let cut = truncate(&"ä".repeat(300));
        assert_eq!(cut.chars().count(), 250);
        assert!(cut.ends_with("ä..."));
    }

    #[test]
    fn moments_have_milliseconds_and_a_z() {
        let moment = platform::clock::Timestamp::from_timestamp_millis(1_795_320_692_472).unwrap();
        assert_eq!(iso(moment).to_string(), "2026-11-22T04:11:32.472Z");
    }
}
