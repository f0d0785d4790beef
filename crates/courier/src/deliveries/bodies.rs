//! An activity is read, signed and kept once, however many servers it goes to.

use std::sync::Arc;

use bytes::Bytes;
use federation::linked_data;
use moka::future::Cache;
use platform::{clock::Timestamp, db::DbError};
use serde_json::Value;
use tracing::warn;
use url::Url;

use super::store::{self, Delivery, OutgoingActivityId};
use crate::{Courier, LocalActor};

/// How much text is kept in memory.
const MOST_BYTES: u64 = 16_000_000;

/// Numbers of rows come back when the last row goes; what is said and when tell them apart.
type Name = (OutgoingActivityId, i64, Timestamp);

/// An activity, ready to be sent.
#[derive(Debug)]
pub(super) struct Letter {
    /// Who signs the requests. `None` if it is no longer one of ours.
    pub(super) sender: Option<LocalActor>,
    pub(super) body: Bytes,
}

/// The activities that are being sent.
pub(crate) struct Bodies {
    letters: Cache<Name, Arc<Letter>>,
}

impl Default for Bodies {
    fn default() -> Self {
        let weight = |_: &Name, letter: &Arc<Letter>| u32::try_from(letter.body.len() + 500).unwrap_or(u32::MAX);
        Self { letters: Cache::builder().weigher(weight).max_capacity(MOST_BYTES).build() }
    }
}

impl Courier {
    /// What is to be sent. `None` if it is gone.
    pub(super) async fn letter(&self, delivery: &Delivery) -> Result<Option<Arc<Letter>>, DbError> {
        let name = (delivery.outgoing_activity_id, delivery.body_hash, delivery.created_at);
        let letters = &self.inner.bodies.letters;
        // Kept only while its sender's key is fresh in memory: who is no longer ours sends nothing.
        if let Some(letter) = letters.get(&name).await
            && self.inner.keys_of_ours.is_fresh(letter.sender.as_ref()).await
        {
            return Ok(Some(letter));
        }
        let Some(letter) = self.write_letter(delivery).await? else { return Ok(None) };
        let letter = Arc::new(letter);
        letters.insert(name, letter.clone()).await;
        Ok(Some(letter))
    }

    async fn write_letter(&self, delivery: &Delivery) -> Result<Option<Letter>, DbError> {
        let stored = store::find_activity(&mut self.platform().db.read().await?, delivery.outgoing_activity_id).await?;
        let Some(stored) = stored else { return Ok(None) };
        let sender = match Url::parse(&stored.actor_url) {
            Ok(actor) => self.key_of_ours(&actor).await?,
            Err(_) => None,
        };
        let body = match &sender {
            Some(sender) if !stored.is_forwarded => {
                self.signed_document(stored.body, sender, delivery.created_at).await
            }
            _ => stored.body,
        };
        Ok(Some(Letter { sender, body: body.into() }))
    }

    /// A document that cannot be signed is sent without: most receivers look at the signature of the request alone.
    async fn signed_document(&self, body: String, sender: &LocalActor, made_at: Timestamp) -> String {
        let (sender, text) = (sender.clone(), body.clone());
        let signed = self.inner.heavy.run(move || sign(&text, &sender, made_at)).await;
        match signed {
            Some(Ok(signed)) => signed,
            Some(Err(error)) => {
                warn!(error, "an activity is sent without a signature of its own");
                body
            }
            None => body,
        }
    }
}

/// With the moment of the activity, so that it is the same document whenever it is sent.
fn sign(body: &str, sender: &LocalActor, made_at: Timestamp) -> Result<String, String> {
    let mut document: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    linked_data::sign(&mut document, &sender.url, &sender.key, made_at).map_err(|error| error.to_string())?;
    Ok(document.to_string())
}
