//! SQL for users.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::{Role, User, UserId};
use crate::actors::fold_name;

/// Adds a user.
pub async fn insert(
    tx: &mut Tx,
    username: &str,
    email: &str,
    password_hash: &str,
    role: Role,
    now: Timestamp,
) -> Result<UserId, DbError> {
    tx.query(sql!(
        "INSERT INTO users (username, username_folded, email, email_folded, password_hash, role, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING id"
    ))
    .bind(username.to_owned())
    .bind(fold_name(username))
    .bind(email.to_owned())
    .bind(fold_name(email))
    .bind(password_hash.to_owned())
    .bind(role.number())
    .bind(now)
    .fetch_scalar()
    .await
}

/// The user with this name or e-mail address, whatever its case.
pub async fn find_by_login(connection: &mut Connection, login: &str) -> Result<Option<User>, DbError> {
    connection
        .query(sql!(
            "SELECT id, username, email, password_hash, role, is_blocked, created_at FROM users \
             WHERE username_folded = $1 OR email_folded = $1 ORDER BY id LIMIT 1"
        ))
        .bind(fold_name(login))
        .fetch_optional()
        .await
}

/// The user of a row.
pub async fn find(connection: &mut Connection, id: UserId) -> Result<Option<User>, DbError> {
    connection
        .query(sql!("SELECT id, username, email, password_hash, role, is_blocked, created_at FROM users WHERE id = $1"))
        .bind(id)
        .fetch_optional()
        .await
}

/// How many users there are.
pub async fn count(connection: &mut Connection) -> Result<i64, DbError> {
    connection.query(sql!("SELECT count(*) FROM users")).fetch_scalar().await
}

/// Sets the password.
pub async fn set_password(tx: &mut Tx, id: UserId, password_hash: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1"))
        .bind(id)
        .bind(password_hash.to_owned())
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Sets the e-mail address.
pub async fn set_email(tx: &mut Tx, id: UserId, email: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE users SET email = $2, email_folded = $3, updated_at = $4 WHERE id = $1"))
        .bind(id)
        .bind(email.to_owned())
        .bind(fold_name(email))
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Refuses a user from now on.
pub async fn block(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE users SET is_blocked = TRUE, updated_at = $2 WHERE id = $1"))
        .bind(id)
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Forgets a user and everything that hangs on them.
pub async fn delete(tx: &mut Tx, id: UserId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM users WHERE id = $1")).bind(id).execute().await.map(drop)
}

/// How many users have done anything since a moment: logged in, published, said or liked something.
pub async fn count_active(connection: &mut Connection, since: Timestamp) -> Result<i64, DbError> {
    connection
        .query(sql!(
            "SELECT count(*) FROM users u JOIN accounts a ON a.user_id = u.id WHERE u.created_at >= $1 \
             OR EXISTS (SELECT 1 FROM oauth_tokens t WHERE t.user_id = u.id AND t.created_at >= $1) \
             OR EXISTS (SELECT 1 FROM video_channels c JOIN videos v ON v.channel_id = c.id \
             WHERE c.account_id = a.id AND v.created_at >= $1) \
             OR EXISTS (SELECT 1 FROM video_comments m WHERE m.account_id = a.id AND m.created_at >= $1) \
             OR EXISTS (SELECT 1 FROM video_rates r WHERE r.account_id = a.id AND r.updated_at >= $1)"
        ))
        .bind(since)
        .fetch_scalar()
        .await
}

/// How many comments were written here.
pub async fn count_local_comments(connection: &mut Connection) -> Result<i64, DbError> {
    connection
        .query(sql!("SELECT count(*) FROM video_comments WHERE is_local = TRUE AND deleted_at IS NULL"))
        .fetch_scalar()
        .await
}
