//! SQL for clients and tokens.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use crate::users::UserId;

/// The one client of this server: its browsers and apps.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Client {
    /// Public half.
    pub client_id: String,
    /// The half that is public, too, as PeerTube has it.
    pub client_secret: String,
}

/// The client, if the server has started before.
pub async fn find_client(connection: &mut Connection) -> Result<Option<Client>, DbError> {
    connection
        .query(sql!("SELECT client_id, client_secret FROM oauth_clients ORDER BY id LIMIT 1"))
        .fetch_optional()
        .await
}

/// Adds the client.
pub async fn insert_client(tx: &mut Tx, client: &Client, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("INSERT INTO oauth_clients (client_id, client_secret, created_at) VALUES ($1, $2, $3)"))
        .bind(client.client_id.clone())
        .bind(client.client_secret.clone())
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// A pair of tokens, by their hashes.
#[derive(Debug, Clone)]
pub struct NewTokens {
    /// Whose.
    pub user_id: UserId,
    /// SHA-256 of the access token, hexadecimal.
    pub access_token_hash: String,
    /// SHA-256 of the refresh token, hexadecimal.
    pub refresh_token_hash: String,
    /// Until when the access token is good.
    pub access_expires_at: Timestamp,
    /// Until when the refresh token is good.
    pub refresh_expires_at: Timestamp,
}

/// Adds a pair.
pub async fn insert_tokens(tx: &mut Tx, tokens: &NewTokens, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO oauth_tokens (user_id, access_token_hash, refresh_token_hash, access_expires_at, \
         refresh_expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)"
    ))
    .bind(tokens.user_id)
    .bind(tokens.access_token_hash.clone())
    .bind(tokens.refresh_token_hash.clone())
    .bind(tokens.access_expires_at)
    .bind(tokens.refresh_expires_at)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Whose access token this is, if it is good at the given moment.
pub async fn user_of_access_token(
    connection: &mut Connection,
    hash: &str,
    now: Timestamp,
) -> Result<Option<UserId>, DbError> {
    connection
        .query(sql!(
            "SELECT t.user_id FROM oauth_tokens t JOIN users u ON u.id = t.user_id \
             WHERE t.access_token_hash = $1 AND t.access_expires_at > $2 AND u.is_blocked = FALSE"
        ))
        .bind(hash.to_owned())
        .bind(now)
        .fetch_optional_scalar()
        .await
}

/// Ends the pair of a refresh token, and tells whose it was if it was good.
pub async fn take_refresh_token(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<Option<UserId>, DbError> {
    tx.query(sql!(
        "DELETE FROM oauth_tokens WHERE refresh_token_hash = $1 AND refresh_expires_at > $2 RETURNING user_id"
    ))
    .bind(hash.to_owned())
    .bind(now)
    .fetch_optional_scalar()
    .await
}

/// Ends the pair of an access token.
pub async fn delete_by_access_token(tx: &mut Tx, hash: &str) -> Result<u64, DbError> {
    tx.query(sql!("DELETE FROM oauth_tokens WHERE access_token_hash = $1")).bind(hash.to_owned()).execute().await
}

/// Ends every session of a user.
pub async fn delete_of_user(tx: &mut Tx, user: UserId) -> Result<u64, DbError> {
    tx.query(sql!("DELETE FROM oauth_tokens WHERE user_id = $1")).bind(user).execute().await
}

/// Forgets pairs that are no good any more.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    tx.query(sql!("DELETE FROM oauth_tokens WHERE refresh_expires_at <= $1")).bind(now).execute().await
}

#[cfg(test)]
mod tests;
