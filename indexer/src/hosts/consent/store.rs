//! Who has opted out, as rows; and what goes from the index with an account or a channel.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::{OptOut, Owner, Proof, Subject};

const HOST: &str = "host";
const ACTOR: &str = "actor";

fn key(subject: &Subject) -> (&'static str, &str, &str) {
    match subject {
        Subject::Host(origin) => (HOST, origin.host(), ""),
        Subject::Actor { name, origin } => (ACTOR, origin.host(), name),
    }
}

/// Notes an opt-out. One that stands stays as it is.
pub async fn insert(tx: &mut Tx, subject: &Subject, proof: Proof, now: Timestamp) -> Result<(), DbError> {
    let (kind, host, name) = key(subject);
    tx.query(sql!(
        "INSERT INTO index_opt_outs (kind, host, name, proof, opted_out_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (kind, host, name) DO NOTHING"
    ))
    .bind(kind)
    .bind(host)
    .bind(name)
    .bind(proof.name())
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Lifts an opt-out; tells whether there was one.
pub async fn delete(tx: &mut Tx, subject: &Subject) -> Result<bool, DbError> {
    let (kind, host, name) = key(subject);
    let deleted = tx
        .query(sql!("DELETE FROM index_opt_outs WHERE kind = $1 AND host = $2 AND name = $3"))
        .bind(kind)
        .bind(host)
        .bind(name)
        .execute()
        .await?;
    Ok(deleted > 0)
}

/// Lifts an opt-out that rests on this; tells whether there was one.
pub async fn delete_of_proof(tx: &mut Tx, subject: &Subject, proof: Proof) -> Result<bool, DbError> {
    let (kind, host, name) = key(subject);
    let deleted = tx
        .query(sql!("DELETE FROM index_opt_outs WHERE kind = $1 AND host = $2 AND name = $3 AND proof = $4"))
        .bind(kind)
        .bind(host)
        .bind(name)
        .bind(proof.name())
        .execute()
        .await?;
    Ok(deleted > 0)
}

/// Whether a whole instance has opted out.
pub async fn has_host(conn: &mut Connection, host: &str) -> Result<bool, DbError> {
    let found: Option<String> = conn
        .query(sql!("SELECT host FROM index_opt_outs WHERE kind = 'host' AND host = $1"))
        .bind(host)
        .fetch_optional_scalar()
        .await?;
    Ok(found.is_some())
}

/// The accounts and channels of an instance that have opted out.
pub async fn names_of(conn: &mut Connection, host: &str) -> Result<Vec<String>, DbError> {
    conn.query(sql!("SELECT name FROM index_opt_outs WHERE host = $1 AND kind = 'actor'"))
        .bind(host)
        .fetch_all_scalars()
        .await
}

/// How many instances have opted out.
pub async fn count_hosts(conn: &mut Connection) -> Result<i64, DbError> {
    conn.query(sql!("SELECT COUNT(*) FROM index_opt_outs WHERE kind = 'host'")).fetch_scalar().await
}

/// Everybody who has opted out, by instance.
pub async fn all(conn: &mut Connection) -> Result<Vec<OptOut>, DbError> {
    conn.query(sql!("SELECT host, name, proof, opted_out_at FROM index_opt_outs ORDER BY host, kind, name"))
        .fetch_all()
        .await
}

/// Notes the videos of an account or a channel as seen by no reading, so that they go with [`crate::store::remove_unseen`].
pub async fn mark_unseen(tx: &mut Tx, host: &str, name: &str) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE index_videos SET seen_pass = -1
         WHERE host = $1 AND removed_at IS NULL
             AND (lower(document->'account'->>'name') = $2 OR lower(document->'channel'->>'name') = $2)"
    ))
    .bind(host)
    .bind(name)
    .execute()
    .await
    .map(drop)
}

/// The same for its channels and playlists, and what is in them.
pub async fn mark_collections_unseen(tx: &mut Tx, host: &str, name: &str) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE index_collections SET seen_pass = -1
         WHERE host = $1 AND removed_at IS NULL
             AND (lower(document->'actor'->>'name') = $2 OR lower(document->'owner'->'actor'->>'name') = $2
                 OR lower(document->'account'->>'name') = $2 OR lower(document->'channel'->>'name') = $2)"
    ))
    .bind(host)
    .bind(name)
    .execute()
    .await
    .map(drop)
}

/// Whether the document of an account or a channel was asked already.
pub async fn is_checked(conn: &mut Connection, host: &str, url: &str) -> Result<bool, DbError> {
    let found: Option<String> = conn
        .query(sql!("SELECT url FROM index_owner_checks WHERE host = $1 AND url = $2"))
        .bind(host)
        .bind(url)
        .fetch_optional_scalar()
        .await?;
    Ok(found.is_some())
}

/// The accounts and channels of a host whose documents were never asked, or not since a moment; at most `limit`.
pub async fn unchecked_owners(
    conn: &mut Connection,
    host: &str,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Owner>, DbError> {
    conn.query(sql!(
        "SELECT o.url, o.name FROM (
             SELECT document->'account'->>'url' AS url, document->'account'->>'name' AS name FROM index_videos
             WHERE host = $1 AND removed_at IS NULL
             UNION
             SELECT document->'channel'->>'url', document->'channel'->>'name' FROM index_videos
             WHERE host = $1 AND removed_at IS NULL
         ) o
         WHERE NOT EXISTS (SELECT 1 FROM index_owner_checks c WHERE c.host = $1 AND c.url = o.url)
         UNION ALL
         SELECT url, name FROM index_owner_checks WHERE host = $1 AND checked_at < $2
         LIMIT $3"
    ))
    .bind(host)
    .bind(since)
    .bind(limit)
    .fetch_all()
    .await
}

/// Notes that the document of an account or a channel was asked.
pub async fn note_owner(tx: &mut Tx, host: &str, owner: &Owner, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO index_owner_checks (host, url, name, checked_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (host, url) DO UPDATE SET name = excluded.name, checked_at = excluded.checked_at"
    ))
    .bind(host)
    .bind(owner.url.clone())
    .bind(owner.name.clone())
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Forgets that an account or a channel was asked, because it is no longer there.
pub async fn forget_owner(tx: &mut Tx, host: &str, owner: &Owner) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM index_owner_checks WHERE host = $1 AND url = $2"))
        .bind(host)
        .bind(owner.url.clone())
        .execute()
        .await
        .map(drop)
}

/// Forgets whom of a host was asked.
pub async fn forget_owners(tx: &mut Tx, host: &str) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM index_owner_checks WHERE host = $1")).bind(host).execute().await.map(drop)
}
