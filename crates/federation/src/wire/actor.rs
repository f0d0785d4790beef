//! Actors: accounts (Person), channels (Group), servers (Application), and what other programs have.

mod parts;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use parts::pages;
pub use parts::{ActorKey, ActorKind, Endpoints};

use super::{Attribution, Image, Multikey, WireError, image, kind_of, lenient, members, moment, read};
use crate::{context::Context, origin};

const MAX_NAME: usize = 120;
const MAX_TEXT: usize = 10_000;
const MAX_IMAGES: usize = 20;
const MAX_KEYS: usize = 10;
const MAX_ALIASES: usize = 50;

/// An actor as its origin describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// What kind of actor.
    #[serde(rename = "type", deserialize_with = "lenient::required")]
    pub kind: ActorKind,
    /// Its URL.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// The name in its handle.
    #[serde(deserialize_with = "lenient::required_text::<MAX_NAME, _>")]
    pub preferred_username: String,
    /// The name to show.
    #[serde(default, deserialize_with = "lenient::text::<MAX_NAME, _>", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description: Markdown from PeerTube, HTML from most others.
    #[serde(default, deserialize_with = "lenient::text::<MAX_TEXT, _>")]
    pub summary: Option<String>,
    /// Pages for people.
    #[serde(rename = "url", default, with = "pages")]
    pub pages: Vec<Url>,
    /// Where activities for it go.
    #[serde(deserialize_with = "lenient::url")]
    pub inbox: Url,
    /// What it did.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub outbox: Option<Url>,
    /// Who follows it.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub followers: Option<Url>,
    /// Whom it follows.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub following: Option<Url>,
    /// Its playlists.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub playlists: Option<Url>,
    /// Endpoints of its whole server.
    #[serde(default, deserialize_with = "lenient::or_default", skip_serializing_if = "Endpoints::is_empty")]
    pub endpoints: Endpoints,
    /// With what its requests are signed.
    #[serde(deserialize_with = "lenient::required")]
    pub public_key: ActorKey,
    /// Further keys (FEP-521a). Only those that it controls itself are kept.
    #[serde(
        default,
        deserialize_with = "lenient::list::<Multikey, MAX_KEYS, _>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub assertion_method: Vec<Multikey>,
    /// When it was created.
    #[serde(default, with = "moment::optional", skip_serializing_if = "Option::is_none")]
    pub published: Option<DateTime<Utc>>,
    /// Avatar, in several sizes.
    #[serde(
        default,
        deserialize_with = "lenient::list::<Image, MAX_IMAGES, _>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub icon: Vec<Image>,
    /// Banner, in several sizes.
    #[serde(
        default,
        deserialize_with = "lenient::list::<Image, MAX_IMAGES, _>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub image: Vec<Image>,
    /// How to support it, in Markdown (channels).
    #[serde(default, deserialize_with = "lenient::text::<1000, _>", skip_serializing_if = "Option::is_none")]
    pub support: Option<String>,
    /// Whether only its owners post to it (channels).
    #[serde(default, deserialize_with = "lenient::flag", skip_serializing_if = "Option::is_none")]
    pub posting_restricted_to_mods: Option<bool>,
    /// The account that owns it (channels).
    #[serde(default, deserialize_with = "lenient::list::<Attribution, 20, _>", skip_serializing_if = "Vec::is_empty")]
    pub attributed_to: Vec<Attribution>,
    /// Document of player settings (channels, PeerTube 8.0).
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub player_settings: Option<Url>,
    /// Whether what it does may be put into a search index.
    #[serde(default, deserialize_with = "lenient::flag", skip_serializing_if = "Option::is_none")]
    pub indexable: Option<bool>,
    /// Whether it may be recommended to strangers.
    #[serde(default, deserialize_with = "lenient::flag", skip_serializing_if = "Option::is_none")]
    pub discoverable: Option<bool>,
    /// Whether it decides about each follower.
    #[serde(default, deserialize_with = "lenient::flag", skip_serializing_if = "Option::is_none")]
    pub manually_approves_followers: Option<bool>,
    /// What it pinned.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub featured: Option<Url>,
    /// Where it lives now, if it moved away.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<Url>,
    /// Who else it says it is: where it moved here from, among others.
    #[serde(default, deserialize_with = "lenient::urls::<MAX_ALIASES, _>", skip_serializing_if = "Vec::is_empty")]
    pub also_known_as: Vec<Url>,
}

