//! Comments: PeerTube's notes, and what other programs write in reply to a video.
//!
//! PeerTube writes Markdown and says so; everybody else writes HTML and may add its source. A longer text of another
//! program (an article, a link, a poll) that replies to a video is a comment too.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Map, Value};
use url::Url;

use super::{Audience, WireError, kind_of, lenient, members, moment, read};
use crate::{context::Context, origin};

/// The `type` of a comment.
pub const KIND: &str = "Note";

const MAX_CONTENT: usize = 50_000;
const MAX_NAME: usize = 500;
const MAX_TAGS: usize = 200;

/// Kinds of texts that may stand as comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoteKind {
    /// A short text.
    Note,
    /// A post of a link or text in a community (Lemmy).
    Page,
    /// A long text (`WordPress`, Friendica).
    Article,
    /// A poll (Mastodon and its kin).
    Question,
}

impl NoteKind {
    const ALL: [Self; 4] = [Self::Note, Self::Page, Self::Article, Self::Question];

    /// The `type` in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => KIND,
            Self::Page => "Page",
            Self::Article => "Article",
            Self::Question => "Question",
        }
    }

    /// The kind with this `type`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// In what language of mark-up a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextFormat {
    /// HTML, which ActivityPub assumes where nothing is said.
    #[default]
    Html,
    /// Markdown, as PeerTube and Shoal write.
    Markdown,
    /// None.
    Plain,
}

impl TextFormat {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html",
            Self::Markdown => "text/markdown",
            Self::Plain => "text/plain",
        }
    }

    fn of(media_type: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let known = [Self::Html, Self::Markdown, Self::Plain];
        known.into_iter().find(|format| format.media_type().eq_ignore_ascii_case(essence)).unwrap_or_default()
    }
}

impl Serialize for TextFormat {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        target.serialize_str(self.media_type())
    }
}

impl<'de> Deserialize<'de> for TextFormat {
    /// Reads any value: what is unknown is HTML.
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Ok(lenient::text::<100, D>(source)?.as_deref().map(Self::of).unwrap_or_default())
    }
}

/// What a text was made from: what its author typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NoteSource {
    /// The text.
    pub content: String,
    /// In what it is written: `text/markdown`, `text/bbcode`, `text/x.misskeymarkdown`. `None` if nobody says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

impl<'de> Deserialize<'de> for NoteSource {
    /// Reads `{content, mediaType}`, or the text alone, as Pleroma wrote it.
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Full {
            #[serde(deserialize_with = "lenient::required_text::<MAX_CONTENT, _>")]
            content: String,
            #[serde(default, deserialize_with = "lenient::text::<100, _>")]
            media_type: Option<String>,
        }
        let value = Value::deserialize(source)?;
        if value.is_string() {
            let content = lenient::required_text::<MAX_CONTENT, _>(value).map_err(D::Error::custom)?;
            return Ok(Self { content, media_type: None });
        }
        let Full { content, media_type } = Full::deserialize(value).map_err(D::Error::custom)?;
        Ok(Self { content, media_type })
    }
}

