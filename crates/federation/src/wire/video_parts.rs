//! The small parts of a video: terms, tags, captions, storyboards, attributions.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use url::Url;

use super::{
    actor::ActorKind,
    duration,
    lenient::{self, as_url, items},
};

const MAX_TEXT: usize = 200;

/// A category, licence or language: what it is called by machines and by people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Term {
    /// Such as `fr` or `11`.
    pub identifier: String,
    /// Such as `French`.
    pub name: String,
}

impl<'de> Deserialize<'de> for Term {
    /// Reads `{identifier, name}`; the identifier may be a number, the name may be missing.
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(source)?;
        let text = |name: &str| match value.get(name)? {
            Value::String(text) => Some(text.chars().take(MAX_TEXT).collect::<String>()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let identifier = text("identifier").filter(|text| !text.is_empty());
        let identifier = identifier.ok_or_else(|| serde::de::Error::custom("an identifier is missing"))?;
        Ok(Self { name: text("name").unwrap_or_else(|| identifier.clone()), identifier })
    }
}

/// A tag on a video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// What kind of tag.
    #[serde(rename = "type")]
    pub kind: TagKind,
    /// Without a leading `#`.
    #[serde(deserialize_with = "tag_name")]
    pub name: String,
}

/// Kinds of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TagKind {
    /// What it is about.
    Hashtag,
    /// Why it is sensitive (PeerTube 7.2).
    SensitiveTag,
}

impl Tag {
    /// A tag that says what a video is about.
    pub fn hashtag(name: impl Into<String>) -> Self {
        Self { kind: TagKind::Hashtag, name: name.into() }
    }
}

fn tag_name<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let name = lenient::required_text::<MAX_TEXT, D>(source)?;
    let bare = name.trim_start_matches('#');
    if bare.is_empty() { Err(serde::de::Error::custom("a tag has no name")) } else { Ok(bare.to_owned()) }
}

/// Who made a video: the account (Person) and the channel (Group).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// What kind of actor. `None` if the document does not say.
    pub kind: Option<ActorKind>,
    /// The actor.
    pub id: Url,
}

impl Attribution {
    /// Made by this account.
    pub fn account(id: Url) -> Self {
        Self { kind: Some(ActorKind::Person), id }
    }

    /// Shown in this channel.
    pub fn channel(id: Url) -> Self {
        Self { kind: Some(ActorKind::Group), id }
    }
}

impl Serialize for Attribution {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        match self.kind {
            Some(kind) => json!({"type": kind.as_str(), "id": self.id}).serialize(target),
            None => self.id.serialize(target),
        }
    }
}

impl<'de> Deserialize<'de> for Attribution {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(source)?;
        let id = as_url(&value).ok_or_else(|| serde::de::Error::custom("an actor is missing"))?;
        Ok(Self { kind: super::kind_of(&value).and_then(ActorKind::parse), id })
    }
}

/// Subtitles in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// Such as `en`.
    pub language: String,
    /// Such as `English`.
    pub name: String,
    /// Whether a machine wrote them. `None` if the document does not say (before PeerTube 6.2).
    pub automatically_generated: Option<bool>,
    /// The `WebVTT` file.
    pub vtt_url: Url,
    /// The media playlist that contains it (PeerTube 7.2).
    pub playlist_url: Option<Url>,
}

impl Serialize for Caption {
    /// One file is a plain URL, as every version reads it; a file and a playlist are a list of links.
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        let link = |media_type: &str, url: &Url| json!({"type": "Link", "mediaType": media_type, "href": url});
        let url = match &self.playlist_url {
            None => json!(self.vtt_url),
            Some(playlist) => {
                json!([link("text/vtt", &self.vtt_url), link(super::video_urls::HLS_MEDIA_TYPE, playlist)])
            }
        };
        let mut caption = json!({"identifier": self.language, "name": self.name, "url": url});
        if let (Some(members), Some(generated)) = (caption.as_object_mut(), self.automatically_generated) {
            members.insert("automaticallyGenerated".to_owned(), generated.into());
        }
        caption.serialize(target)
    }
}

