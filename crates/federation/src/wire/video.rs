//! The Video object: everything that another server needs to list, show, play and mirror a video.

mod facts;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use super::{
    Attribution, Audience, Caption, CommentsPolicy, Image, Storyboard, Tag, Term, VideoUrls, WireError, duration,
    kind_of, lenient, members, moment, read, video_parts::preview,
};
use crate::{PUBLIC, context::Context, origin};

/// The `type` of the object.
pub const KIND: &str = "Video";

const MAX_NAME: usize = 120;
const MAX_CONTENT: usize = 10_000;
const MAX_SUPPORT: usize = 1000;
const MAX_TAGS: usize = 100;
const MAX_CAPTIONS: usize = 200;
const MAX_IMAGES: usize = 50;
const MAX_ACTORS: usize = 20;
const PUBLISHED: u32 = 1;

/// A video as its origin describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Video {
    /// To whom it is addressed: public or unlisted.
    #[serde(flatten)]
    pub audience: Audience,
    /// Its URL, which is also its page.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// Title.
    #[serde(deserialize_with = "lenient::required_text::<MAX_NAME, _>")]
    pub name: String,
    /// Length; 0 for a live stream.
    #[serde(default, with = "duration")]
    pub duration: Duration,
    /// The same on every server.
    pub uuid: Uuid,
    /// What kind of video.
    #[serde(default, deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    pub category: Option<Term>,
    /// What others may do with it.
    #[serde(default, deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    pub licence: Option<Term>,
    /// The language spoken.
    #[serde(default, deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    pub language: Option<Term>,
    /// How often it was watched.
    #[serde(default, deserialize_with = "lenient::count")]
    pub views: u64,
    /// How often it was downloaded (PeerTube 8.2).
    #[serde(default, deserialize_with = "lenient::optional_count", skip_serializing_if = "Option::is_none")]
    pub downloads: Option<u64>,
    /// Whether it is for those who asked to see such things.
    #[serde(default, deserialize_with = "lenient::flag_or_false")]
    pub sensitive: bool,
    /// What makes it sensitive (PeerTube 7.2).
    #[serde(default, deserialize_with = "lenient::text::<500, _>", skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Whether it was held back until it was transcoded.
    #[serde(default, deserialize_with = "lenient::flag_or_false")]
    pub wait_transcoding: bool,
    /// PeerTube's number for the state; 1 is published.
    #[serde(default, deserialize_with = "lenient::optional_small", skip_serializing_if = "Option::is_none")]
    pub state: Option<u32>,
    /// Who may comment. Read and written in the three members that PeerTube's versions look at.
    #[serde(skip)]
    pub comments_policy: CommentsPolicy,
    /// Whether files are offered for download.
    #[serde(default = "yes", deserialize_with = "lenient::flag_or_true")]
    pub download_enabled: bool,
    /// When it was published here.
    #[serde(with = "moment")]
    pub published: DateTime<Utc>,
    /// When it was first published anywhere.
    #[serde(default, with = "moment::optional")]
    pub originally_published_at: Option<DateTime<Utc>>,
    /// When it last changed. The published moment if the document does not say.
    #[serde(default, with = "moment::optional")]
    pub updated: Option<DateTime<Utc>>,
    /// When it was uploaded (PeerTube 6.2).
    #[serde(default, with = "moment::optional", skip_serializing_if = "Option::is_none")]
    pub upload_date: Option<DateTime<Utc>>,
    /// What it is about.
    #[serde(rename = "tag", default, deserialize_with = "lenient::list::<Tag, MAX_TAGS, _>")]
    pub tags: Vec<Tag>,
    /// Description, in Markdown.
    #[serde(default, deserialize_with = "lenient::text::<MAX_CONTENT, _>")]
    pub content: Option<String>,
    /// How to support its makers, in Markdown.
    #[serde(default, deserialize_with = "lenient::text::<MAX_SUPPORT, _>")]
    pub support: Option<String>,
    /// Subtitles.
    #[serde(rename = "subtitleLanguage", default, deserialize_with = "lenient::list::<Caption, MAX_CAPTIONS, _>")]
    pub captions: Vec<Caption>,
    /// Thumbnail and preview, in several sizes.
    #[serde(default, deserialize_with = "lenient::list::<Image, MAX_IMAGES, _>")]
    pub icon: Vec<Image>,
    /// Small pictures for the time line.
    #[serde(rename = "preview", default, with = "preview", skip_serializing_if = "Option::is_none")]
    pub storyboard: Option<Storyboard>,
    /// Width by height.
    #[serde(default, deserialize_with = "lenient::optional_fraction")]
    pub aspect_ratio: Option<f64>,
    /// Everything that can be fetched.
    #[serde(rename = "url")]
    pub urls: VideoUrls,
    /// Collection of likes.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub likes: Option<Url>,
    /// Collection of dislikes.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub dislikes: Option<Url>,
    /// Collection of announcements.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub shares: Option<Url>,
    /// Collection of comments.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub comments: Option<Url>,
    /// Document of chapters.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub has_parts: Option<Url>,
    /// Document of player settings (PeerTube 8.0).
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub player_settings: Option<Url>,
    /// The page that embeds it (PeerTube 8.1).
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub embed_url: Option<Url>,
    /// Who made it: account, then channel.
    #[serde(deserialize_with = "lenient::list::<Attribution, MAX_ACTORS, _>")]
    pub attributed_to: Vec<Attribution>,
    /// The channel, for programs that look for a community (PeerTube 7.1).
    #[serde(
        rename = "audience",
        default,
        deserialize_with = "lenient::optional_url",
        skip_serializing_if = "Option::is_none"
    )]
    pub community: Option<Url>,
    /// Whether it is a live stream.
    #[serde(default, deserialize_with = "lenient::flag_or_false")]
    pub is_live_broadcast: bool,
    /// Whether a recording is kept. `None` if it is no live stream.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub live_save_replay: Option<bool>,
    /// Whether the stream comes back. `None` if it is no live stream.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub permanent_live: Option<bool>,
    /// PeerTube's number for how far behind viewers are. `None` if it is no live stream.
    #[serde(default, deserialize_with = "lenient::optional_small")]
    pub latency_mode: Option<u32>,
    /// When a planned stream begins (PeerTube 7.3).
    #[serde(default, deserialize_with = "lenient::list::<Schedule, 10, _>", skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Schedule>,
    /// How far back viewers of a stream can go (PeerTube 8.2).
    #[serde(default, with = "duration::optional", skip_serializing_if = "Option::is_none")]
    pub dvr_window: Option<Duration>,
}

