//! SQL for follows.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, DynamicQuery, Tx},
    sql,
};
use sqlx::types::Json;

use super::{
    Choices, Follow, FollowId, FollowState,
    model::{FollowQuery, FollowSort, Side},
};
use crate::{
    actors::ActorId,
    listing::like_pattern,
    moderation::store::{is_spoken_with, server_account},
};

macro_rules! follow {
    () => {
        "SELECT f.id, f.url, f.state, f.follower_id, a.url AS follower_url, a.username AS follower_username, \
         a.host AS follower_host, f.target_id, t.url AS target_url, \
         t.username AS target_username, t.host AS target_host, t.is_local AS target_is_local, t.kind AS target_kind, \
         f.is_listed, f.is_mirrored, f.is_indexed, f.created_at, f.updated_at \
         FROM follows f JOIN actors a ON a.id = f.follower_id JOIN actors t ON t.id = f.target_id"
    };
}

/// The follow of a row.
pub async fn find(connection: &mut Connection, id: FollowId) -> Result<Option<Follow>, DbError> {
    connection.query(sql!(concat!(follow!(), " WHERE f.id = $1"))).bind(id).fetch_optional().await
}

/// The follow whose activity has this id.
pub async fn find_by_url(connection: &mut Connection, url: &str) -> Result<Option<Follow>, DbError> {
    connection.query(sql!(concat!(follow!(), " WHERE f.url = $1"))).bind(url.to_owned()).fetch_optional().await
}

/// The follow between two actors.
pub async fn find_pair(
    connection: &mut Connection,
    follower: ActorId,
    target: ActorId,
) -> Result<Option<Follow>, DbError> {
    connection
        .query(sql!(concat!(follow!(), " WHERE f.follower_id = $1 AND f.target_id = $2")))
        .bind(follower)
        .bind(target)
        .fetch_optional()
        .await
}

/// Whom an actor follows with their consent, newest first.
pub async fn following(
    connection: &mut Connection,
    follower: ActorId,
    limit: i64,
    offset: i64,
) -> Result<Vec<Follow>, DbError> {
    let mut query = FollowQuery::new(Side::Following(follower));
    (query.state, query.count, query.start) = (Some(FollowState::Accepted), limit, offset);
    list(connection, &query).await
}

/// Who follows an actor with its consent, newest first.
pub async fn followers(
    connection: &mut Connection,
    target: ActorId,
    limit: i64,
    offset: i64,
) -> Result<Vec<Follow>, DbError> {
    let mut query = FollowQuery::new(Side::Followers(vec![target]));
    (query.state, query.count, query.start) = (Some(FollowState::Accepted), limit, offset);
    list(connection, &query).await
}

/// How many an actor follows with their consent.
pub async fn count_following(connection: &mut Connection, follower: ActorId) -> Result<i64, DbError> {
    let query = FollowQuery { state: Some(FollowState::Accepted), ..FollowQuery::new(Side::Following(follower)) };
    count(connection, &query).await
}

/// How many follow an actor with its consent.
pub async fn count_followers(connection: &mut Connection, target: ActorId) -> Result<i64, DbError> {
    let query = FollowQuery { state: Some(FollowState::Accepted), ..FollowQuery::new(Side::Followers(vec![target])) };
    count(connection, &query).await
}

/// Follows that fit a query, in its order.
pub async fn list(connection: &mut Connection, query: &FollowQuery) -> Result<Vec<Follow>, DbError> {
    let mut statement = connection.build(sql!(fragment concat!(follow!(), " WHERE ")));
    push_filters(query, &mut statement);
    statement
        .push(match query.sort {
            FollowSort::Newest => " ORDER BY f.id DESC",
            FollowSort::Oldest => " ORDER BY f.id",
            FollowSort::State => " ORDER BY f.state, f.id DESC",
            FollowSort::StateDescending => " ORDER BY f.state DESC, f.id DESC",
        })
        .push(" LIMIT ")
        .bind(query.count)
        .push(" OFFSET ")
        .bind(query.start);
    statement.fetch_all().await
}

/// How many follows fit a query.
pub async fn count(connection: &mut Connection, query: &FollowQuery) -> Result<i64, DbError> {
    let mut statement = connection.build(sql!(fragment
        "SELECT count(*) FROM follows f JOIN actors a ON a.id = f.follower_id JOIN actors t ON t.id = f.target_id WHERE "
    ));
    push_filters(query, &mut statement);
    statement.fetch_scalar().await
}

fn push_filters(query: &FollowQuery, statement: &mut DynamicQuery<'_>) {
    let (kind, handle) = match &query.side {
        Side::Following(follower) => {
            statement.push("f.follower_id = ").bind(*follower);
            (" AND t.kind = ", " AND t.username_folded || '@' || t.host LIKE ")
        }
        Side::Followers(targets) => {
            statement.push("f.target_id IN ").bind_list(targets.iter().copied());
            (" AND a.kind = ", " AND a.username_folded || '@' || a.host LIKE ")
        }
    };
    if let Some(state) = query.state {
        statement.push(" AND f.state = ").bind(state.name());
    }
    if let Some(wanted) = query.kind {
        statement.push(kind).bind(wanted.name());
    }
    if let Some(search) = &query.search {
        let name = search.trim().trim_start_matches('@');
        statement.push(handle).bind(like_pattern(name)).push(" ESCAPE '!'");
    }
}

