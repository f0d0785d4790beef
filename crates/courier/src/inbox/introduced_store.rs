use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    sql,
};
use url::Url;

/// Makes the key of another server's actor known, as the actor's own document has it, so that it can still say goodbye
/// when that document is gone. Its document must have been served under its own id.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn introduce(tx: &mut Tx, actor: &Url, public_key_pem: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO remote_keys (key_id, actor_url, public_key_pem, fetched_at) VALUES ($1, $1, $2, $3) \
         ON CONFLICT (key_id) DO UPDATE SET public_key_pem = excluded.public_key_pem, fetched_at = excluded.fetched_at"
    ))
    .bind(actor.to_string())
    .bind(public_key_pem.to_owned())
    .bind(now)
    .execute()
    .await
    .map(drop)
}
