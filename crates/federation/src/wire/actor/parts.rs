//! The small parts of an actor: its kind, its key, its pages, the endpoints of its server.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use url::Url;

use crate::wire::lenient::{self, as_url, items};

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

/// Endpoints of an actor's whole server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoints {
    /// Takes activities for every actor of the server.
    #[serde(default, deserialize_with = "lenient::optional_url", skip_serializing_if = "Option::is_none")]
    pub shared_inbox: Option<Url>,
}

impl Endpoints {
    pub(super) fn is_empty(&self) -> bool {
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

/// An actor's `url`: one page is written as a text, several as links; read are both, mixed.
pub(super) mod pages {
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
