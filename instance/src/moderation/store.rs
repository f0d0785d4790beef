//! SQL that asks what is hidden, and by whom.
//!
//! The blocks of the server are those of its own account, [`server_account!`].

use platform::{
    db::{Connection, DbError, DynamicQuery},
    sql,
};

use crate::{accounts::AccountId, actors::ActorId, users::UserId, videos::VideoId};

/// The row of the server's own account, as an expression.
macro_rules! server_account {
    () => {
        "(SELECT sa.id FROM accounts sa JOIN actors sr ON sr.id = sa.actor_id \
         WHERE sr.username_folded = 'peertube' AND sr.is_local = TRUE)"
    };
}
pub(crate) use server_account;

/// A condition on an actor: in allow-list mode, its server is on the list. [`super::Border`] decides likewise.
macro_rules! is_allowed {
    ($actor:literal) => {
        concat!(
            "(NOT EXISTS (SELECT 1 FROM settings st WHERE st.name = 'is_allow_list' AND st.value = 'true') OR ",
            $actor,
            ".is_local = TRUE OR EXISTS (SELECT 1 FROM allowed_servers al WHERE al.host = ",
            $actor,
            ".host))"
        )
    };
}
pub(crate) use is_allowed;

/// A condition on an actor: its server is spoken with.
macro_rules! is_spoken_with {
    ($actor:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM server_blocks sb WHERE sb.host = ",
            $actor,
            ".host AND sb.account_id = ",
            crate::moderation::store::server_account!(),
            ") AND ",
            crate::moderation::store::is_allowed!($actor)
        )
    };
}
pub(crate) use is_spoken_with;

/// A condition on the row of an account and an actor of its server: the server does not hide what is the account's.
macro_rules! account_not_hidden {
    ($account:literal, $actor:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM account_blocks ab WHERE ab.target_account_id = ",
            $account,
            " AND ab.account_id = ",
            crate::moderation::store::server_account!(),
            ") AND ",
            crate::moderation::store::is_spoken_with!($actor)
        )
    };
}
pub(crate) use account_not_hidden;

/// A condition on `v` (video), `c` (its channel) and `cr` (the channel's actor): the server does not hide the video.
macro_rules! not_hidden {
    () => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM video_blocks vb WHERE vb.video_id = v.id) AND ",
            crate::moderation::store::account_not_hidden!("c.account_id", "cr")
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

/// Whether the server hides an account or a channel.
pub async fn is_actor_hidden(connection: &mut Connection, actor: ActorId) -> Result<bool, DbError> {
    connection
        .query(sql!(concat!(
            "SELECT EXISTS (SELECT 1 FROM actors r LEFT JOIN video_channels c ON c.actor_id = r.id \
             LEFT JOIN accounts a ON a.id = COALESCE(c.account_id, (SELECT o.id FROM accounts o WHERE o.actor_id = r.id)) \
             WHERE r.id = $1 AND NOT (",
            account_not_hidden!("a.id", "r"),
            "))"
        )))
        .bind(actor)
        .fetch_scalar()
        .await
}

/// Whether an account or a channel is a user's own.
pub async fn is_own_actor(connection: &mut Connection, actor: ActorId, user: UserId) -> Result<bool, DbError> {
    connection
        .query(sql!(
            "SELECT EXISTS (SELECT 1 FROM accounts a LEFT JOIN video_channels c ON c.account_id = a.id \
             WHERE a.user_id = $2 AND (a.actor_id = $1 OR c.actor_id = $1))"
        ))
        .bind(actor)
        .bind(user)
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
