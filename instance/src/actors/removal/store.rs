//! SQL for the end of actors.

use platform::{
    db::{Connection, DbError, Tx},
    sql,
};

use crate::{accounts::AccountId, actors::ActorId};

/// Forgets what an account thinks of videos.
pub async fn delete_rates(tx: &mut Tx, account: AccountId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_rates WHERE account_id = $1")).bind(account).execute().await.map(drop)
}

/// The inboxes of all remote followers of any of our actors, each once.
pub async fn inboxes_of_followers(connection: &mut Connection) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!(
            "SELECT DISTINCT COALESCE(a.shared_inbox_url, a.inbox_url) FROM follows f \
             JOIN actors a ON a.id = f.follower_id JOIN actors t ON t.id = f.target_id \
             WHERE t.is_local = TRUE AND a.is_local = FALSE"
        ))
        .fetch_all_scalars()
        .await
}

/// The inboxes of the channels under whose videos an account has said something.
pub async fn inboxes_of_discussed(connection: &mut Connection, account: AccountId) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!(
            "SELECT DISTINCT COALESCE(r.shared_inbox_url, r.inbox_url) FROM videos v \
             JOIN video_channels c ON c.id = v.channel_id JOIN actors r ON r.id = c.actor_id \
             WHERE r.is_local = FALSE AND (v.id IN (SELECT video_id FROM video_comments WHERE account_id = $1) \
             OR v.id IN (SELECT video_id FROM video_rates WHERE account_id = $1))"
        ))
        .bind(account)
        .fetch_all_scalars()
        .await
}

/// Removes everything of a local actor but its name and key.
pub async fn strip(tx: &mut Tx, actor: ActorId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM follows WHERE follower_id = $1 OR target_id = $1")).bind(actor).execute().await?;
    tx.query(sql!("DELETE FROM video_channels WHERE actor_id = $1")).bind(actor).execute().await?;
    tx.query(sql!("DELETE FROM accounts WHERE actor_id = $1")).bind(actor).execute().await.map(drop)
}
