//! SQL for the swarms of videos.

use std::collections::BTreeSet;

use p2p::InfoHash;
use platform::{
    db::{Connection, DbError, Tx},
    sql,
};

use crate::videos::VideoId;

/// Whether any video has this swarm.
pub(super) async fn is_known(connection: &mut Connection, info_hash: InfoHash) -> Result<bool, DbError> {
    connection
        .query(sql!("SELECT EXISTS (SELECT 1 FROM video_infohashes WHERE info_hash = $1)"))
        .bind(info_hash.to_hex())
        .fetch_scalar()
        .await
}

/// Sets the swarms of a video. Writes nothing if they are the same as before, as after most updates of remote videos.
pub(super) async fn replace(tx: &mut Tx, video: VideoId, info_hashes: &[InfoHash]) -> Result<(), DbError> {
    let wanted: BTreeSet<String> = info_hashes.iter().map(|info_hash| info_hash.to_hex()).collect();
    if of_video(tx, video).await? == wanted {
        return Ok(());
    }
    tx.query(sql!("DELETE FROM video_infohashes WHERE video_id = $1")).bind(video).execute().await?;
    for info_hash in wanted {
        tx.query(sql!("INSERT INTO video_infohashes (info_hash, video_id) VALUES ($1, $2)"))
            .bind(info_hash)
            .bind(video)
            .execute()
            .await?;
    }
    Ok(())
}

async fn of_video(connection: &mut Connection, video: VideoId) -> Result<BTreeSet<String>, DbError> {
    let info_hashes: Vec<String> = connection
        .query(sql!("SELECT info_hash FROM video_infohashes WHERE video_id = $1 ORDER BY info_hash"))
        .bind(video)
        .fetch_all_scalars()
        .await?;
    Ok(info_hashes.into_iter().collect())
}
