//! A follow as it is quoted in an answer to it.

use serde_json::{Value, json};
use url::Url;

use crate::wire::{
    WireError, kind_of,
    lenient::{as_url, first},
};

/// A follow, as it is quoted in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    /// Its URL.
    pub id: Url,
    /// Who follows.
    pub actor: Url,
    /// Who is followed.
    pub object: Url,
}

/// A follow, in full or by its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowReference {
    /// In full.
    Embedded(Follow),
    /// Only its URL.
    Id(Url),
}

impl Follow {
    fn read(value: &Value) -> Option<Self> {
        let url = |name: &str| value.get(name).and_then(as_url);
        Some(Self { id: url("id")?, actor: url("actor")?, object: url("object")? })
    }

    pub(super) fn to_value(&self) -> Value {
        json!({"type": "Follow", "id": self.id, "actor": self.actor, "object": self.object})
    }
}

impl FollowReference {
    pub(super) fn read(value: &Value) -> Result<Self, WireError> {
        let value = first(value);
        let embedded = (kind_of(value) == Some("Follow")).then(|| Follow::read(value)).flatten();
        embedded
            .map(Self::Embedded)
            .or_else(|| as_url(value).map(Self::Id))
            .ok_or_else(|| WireError::malformed("activity", "it names no follow"))
    }

    /// The URL of the follow.
    pub fn id(&self) -> &Url {
        match self {
            Self::Embedded(follow) => &follow.id,
            Self::Id(id) => id,
        }
    }
}
