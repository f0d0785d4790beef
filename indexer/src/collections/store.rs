//! Channels and playlists as rows. Revisions are those of [`crate::store`].

use std::collections::HashMap;

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use sqlx::types::Json;

use super::Collection;
use crate::{document::VideoId, index::Position, store::Revision};

/// How far the database goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct State {
    /// The newest revision of anything.
    pub revision: i64,
    /// An index that is behind this one cannot catch up, and has to begin anew.
    pub forgotten: i64,
}

/// Reads the state.
pub async fn state(conn: &mut Connection) -> Result<State, DbError> {
    conn.query(sql!("SELECT revision, forgotten_collections_revision AS forgotten FROM index_state WHERE id = 1"))
        .fetch_one()
        .await
}

/// A channel or playlist as it is written.
#[derive(Debug)]
pub struct NewCollection<C> {
    /// What tells it from others at its host.
    pub name: String,
    /// What is indexed.
    pub document: C,
    /// Changes with the document.
    pub content_hash: String,
}

/// The content hashes of those that are known by these names.
pub async fn known<C: Collection>(
    conn: &mut Connection,
    host: &str,
    names: &[String],
) -> Result<HashMap<String, String>, DbError> {
    let mut query = conn
        .build(sql!(fragment "SELECT name, content_hash FROM index_collections WHERE removed_at IS NULL AND kind = "));
    query.bind(C::KIND.to_owned()).push(" AND host = ").bind(host.to_owned());
    query.push(" AND name IN ").bind_list(names.iter().cloned());
    Ok(query.fetch_all::<(String, String)>().await?.into_iter().collect())
}

/// Writes a new or changed one.
pub async fn save<C: Collection>(
    tx: &mut Tx,
    host: &str,
    new: &NewCollection<C>,
    pass: i64,
    revision: Revision,
) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO index_collections (kind, host, name, document, content_hash, seen_pass, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (kind, host, name) DO UPDATE SET document = excluded.document, content_hash = excluded.content_hash,
             seen_pass = excluded.seen_pass, revision = excluded.revision, removed_at = NULL"
    ))
    .bind(C::KIND)
    .bind(host.to_owned())
    .bind(new.name.clone())
    .bind(Json(new.document.clone()))
    .bind(new.content_hash.clone())
    .bind(pass)
    .bind(revision)
    .execute()
    .await
    .map(drop)
}

/// Notes that a pass saw these unchanged.
pub async fn mark_seen<C: Collection>(tx: &mut Tx, host: &str, names: &[String], pass: i64) -> Result<(), DbError> {
    let mut query = tx.build(sql!(fragment "UPDATE index_collections SET seen_pass = "));
    query.bind(pass).push(" WHERE kind = ").bind(C::KIND.to_owned()).push(" AND host = ").bind(host.to_owned());
    query.push(" AND name IN ").bind_list(names.iter().cloned());
    query.execute().await.map(drop)
}

/// Removes those of a host that a pass did not see; tells how many.
pub async fn remove_unseen<C: Collection>(
    tx: &mut Tx,
    host: &str,
    pass: i64,
    now: Timestamp,
    revision: Revision,
) -> Result<u64, DbError> {
    tx.query(sql!(
        "UPDATE index_collections SET document = NULL, removed_at = $1, revision = $2
         WHERE kind = $3 AND host = $4 AND removed_at IS NULL AND seen_pass < $5"
    ))
    .bind(now)
    .bind(revision)
    .bind(C::KIND)
    .bind(host)
    .bind(pass)
    .execute()
    .await
}

/// Removes all channels and playlists of a host; tells how many.
pub async fn remove_all(tx: &mut Tx, host: &str, now: Timestamp, revision: Revision) -> Result<u64, DbError> {
    tx.query(sql!(
        "UPDATE index_collections SET document = NULL, removed_at = $1, revision = $2
         WHERE host = $3 AND removed_at IS NULL"
    ))
    .bind(now)
    .bind(revision)
    .bind(host)
    .execute()
    .await
}

