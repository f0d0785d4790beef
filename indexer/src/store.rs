//! What is known about videos, as rows.
//!
//! Every change takes a [`Revision`] first: it is given out under a lock that lasts until the transaction ends, so that
//! revisions become visible in their order and an index that has followed up to one has missed nothing before it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    captions::{self, Caption},
    document::{VideoDocument, VideoId},
    index::Position,
};

/// The number of a transaction that changes videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct Revision(i64);

/// The identity of the database and how far it goes.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct State {
    /// Different for each database.
    pub epoch: String,
    /// The newest revision.
    pub revision: i64,
    /// An index that is behind this one cannot catch up, and has to begin anew.
    pub forgotten_revision: i64,
}

/// Gives the database its identity if it has none yet, and reads the state.
pub async fn initialise(tx: &mut Tx, epoch: &str) -> Result<State, DbError> {
    tx.query(sql!(
        "INSERT INTO index_state (id, epoch, revision, forgotten_revision) VALUES (1, $1, 0, 0) ON CONFLICT (id) DO NOTHING"
    ))
    .bind(epoch)
    .execute()
    .await?;
    state(tx).await
}

/// Reads the state.
pub async fn state(conn: &mut Connection) -> Result<State, DbError> {
    conn.query(sql!("SELECT epoch, revision, forgotten_revision FROM index_state WHERE id = 1")).fetch_one().await
}

/// Takes the next revision; whoever wants the one after it waits until this transaction ends.
pub async fn next_revision(tx: &mut Tx) -> Result<Revision, DbError> {
    tx.query(sql!("UPDATE index_state SET revision = revision + 1 WHERE id = 1 RETURNING revision"))
        .fetch_scalar()
        .await
        .map(Revision)
}

/// What the last reading of a video left behind.
#[derive(Debug, Clone)]
pub struct KnownVideo {
    /// As it was indexed.
    pub document: VideoDocument,
    /// See [`crate::ingest::listing_hash`].
    pub listing_hash: String,
    /// See [`crate::ingest::content_hash`].
    pub content_hash: String,
    /// When its own page was last read.
    pub detailed_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct KnownRow {
    uuid: Uuid,
    document: Json<VideoDocument>,
    listing_hash: String,
    content_hash: String,
    detailed_at: Option<DateTime<Utc>>,
}

/// What is known about some videos of a host; those that are not indexed are absent.
pub async fn known(conn: &mut Connection, host: &str, uuids: &[Uuid]) -> Result<HashMap<Uuid, KnownVideo>, DbError> {
    let mut query = conn.build(sql!(fragment
        "SELECT uuid, document, listing_hash, content_hash, detailed_at FROM index_videos WHERE removed_at IS NULL AND host = "
    ));
    query.bind(host.to_owned()).push(" AND uuid IN ").bind_list(uuids.iter().copied());
    let rows = query.fetch_all::<KnownRow>().await?;
    Ok(rows.into_iter().map(|row| (row.uuid, row.into())).collect())
}

impl From<KnownRow> for KnownVideo {
    fn from(row: KnownRow) -> Self {
        Self {
            document: row.document.0,
            listing_hash: row.listing_hash,
            content_hash: row.content_hash,
            detailed_at: row.detailed_at,
        }
    }
}

/// A video as it is written.
#[derive(Debug)]
pub struct NewVideo<'v> {
    /// What is indexed.
    pub document: &'v VideoDocument,
    /// See [`crate::ingest::listing_hash`].
    pub listing_hash: &'v str,
    /// See [`crate::ingest::content_hash`].
    pub content_hash: &'v str,
    /// When its own page was read; `None` if it could not be.
    pub detailed_at: Option<Timestamp>,
    /// The pass that saw it.
    pub pass: i64,
}

/// Writes a new or changed video.
pub async fn save(tx: &mut Tx, video: &NewVideo<'_>, revision: Revision) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO index_videos (host, uuid, channel, document, content_hash, listing_hash, origin_updated_at, detailed_at,
             seen_pass, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (host, uuid) DO UPDATE SET
             channel = excluded.channel, document = excluded.document, content_hash = excluded.content_hash,
             listing_hash = excluded.listing_hash, origin_updated_at = excluded.origin_updated_at,
             detailed_at = excluded.detailed_at, seen_pass = excluded.seen_pass, revision = excluded.revision,
             captions_read_at = CASE WHEN index_videos.removed_at IS NULL THEN index_videos.captions_read_at END,
             removed_at = NULL"
    ))
    .bind(video.document.host.clone())
    .bind(video.document.uuid)
    .bind(video.document.channel.name.clone())
    .bind(Json(video.document.clone()))
    .bind(video.content_hash.to_owned())
    .bind(video.listing_hash.to_owned())
    .bind(video.document.updated_at)
    .bind(video.detailed_at)
    .bind(video.pass)
    .bind(revision)
    .execute()
    .await
    .map(drop)
}

