//! Actors: accounts (Person), channels (Group), servers (Application), and what other programs have.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    Attribution, Image, WireError, image, kind_of,
    lenient::{self, as_url, items},
    members, moment, read,
};
use crate::{context::Context, origin};

const MAX_NAME: usize = 120;
const MAX_TEXT: usize = 10_000;
const MAX_IMAGES: usize = 20;
const MAX_PEM: usize = 5000;

/// Kinds of actors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ActorKind {
    /// An account.
    Person,
    /// A channel, or a community of another program.
    Group,
    /// A server.
    Application,
    /// A bot.
    Service,
    /// An organisation.
    Organization,
}

impl ActorKind {
    const ALL: [Self; 5] = [Self::Person, Self::Group, Self::Application, Self::Service, Self::Organization];

    /// The `type` in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "Person",
            Self::Group => "Group",
            Self::Application => "Application",
            Self::Service => "Service",
            Self::Organization => "Organization",
        }
    }

    /// The kind with this `type`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// An actor as its origin describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// What kind of actor.
    #[serde(rename = "type")]
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
    pub public_key: ActorKey,
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
}

/// Endpoints of an actor's whole server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoints {
    /// Takes activities for every actor of the server.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub shared_inbox: Option<Url>,
}

impl Endpoints {
    fn is_empty(&self) -> bool {
        self.shared_inbox.is_none()
    }
}

/// The public key of an actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorKey {
    /// Its own URL: the actor's with `#main-key` here, anything there.
    #[serde(deserialize_with = "lenient::url")]
    pub id: Url,
    /// The actor that it belongs to.
    #[serde(deserialize_with = "lenient::url")]
    pub owner: Url,
    /// The key itself.
    #[serde(rename = "publicKeyPem", deserialize_with = "lenient::required_text::<MAX_PEM, _>")]
    pub pem: String,
}

impl ActorKey {
    /// The key of one of our own actors.
    pub fn main_key(owner: Url, pem: impl Into<String>) -> Self {
        let mut id = owner.clone();
        id.set_fragment(Some("main-key"));
        Self { id, owner, pem: pem.into() }
    }
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
            published: None,
            icon: Vec::new(),
            image: Vec::new(),
            support: None,
            posting_restricted_to_mods: None,
            attributed_to: Vec::new(),
            player_settings: None,
            indexable: None,
            discoverable: None,
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
        let actor: Self = read("actor", value)?;
        actor.check_origin()?;
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

/// An actor's `url`: one page is written as a text, several as links; read are both, mixed.
mod pages {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Url, Value, as_url, items, json};

    const MAX_PAGES: usize = 20;

    pub fn serialize<S: Serializer>(pages: &[Url], target: S) -> Result<S::Ok, S::Error> {
        let link = |page| json!({"type": "Link", "mediaType": "text/html", "href": page});
        match pages {
            [page] => page.serialize(target),
            pages => pages.iter().map(link).collect::<Vec<_>>().serialize(target),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<Url>, D::Error> {
        let value = Value::deserialize(source)?;
        Ok(items(&value).iter().filter_map(as_url).take(MAX_PAGES).collect())
    }
}

#[cfg(test)]
mod tests;
