//! What a video says, without where it says it.

use url::Url;

use super::Video;
use crate::{
    origin,
    wire::{HlsPlaylist, Image, MediaFile, actor::ActorKind, image, video_parts::TagKind},
};

impl Video {
    /// The streaming playlist.
    pub fn hls(&self) -> Option<&HlsPlaylist> {
        self.urls.hls.as_ref()
    }

    /// Files that play without a playlist.
    pub fn web_files(&self) -> &[MediaFile] {
        &self.urls.web_files
    }

    /// The account that made it: the person among its authors, or the only author of unknown kind.
    pub fn account(&self) -> Option<&Url> {
        let bare = || self.attributed_to.iter().find(|actor| actor.kind.is_none()).map(|actor| &actor.id);
        self.actor_of(ActorKind::Person).or_else(bare)
    }

    /// The channel that shows it: the group among its authors, or the community that it is addressed to, where servers
    /// follow FEP-1b12 alone.
    pub fn channel(&self) -> Option<&Url> {
        let own = || self.community.as_ref().filter(|community| origin::same_host(community, &self.id));
        self.actor_of(ActorKind::Group).or_else(own)
    }

    /// What it is about.
    pub fn hashtags(&self) -> impl Iterator<Item = &str> {
        self.tags_of(TagKind::Hashtag)
    }

    /// What makes it sensitive: `violent`, `explicitSex` (PeerTube 7.2).
    pub fn sensitive_tags(&self) -> impl Iterator<Item = &str> {
        self.tags_of(TagKind::SensitiveTag)
    }

    fn tags_of(&self, kind: TagKind) -> impl Iterator<Item = &str> {
        self.tags.iter().filter(move |tag| tag.kind == kind).map(|tag| tag.name.as_str())
    }

    fn actor_of(&self, kind: ActorKind) -> Option<&Url> {
        self.attributed_to.iter().find(|actor| actor.kind == Some(kind)).map(|actor| &actor.id)
    }

    /// The small picture.
    pub fn thumbnail(&self) -> Option<&Image> {
        image::narrowest(&self.icon)
    }

    /// The large picture.
    pub fn preview(&self) -> Option<&Image> {
        image::widest(&self.icon)
    }

    /// Whether it is ready to be watched, as far as the document says.
    pub fn is_published(&self) -> bool {
        self.state.is_none_or(|state| state == super::PUBLISHED)
    }
}
