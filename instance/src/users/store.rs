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
