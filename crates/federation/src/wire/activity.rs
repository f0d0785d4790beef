//! Activities: who does what to which object.

use serde_json::{Map, Value, json};
use url::Url;

use super::{
    Audience, Object, WireError, kind_of,
    lenient::{as_url, first},
    read,
};
use crate::{
    context::Context,
    origin::{OriginMismatch, ensure_same_host},
};

/// Something that an actor did.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// Its URL, at the server of the actor.
    pub id: Url,
    /// Who did it.
    pub actor: Url,
    /// To whom it is addressed; nobody for follows and their answers.
    pub audience: Audience,
    /// What was done.
    pub action: Action,
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A new object.
    Create(Object),
    /// A changed object.
    Update(Object),
    /// An object, or the actor itself, is gone.
    Delete(Url),
    /// The actor wants to hear of everything that the object does.
    Follow(Url),
    /// A follow is granted.
    Accept(FollowReference),
    /// A follow is refused, or ended by the followed.
    Reject(FollowReference),
    /// The actor passes an object on. This is how PeerTube's channels and servers publish.
    Announce(Url),
    /// An earlier activity no longer holds.
    Undo(Undone),
    /// The actor likes an object.
    Like(Url),
    /// The actor dislikes an object.
    Dislike(Url),
    /// Something else, unread: views, flags, approvals.
    Other {
        /// Its `type`.
        kind: String,
        /// The URL of its object, if it has one.
        object: Option<Url>,
        /// All of it.
        body: Map<String, Value>,
    },
}

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

/// What is undone, in full or by its URL.
#[derive(Debug, Clone, PartialEq)]
pub enum Undone {
    /// In full; never itself an `Undo`.
    Activity(Box<Activity>),
    /// Only its URL.
    Id(Url),
}

impl Activity {
    /// An activity that is addressed to nobody yet.
    pub fn new(id: Url, actor: Url, action: Action) -> Self {
        Self { id, actor, audience: Audience::default(), action }
    }

    /// The same activity, addressed.
    #[must_use]
    pub fn addressed(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// Reads an activity.
    ///
    /// # Errors
    /// If its id, actor or object is missing or malformed.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        read_activity(value, Nesting::Outer)
    }

    /// Checks that the activity's id, and the ids of what it claims authority over, live on the actor's host.
    ///
    /// An actor may follow, announce or like what belongs to others, but create, change, delete and undo only its own.
    ///
    /// # Errors
    /// [`OriginMismatch`] names the first id that does not.
    pub fn check_origin(&self) -> Result<(), OriginMismatch> {
        ensure_same_host(&self.id, &self.actor)?;
        match &self.action {
            Action::Create(object) | Action::Update(object) => ensure_same_host(object.id(), &self.actor),
            Action::Delete(object) => ensure_same_host(object, &self.actor),
            Action::Undo(Undone::Id(id)) => ensure_same_host(id, &self.actor),
            Action::Undo(Undone::Activity(undone)) => {
                ensure_same_host(&undone.actor, &self.actor)?;
                undone.check_origin()
            }
            _ => Ok(()),
        }
    }

    /// The `type` of the activity.
    pub fn kind(&self) -> &str {
        match &self.action {
            Action::Create(_) => "Create",
            Action::Update(_) => "Update",
            Action::Delete(_) => "Delete",
            Action::Follow(_) => "Follow",
            Action::Accept(_) => "Accept",
            Action::Reject(_) => "Reject",
            Action::Announce(_) => "Announce",
            Action::Undo(_) => "Undo",
            Action::Like(_) => "Like",
            Action::Dislike(_) => "Dislike",
            Action::Other { kind, .. } => kind,
        }
    }

    /// The URL of the object.
    pub fn object_id(&self) -> Option<&Url> {
        match &self.action {
            Action::Create(object) | Action::Update(object) => Some(object.id()),
            Action::Delete(id) | Action::Follow(id) | Action::Announce(id) | Action::Like(id) | Action::Dislike(id) => {
                Some(id)
            }
            Action::Accept(follow) | Action::Reject(follow) => Some(follow.id()),
            Action::Undo(undone) => Some(undone.id()),
            Action::Other { object, .. } => object.as_ref(),
        }
    }

