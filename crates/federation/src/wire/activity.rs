//! Activities: who does what to which object.

mod follow;
mod reading;
mod writing;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use url::Url;

pub use follow::{Follow, FollowReference};
pub(super) use reading::announced;

use super::{Audience, Flag, Move, Object, ReplyDecision, View, WireError};
use crate::origin::{OriginMismatch, ensure_same_host, same_host};

/// Something that an actor did.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// Its URL, at the server of the actor.
    pub id: Url,
    /// Who did it.
    pub actor: Url,
    /// To whom it is addressed; nobody for follows and their answers.
    pub audience: Audience,
    /// When it was done, where that is told. It tells an activity from an earlier one with the same id, as when somebody
    /// likes a video again.
    pub published: Option<DateTime<Utc>>,
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
    /// The actor passes an object on. This is how PeerTube's channels and servers publish. A passed on creation or change
    /// (Lemmy) stands for its object, any other passed on activity for itself.
    Announce(Url),
    /// The actor passes on that somebody deleted an object (Lemmy). Whether that is so, the server of the object knows.
    AnnounceDelete(Url),
    /// An earlier activity no longer holds.
    Undo(Undone),
    /// The actor likes an object.
    Like(Url),
    /// The actor dislikes an object.
    Dislike(Url),
    /// Somebody at the actor's server watched, or watches, a video.
    View(View),
    /// Somebody at the actor's server downloaded a video (PeerTube 8.2).
    Download(Url),
    /// The actor reports something to the moderators of its server.
    Flag(Flag),
    /// The actor lets a comment stand under its video (PeerTube 6.2, FEP-5624).
    ApproveReply(ReplyDecision),
    /// The actor refuses a comment under its video.
    RejectReply(ReplyDecision),
    /// The actor lives elsewhere from now on.
    Move(Move),
    /// The actor wants nothing to do with another.
    Block(Url),
    /// Something else, unread.
    Other {
        /// Its `type`.
        kind: String,
        /// The URL of its object, if it has one.
        object: Option<Url>,
        /// All of it.
        body: Map<String, Value>,
    },
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
        Self { id, actor, audience: Audience::default(), published: None, action }
    }

    /// The same activity, addressed.
    #[must_use]
    pub fn addressed(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// The same activity, done at this moment.
    #[must_use]
    pub fn published_at(mut self, moment: DateTime<Utc>) -> Self {
        self.published = Some(moment);
        self
    }

    /// Reads an activity.
    ///
    /// # Errors
    /// If its id, actor or object is missing or malformed.
    pub fn from_value(value: &Value) -> Result<Self, WireError> {
        reading::activity(value)
    }

    /// Checks that the activity's id, and the ids of what it claims authority over, live on the actor's host.
    ///
    /// An actor may follow, announce, like, watch or report what belongs to others, but create, change, move and undo only
    /// its own, and answer only follows of its own host. Whether somebody owns the video under which a reply is approved, or
    /// deleted, is for those to say who know the video; the deletion bears the host of its actor or of what is deleted, as
    /// PeerTube writes it.
    ///
    /// # Errors
    /// [`OriginMismatch`] names the first id that does not.
    pub fn check_origin(&self) -> Result<(), OriginMismatch> {
        if let Action::Delete(object) = &self.action
            && same_host(object, &self.id)
        {
            return Ok(());
        }
        ensure_same_host(&self.id, &self.actor)?;
        match &self.action {
            Action::Create(object) | Action::Update(object) => {
                object.authorities().try_for_each(|id| ensure_same_host(id, &self.actor))
            }
            Action::Accept(FollowReference::Embedded(follow)) | Action::Reject(FollowReference::Embedded(follow)) => {
                ensure_same_host(&follow.object, &self.actor)
            }
            Action::Undo(Undone::Id(id)) => ensure_same_host(id, &self.actor),
            Action::Undo(Undone::Activity(undone)) => {
                ensure_same_host(&undone.actor, &self.actor)?;
                undone.check_origin()
            }
            Action::Move(moved) => ensure_same_host(&moved.object, &self.actor),
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
            Action::Announce(_) | Action::AnnounceDelete(_) => "Announce",
            Action::Undo(_) => "Undo",
            Action::Like(_) => "Like",
            Action::Dislike(_) => "Dislike",
            Action::View(_) => "View",
            Action::Download(_) => "Download",
            Action::Flag(_) => "Flag",
            Action::ApproveReply(_) => "ApproveReply",
            Action::RejectReply(_) => "RejectReply",
            Action::Move(_) => "Move",
            Action::Block(_) => "Block",
            Action::Other { kind, .. } => kind,
        }
    }

    /// The URL of the object; the first one if there are several.
    pub fn object_id(&self) -> Option<&Url> {
        match &self.action {
            Action::Create(object) | Action::Update(object) => Some(object.id()),
            Action::Delete(id)
            | Action::Follow(id)
            | Action::Announce(id)
            | Action::AnnounceDelete(id)
            | Action::Like(id)
            | Action::Dislike(id)
            | Action::Download(id)
            | Action::Block(id) => Some(id),
            Action::Accept(follow) | Action::Reject(follow) => Some(follow.id()),
            Action::Undo(undone) => Some(undone.id()),
            Action::View(view) => Some(&view.object),
            Action::Flag(flag) => flag.objects.first(),
            Action::ApproveReply(decision) | Action::RejectReply(decision) => Some(&decision.object),
            Action::Move(moved) => Some(&moved.object),
            Action::Other { object, .. } => object.as_ref(),
        }
    }
}

impl Undone {
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