/// Notes what the list says about a video of which its own page says nothing new.
pub async fn set_listing_hash(tx: &mut Tx, host: &str, uuid: Uuid, listing_hash: &str) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_videos SET listing_hash = $1 WHERE host = $2 AND uuid = $3"))
        .bind(listing_hash.to_owned())
        .bind(host)
        .bind(uuid)
        .execute()
        .await
        .map(drop)
}

/// Notes that a pass saw these videos unchanged.
pub async fn mark_seen(tx: &mut Tx, host: &str, uuids: &[Uuid], pass: i64) -> Result<(), DbError> {
    let mut query = tx.build(sql!(fragment "UPDATE index_videos SET seen_pass = "));
    query
        .bind(pass)
        .push(" WHERE host = ")
        .bind(host.to_owned())
        .push(" AND uuid IN ")
        .bind_list(uuids.iter().copied());
    query.execute().await.map(drop)
}

/// The indexed videos of a host that a pass did not see, at most `limit`.
pub async fn unseen(conn: &mut Connection, host: &str, pass: i64, limit: i64) -> Result<Vec<Uuid>, DbError> {
    conn.query(sql!(
        "SELECT uuid FROM index_videos WHERE host = $1 AND removed_at IS NULL AND seen_pass < $2 ORDER BY id LIMIT $3"
    ))
    .bind(host)
    .bind(pass)
    .bind(limit)
    .fetch_all_scalars()
    .await
}

/// Removes the videos of a host that a pass did not see, with their captions; tells how many.
pub async fn remove_unseen(
    tx: &mut Tx,
    host: &str,
    pass: i64,
    now: Timestamp,
    revision: Revision,
) -> Result<u64, DbError> {
    captions::store::remove_unseen(tx, host, pass).await?;
    tx.query(sql!(
        "UPDATE index_videos SET document = NULL, removed_at = $1, revision = $2
         WHERE host = $3 AND removed_at IS NULL AND seen_pass < $4"
    ))
    .bind(now)
    .bind(revision)
    .bind(host)
    .bind(pass)
    .execute()
    .await
}

/// Removes a video of a host, with its captions.
pub async fn remove(tx: &mut Tx, host: &str, uuid: Uuid, now: Timestamp, revision: Revision) -> Result<(), DbError> {
    captions::store::remove_of(tx, host, uuid).await?;
    tx.query(sql!(
        "UPDATE index_videos SET document = NULL, removed_at = $1, revision = $2
         WHERE host = $3 AND uuid = $4 AND removed_at IS NULL"
    ))
    .bind(now)
    .bind(revision)
    .bind(host)
    .bind(uuid)
    .execute()
    .await
    .map(drop)
}

/// Whether a video of a host is indexed.
pub async fn is_indexed(conn: &mut Connection, host: &str, uuid: Uuid) -> Result<bool, DbError> {
    let found: Option<VideoId> = conn
        .query(sql!("SELECT id FROM index_videos WHERE host = $1 AND uuid = $2 AND removed_at IS NULL"))
        .bind(host)
        .bind(uuid)
        .fetch_optional_scalar()
        .await?;
    Ok(found.is_some())
}

/// Which of these videos of a host were removed, or read from their own pages, after a moment.
pub async fn written_since(
    conn: &mut Connection,
    host: &str,
    uuids: &[Uuid],
    moment: Timestamp,
) -> Result<HashSet<Uuid>, DbError> {
    if uuids.is_empty() {
        return Ok(HashSet::new());
    }
    let mut query = conn.build(sql!(fragment "SELECT uuid FROM index_videos WHERE host = "));
    query.bind(host.to_owned()).push(" AND (removed_at > ").bind(moment);
    query.push(" OR (removed_at IS NULL AND detailed_at > ").bind(moment);
    query.push(")) AND uuid IN ").bind_list(uuids.iter().copied());
    Ok(query.fetch_all::<(Uuid,)>().await?.into_iter().map(|(uuid,)| uuid).collect())
}

/// How many videos of a host are indexed.
pub async fn count(conn: &mut Connection, host: &str) -> Result<i64, DbError> {
    conn.query(sql!("SELECT COUNT(*) FROM index_videos WHERE host = $1 AND removed_at IS NULL"))
        .bind(host)
        .fetch_scalar()
        .await
}

