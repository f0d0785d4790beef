//! What videos are collected in: channels and playlists.
//!
//! **Invariant:** both are kept, found and forgotten in the same way, each through an index of its own; they differ only in
//! what their [`Collection`] says. As with videos, the index is a projection of the database, from which results are read.

mod catalogue;
mod entry;
mod projection;
mod query;
pub(crate) mod store;
#[cfg(test)]
mod tests;

pub(crate) use catalogue::find;
pub use catalogue::{Catalogue, CollectionHit, CollectionPage};
pub use entry::Findable;
pub use projection::Collections;
pub use query::{CollectionQuery, CollectionSort};

use std::collections::HashMap;

use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{hosts::Origin, ingest::Rejection, store as videos};

/// How many videos of each channel are indexed, by the channel's name.
pub type VideoCounts = HashMap<String, u64>;

/// A channel or a playlist.
pub trait Collection: Clone + std::fmt::Debug + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static {
    /// What it is called in the database and in messages.
    const KIND: &'static str;
    /// The path below an instance at which it lists its own. This is a search, because it can be limited to the instance
    /// itself; the plain lists also show what comes from elsewhere.
    const LIST: &'static str;

    /// Reads one entry of that list.
    ///
    /// # Errors
    /// [`Rejection`] if it may not enter the index.
    fn read(origin: &Origin, record: &RawValue, now: Timestamp) -> Result<Self, Rejection>;

    /// What tells it from others of its kind at its host.
    fn name(&self) -> String;

    /// Takes over how many videos it has, if that is known from elsewhere.
    fn count_videos(&mut self, _counts: &VideoCounts) {}

    /// The names of the accounts and channels whose it is; if one of them has opted out, it is not found.
    fn owners(&self) -> Vec<&str>;

    /// What the accounts and channels that it tells of say about themselves, by their names.
    fn descriptions(&self) -> Vec<(&str, Option<&str>)> {
        Vec::new()
    }

    /// What it is found by.
    fn findable(&self) -> Findable<'_>;
}

/// Takes a channel, or an account with its channels, out of the index, together with their playlists; tells how many. They
/// come back with the next reading of the instance, unless that is told to leave them out.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn remove_of_actor(tx: &mut Tx, host: &str, name: &str, now: Timestamp) -> Result<u64, DbError> {
    let revision = videos::next_revision(tx).await?;
    store::remove_of_actor(tx, host, &name.to_lowercase(), now, revision).await
}
