use std::collections::BTreeMap;

use federation::signature::PublicKey;
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use url::Url;

use super::keys::ActorKeys;

#[derive(sqlx::FromRow)]
pub(super) struct StoredKeys {
    actor_url: String,
    public_key_pem: String,
    other_keys: Option<String>,
    fetched_at: Timestamp,
}

impl StoredKeys {
    /// `None` if what is stored cannot be read any more; it is then fetched again.
    pub(super) fn into_keys(self) -> Option<ActorKeys> {
        let others: BTreeMap<String, String> = match &self.other_keys {
            Some(text) => serde_json::from_str(text).ok()?,
            None => BTreeMap::new(),
        };
        let others = others.into_iter().map(|(name, pem)| Some((name, PublicKey::from_pem(&pem).ok()?)));
        Some(ActorKeys {
            main: PublicKey::from_pem(&self.public_key_pem).ok()?,
            others: others.collect::<Option<_>>()?,
            actor: Url::parse(&self.actor_url).ok()?,
            fetched_at: self.fetched_at,
        })
    }
}

pub(super) async fn find_keys(connection: &mut Connection, document: &str) -> Result<Option<StoredKeys>, DbError> {
    connection
        .query(sql!("SELECT actor_url, public_key_pem, other_keys, fetched_at FROM remote_keys WHERE key_id = $1"))
        .bind(document.to_owned())
        .fetch_optional()
        .await
}

pub(super) async fn save_keys(tx: &mut Tx, document: &str, keys: &ActorKeys) -> Result<(), DbError> {
    let others: BTreeMap<&String, String> =
        keys.others.iter().filter_map(|(name, key)| Some((name, key.to_pem().ok()?))).collect();
    let others = (!others.is_empty()).then(|| serde_json::to_string(&others).unwrap_or_default());
    tx.query(sql!(
        "INSERT INTO remote_keys (key_id, actor_url, public_key_pem, other_keys, fetched_at) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (key_id) DO UPDATE SET actor_url = excluded.actor_url, \
         public_key_pem = excluded.public_key_pem, other_keys = excluded.other_keys, fetched_at = excluded.fetched_at"
    ))
    .bind(document.to_owned())
    .bind(keys.actor.to_string())
    .bind(keys.main.to_pem().unwrap_or_default())
    .bind(others)
    .bind(keys.fetched_at)
    .execute()
    .await
    .map(drop)
}

pub(super) async fn delete_keys_before(tx: &mut Tx, moment: Timestamp) -> Result<u64, DbError> {
    tx.query(sql!("DELETE FROM remote_keys WHERE fetched_at < $1")).bind(moment).execute().await
}

/// What tells a request, or a forwarded activity, from any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) fingerprint: String,
    /// It could come again for days rather than for an hour.
    pub(super) is_forwarded: bool,
}

/// Tells whether it is new.
pub(super) async fn insert_receipt(tx: &mut Tx, receipt: &Receipt, now: Timestamp) -> Result<bool, DbError> {
    let inserted = tx
        .query(sql!(
            "INSERT INTO inbox_receipts (fingerprint, is_forwarded, received_at) VALUES ($1, $2, $3) \
             ON CONFLICT (fingerprint) DO NOTHING"
        ))
        .bind(receipt.fingerprint.clone())
        .bind(receipt.is_forwarded)
        .bind(now)
        .execute()
        .await?;
    Ok(inserted > 0)
}

pub(super) async fn delete_receipts(
    tx: &mut Tx,
    requests_before: Timestamp,
    forwarded_before: Timestamp,
) -> Result<u64, DbError> {
    tx.query(sql!("DELETE FROM inbox_receipts WHERE received_at < $1 AND (is_forwarded = FALSE OR received_at < $2)"))
        .bind(requests_before)
        .bind(forwarded_before)
        .execute()
        .await
}

/// For tests.
#[cfg(test)]
pub(super) async fn count_receipts(connection: &mut Connection) -> Result<i64, DbError> {
    connection.query(sql!("SELECT COUNT(*) FROM inbox_receipts")).fetch_scalar().await
}

/// Begins what can be undone by itself within a transaction.
pub(super) async fn begin_part(tx: &mut Tx) -> Result<(), DbError> {
    tx.query(sql!("SAVEPOINT part")).execute().await.map(drop)
}

pub(super) async fn end_part(tx: &mut Tx) -> Result<(), DbError> {
    tx.query(sql!("RELEASE SAVEPOINT part")).execute().await.map(drop)
}

pub(super) async fn undo_part(tx: &mut Tx) -> Result<(), DbError> {
    tx.query(sql!("ROLLBACK TO SAVEPOINT part")).execute().await?;
    end_part(tx).await
}
