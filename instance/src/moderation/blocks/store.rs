//! SQL for blocks.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::model::{AccountBlock, ServerBlock};
use crate::{accounts::AccountId, moderation::ListOptions};

/// The accounts that somebody blocks.
pub(crate) async fn accounts(
    connection: &mut Connection,
    blocker: AccountId,
    options: &ListOptions,
) -> Result<Vec<AccountBlock>, DbError> {
    let mut query = connection.build(sql!(fragment
        "SELECT a.actor_id, b.created_at FROM account_blocks b JOIN accounts a ON a.id = b.target_account_id \
         JOIN actors r ON r.id = a.actor_id WHERE b.account_id = "
    ));
    query.bind(blocker);
    if let Some(pattern) = options.pattern() {
        query.push(" AND (r.username_folded || '@' || r.host) LIKE ").bind(pattern).push(" ESCAPE '!'");
    }
    query.push(if options.order().1 { " ORDER BY b.id DESC" } else { " ORDER BY b.id" });
    options.push_range(&mut query);
    query.fetch_all().await
}

/// How many accounts that are.
pub(crate) async fn count_accounts(
    connection: &mut Connection,
    blocker: AccountId,
    options: &ListOptions,
) -> Result<i64, DbError> {
    let mut query = connection.build(sql!(fragment
        "SELECT count(*) FROM account_blocks b JOIN accounts a ON a.id = b.target_account_id \
         JOIN actors r ON r.id = a.actor_id WHERE b.account_id = "
    ));
    query.bind(blocker);
    if let Some(pattern) = options.pattern() {
        query.push(" AND (r.username_folded || '@' || r.host) LIKE ").bind(pattern).push(" ESCAPE '!'");
    }
    query.fetch_scalar().await
}

/// The servers that somebody has asked to block.
pub(crate) async fn servers(
    connection: &mut Connection,
    blocker: AccountId,
    options: &ListOptions,
) -> Result<Vec<ServerBlock>, DbError> {
    let mut query = connection.build(sql!(fragment
        "SELECT host, created_at FROM server_blocks WHERE covered_by_id IS NULL AND account_id = "
    ));
    query.bind(blocker);
    if let Some(pattern) = options.pattern() {
        query.push(" AND host LIKE ").bind(pattern).push(" ESCAPE '!'");
    }
    query.push(if options.order().1 { " ORDER BY id DESC" } else { " ORDER BY id" });
    options.push_range(&mut query);
    query.fetch_all().await
}

/// How many servers that are.
pub(crate) async fn count_servers(
    connection: &mut Connection,
    blocker: AccountId,
    options: &ListOptions,
) -> Result<i64, DbError> {
    let mut query = connection.build(sql!(fragment
        "SELECT count(*) FROM server_blocks WHERE covered_by_id IS NULL AND account_id = "
    ));
    query.bind(blocker);
    if let Some(pattern) = options.pattern() {
        query.push(" AND host LIKE ").bind(pattern).push(" ESCAPE '!'");
    }
    query.fetch_scalar().await
}

/// The hosts that somebody has asked to block, all of them.
pub async fn blocked_hosts(connection: &mut Connection, blocker: AccountId) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!("SELECT host FROM server_blocks WHERE account_id = $1 AND covered_by_id IS NULL"))
        .bind(blocker)
        .fetch_all_scalars()
        .await
}

/// The addresses of the actors that somebody blocks: accounts with their channels.
pub async fn blocked_actors(connection: &mut Connection, blocker: AccountId) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!(
            "SELECT r.url FROM account_blocks b JOIN accounts a ON a.id = b.target_account_id \
             JOIN actors r ON r.id = a.actor_id WHERE b.account_id = $1 AND r.is_local = FALSE \
             UNION SELECT cr.url FROM account_blocks b JOIN video_channels c ON c.account_id = b.target_account_id \
             JOIN actors cr ON cr.id = c.actor_id WHERE b.account_id = $1 AND cr.is_local = FALSE"
        ))
        .bind(blocker)
        .fetch_all_scalars()
        .await
}