impl Actor {
    /// One of our own actors: its collections and inboxes lie under its URL, as PeerTube has them.
    pub fn local(
        kind: ActorKind,
        id: Url,
        preferred_username: impl Into<String>,
        shared_inbox: Url,
        public_pem: &str,
    ) -> Self {
        let under = |part| crate::ids::under(&id, part);
        Self {
            kind,
            preferred_username: preferred_username.into(),
            name: None,
            summary: None,
            pages: vec![id.clone()],
            inbox: under("inbox"),
            outbox: Some(under("outbox")),
            followers: Some(under("followers")),
            following: Some(under("following")),
            playlists: Some(under("playlists")),
            endpoints: Endpoints { shared_inbox: Some(shared_inbox) },
            public_key: ActorKey::main_key(id.clone(), public_pem),
            assertion_method: Vec::new(),
            published: None,
            icon: Vec::new(),
            image: Vec::new(),
            support: None,
            posting_restricted_to_mods: None,
            attributed_to: Vec::new(),
            player_settings: None,
            indexable: None,
            discoverable: None,
            manually_approves_followers: None,
            featured: None,
            moved_to: None,
            also_known_as: Vec::new(),
            id,
        }
    }

    /// Reads an actor.
    ///
    /// # Errors
    /// If it is no actor, if its id, name, inbox or key is missing, or if its inbox or key belongs to another host.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        if kind_of(value).and_then(ActorKind::parse).is_none() {
            return Err(WireError::kind("an actor", value));
        }
        let mut actor: Self = read("actor", value)?;
        actor.check_origin()?;
        actor.assertion_method.retain(|key| key.controller == actor.id && origin::same_document(&key.id, &actor.id));
        Ok(actor)
    }

    fn check_origin(&self) -> Result<(), WireError> {
        let own = [Some(&self.inbox), self.endpoints.shared_inbox.as_ref(), Some(&self.public_key.id)];
        for url in own.into_iter().flatten() {
            origin::ensure_same_host(url, &self.id).map_err(|error| WireError::malformed("actor", error))?;
        }
        if self.public_key.owner != self.id {
            return Err(WireError::malformed("actor", format!("its key belongs to {}", self.public_key.owner)));
        }
        Ok(())
    }

    /// The members as they stand inside another document.
    pub fn to_members(&self) -> Map<String, Value> {
        members(self)
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        Context::Actor.document(self.to_members())
    }

    /// With what its requests are signed.
    pub fn key(&self) -> &ActorKey {
        &self.public_key
    }

    /// The inbox to prefer when the same activity goes to several actors of its server.
    pub fn shared_inbox(&self) -> &Url {
        self.endpoints.shared_inbox.as_ref().unwrap_or(&self.inbox)
    }

    /// The account that owns it, if it is a channel.
    pub fn owner(&self) -> Option<&Url> {
        self.attributed_to.first().map(|attribution| &attribution.id)
    }

    /// Whether it may take over the followers of another actor that moves to it.
    pub fn is_also(&self, other: &Url) -> bool {
        self.also_known_as.contains(other)
    }

    /// The name to show.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.preferred_username)
    }

    /// The largest avatar.
    pub fn avatar(&self) -> Option<&Image> {
        image::widest(&self.icon)
    }

    /// The largest banner.
    pub fn banner(&self) -> Option<&Image> {
        image::widest(&self.image)
    }
}

#[cfg(test)]
mod tests;
