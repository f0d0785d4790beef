//! SQL for what comes in.

use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    sql,
};

use crate::{actors::ActorId, videos::VideoId};

/// Whether the server's own actor follows, to show its videos, the channel, the account, the server, or who shared. It begins
/// with these few, since a server may have any number of followers.
macro_rules! is_listed_here {
    () => {
        "EXISTS (SELECT 1 FROM follows f WHERE f.state = 'accepted' AND f.is_listed = TRUE \
         AND f.follower_id IN (SELECT me.id FROM actors me WHERE me.is_local = TRUE AND me.kind = 'Application') \
         AND f.target_id IN (SELECT c.actor_id FROM video_channels c WHERE c.id = videos.channel_id \
         UNION ALL SELECT a.actor_id FROM accounts a JOIN video_channels c ON c.account_id = a.id \
         WHERE c.id = videos.channel_id \
         UNION ALL SELECT t.id FROM video_channels c JOIN actors ca ON ca.id = c.actor_id JOIN actors t ON t.host = ca.host \
         WHERE c.id = videos.channel_id AND t.kind IN ('Application', 'Service') \
         UNION ALL SELECT s.actor_id FROM video_shares s WHERE s.video_id = videos.id))"
    };
}

/// Works out anew whether lists show a video.
pub(super) async fn relist_video(tx: &mut Tx, id: VideoId) -> Result<(), DbError> {
    tx.query(sql!(concat!("UPDATE videos SET is_listed_here = (is_local OR ", is_listed_here!(), ") WHERE id = $1")))
        .bind(id)
        .execute()
        .await
        .map(drop)
}

/// The same for the remote videos of an actor's host, and those that the actor shared.
pub(super) async fn relist_videos_around(tx: &mut Tx, actor: ActorId) -> Result<(), DbError> {
    tx.query(sql!(concat!(
        "UPDATE videos SET is_listed_here = ",
        is_listed_here!(),
        " WHERE is_local = FALSE AND (channel_id IN (SELECT c.id FROM video_channels c JOIN actors ca ON ca.id = c.actor_id \
         WHERE ca.host = (SELECT host FROM actors WHERE id = $1)) \
         OR id IN (SELECT s.video_id FROM video_shares s WHERE s.actor_id = $1))"
    )))
    .bind(actor)
    .execute()
    .await
    .map(drop)
}

/// Forgets that an actor shared a video.
pub(super) async fn delete_share(tx: &mut Tx, video: VideoId, actor: ActorId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_shares WHERE video_id = $1 AND actor_id = $2"))
        .bind(video)
        .bind(actor)
        .execute()
        .await
        .map(drop)
}

/// Marks a video as asked for, if nobody did meanwhile, and tells whether.
pub(super) async fn claim_refresh(
    tx: &mut Tx,
    id: VideoId,
    seen: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let claimed = tx
        .query(sql!(
            "UPDATE videos SET refreshed_at = $3 WHERE id = $1 AND is_local = FALSE \
             AND (refreshed_at IS NULL OR refreshed_at = $2)"
        ))
        .bind(id)
        .bind(seen)
        .bind(now)
        .execute()
        .await?;
    Ok(claimed > 0)
}

/// Counts that the origin of a video did not find it, and tells how often that was in a row.
pub(super) async fn count_failure(tx: &mut Tx, id: VideoId, now: Timestamp) -> Result<i64, DbError> {
    tx.query(sql!(
        "UPDATE videos SET refresh_failures = refresh_failures + 1, refreshed_at = $2 WHERE id = $1 \
         RETURNING refresh_failures"
    ))
    .bind(id)
    .bind(now)
    .fetch_scalar()
    .await
}