/// What hangs on a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum NoteTag {
    /// Somebody is named.
    Mention {
        /// The actor.
        #[serde(deserialize_with = "lenient::url")]
        href: Url,
        /// As it stands in the text: `@bob@example.org`.
        #[serde(default, deserialize_with = "lenient::text::<300, _>", skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// What it is about.
    Hashtag {
        /// With a leading `#` in most programs.
        #[serde(deserialize_with = "lenient::required_text::<200, _>")]
        name: String,
        /// A page about it.
        #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
        href: Option<Url>,
    },
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// To whom it is addressed.
    #[serde(flatten)]
    pub audience: Audience,
    /// What kind of text.
    #[serde(rename = "type", deserialize_with = "lenient::required")]
    pub kind: NoteKind,
    /// Its URL.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// Who wrote it.
    #[serde(deserialize_with = "lenient::url")]
    pub attributed_to: Url,
    /// What it answers: a video or another comment. `None` if it stands alone.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<Url>,
    /// The text.
    #[serde(default, deserialize_with = "lenient::text_or_empty::<MAX_CONTENT, _>")]
    pub content: String,
    /// In what the text is written.
    #[serde(rename = "mediaType", default)]
    pub format: TextFormat,
    /// What the text was made from (Pleroma, Misskey, Lemmy, GoToSocial).
    #[serde(default, deserialize_with = "lenient::optional", skip_serializing_if = "Option::is_none")]
    pub source: Option<NoteSource>,
    /// Its title (articles, pages).
    #[serde(default, deserialize_with = "lenient::text::<MAX_NAME, _>", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A warning to show instead of the text.
    #[serde(default, deserialize_with = "lenient::text::<MAX_NAME, _>", skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Whether it is for those who asked to see such things.
    #[serde(default, deserialize_with = "lenient::flag_or_false", skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// When it was written.
    #[serde(with = "moment")]
    pub published: DateTime<Utc>,
    /// When it last changed. `None` if never, in programs that tell.
    #[serde(default, with = "moment::optional", skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
    /// Its page for people.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
    /// The approval of the video's owner (PeerTube 6.2, FEP-5624). `None` if there is none, or none is needed.
    #[serde(default, deserialize_with = "lenient::optional_url")]
    pub reply_approval: Option<Url>,
    /// The channel or community that it was written in.
    #[serde(
        rename = "audience",
        default,
        deserialize_with = "lenient::optional_url",
        skip_serializing_if = "Option::is_none"
    )]
    pub community: Option<Url>,
    /// The collection of its answers (Mastodon and its kin).
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub replies: Option<Url>,
    /// Whom it names and what it is about.
    #[serde(rename = "tag", default, deserialize_with = "lenient::list::<NoteTag, MAX_TAGS, _>")]
    pub tags: Vec<NoteTag>,
}

impl Note {
    /// A comment in Markdown, addressed to everybody and with everything optional left out.
    pub fn new(
        id: Url,
        attributed_to: Url,
        in_reply_to: Url,
        content: impl Into<String>,
        published: DateTime<Utc>,
    ) -> Self {
        Self {
            audience: Audience::public([]),
            kind: NoteKind::Note,
            url: Some(id.clone()),
            id,
            attributed_to,
            in_reply_to: Some(in_reply_to),
            content: content.into(),
            format: TextFormat::Markdown,
            source: None,
            name: None,
            summary: None,
            sensitive: false,
            published,
            updated: Some(published),
            reply_approval: None,
            community: None,
            replies: None,
            tags: Vec::new(),
        }
    }

    /// Reads a comment.
    ///
    /// # Errors
    /// If it is none, if its id, author or date is missing, or if its author lives on another host than it does.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        if kind_of(value).and_then(NoteKind::parse).is_none() {
            return Err(WireError::kind("a comment", value));
        }
        let note: Self = read(KIND, value)?;
        origin::ensure_same_host(&note.attributed_to, &note.id).map_err(|error| WireError::malformed(KIND, error))?;
        Ok(note)
    }

    /// The members as they stand inside another document.
    pub fn to_members(&self) -> Map<String, Value> {
        members(self)
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        Context::Comment.document(self.to_members())
    }

    /// The actors that it names.
    pub fn mentions(&self) -> impl Iterator<Item = &Url> {
        self.tags.iter().filter_map(|tag| match tag {
            NoteTag::Mention { href, .. } => Some(href),
            NoteTag::Hashtag { .. } => None,
        })
    }

    /// Whether everybody may read it. PeerTube takes no other comments.
    pub fn is_public(&self) -> bool {
        self.audience.is_public() || self.audience.is_unlisted()
    }

    /// Whether the owner of the video approved it: the approval lives where the video does.
    pub fn is_approved_by_host_of(&self, video: &Url) -> bool {
        self.reply_approval.as_ref().is_some_and(|approval| origin::same_host(approval, video))
    }
}

#[cfg(test)]
mod tests;
