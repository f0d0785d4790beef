//! SQL for accounts.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::{Account, AccountId};
use crate::{
    actors::{
        ActorId, fold_name,
        images::{self, ImageKind},
    },
    listing::{ListPage, ListSort},
    moderation::store::account_not_hidden,
    users::UserId,
};

macro_rules! account {
    () => {
        "SELECT a.id, a.actor_id, a.user_id, a.display_name, a.description, r.username, r.host, r.url, r.is_local, \
         COALESCE(r.published_at, a.created_at) AS created_at, a.updated_at, r.moved_to_url, \
         CASE WHEN r.is_local = FALSE THEN r.followers_count ELSE \
         (SELECT count(*) FROM follows f WHERE f.target_id = r.id AND f.state = 'accepted') END AS followers_count, \
         CASE WHEN r.is_local = FALSE THEN r.following_count ELSE \
         (SELECT count(*) FROM follows f WHERE f.follower_id = r.id AND f.state = 'accepted') END AS following_count \
         FROM accounts a JOIN actors r ON r.id = a.actor_id"
    };
}

/// Adds an account for an actor, or brings its names up to date.
pub async fn insert(
    tx: &mut Tx,
    actor: ActorId,
    user: Option<UserId>,
    display_name: &str,
    now: Timestamp,
) -> Result<AccountId, DbError> {
    tx.query(sql!(
        "INSERT INTO accounts (actor_id, user_id, display_name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) \
         ON CONFLICT (actor_id) DO UPDATE SET display_name = excluded.display_name, updated_at = excluded.updated_at \
         RETURNING id"
    ))
    .bind(actor)
    .bind(user)
    .bind(display_name.to_owned())
    .bind(now)
    .fetch_scalar()
    .await
}

/// Sets what the owner of an account says of it.
pub async fn set_description(tx: &mut Tx, id: AccountId, description: Option<String>) -> Result<(), DbError> {
    tx.query(sql!("UPDATE accounts SET description = $2 WHERE id = $1"))
        .bind(id)
        .bind(description)
        .execute()
        .await
        .map(drop)
}

/// The account of an actor.
pub async fn find_by_actor(connection: &mut Connection, actor: ActorId) -> Result<Option<Account>, DbError> {
    let found =
        connection.query(sql!(concat!(account!(), " WHERE a.actor_id = $1"))).bind(actor).fetch_optional().await?;
    one_with_images(connection, found).await
}

/// The account of a name and host, whatever the case of the name.
pub async fn find_by_handle(
    connection: &mut Connection,
    username: &str,
    host: &str,
) -> Result<Option<Account>, DbError> {
    let found = connection
        .query(sql!(concat!(account!(), " WHERE r.username_folded = $1 AND r.host = $2")))
        .bind(fold_name(username))
        .bind(host.to_owned())
        .fetch_optional()
        .await?;
    one_with_images(connection, found).await
}

/// The account of a user.
pub async fn find_by_user(connection: &mut Connection, user: UserId) -> Result<Option<Account>, DbError> {
    let found =
        connection.query(sql!(concat!(account!(), " WHERE a.user_id = $1"))).bind(user).fetch_optional().await?;
    one_with_images(connection, found).await
}

/// Some of all accounts that are known here and not hidden.
pub async fn list(connection: &mut Connection, page: &ListPage) -> Result<Vec<Account>, DbError> {
    let mut query = connection.build(sql!(concat!(account!(), " WHERE ", account_not_hidden!("a.id", "r"))));
    query.push(match (page.sort, page.descending) {
        (ListSort::Name, false) => " ORDER BY r.username_folded, a.id",
        (ListSort::Name, true) => " ORDER BY r.username_folded DESC, a.id DESC",
        (ListSort::UpdatedAt, false) => " ORDER BY a.updated_at, a.id",
        (ListSort::UpdatedAt, true) => " ORDER BY a.updated_at DESC, a.id DESC",
        (ListSort::CreatedAt, false) => " ORDER BY a.created_at, a.id",
        (ListSort::CreatedAt, true) => " ORDER BY a.created_at DESC, a.id DESC",
    });
    query.push(" LIMIT ").bind(page.count).push(" OFFSET ").bind(page.start);
    let accounts = query.fetch_all().await?;
    with_images(connection, accounts).await
}

/// How many accounts are known here and not hidden.
pub async fn count(connection: &mut Connection) -> Result<i64, DbError> {
    connection
        .query(sql!(concat!(
            "SELECT count(*) FROM accounts a JOIN actors r ON r.id = a.actor_id WHERE ",
            account_not_hidden!("a.id", "r")
        )))
        .fetch_scalar()
        .await
}

/// Sets what the owner of an account says of it.
pub async fn set_texts(
    tx: &mut Tx,
    id: AccountId,
    display_name: &str,
    description: Option<String>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!("UPDATE accounts SET display_name = $2, description = $3, updated_at = $4 WHERE id = $1"))
        .bind(id)
        .bind(display_name.to_owned())
        .bind(description)
        .bind(now)
        .execute()
        .await
        .map(drop)
}

async fn one_with_images(connection: &mut Connection, found: Option<Account>) -> Result<Option<Account>, DbError> {
    Ok(with_images(connection, found.into_iter().collect()).await?.pop())
}

async fn with_images(connection: &mut Connection, mut accounts: Vec<Account>) -> Result<Vec<Account>, DbError> {
    if accounts.is_empty() {
        return Ok(accounts);
    }
    let actors: Vec<ActorId> = accounts.iter().map(|account| account.actor_id).collect();
    for image in images::store::of_actors(connection, actors).await? {
        for account in accounts.iter_mut().filter(|account| account.actor_id == image.actor_id) {
            match image.kind() {
                ImageKind::Avatar => account.avatars.push(image.clone()),
                ImageKind::Banner => account.banners.push(image.clone()),
            }
        }
    }
    Ok(accounts)
}