/// Removes the channel of a name, the channels of the account of that name, and the playlists of either; tells how many.
/// The name is in lower case.
pub async fn remove_of_actor(
    tx: &mut Tx,
    host: &str,
    name: &str,
    now: Timestamp,
    revision: Revision,
) -> Result<u64, DbError> {
    tx.query(sql!(
        "UPDATE index_collections SET document = NULL, removed_at = $1, revision = $2
         WHERE host = $3 AND removed_at IS NULL
             AND (lower(document->'actor'->>'name') = $4 OR lower(document->'owner'->'actor'->>'name') = $4
                 OR lower(document->'account'->>'name') = $4 OR lower(document->'channel'->>'name') = $4)"
    ))
    .bind(now)
    .bind(revision)
    .bind(host)
    .bind(name)
    .execute()
    .await
}

/// One that changed.
#[derive(Debug)]
pub struct Changed<C> {
    /// Its number in the index.
    pub id: VideoId,
    /// As it is now; `None` if it is gone.
    pub document: Option<C>,
    /// Where an index stands that has heard of this.
    pub position: Position,
}

#[derive(sqlx::FromRow)]
struct ChangedRow<C> {
    id: i64,
    document: Option<Json<C>>,
    revision: i64,
}

/// Has every index hear anew of all channels and playlists of a host.
pub async fn announce_all(tx: &mut Tx, host: &str, revision: Revision) -> Result<(), DbError> {
    tx.query(sql!("UPDATE index_collections SET revision = $1 WHERE host = $2 AND removed_at IS NULL"))
        .bind(revision)
        .bind(host)
        .execute()
        .await
        .map(drop)
}

/// The changes after a position, oldest first, at most `limit`, in which hidden hosts have nothing.
pub async fn changes_after<C: Collection>(
    conn: &mut Connection,
    after: Position,
    limit: i64,
) -> Result<Vec<Changed<C>>, DbError> {
    let rows = conn
        .query(sql!(
            "SELECT c.id, CASE WHEN h.hidden_at IS NULL THEN c.document END AS document, c.revision
             FROM index_collections c LEFT JOIN index_hosts h ON h.host = c.host
             WHERE c.kind = $1 AND (c.revision, c.id) > ($2, $3) ORDER BY c.revision, c.id LIMIT $4"
        ))
        .bind(C::KIND)
        .bind(after.revision)
        .bind(after.id)
        .bind(limit)
        .fetch_all::<ChangedRow<C>>()
        .await?;
    let changed = rows.into_iter().map(|row| Changed {
        id: VideoId(row.id),
        document: row.document.map(|json| json.0),
        position: Position { revision: row.revision, id: row.id },
    });
    Ok(changed.collect())
}

#[derive(sqlx::FromRow)]
struct DocumentRow<C> {
    id: VideoId,
    document: Json<C>,
}

/// Those with these ids; the ones that are gone are absent.
pub async fn documents<C: Collection>(conn: &mut Connection, ids: &[VideoId]) -> Result<HashMap<VideoId, C>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query =
        conn.build(sql!(fragment "SELECT id, document FROM index_collections WHERE removed_at IS NULL AND id IN "));
    query.bind_list(ids.iter().copied());
    let rows = query.fetch_all::<DocumentRow<C>>().await?;
    Ok(rows.into_iter().map(|row| (row.id, row.document.0)).collect())
}

/// Forgets what was removed before a moment. An index that has not heard of it by now has to begin anew.
pub async fn forget_removed(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    tx.query(sql!(
        "UPDATE index_state SET forgotten_collections_revision =
             COALESCE((SELECT MAX(revision) FROM index_collections WHERE removed_at < $1), forgotten_collections_revision)
         WHERE id = 1"
    ))
    .bind(before)
    .execute()
    .await?;
    tx.query(sql!("DELETE FROM index_collections WHERE removed_at < $1")).bind(before).execute().await
}