/// Whether somebody blocks an account, apart from its server.
pub async fn blocks_account(
    connection: &mut Connection,
    blocker: AccountId,
    target: AccountId,
) -> Result<bool, DbError> {
    connection
        .query(sql!("SELECT EXISTS (SELECT 1 FROM account_blocks WHERE account_id = $1 AND target_account_id = $2)"))
        .bind(blocker)
        .bind(target)
        .fetch_scalar()
        .await
}

/// Whether somebody blocks a host, or a domain that it is part of.
pub async fn blocks_host(connection: &mut Connection, blocker: AccountId, host: &str) -> Result<bool, DbError> {
    connection
        .query(sql!("SELECT EXISTS (SELECT 1 FROM server_blocks WHERE account_id = $1 AND host = $2)"))
        .bind(blocker)
        .bind(host.to_owned())
        .fetch_scalar()
        .await
}

/// Blocks an account; nothing happens if it is blocked.
pub async fn insert_account(tx: &mut Tx, blocker: AccountId, target: AccountId, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO account_blocks (account_id, target_account_id, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (account_id, target_account_id) DO NOTHING"
    ))
    .bind(blocker)
    .bind(target)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Has those who block one account block another, which may be one of them; tells how many did not before.
pub async fn copy_account_blocks(tx: &mut Tx, from: AccountId, to: AccountId, now: Timestamp) -> Result<u64, DbError> {
    tx.query(sql!(
        "INSERT INTO account_blocks (account_id, target_account_id, created_at) \
         SELECT b.account_id, $2, $3 FROM account_blocks b WHERE b.target_account_id = $1 AND b.account_id <> $2 \
         ON CONFLICT (account_id, target_account_id) DO NOTHING"
    ))
    .bind(from)
    .bind(to)
    .bind(now)
    .execute()
    .await
}

/// Unblocks an account, and tells whether it was blocked.
pub async fn delete_account(tx: &mut Tx, blocker: AccountId, target: AccountId) -> Result<bool, DbError> {
    let deleted = tx
        .query(sql!("DELETE FROM account_blocks WHERE account_id = $1 AND target_account_id = $2"))
        .bind(blocker)
        .bind(target)
        .execute()
        .await?;
    Ok(deleted > 0)
}

/// Blocks a server; one that was only covered by another block now stands for itself.
pub async fn insert_server(tx: &mut Tx, blocker: AccountId, host: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO server_blocks (account_id, host, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (account_id, host) DO UPDATE SET covered_by_id = NULL"
    ))
    .bind(blocker)
    .bind(host.to_owned())
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Unblocks a server with what its block covered, and tells whether it was blocked.
pub async fn delete_server(tx: &mut Tx, blocker: AccountId, host: &str) -> Result<bool, DbError> {
    let deleted = tx
        .query(sql!("DELETE FROM server_blocks WHERE account_id = $1 AND host = $2 AND covered_by_id IS NULL"))
        .bind(blocker)
        .bind(host.to_owned())
        .execute()
        .await?;
    Ok(deleted > 0)
}

/// Writes out what the blocks of a domain cover among the hosts that are known here: subdomains and ports. Of one account,
/// or of all.
pub async fn cover_known_hosts(tx: &mut Tx, blocker: Option<AccountId>) -> Result<u64, DbError> {
    let mut query = tx.build(sql!(fragment
        "INSERT INTO server_blocks (account_id, host, covered_by_id, created_at) \
         SELECT b.account_id, h.host, b.id, b.created_at FROM server_blocks b \
         JOIN (SELECT DISTINCT host FROM actors WHERE is_local = FALSE) h ON h.host <> b.host \
         AND (h.host LIKE '%.' || replace(b.host, '_', '!_') ESCAPE '!' \
         OR h.host LIKE replace(b.host, '_', '!_') || ':%' ESCAPE '!' \
         OR h.host LIKE '%.' || replace(b.host, '_', '!_') || ':%' ESCAPE '!') \
         WHERE b.covered_by_id IS NULL"
    ));
    if let Some(blocker) = blocker {
        query.push(" AND b.account_id = ").bind(blocker);
    }
    query.push(" ON CONFLICT (account_id, host) DO NOTHING");
    query.execute().await
}
