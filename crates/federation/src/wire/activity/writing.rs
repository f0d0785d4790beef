//! From an activity to the members of a document.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use super::{Action, Activity, FollowReference, Undone};
use crate::{context::Context, wire::members};

impl Activity {
    /// The members as they stand inside another document.
    pub fn to_members(&self) -> Map<String, Value> {
        let mut members = self.action_members();
        members.remove("@context");
        members.insert("type".to_owned(), self.kind().into());
        members.insert("id".to_owned(), self.id.as_str().into());
        members.insert("actor".to_owned(), self.actor.as_str().into());
        if let Some(object) = self.object_value() {
            members.insert("object".to_owned(), object);
        }
        if let Some(moment) = self.published {
            members.insert("published".to_owned(), moment.to_rfc3339_opts(SecondsFormat::Millis, true).into());
        }
        if !self.audience.is_empty() {
            members.insert("to".to_owned(), json!(self.audience.to));
            members.insert("cc".to_owned(), json!(self.audience.cc));
        }
        members
    }

    /// The complete document.
    pub fn to_document(&self) -> Value {
        self.context().document(self.to_members())
    }

    /// What only this kind of activity has.
    fn action_members(&self) -> Map<String, Value> {
        match &self.action {
            Action::View(view) => view.to_members(),
            Action::Flag(flag) => flag.to_members(),
            Action::ApproveReply(decision) | Action::RejectReply(decision) => members(decision),
            Action::Move(moved) => members(moved),
            Action::Other { body, .. } => body.clone(),
            _ => Map::new(),
        }
    }

    /// The object, unless [`Self::action_members`] has it.
    fn object_value(&self) -> Option<Value> {
        match &self.action {
            Action::Create(object) | Action::Update(object) => Some(object.to_value()),
            Action::Accept(FollowReference::Embedded(follow)) | Action::Reject(FollowReference::Embedded(follow)) => {
                Some(follow.to_value())
            }
            Action::Undo(Undone::Activity(undone)) => Some(undone.to_members().into()),
            Action::AnnounceDelete(object) => Some(json!({ "type": "Delete", "object": object })),
            Action::Flag(_) | Action::Other { .. } => None,
            _ => self.object_id().map(|id| id.as_str().into()),
        }
    }

    fn context(&self) -> Context {
        match &self.action {
            Action::Create(object) | Action::Update(object) => object.context(),
            Action::Undo(Undone::Activity(undone)) => undone.context(),
            Action::View(_) => Context::View,
            Action::Download(_) => Context::Download,
            Action::Flag(_) => Context::Flag,
            Action::ApproveReply(_) => Context::ApproveReply,
            Action::RejectReply(_) => Context::RejectReply,
            _ => Context::Base,
        }
    }
}