impl<'de> Deserialize<'de> for Caption {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(source)?;
        let term = Term::deserialize(&value).map_err(serde::de::Error::custom)?;
        let urls = items(value.get("url").unwrap_or(&Value::Null));
        let is_playlist = |link: &Value| link["mediaType"] == super::video_urls::HLS_MEDIA_TYPE;
        let vtt_url = urls.iter().find(|link| !is_playlist(link)).and_then(as_url);
        Ok(Self {
            language: term.identifier,
            name: term.name,
            automatically_generated: value.get("automaticallyGenerated").and_then(Value::as_bool),
            vtt_url: vtt_url.ok_or_else(|| serde::de::Error::custom("a caption file is missing"))?,
            playlist_url: urls.iter().find(|link| is_playlist(link)).and_then(as_url),
        })
    }
}

/// A picture of many small pictures, for the player's time line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Storyboard {
    /// Such as `image/jpeg`.
    #[serde(default = "jpeg", deserialize_with = "lenient::required_text::<100, _>")]
    pub media_type: String,
    /// Where it is.
    #[serde(deserialize_with = "lenient::url")]
    pub href: Url,
    /// Of the whole picture, in pixels.
    pub width: u32,
    /// Of the whole picture, in pixels.
    pub height: u32,
    /// Of one small picture, in pixels.
    pub tile_width: u32,
    /// Of one small picture, in pixels.
    pub tile_height: u32,
    /// How long one small picture stands for.
    #[serde(with = "duration")]
    pub tile_duration: Duration,
}

fn jpeg() -> String {
    "image/jpeg".to_owned()
}

/// Reads and writes a video's `preview`: a list of images, of which the one in relation `storyboard` counts.
pub(super) mod preview {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Storyboard, Value, items, json};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub fn serialize<S: Serializer>(storyboard: &Option<Storyboard>, target: S) -> Result<S::Ok, S::Error> {
        let images: Vec<Value> = storyboard
            .iter()
            .map(|storyboard| json!({"type": "Image", "rel": ["storyboard"], "url": [storyboard]}))
            .collect();
        images.serialize(target)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Storyboard>, D::Error> {
        let value = Value::deserialize(source)?;
        let in_relation = |image: &&Value| items(&image["rel"]).iter().any(|relation| relation == "storyboard");
        let mut urls = items(&value).iter().filter(in_relation).flat_map(|image| items(&image["url"]));
        Ok(urls.find_map(|url| Storyboard::deserialize(url).ok()))
    }
}

/// Who may comment on a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CommentsPolicy {
    /// Everybody.
    #[default]
    Enabled,
    /// Nobody.
    Disabled,
    /// Everybody; the owner approves each comment before it shows.
    RequiresApproval,
}

impl CommentsPolicy {
    /// PeerTube's number for it.
    pub fn number(self) -> u8 {
        match self {
            Self::Enabled => 1,
            Self::Disabled => 2,
            Self::RequiresApproval => 3,
        }
    }

    /// The policy with this number.
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::Enabled, Self::Disabled, Self::RequiresApproval]
            .into_iter()
            .find(|policy| u64::from(policy.number()) == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_with_a_playlist_survives_reading_and_writing() {
        let written = json!({"identifier": "en", "name": "English", "automaticallyGenerated": true, "url": [
            {"type": "Link", "mediaType": "text/vtt", "href": "https://a.test/en.vtt"},
            {"type": "Link", "mediaType": "application/x-mpegURL", "href": "https://a.test/en.m3u8"},
        ]});
        let caption: Caption = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(caption.playlist_url.as_ref().unwrap().path(), "/en.m3u8");
        assert_eq!(serde_json::to_value(&caption).unwrap(), written);
    }

    #[test]
    fn a_hashtag_loses_its_hash() {
        let tag: Tag = serde_json::from_value(json!({"type": "Hashtag", "name": "#ocean"})).unwrap();
        assert_eq!(tag, Tag::hashtag("ocean"));
        let tag: Tag = serde_json::from_value(json!({"type": "Hashtag", "name": "##ocean"})).unwrap();
        assert_eq!(tag, Tag::hashtag("ocean"));
        assert!(serde_json::from_value::<Tag>(json!({"type": "Hashtag", "name": "#"})).is_err());
    }

    #[test]
    fn a_licence_may_be_a_number() {
        let licence: Term = serde_json::from_value(json!({"identifier": 2})).unwrap();
        assert_eq!(licence, Term { identifier: "2".to_owned(), name: "2".to_owned() });
    }

    #[test]
    fn an_attribution_may_be_a_bare_address() {
        let bare: Attribution = serde_json::from_value(json!("https://a.test/bob")).unwrap();
        assert_eq!(bare.kind, None);
        assert_eq!(serde_json::to_value(&bare).unwrap(), json!("https://a.test/bob"));
    }
}
