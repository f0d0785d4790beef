//! What does an operator see of mirrors? Rows for a table, and sums; the host puts them behind its log-in.

use platform::db::{Connection, DbError};
use serde::Serialize;

use crate::{
    model::{Mirror, MirrorState},
    store,
};

/// What all copies take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Bytes taken by copies, and reserved for those in progress.
    pub used_bytes: u64,
    /// Complete copies.
    pub videos: i64,
    /// Their media files.
    pub video_files: i64,
}

/// Sums over all copies.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn usage(conn: &mut Connection) -> Result<Usage, DbError> {
    let used_bytes = store::used_bytes(conn).await?;
    let (videos, video_files) = store::count_copies(conn).await?;
    Ok(Usage { used_bytes, videos, video_files })
}

/// A page of mirrors, newest first, skipped and failed ones included, and how many there are in all.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn list(conn: &mut Connection, start: u32, count: u32) -> Result<(i64, Vec<Mirror>), DbError> {
    let total = store::count(conn).await?;
    Ok((total, store::page(conn, start.into(), count.into()).await?))
}

impl Mirror {
    /// How this mirror stands, in one sentence.
    pub fn summary(&self) -> String {
        match (self.state, &self.error) {
            (MirrorState::Complete, _) => "complete".to_owned(),
            (MirrorState::Waiting | MirrorState::Copying, None) => {
                format!("{} bytes copied", self.bytes_done)
            }
            (MirrorState::Waiting | MirrorState::Copying, Some(error)) => {
                format!("{} bytes copied; will be tried again: {error}", self.bytes_done)
            }
            (state, error) => error.clone().unwrap_or_else(|| state.name().to_owned()),
        }
    }
}
