//! Passwords, hashed with Argon2id (RFC 9106). Hashing takes tens of milliseconds and 19 MiB: it runs in a blocking task,
//! two at a time, so that a flood of log-ins cannot take the memory of the server. A turn ends with the hashing and not with
//! whoever asked for it: hanging up does not let another one in.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use platform::ids::Random;
use tokio::sync::Semaphore;

static TURNS: Semaphore = Semaphore::const_new(2);

/// Hashes a password with a fresh salt, as a PHC string.
///
/// # Errors
/// A sentence, if hashing fails.
pub async fn hash(password: String, random: &Random) -> Result<String, String> {
    let mut salt = [0_u8; 16];
    random.fill(&mut salt);
    let turn = TURNS.acquire().await.map_err(|error| error.to_string())?;
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map(|hash| hash.to_string())
            .map_err(|error| format!("the password cannot be hashed: {error}"))
    })
    .await
    .map_err(|error| error.to_string())?
}

/// Whether a password is the one that was hashed. An unreadable hash matches nothing.
pub async fn verify(password: String, hash: String) -> bool {
    let Ok(turn) = TURNS.acquire().await else { return false };
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        PasswordHash::new(&hash)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    })
    .await
    .unwrap_or(false)
}

/// A hash of nothing anybody knows: verified when there is no such user, so that the answer takes as long.
pub const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2hvYWwtZGVjb3ktc2FsdA$3tVJMyHFVdWoWUuvJ4WQ5K1nOWcUyuaUJNsMpvIDp5s";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_matches() {
        let random = Random::seeded(1);
        let hashed = hash("correct horse".to_owned(), &random).await.unwrap();
        assert!(hashed.starts_with("$argon2id$"));
        assert!(verify("correct horse".to_owned(), hashed.clone()).await);
        assert!(!verify("battery staple".to_owned(), hashed.clone()).await);
        assert!(!verify("anything".to_owned(), "no hash".to_owned()).await);
        assert_ne!(hashed, hash("correct horse".to_owned(), &random).await.unwrap(), "each hash has its own salt");
    }

    #[test]
    fn the_decoy_is_a_readable_hash() {
        assert!(PasswordHash::new(DECOY).is_ok());
    }
}
