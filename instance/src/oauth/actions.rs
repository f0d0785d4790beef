use std::{net::IpAddr, time::Duration};

use platform::{
    Platform,
    db::{DbError, Tx},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::store::{self, Client, NewTokens};
use crate::{
    App,
    users::{self, UserId, password},
};

/// A pair of tokens, as it is handed out once.
#[derive(Debug, Clone, Serialize)]
pub struct TokenPair {
    /// Always `Bearer` (RFC 6750).
    pub token_type: &'static str,
    /// Opens the API.
    pub access_token: String,
    /// Gets the next pair.
    pub refresh_token: String,
    /// Seconds that the access token is good for.
    pub expires_in: u64,
    /// Seconds that the refresh token is good for.
    pub refresh_token_expires_in: u64,
}

/// Why no tokens are handed out.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// Name or password is wrong.
    #[error("Invalid grant: user credentials are invalid")]
    BadCredentials,
    /// The refresh token is unknown, used or too old.
    #[error("Invalid grant: refresh token is invalid")]
    BadRefreshToken,
    /// Too many wrong passwords came from this address.
    #[error("Too many wrong passwords came from your address. Try again in {} seconds.", .0.as_secs() + 1)]
    TooManyAttempts(Duration),
    /// The user may not log in.
    #[error("This user is blocked")]
    Blocked,
    /// The client is not the one of this server.
    #[error("Invalid client: client is invalid")]
    BadClient,
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes the client of this server on the first start.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn ensure_client(tx: &mut Tx, platform: &Platform) -> Result<(), DbError> {
    if store::find_client(tx).await?.is_some() {
        return Ok(());
    }
    let client = Client { client_id: platform.random.hex(16), client_secret: platform.random.hex(16) };
    store::insert_client(tx, &client, platform.clock.now()).await
}

/// Checks that a request comes from the client of this server.
pub(super) async fn check_client(app: &App, id: Option<&str>, secret: Option<&str>) -> Result<(), GrantError> {
    let client = store::find_client(&mut app.platform.db.read().await?).await?;
    let known = client
        .is_some_and(|client| id == Some(client.client_id.as_str()) && secret == Some(client.client_secret.as_str()));
    if known { Ok(()) } else { Err(GrantError::BadClient) }
}

/// Trades a name and a password for tokens (RFC 6749, section 4.3).
pub(super) async fn grant_password(
    app: &App,
    address: IpAddr,
    login: &str,
    secret: String,
) -> Result<TokenPair, GrantError> {
    app.log_in_attempts.begin(address, app.platform.clock.now()).map_err(GrantError::TooManyAttempts)?;
    let user = users::store::find_by_login(&mut app.platform.db.read().await?, login).await?;
    let hash = user.as_ref().map_or_else(|| password::DECOY.to_owned(), |user| user.password_hash.clone());
    let matches = password::verify(secret, hash).await;
    let user = user.filter(|_| matches).ok_or(GrantError::BadCredentials)?;
    app.log_in_attempts.forgive(address);
    if user.is_blocked {
        return Err(GrantError::Blocked);
    }
    let mut tx = app.platform.db.begin().await?;
    let tokens = issue(app, &mut tx, user.id).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// Trades a refresh token for the next pair (RFC 6749, section 6).
pub(super) async fn grant_refresh(app: &App, refresh_token: &str) -> Result<TokenPair, GrantError> {
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let user = store::take_refresh_token(&mut tx, &hash_token(refresh_token), now).await?;
    let user = user.ok_or(GrantError::BadRefreshToken)?;
    let tokens = issue(app, &mut tx, user).await?;
    tx.commit().await?;
    Ok(tokens)
}

async fn issue(app: &App, tx: &mut Tx, user_id: UserId) -> Result<TokenPair, DbError> {
    let random = &app.platform.random;
    let (access_token, refresh_token) = (random.hex(20), random.hex(20));
    let (access, refresh) = (app.config.access_token_lifetime.get(), app.config.refresh_token_lifetime.get());
    let now = app.platform.clock.now();
    let tokens = NewTokens {
        user_id,
        access_token_hash: hash_token(&access_token),
        refresh_token_hash: hash_token(&refresh_token),
        access_expires_at: now + access,
        refresh_expires_at: now + refresh,
    };
    store::insert_tokens(tx, &tokens, now).await?;
    Ok(TokenPair {
        token_type: "Bearer",
        access_token,
        refresh_token,
        expires_in: access.as_secs().saturating_sub(1),
        refresh_token_expires_in: refresh.as_secs().saturating_sub(1),
    })
}

/// Ends the session of an access token.
pub(super) async fn end_session(app: &App, access_token: &str) -> Result<(), DbError> {
    let mut tx = app.platform.db.begin().await?;
    store::delete_by_access_token(&mut tx, &hash_token(access_token)).await?;
    tx.commit().await
}

/// Forgets what is no good any more.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn purge_expired(app: &App) -> Result<u64, DbError> {
    let mut tx = app.platform.db.begin().await?;
    let count = store::delete_expired(&mut tx, app.platform.clock.now()).await?;
    tx.commit().await?;
    Ok(count)
}

pub(super) fn hash_token(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
