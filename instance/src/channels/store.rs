//! SQL for channels.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, DynamicQuery, Tx},
    sql,
};

use super::{Channel, ChannelId};
use crate::{
    accounts::AccountId,
    actors::{
        ActorId, fold_name,
        images::{self, ImageKind},
    },
    listing::{ListPage, ListSort, like_pattern},
    moderation::store::account_not_hidden,
};

macro_rules! channel {
    () => {
        "SELECT c.id, c.actor_id, c.account_id, a.actor_id AS owner_actor_id, c.display_name, c.description, c.support, \
         r.username, r.host, r.url, r.is_local, COALESCE(r.published_at, c.created_at) AS created_at, c.updated_at, \
         r.moved_to_url, CASE WHEN r.is_local = FALSE THEN r.followers_count ELSE \
         (SELECT count(*) FROM follows f WHERE f.target_id = r.id AND f.state = 'accepted') END AS followers_count, \
         CASE WHEN r.is_local = FALSE THEN r.following_count ELSE \
         (SELECT count(*) FROM follows f WHERE f.follower_id = r.id AND f.state = 'accepted') END AS following_count \
         FROM video_channels c JOIN actors r ON r.id = c.actor_id JOIN accounts a ON a.id = c.account_id"
    };
}

/// What a channel says of itself.
#[derive(Debug, Clone, Default)]
pub struct ChannelTexts {
    /// Name to show.
    pub display_name: String,
    /// What its owner says of it, Markdown.
    pub description: Option<String>,
    /// How to support it, Markdown.
    pub support: Option<String>,
}

/// Adds a channel for an actor, or brings it up to date.
pub async fn upsert(
    tx: &mut Tx,
    actor: ActorId,
    account: AccountId,
    texts: &ChannelTexts,
    now: Timestamp,
) -> Result<ChannelId, DbError> {
    tx.query(sql!(
        "INSERT INTO video_channels (actor_id, account_id, display_name, description, support, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (actor_id) DO UPDATE SET account_id = excluded.account_id, \
         display_name = excluded.display_name, description = excluded.description, support = excluded.support, \
         updated_at = excluded.updated_at RETURNING id"
    ))
    .bind(actor)
    .bind(account)
    .bind(texts.display_name.clone())
    .bind(texts.description.clone())
    .bind(texts.support.clone())
    .bind(now)
    .fetch_scalar()
    .await
}

/// The channel of a row.
pub async fn find(connection: &mut Connection, id: ChannelId) -> Result<Option<Channel>, DbError> {
    let found = connection.query(sql!(concat!(channel!(), " WHERE c.id = $1"))).bind(id).fetch_optional().await?;
    one_with_images(connection, found).await
}

/// The channel of an actor.
pub async fn find_by_actor(connection: &mut Connection, actor: ActorId) -> Result<Option<Channel>, DbError> {
    let found =
        connection.query(sql!(concat!(channel!(), " WHERE c.actor_id = $1"))).bind(actor).fetch_optional().await?;
    one_with_images(connection, found).await
}

/// The channel of a name and host, whatever the case of the name.
pub async fn find_by_handle(
    connection: &mut Connection,
    username: &str,
    host: &str,
) -> Result<Option<Channel>, DbError> {
    let found = connection
        .query(sql!(concat!(channel!(), " WHERE r.username_folded = $1 AND r.host = $2")))
        .bind(fold_name(username))
        .bind(host.to_owned())
        .fetch_optional()
        .await?;
    one_with_images(connection, found).await
}

/// The channels of an account, oldest first; at most 100.
pub async fn of_account(connection: &mut Connection, account: AccountId) -> Result<Vec<Channel>, DbError> {
    let channels = connection
        .query(sql!(concat!(channel!(), " WHERE c.account_id = $1 ORDER BY c.id LIMIT 100")))
        .bind(account)
        .fetch_all()
        .await?;
    with_images(connection, channels).await
}

/// All channels of an account, without their pictures.
pub async fn all_of_account(connection: &mut Connection, account: AccountId) -> Result<Vec<Channel>, DbError> {
    connection
        .query(sql!(concat!(channel!(), " WHERE c.account_id = $1 ORDER BY c.id")))
        .bind(account)
        .fetch_all()
        .await
}

/// Which channels a list shows, of those that the server does not hide.
#[derive(Debug, Clone, Default)]
pub struct ChannelFilters {
    /// Of this account; otherwise local ones, and those that this server follows.
    pub account: Option<AccountId>,
    /// With this in their names.
    pub search: Option<String>,
}