    /// The members as they stand inside another document.
    pub fn to_members(&self) -> Map<String, Value> {
        let mut members = match &self.action {
            Action::Other { body, .. } => body.clone(),
            _ => Map::new(),
        };
        members.remove("@context");
        members.insert("type".to_owned(), self.kind().into());
        members.insert("id".to_owned(), self.id.as_str().into());
        members.insert("actor".to_owned(), self.actor.as_str().into());
        if let Some(object) = self.object_value() {
            members.insert("object".to_owned(), object);
        }
        if !self.audience.is_empty() {
            members.insert("to".to_owned(), json!(self.audience.to));
            members.insert("cc".to_owned(), json!(self.audience.cc));
        }
        members
    }

    fn object_value(&self) -> Option<Value> {
        match &self.action {
            Action::Create(object) | Action::Update(object) => Some(object.to_value()),
            Action::Accept(FollowReference::Embedded(follow)) | Action::Reject(FollowReference::Embedded(follow)) => {
                Some(follow.to_value())
            }
            Action::Undo(Undone::Activity(undone)) => Some(undone.to_members().into()),
            Action::Other { .. } => None,
            _ => self.object_id().map(|id| id.as_str().into()),
        }
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        self.context().document(self.to_members())
    }

    fn context(&self) -> Context {
        match &self.action {
            Action::Create(object) | Action::Update(object) => object.context(),
            Action::Undo(Undone::Activity(undone)) => undone.context(),
            Action::Other { kind, .. } if kind == "Flag" => Context::Flag,
            _ => Context::Base,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nesting {
    Outer,
    Undone,
}

fn read_activity(value: &Value, nesting: Nesting) -> Result<Activity, WireError> {
    let kind = kind_of(value).ok_or_else(|| WireError::kind("an activity", value))?;
    let url = |name: &str| {
        let url = value.get(name).and_then(as_url);
        url.ok_or_else(|| WireError::malformed("activity", format!("it has no {name}")))
    };
    Ok(Activity {
        id: url("id")?,
        actor: url("actor")?,
        audience: read("activity", value)?,
        action: read_action(kind, value, nesting)?,
    })
}

fn read_action(kind: &str, value: &Value, nesting: Nesting) -> Result<Action, WireError> {
    let missing = || WireError::malformed("activity", "it has no object");
    let object = value.get("object");
    let id = || object.and_then(as_url).ok_or_else(missing);
    Ok(match kind {
        "Create" => Action::Create(Object::from_value(object.ok_or_else(missing)?)?),
        "Update" => Action::Update(Object::from_value(object.ok_or_else(missing)?)?),
        "Delete" => Action::Delete(id()?),
        "Follow" => Action::Follow(id()?),
        "Accept" => Action::Accept(FollowReference::read(object.ok_or_else(missing)?)?),
        "Reject" => Action::Reject(FollowReference::read(object.ok_or_else(missing)?)?),
        "Announce" => Action::Announce(id()?),
        "Like" => Action::Like(id()?),
        "Dislike" => Action::Dislike(id()?),
        "Undo" if nesting == Nesting::Outer => Action::Undo(Undone::read(object.ok_or_else(missing)?)?),
        "Undo" => return Err(WireError::malformed("activity", "an undo of an undo")),
        kind => Action::Other {
            kind: kind.to_owned(),
            object: object.and_then(as_url),
            body: value.as_object().cloned().unwrap_or_default(),
        },
    })
}

impl Follow {
    fn read(value: &Value) -> Option<Self> {
        let url = |name: &str| value.get(name).and_then(as_url);
        Some(Self { id: url("id")?, actor: url("actor")?, object: url("object")? })
    }

    fn to_value(&self) -> Value {
        json!({"type": "Follow", "id": self.id, "actor": self.actor, "object": self.object})
    }
}

impl FollowReference {
    fn read(value: &Value) -> Result<Self, WireError> {
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

impl Undone {
    fn read(value: &Value) -> Result<Self, WireError> {
        let value = first(value);
        if value.get("actor").is_none() {
            let id = as_url(value).map(Self::Id);
            return id.ok_or_else(|| WireError::malformed("activity", "it names nothing to undo"));
        }
        read_activity(value, Nesting::Undone).map(Box::new).map(Self::Activity)
    }

    /// The URL of what is undone.
    pub fn id(&self) -> &Url {
        match self {
            Self::Activity(activity) => &activity.id,
            Self::Id(id) => id,
        }
    }
}

#[cfg(test)]
mod tests;
