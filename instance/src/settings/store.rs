//! SQL for settings.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use serde_json::Value;
use sqlx::types::Json;

/// What somebody has set, by name.
pub async fn all(connection: &mut Connection) -> Result<Vec<(String, Value)>, DbError> {
    let rows: Vec<(String, Json<Value>)> =
        connection.query(sql!("SELECT name, value FROM settings ORDER BY name")).fetch_all().await?;
    Ok(rows.into_iter().map(|(name, Json(value))| (name, value)).collect())
}

/// Sets one.
pub async fn set(tx: &mut Tx, name: &str, value: &Value, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
    ))
    .bind(name.to_owned())
    .bind(Json(value.clone()))
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// The servers that are spoken with in allow-list mode, by name; at most 10,000.
pub async fn allowed_servers(connection: &mut Connection) -> Result<Vec<String>, DbError> {
    connection.query(sql!("SELECT host FROM allowed_servers ORDER BY host LIMIT 10000")).fetch_all_scalars().await
}

/// Adds a server to them.
pub async fn allow_server(tx: &mut Tx, host: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("INSERT INTO allowed_servers (host, created_at) VALUES ($1, $2) ON CONFLICT (host) DO NOTHING"))
        .bind(host.to_owned())
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Takes every server out of them.
pub async fn disallow_all(tx: &mut Tx) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM allowed_servers")).execute().await.map(drop)
}

/// Takes a server out of them.
pub async fn disallow_server(tx: &mut Tx, host: &str) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM allowed_servers WHERE host = $1")).bind(host.to_owned()).execute().await.map(drop)
}