/// How many videos of each channel of a host are indexed.
pub async fn count_by_channel(conn: &mut Connection, host: &str) -> Result<HashMap<String, u64>, DbError> {
    let rows = conn
        .query(sql!(
            "SELECT channel, COUNT(*) FROM index_videos WHERE host = $1 AND removed_at IS NULL GROUP BY channel"
        ))
        .bind(host)
        .fetch_all::<(String, i64)>()
        .await?;
    Ok(rows.into_iter().map(|(channel, count)| (channel, count.unsigned_abs())).collect())
}

/// A video that changed.
#[derive(Debug)]
pub struct ChangedVideo {
    /// Which.
    pub id: VideoId,
    /// As it is now; `None` if it is gone.
    pub document: Option<VideoDocument>,
    /// What is said in it, by language.
    pub captions: Vec<Caption>,
    /// Where an index stands that has heard of this.
    pub position: Position,
}

#[derive(sqlx::FromRow)]
struct ChangedRow {
    id: VideoId,
    document: Option<Json<VideoDocument>>,
    revision: i64,
}

/// Videos whose captions are loaded together.
const CAPTION_BATCH: usize = 20;
/// Characters of captions that one list of changes holds at most, or a few videos more.
const MAX_CAPTION_CHARS: usize = 5_000_000;

/// Has every index hear anew of all videos of a host.
pub async fn announce_all(tx: &mut Tx, host: &str, revision: Revision) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_videos SET revision = $1 WHERE host = $2 AND removed_at IS NULL"))
        .bind(revision)
        .bind(host)
        .execute()
        .await
        .map(drop)
}

/// The changes after a position, oldest first, at most `limit`, in which hidden hosts have no videos; fewer where much is said in the videos.
pub async fn changes_after(conn: &mut Connection, after: Position, limit: i64) -> Result<Vec<ChangedVideo>, DbError> {
    let rows = conn
        .query(sql!(
            "SELECT v.id, CASE WHEN h.hidden_at IS NULL THEN v.document END AS document, v.revision
             FROM index_videos v LEFT JOIN index_hosts h ON h.host = v.host
             WHERE (v.revision, v.id) > ($1, $2) ORDER BY v.revision, v.id LIMIT $3"
        ))
        .bind(after.revision)
        .bind(after.id)
        .bind(limit)
        .fetch_all::<ChangedRow>()
        .await?;
    let mut changes: Vec<ChangedVideo> = rows.into_iter().map(ChangedVideo::from).collect();
    let loaded = load_captions(conn, &mut changes).await?;
    changes.truncate(loaded);
    Ok(changes)
}

/// Adds their captions to the first changes, and tells to how many.
async fn load_captions(conn: &mut Connection, changes: &mut [ChangedVideo]) -> Result<usize, DbError> {
    let (mut loaded, mut chars) = (0, 0);
    for batch in changes.chunks_mut(CAPTION_BATCH) {
        if chars >= MAX_CAPTION_CHARS {
            break;
        }
        let ids: Vec<VideoId> = batch.iter().map(|change| change.id).collect();
        let mut captions = captions::store::of_videos(conn, &ids).await?;
        for change in &mut *batch {
            change.captions = captions.remove(&change.id).unwrap_or_default();
            let passages = change.captions.iter().flat_map(|caption| &caption.passages);
            chars += passages.map(|passage| passage.text.len()).sum::<usize>();
        }
        loaded += batch.len();
    }
    Ok(loaded)
}

impl From<ChangedRow> for ChangedVideo {
    fn from(row: ChangedRow) -> Self {
        let position = Position { revision: row.revision, id: row.id.0 };
        Self { id: row.id, document: row.document.map(|json| json.0), captions: Vec::new(), position }
    }
}

#[derive(sqlx::FromRow)]
struct DocumentRow {
    id: VideoId,
    document: Json<VideoDocument>,
}

/// Indexed videos by their ids; those that are gone are absent.
pub async fn documents(conn: &mut Connection, ids: &[VideoId]) -> Result<HashMap<VideoId, VideoDocument>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query =
        conn.build(sql!(fragment "SELECT id, document FROM index_videos WHERE removed_at IS NULL AND id IN "));
    query.bind_list(ids.iter().copied());
    let rows = query.fetch_all::<DocumentRow>().await?;
    Ok(rows.into_iter().map(|row| (row.id, row.document.0)).collect())
}

/// Forgets videos that were removed before a moment; tells how many. An index that has not heard of them by now has to
/// begin anew.
pub async fn forget_removed(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    tx.query(sql!(
        "UPDATE index_state SET forgotten_revision = COALESCE((SELECT MAX(revision) FROM index_videos WHERE removed_at < $1), forgotten_revision)
         WHERE id = 1"
    ))
    .bind(before)
    .execute()
    .await?;
    tx.query(sql!("DELETE FROM index_videos WHERE removed_at < $1")).bind(before).execute().await
}

#[cfg(test)]
mod tests;