/// When a planned stream begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// The moment.
    #[serde(with = "moment")]
    pub start_date: DateTime<Utc>,
}

impl Video {
    /// A published, public recording with everything optional left out.
    pub fn new(id: Url, uuid: Uuid, name: impl Into<String>, published: DateTime<Utc>) -> Self {
        Self {
            audience: Audience::public([]),
            id,
            name: name.into(),
            duration: Duration::ZERO,
            uuid,
            category: None,
            licence: None,
            language: None,
            views: 0,
            downloads: None,
            sensitive: false,
            summary: None,
            wait_transcoding: false,
            state: Some(PUBLISHED),
            comments_policy: CommentsPolicy::Enabled,
            download_enabled: true,
            published,
            originally_published_at: None,
            updated: Some(published),
            upload_date: None,
            tags: Vec::new(),
            content: None,
            support: None,
            captions: Vec::new(),
            icon: Vec::new(),
            storyboard: None,
            aspect_ratio: None,
            urls: VideoUrls::default(),
            likes: None,
            dislikes: None,
            shares: None,
            comments: None,
            has_parts: None,
            player_settings: None,
            embed_url: None,
            attributed_to: Vec::new(),
            community: None,
            is_live_broadcast: false,
            live_save_replay: None,
            permanent_live: None,
            latency_mode: None,
            schedules: Vec::new(),
            dvr_window: None,
        }
    }

    /// Reads a video.
    ///
    /// # Errors
    /// If it is no video, if an id, name, UUID, publication date or author is missing, or if an author lives on another
    /// host than the video.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        if kind_of(value) != Some(KIND) {
            return Err(WireError::kind(KIND, value));
        }
        let mut video: Self = read(KIND, value)?;
        video.comments_policy = read_comments_policy(value);
        video.check_attribution()?;
        Ok(video)
    }

    fn check_attribution(&self) -> Result<(), WireError> {
        if self.attributed_to.is_empty() {
            return Err(WireError::malformed(KIND, "it is attributed to nobody"));
        }
        for attribution in &self.attributed_to {
            origin::ensure_same_host(&attribution.id, &self.id).map_err(|error| WireError::malformed(KIND, error))?;
        }
        Ok(())
    }

    /// The members as they stand inside another document.
    pub fn to_members(&self) -> Map<String, Value> {
        let mut members = members(self);
        members.insert("type".to_owned(), KIND.into());
        members.insert("mediaType".to_owned(), "text/markdown".into());
        write_comments_policy(self.comments_policy, &mut members);
        members
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        Context::Video.document(self.to_members())
    }
}

/// `commentsPolicy` since PeerTube 6.2, `commentsEnabled` before.
fn read_comments_policy(value: &Value) -> CommentsPolicy {
    let number = value.get("commentsPolicy").and_then(Value::as_u64);
    let enabled = value.get("commentsEnabled").and_then(Value::as_bool);
    match (number.and_then(CommentsPolicy::from_number), enabled) {
        (Some(policy), _) => policy,
        (None, Some(false)) => CommentsPolicy::Disabled,
        (None, _) => CommentsPolicy::Enabled,
    }
}

/// `canReply` is `null` when everybody may, and names everybody when their replies need approval (FEP-5624).
fn write_comments_policy(policy: CommentsPolicy, members: &mut Map<String, Value>) {
    let open = policy == CommentsPolicy::Enabled;
    members.insert("commentsPolicy".to_owned(), policy.number().into());
    members.insert("commentsEnabled".to_owned(), (policy != CommentsPolicy::Disabled).into());
    members.insert("canReply".to_owned(), if open { Value::Null } else { json!(PUBLIC) });
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests;
