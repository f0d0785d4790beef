use std::collections::{BTreeSet, HashMap};

use platform::db::{Connection, DbError};
use serde_json::Value;

use super::{ActorImage, ImageKind, model::images_json, store};
use crate::actors::ActorId;

/// The avatars of those whom an answer names, read all at once.
#[derive(Debug, Default)]
pub struct Avatars(HashMap<ActorId, Vec<ActorImage>>);

impl Avatars {
    /// Reads them in one statement.
    ///
    /// # Errors
    /// [`DbError`] if the database refuses.
    pub async fn of(connection: &mut Connection, actors: impl IntoIterator<Item = ActorId>) -> Result<Self, DbError> {
        let actors: BTreeSet<ActorId> = actors.into_iter().collect();
        let mut avatars = Self::default();
        if actors.is_empty() {
            return Ok(avatars);
        }
        for image in store::of_actors(connection, actors).await? {
            if image.kind() == ImageKind::Avatar {
                avatars.0.entry(image.actor_id).or_default().push(image);
            }
        }
        Ok(avatars)
    }

    /// Those of an actor as the API shows them; `url` is its address.
    pub fn json(&self, actor: ActorId, url: &str) -> Value {
        images_json(self.0.get(&actor).map_or(&[], Vec::as_slice), url)
    }
}