/// The inboxes of an actor's accepted remote followers whom the server does not block, each once.
pub async fn follower_inboxes(connection: &mut Connection, target: ActorId) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!(concat!(
            "SELECT DISTINCT COALESCE(a.shared_inbox_url, a.inbox_url) FROM follows f \
             JOIN actors a ON a.id = f.follower_id \
             WHERE f.target_id = $1 AND f.state = 'accepted' AND a.is_local = FALSE \
             AND NOT EXISTS (SELECT 1 FROM account_blocks b JOIN accounts ba ON ba.id = b.target_account_id \
             WHERE ba.actor_id = a.id AND b.account_id = ",
            server_account!(),
            ")"
        )))
        .bind(target)
        .fetch_all_scalars()
        .await
}

/// Whether one of this server's actors follows anyone on a host, with the other's consent.
pub async fn follows_host(connection: &mut Connection, host: &str) -> Result<bool, DbError> {
    connection
        .query(sql!(
            "SELECT EXISTS (SELECT 1 FROM follows f JOIN actors me ON me.id = f.follower_id \
             JOIN actors t ON t.id = f.target_id \
             WHERE me.is_local = TRUE AND f.state = 'accepted' AND t.host = $1)"
        ))
        .bind(host.to_owned())
        .fetch_scalar()
        .await
}

/// Whether one of this server's actors follows an actor, with the other's consent.
pub async fn is_followed_from_here(connection: &mut Connection, target: ActorId) -> Result<bool, DbError> {
    connection
        .query(sql!(
            "SELECT EXISTS (SELECT 1 FROM follows f JOIN actors me ON me.id = f.follower_id \
             WHERE f.target_id = $1 AND f.state = 'accepted' AND me.is_local = TRUE)"
        ))
        .bind(target)
        .fetch_scalar()
        .await
}

/// Addresses of the servers whose videos this server follows to have them indexed, with their consent; those that it does
/// not speak with are left out.
pub async fn servers_to_index(connection: &mut Connection) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!(concat!(
            "SELECT t.url FROM follows f JOIN actors me ON me.id = f.follower_id JOIN actors t ON t.id = f.target_id \
             WHERE me.is_local = TRUE AND me.kind = 'Application' AND f.state = 'accepted' AND f.is_indexed = TRUE \
             AND t.kind = 'Application' AND t.is_local = FALSE AND ",
            is_spoken_with!("t"),
            " ORDER BY f.id"
        )))
        .fetch_all_scalars()
        .await
}

/// Adds a follow, or gives the one that exists between the two a new address and state.
pub async fn upsert(
    tx: &mut Tx,
    follower: ActorId,
    target: ActorId,
    url: &str,
    state: FollowState,
    now: Timestamp,
) -> Result<FollowId, DbError> {
    tx.query(sql!(
        "INSERT INTO follows (follower_id, target_id, url, state, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) \
         ON CONFLICT (follower_id, target_id) DO UPDATE SET url = excluded.url, state = excluded.state, \
         updated_at = excluded.updated_at RETURNING id"
    ))
    .bind(follower)
    .bind(target)
    .bind(url.to_owned())
    .bind(state.name())
    .bind(now)
    .fetch_scalar()
    .await
}

/// Sets the address of a follow, once its number is known.
pub async fn set_url(tx: &mut Tx, id: FollowId, url: &str) -> Result<(), DbError> {
    tx.query(sql!("UPDATE follows SET url = $2 WHERE id = $1")).bind(id).bind(url.to_owned()).execute().await.map(drop)
}

/// Sets how far a follow is.
pub async fn set_state(tx: &mut Tx, id: FollowId, state: FollowState, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE follows SET state = $2, updated_at = $3 WHERE id = $1"))
        .bind(id)
        .bind(state.name())
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Sets what a follow is for.
pub async fn set_choices(tx: &mut Tx, id: FollowId, choices: Choices, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE follows SET is_listed = $2, is_mirrored = $3, is_indexed = $4, updated_at = $5 WHERE id = $1"
    ))
    .bind(id)
    .bind(choices.is_listed)
    .bind(choices.is_mirrored)
    .bind(choices.is_indexed)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Forgets a follow.
pub async fn delete(tx: &mut Tx, id: FollowId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM follows WHERE id = $1")).bind(id).execute().await.map(drop)
}

/// Which hosts of a list of hosts were asked already, one on each line.
pub async fn asked_of_list(connection: &mut Connection, list: &str) -> Result<Option<String>, DbError> {
    let stored: Option<Json<String>> = connection
        .query(sql!("SELECT value FROM settings WHERE name = $1"))
        .bind(format!("follow_list {list}"))
        .fetch_optional_scalar()
        .await?;
    Ok(stored.map(|Json(hosts)| hosts))
}

/// Remembers them.
pub async fn set_asked_of_list(tx: &mut Tx, list: &str, hosts: &str, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
    ))
    .bind(format!("follow_list {list}"))
    .bind(Json(hosts.to_owned()))
    .bind(now)
    .execute()
    .await
    .map(drop)
}

#[cfg(test)]
mod tests;
