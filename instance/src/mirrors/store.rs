//! SQL for what the mirror manager asks the instance, and for copies that other servers keep.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use redundancy::Candidate;
use uuid::Uuid;

use crate::{actors::ActorId, moderation::store::not_hidden, videos::VideoId};

#[derive(sqlx::FromRow)]
struct CandidateRow {
    uuid: Uuid,
    playlist_url: String,
    size_bytes: i64,
    published_at: Timestamp,
}

/// Listed remote recordings of servers that this one follows, by ascending UUID, after the given one.
pub(super) async fn candidates(
    connection: &mut Connection,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Candidate>, DbError> {
    let rows: Vec<CandidateRow> = connection
        .query(sql!(concat!(
            "SELECT v.uuid, p.playlist_url, v.published_at, \
             (SELECT CAST(COALESCE(sum(f.size_bytes), 0) AS BIGINT) FROM video_files f WHERE f.streaming_playlist_id = p.id) \
             AS size_bytes FROM videos v JOIN video_streaming_playlists p ON p.video_id = v.id \
             JOIN video_channels c ON c.id = v.channel_id JOIN actors cr ON cr.id = c.actor_id \
             WHERE v.state = 1 AND v.privacy = 1 AND v.is_local = FALSE AND v.is_live = FALSE AND v.uuid > $1 AND ",
            not_hidden!(),
            " AND p.segments_sha256_url IS NOT NULL \
             AND EXISTS (SELECT 1 FROM follows f JOIN actors me ON me.id = f.follower_id \
             JOIN actors t ON t.id = f.target_id \
             WHERE me.is_local = TRUE AND me.kind = 'Application' AND f.state = 'accepted' AND f.is_mirrored = TRUE \
             AND ((t.kind = 'Application' AND t.host = cr.host) OR t.id = cr.id \
             OR t.id = (SELECT o.actor_id FROM accounts o WHERE o.id = c.account_id))) ORDER BY v.uuid LIMIT $2"
        )))
        .bind(after.unwrap_or(Uuid::nil()))
        .bind(limit)
        .fetch_all()
        .await?;
    let candidate = |row: CandidateRow| Candidate {
        uuid: row.uuid,
        playlist_url: row.playlist_url,
        size_bytes: row.size_bytes.unsigned_abs(),
        published_at: row.published_at,
    };
    Ok(rows.into_iter().map(candidate).collect())
}

/// Whether the server follows where a video comes from (its server, its channel or its account), with their consent, and
/// wants to mirror what comes from there.
pub async fn is_to_be_mirrored(connection: &mut Connection, video: VideoId) -> Result<bool, DbError> {
    connection
        .query(sql!(
            "SELECT EXISTS (SELECT 1 FROM videos v JOIN video_channels c ON c.id = v.channel_id \
             JOIN actors cr ON cr.id = c.actor_id JOIN accounts o ON o.id = c.account_id \
             JOIN actors t ON (t.kind = 'Application' AND t.host = cr.host) OR t.id = cr.id OR t.id = o.actor_id \
             JOIN follows f ON f.target_id = t.id JOIN actors me ON me.id = f.follower_id \
             WHERE v.id = $1 AND me.is_local = TRUE AND me.kind = 'Application' AND f.state = 'accepted' \
             AND f.is_mirrored = TRUE)"
        ))
        .bind(video)
        .fetch_scalar()
        .await
}

/// Whether copies of a host's videos are kept here, or begun.
pub async fn has_copies_of_host(connection: &mut Connection, host: &str) -> Result<bool, DbError> {
    connection
        .query(sql!("SELECT EXISTS (SELECT 1 FROM mirrors WHERE origin_host = $1)"))
        .bind(host.to_owned())
        .fetch_scalar()
        .await
}

/// Videos of a host of which copies are kept here although no follow wants them any more.
pub async fn unwanted_copies(connection: &mut Connection, host: &str, limit: i64) -> Result<Vec<Uuid>, DbError> {
    connection
        .query(sql!(
            "SELECT m.video_uuid FROM mirrors m WHERE m.origin_host = $1 AND NOT EXISTS (\
             SELECT 1 FROM videos v JOIN video_channels c ON c.id = v.channel_id \
             JOIN actors cr ON cr.id = c.actor_id JOIN accounts o ON o.id = c.account_id \
             JOIN actors t ON (t.kind = 'Application' AND t.host = cr.host) OR t.id = cr.id OR t.id = o.actor_id \
             JOIN follows f ON f.target_id = t.id JOIN actors me ON me.id = f.follower_id \
             WHERE v.uuid = m.video_uuid AND me.is_local = TRUE AND me.kind = 'Application' AND f.state = 'accepted' \
             AND f.is_mirrored = TRUE) ORDER BY m.video_uuid LIMIT $2"
        ))
        .bind(host.to_owned())
        .bind(limit)
        .fetch_all_scalars()
        .await
}

/// A copy that another server keeps of one of our videos.
#[derive(Debug, Clone)]
pub(super) struct NewRedundancy {
    pub(super) video: VideoId,
    pub(super) actor: ActorId,
    pub(super) url: String,
    pub(super) base_url: String,
    pub(super) expires_at: Option<Timestamp>,
}

/// Adds a copy, or changes one that the same actor told us of.
pub(super) async fn upsert_redundancy(tx: &mut Tx, copy: &NewRedundancy, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO video_redundancies (video_id, actor_id, url, base_url, expires_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (url) DO UPDATE SET base_url = excluded.base_url, \
         expires_at = excluded.expires_at, updated_at = excluded.updated_at \
         WHERE video_redundancies.actor_id = excluded.actor_id"
    ))
    .bind(copy.video)
    .bind(copy.actor)
    .bind(copy.url.clone())
    .bind(copy.base_url.clone())
    .bind(copy.expires_at)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Forgets the copies of a video that have expired, and that of an actor.
pub(super) async fn make_room(tx: &mut Tx, video: VideoId, actor: ActorId, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_redundancies WHERE video_id = $1 AND (actor_id = $2 OR expires_at <= $3)"))
        .bind(video)
        .bind(actor)
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Forgets a copy that its actor has taken back, and tells whether there was one.
pub(super) async fn delete_redundancy(tx: &mut Tx, url: &str, actor: ActorId) -> Result<bool, DbError> {
    let deleted = tx
        .query(sql!("DELETE FROM video_redundancies WHERE url = $1 AND actor_id = $2"))
        .bind(url.to_owned())
        .bind(actor)
        .execute()
        .await?;
    Ok(deleted > 0)
}

/// How many copies of a video others keep.
pub(super) async fn count_of_video(connection: &mut Connection, video: VideoId) -> Result<i64, DbError> {
    connection
        .query(sql!("SELECT count(*) FROM video_redundancies WHERE video_id = $1"))
        .bind(video)
        .fetch_scalar()
        .await
}
