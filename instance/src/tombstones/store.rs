//! SQL for tombstones.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

/// Remembers that an object is gone. `former_kind` is its type on the wire.
pub async fn insert(tx: &mut Tx, url: &str, former_kind: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO tombstones (url, former_kind, deleted_at) VALUES ($1, $2, $3) ON CONFLICT (url) DO NOTHING"
    ))
    .bind(url.to_owned())
    .bind(former_kind.to_owned())
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// When the object at an address went; `None` if it did not.
pub async fn deleted_at(connection: &mut Connection, url: &str) -> Result<Option<Timestamp>, DbError> {
    connection
        .query(sql!("SELECT deleted_at FROM tombstones WHERE url = $1"))
        .bind(url.to_owned())
        .fetch_optional_scalar()
        .await
}
