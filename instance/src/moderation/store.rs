//! SQL that asks what is hidden, and by whom.
//!
//! The blocks of the server are those of its own account, [`server_account!`].

use platform::{
    db::{Connection, DbError, DynamicQuery},
    sql,
};

use crate::{accounts::AccountId, actors::ActorId, videos::VideoId};

/// The row of the server's own account, as an expression.
macro_rules! server_account {
    () => {
        "(SELECT sa.id FROM accounts sa JOIN actors sr ON sr.id = sa.actor_id \
         WHERE sr.username_folded = 'peertube' AND sr.is_local = TRUE)"
    };
}
pub(crate) use server_account;

/// A condition on `v` (video), `c` (its channel) and `cr` (the channel's actor): the server does not hide the video.
macro_rules! not_hidden {
    () => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM video_blocks vb WHERE vb.video_id = v.id) \
             AND NOT EXISTS (SELECT 1 FROM account_blocks ab WHERE ab.target_account_id = c.account_id AND ab.account_id = ",
            crate::moderation::store::server_account!(),
            ") AND NOT EXISTS (SELECT 1 FROM server_blocks sb WHERE sb.host = cr.host AND sb.account_id = ",
            crate::moderation::store::server_account!(),
            ")"
        )
    };
}
pub(crate) use not_hidden;

/// Leaves out of a list of videos (`v`, their channels `c`, and those's actors `cr`) what the server hides, and what the
/// reader does not want to see.
pub(crate) fn push_not_hidden(query: &mut DynamicQuery<'_>, reader: Option<AccountId>) {
    query.push(concat!(" AND ", not_hidden!()));
    if let Some(reader) = reader {
        query
            .push(" AND NOT EXISTS (SELECT 1 FROM account_blocks ub WHERE ub.target_account_id = c.account_id AND ub.account_id = ")
            .bind(reader)
            .push(") AND NOT EXISTS (SELECT 1 FROM server_blocks us WHERE us.host = cr.host AND us.account_id = ")
            .bind(reader)
            .push(")");
    }
}

/// Whether the server hides a video.
pub async fn is_hidden(connection: &mut Connection, video: VideoId) -> Result<bool, DbError> {
    connection
        .query(sql!(concat!(
            "SELECT EXISTS (SELECT 1 FROM videos v JOIN video_channels c ON c.id = v.channel_id \
             JOIN actors cr ON cr.id = c.actor_id WHERE v.id = $1 AND NOT (",
            not_hidden!(),
            "))"
        )))
        .bind(video)
        .fetch_scalar()
        .await
}

/// The server's own account.
pub async fn find_server_account(connection: &mut Connection) -> Result<Option<AccountId>, DbError> {
    connection
        .query(sql!(concat!("SELECT id FROM accounts WHERE id = ", server_account!())))
        .fetch_optional_scalar()
        .await
}

/// The actor of an account.
pub async fn actor_of(connection: &mut Connection, account: AccountId) -> Result<Option<ActorId>, DbError> {
    connection.query(sql!("SELECT actor_id FROM accounts WHERE id = $1")).bind(account).fetch_optional_scalar().await
}
