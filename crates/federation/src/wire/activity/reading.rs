//! From the members of a document to an activity.

use serde_json::Value;
use url::Url;

use super::{Action, Activity, FollowReference, Undone};
use crate::wire::{
    Flag, Move, Object, ReplyDecision, WireError, kind_of,
    lenient::{as_url, first},
    moment, read,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nesting {
    Outer,
    Undone,
}

pub(super) fn activity(value: &Value) -> Result<Activity, WireError> {
    nested(value, Nesting::Outer)
}

fn nested(value: &Value, nesting: Nesting) -> Result<Activity, WireError> {
    let kind = kind_of(value).ok_or_else(|| WireError::kind("an activity", value))?;
    let url = |name: &str| {
        let url = value.get(name).and_then(as_url);
        url.ok_or_else(|| WireError::malformed("activity", format!("it has no {name}")))
    };
    let actor = url("actor")?;
    let action = action(kind, value, nesting)?;
    if let Action::Move(moved) = &action
        && moved.object != actor
    {
        return Err(WireError::malformed("activity", format!("{actor} moves {}", moved.object)));
    }
    let published = value.get("published").and_then(|moment| moment::optional::deserialize(moment).ok().flatten());
    Ok(Activity { id: url("id")?, actor, audience: read("activity", value)?, published, action })
}

fn action(kind: &str, value: &Value, nesting: Nesting) -> Result<Action, WireError> {
    let object = || value.get("object").ok_or_else(no_object);
    let id = || value.get("object").and_then(as_url).ok_or_else(no_object);
    Ok(match kind {
        "Create" => Action::Create(Object::from_value(object()?)?),
        "Update" => Action::Update(Object::from_value(object()?)?),
        "Delete" => Action::Delete(id()?),
        "Follow" => Action::Follow(id()?),
        "Accept" => Action::Accept(FollowReference::read(object()?)?),
        "Reject" => Action::Reject(FollowReference::read(object()?)?),
        "Announce" => announce(object()?)?,
        "Like" => Action::Like(id()?),
        "Dislike" => Action::Dislike(id()?),
        "View" => Action::View(read("View", value)?),
        "Download" => Action::Download(id()?),
        "Flag" => Action::Flag(Flag::from_members(value)?),
        "ApproveReply" => Action::ApproveReply(read::<ReplyDecision>("ApproveReply", value)?),
        "RejectReply" => Action::RejectReply(read::<ReplyDecision>("RejectReply", value)?),
        "Move" => Action::Move(read::<Move>("Move", value)?),
        "Block" => Action::Block(id()?),
        "Undo" if nesting == Nesting::Outer => Action::Undo(undone(object()?)?),
        "Undo" => return Err(WireError::malformed("activity", "an undo of an undo")),
        kind => Action::Other {
            kind: kind.to_owned(),
            object: value.get("object").and_then(as_url),
            body: value.as_object().cloned().unwrap_or_default(),
        },
    })
}

fn no_object() -> WireError {
    WireError::malformed("activity", "it has no object")
}

fn undone(value: &Value) -> Result<Undone, WireError> {
    let value = first(value);
    if value.get("actor").is_none() {
        let id = as_url(value).map(Undone::Id);
        return id.ok_or_else(|| WireError::malformed("activity", "it names nothing to undo"));
    }
    nested(value, Nesting::Undone).map(Box::new).map(Undone::Activity)
}

fn announce(object: &Value) -> Result<Action, WireError> {
    let is_deletion = kind_of(first(object)) == Some("Delete");
    let announced = announced(object).ok_or_else(no_object)?;
    Ok(if is_deletion { Action::AnnounceDelete(announced) } else { Action::Announce(announced) })
}

/// What an announcement, or an item of an outbox, passes on: the object itself. Lemmy's communities pass on whole
/// activities; of these, a creation, a change or a deletion stands for its object, and any other for itself. Nothing is
/// believed but the URL: its server says what is, or is no longer, there.
pub(in crate::wire) fn announced(value: &Value) -> Option<Url> {
    let value = first(value);
    match kind_of(value) {
        Some("Create" | "Update" | "Delete") => value.get("object").and_then(as_url).or_else(|| as_url(value)),
        _ => as_url(value),
    }
}
