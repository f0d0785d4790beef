//! SQL for moves.

use platform::{
    db::{Connection, DbError, Tx},
    sql,
};

use crate::{actors::ActorId, follows::FollowId};

/// Who of ours follows an actor: some of them.
pub async fn local_followers(connection: &mut Connection, target: ActorId, limit: i64) -> Result<Vec<i64>, DbError> {
    connection
        .query(sql!(
            "SELECT f.follower_id FROM follows f JOIN actors a ON a.id = f.follower_id \
             WHERE f.target_id = $1 AND a.is_local = TRUE ORDER BY f.id LIMIT $2"
        ))
        .bind(target)
        .bind(limit)
        .fetch_all_scalars()
        .await
}

/// Gives a follow the choices that were made for another.
pub async fn copy_choices(tx: &mut Tx, from: FollowId, to: FollowId) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE follows SET is_listed = (SELECT f.is_listed FROM follows f WHERE f.id = $1), \
         is_mirrored = (SELECT f.is_mirrored FROM follows f WHERE f.id = $1), \
         is_indexed = (SELECT f.is_indexed FROM follows f WHERE f.id = $1) WHERE id = $2"
    ))
    .bind(from)
    .bind(to)
    .execute()
    .await
    .map(drop)
}