/// Some of the channels that pass the filters.
pub async fn list(
    connection: &mut Connection,
    filters: &ChannelFilters,
    page: &ListPage,
) -> Result<Vec<Channel>, DbError> {
    let mut query = connection.build(sql!(concat!(channel!(), " WHERE ", account_not_hidden!("c.account_id", "r"))));
    push_filters(&mut query, filters);
    query.push(match (page.sort, page.descending) {
        (ListSort::Name, false) => " ORDER BY r.username_folded, c.id",
        (ListSort::Name, true) => " ORDER BY r.username_folded DESC, c.id DESC",
        (ListSort::UpdatedAt, false) => " ORDER BY c.updated_at, c.id",
        (ListSort::UpdatedAt, true) => " ORDER BY c.updated_at DESC, c.id DESC",
        (ListSort::CreatedAt, false) => " ORDER BY c.created_at, c.id",
        (ListSort::CreatedAt, true) => " ORDER BY c.created_at DESC, c.id DESC",
    });
    query.push(" LIMIT ").bind(page.count).push(" OFFSET ").bind(page.start);
    let channels = query.fetch_all().await?;
    with_images(connection, channels).await
}

/// How many channels pass the filters.
pub async fn count(connection: &mut Connection, filters: &ChannelFilters) -> Result<i64, DbError> {
    let mut query = connection.build(sql!(concat!(
        "SELECT count(*) FROM video_channels c JOIN actors r ON r.id = c.actor_id WHERE ",
        account_not_hidden!("c.account_id", "r")
    )));
    push_filters(&mut query, filters);
    query.fetch_scalar().await
}

fn push_filters(query: &mut DynamicQuery<'_>, filters: &ChannelFilters) {
    match filters.account {
        Some(account) => query.push(" AND c.account_id = ").bind(account),
        None => query.push(
            " AND (r.is_local = TRUE OR EXISTS (SELECT 1 FROM follows f JOIN actors me ON me.id = f.follower_id \
             WHERE f.target_id = r.id AND f.state = 'accepted' AND me.is_local = TRUE))",
        ),
    };
    if let Some(search) = &filters.search {
        let pattern = like_pattern(search);
        query
            .push(" AND (r.username_folded LIKE ")
            .bind(pattern.clone())
            .push(" ESCAPE '!' OR lower(c.display_name) LIKE ");
        query.bind(pattern).push(" ESCAPE '!')");
    }
}

/// How many public videos a channel has, and how often they were watched.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct ChannelStats {
    /// Public videos.
    pub videos: i64,
    /// Their views.
    pub views: i64,
}

/// How many public videos a channel has, and how often they were watched.
pub async fn stats(connection: &mut Connection, id: ChannelId) -> Result<ChannelStats, DbError> {
    connection
        .query(sql!(
            "SELECT count(*) AS videos, CAST(COALESCE(sum(views), 0) AS BIGINT) AS views FROM videos \
             WHERE channel_id = $1 AND privacy = 1 AND state = 1"
        ))
        .bind(id)
        .fetch_one()
        .await
}

/// Gives all videos of a channel the same words of support.
pub async fn set_support_of_videos(
    tx: &mut Tx,
    id: ChannelId,
    support: Option<String>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!("UPDATE videos SET support = $2, updated_at = $3 WHERE channel_id = $1"))
        .bind(id)
        .bind(support)
        .bind(now)
        .execute()
        .await
        .map(drop)
}

async fn one_with_images(connection: &mut Connection, found: Option<Channel>) -> Result<Option<Channel>, DbError> {
    Ok(with_images(connection, found.into_iter().collect()).await?.pop())
}

async fn with_images(connection: &mut Connection, mut channels: Vec<Channel>) -> Result<Vec<Channel>, DbError> {
    if channels.is_empty() {
        return Ok(channels);
    }
    let actors: Vec<ActorId> = channels.iter().map(|channel| channel.actor_id).collect();
    for image in images::store::of_actors(connection, actors).await? {
        for channel in channels.iter_mut().filter(|channel| channel.actor_id == image.actor_id) {
            match image.kind() {
                ImageKind::Avatar => channel.avatars.push(image.clone()),
                ImageKind::Banner => channel.banners.push(image.clone()),
            }
        }
    }
    Ok(channels)
}
