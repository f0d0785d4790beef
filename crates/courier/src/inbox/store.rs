use federation::signature::PublicKey;
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use url::Url;

use super::keys::RemoteKey;

#[derive(sqlx::FromRow)]
pub(super) struct StoredKey {
    actor_url: String,
    public_key_pem: String,
    fetched_at: Timestamp,
}

impl StoredKey {
    /// `None` if what is stored cannot be read any more; it is then fetched again.
    pub(super) fn into_key(self) -> Option<RemoteKey> {
        Some(RemoteKey {
            key: PublicKey::from_pem(&self.public_key_pem).ok()?,
            actor: Url::parse(&self.actor_url).ok()?,
            pem: self.public_key_pem,
            fetched_at: self.fetched_at,
        })
    }
}

pub(super) async fn find_key(connection: &mut Connection, key_id: &str) -> Result<Option<StoredKey>, DbError> {
    connection
        .query(sql!("SELECT actor_url, public_key_pem, fetched_at FROM remote_keys WHERE key_id = $1"))
        .bind(key_id.to_owned())
        .fetch_optional()
        .await
}

pub(super) async fn save_key(tx: &mut Tx, key_id: &str, key: &RemoteKey) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO remote_keys (key_id, actor_url, public_key_pem, fetched_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (key_id) DO UPDATE SET actor_url = excluded.actor_url, \
         public_key_pem = excluded.public_key_pem, fetched_at = excluded.fetched_at"
    ))
    .bind(key_id.to_owned())
    .bind(key.actor.to_string())
    .bind(key.pem.clone())
    .bind(key.fetched_at)
    .execute()
    .await
    .map(drop)
}

pub(super) async fn delete_keys_before(tx: &mut Tx, moment: Timestamp) -> Result<u64, DbError> {
    tx.query(sql!("DELETE FROM remote_keys WHERE fetched_at < $1")).bind(moment).execute().await
}

/// Tells whether it is new.
pub(super) async fn insert_receipt(tx: &mut Tx, fingerprint: &str, now: Timestamp) -> Result<bool, DbError> {
    let inserted = tx
        .query(sql!(
            "INSERT INTO inbox_receipts (fingerprint, received_at) VALUES ($1, $2) ON CONFLICT (fingerprint) DO NOTHING"
        ))
        .bind(fingerprint.to_owned())
        .bind(now)
        .execute()
        .await?;
    Ok(inserted > 0)
}

pub(super) async fn delete_receipts_before(tx: &mut Tx, moment: Timestamp) -> Result<u64, DbError> {
    tx.query(sql!("DELETE FROM inbox_receipts WHERE received_at < $1")).bind(moment).execute().await
}
