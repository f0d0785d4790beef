//! SQL for playlists.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use uuid::Uuid;

use super::{
    NewPlaylist, Playlist, PlaylistId,
    listing::{PlaylistFilter, PlaylistQuery},
};
use crate::{accounts::AccountId, channels::ChannelId};

macro_rules! tables {
    () => {
        " FROM video_playlists p JOIN accounts a ON a.id = p.account_id JOIN actors ar ON ar.id = a.actor_id \
         LEFT JOIN video_channels c ON c.id = p.channel_id LEFT JOIN actors cr ON cr.id = c.actor_id"
    };
}

macro_rules! playlist {
    () => {
        concat!(
            "SELECT p.id, p.uuid, p.url, p.is_local, p.name, p.description, p.privacy, p.kind, p.thumbnail_file, \
             COALESCE(p.thumbnail_file, (SELECT v.thumbnail_file FROM video_playlist_elements e \
             JOIN videos v ON v.url = e.video_url WHERE e.playlist_id = p.id AND v.privacy = 1 \
             AND v.thumbnail_file IS NOT NULL ORDER BY e.position LIMIT 1)) AS picture_file, \
             p.created_at, p.updated_at, p.refreshed_at, \
             (SELECT count(*) FROM video_playlist_elements e WHERE e.playlist_id = p.id) AS length, \
             a.id AS account_id, a.user_id, a.actor_id AS account_actor_id, a.display_name AS account_display_name, \
             ar.username AS account_username, ar.url AS account_url, ar.host AS account_host, p.channel_id, \
             p.channel_position, c.actor_id AS channel_actor_id, c.display_name AS channel_display_name, \
             cr.username AS channel_username, cr.url AS channel_url, cr.host AS channel_host",
            tables!()
        )
    };
}

/// The playlist of a row.
pub async fn find(connection: &mut Connection, id: PlaylistId) -> Result<Option<Playlist>, DbError> {
    connection.query(sql!(concat!(playlist!(), " WHERE p.id = $1"))).bind(id).fetch_optional().await
}

/// The playlist of a UUID.
pub async fn find_by_uuid(connection: &mut Connection, uuid: Uuid) -> Result<Option<Playlist>, DbError> {
    connection.query(sql!(concat!(playlist!(), " WHERE p.uuid = $1"))).bind(uuid).fetch_optional().await
}

/// The playlist at an address.
pub async fn find_by_url(connection: &mut Connection, url: &str) -> Result<Option<Playlist>, DbError> {
    connection.query(sql!(concat!(playlist!(), " WHERE p.url = $1"))).bind(url.to_owned()).fetch_optional().await
}

/// Playlists that fit a query, in its order.
pub async fn list(connection: &mut Connection, query: &PlaylistQuery) -> Result<Vec<Playlist>, DbError> {
    let mut statement = connection.build(sql!(fragment concat!(playlist!(), " WHERE ")));
    query.filter.push_to(&mut statement);
    statement.push(" ORDER BY ").push(query.sort.sql()).push(" LIMIT ").bind(query.count);
    statement.push(" OFFSET ").bind(query.start);
    statement.fetch_all().await
}

/// How many playlists fit a query.
pub async fn count(connection: &mut Connection, filter: &PlaylistFilter) -> Result<i64, DbError> {
    let mut statement = connection.build(sql!(fragment concat!("SELECT count(*)", tables!(), " WHERE ")));
    filter.push_to(&mut statement);
    statement.fetch_scalar().await
}

/// How many playlists an account has, whatever their privacy.
pub async fn count_of_account(connection: &mut Connection, account: AccountId) -> Result<i64, DbError> {
    connection
        .query(sql!("SELECT count(*) FROM video_playlists WHERE account_id = $1"))
        .bind(account)
        .fetch_scalar()
        .await
}

/// All playlists of an account: what it wants to watch later first, then as they last changed.
pub async fn of_account(connection: &mut Connection, account: AccountId) -> Result<Vec<Playlist>, DbError> {
    connection
        .query(sql!(concat!(playlist!(), " WHERE p.account_id = $1 ORDER BY p.kind DESC, p.updated_at DESC LIMIT 500")))
        .bind(account)
        .fetch_all()
        .await
}

/// The playlists that a channel shows, in its order.
pub async fn of_channel(connection: &mut Connection, channel: ChannelId) -> Result<Vec<Playlist>, DbError> {
    connection
        .query(sql!(concat!(
            playlist!(),
            " WHERE p.channel_id = $1 ORDER BY p.channel_position IS NULL, p.channel_position, p.id LIMIT 500"
        )))
        .bind(channel)
        .fetch_all()
        .await
}

/// Adds a playlist, or brings the one at the same address up to date.
pub async fn upsert(tx: &mut Tx, playlist: &NewPlaylist) -> Result<PlaylistId, DbError> {
    tx.query(sql!(
        "INSERT INTO video_playlists (uuid, url, is_local, account_id, channel_id, channel_position, name, description, \
         privacy, kind, remote_thumbnail_url, created_at, updated_at, refreshed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (url) DO UPDATE SET \
         account_id = excluded.account_id, channel_id = excluded.channel_id, \
         channel_position = excluded.channel_position, name = excluded.name, description = excluded.description, \
         privacy = excluded.privacy, remote_thumbnail_url = excluded.remote_thumbnail_url, \
         updated_at = excluded.updated_at, refreshed_at = excluded.refreshed_at RETURNING id"
    ))
    .bind(playlist.uuid)
    .bind(playlist.url.clone())
    .bind(playlist.is_local)
    .bind(playlist.account_id)
    .bind(playlist.channel_id)
    .bind(playlist.channel_position)
    .bind(playlist.name.clone())
    .bind(playlist.description.clone())
    .bind(playlist.privacy.number())
    .bind(playlist.kind.number())
    .bind(playlist.remote_thumbnail_url.clone())
    .bind(playlist.created_at)
    .bind(playlist.updated_at)
    .bind(playlist.refreshed_at)
    .fetch_scalar()
    .await
}

/// The position after the last playlist of a channel.
pub async fn next_channel_position(connection: &mut Connection, channel: ChannelId) -> Result<i64, DbError> {
    connection
        .query(sql!("SELECT COALESCE(max(channel_position), 0) + 1 FROM video_playlists WHERE channel_id = $1"))
        .bind(channel)
        .fetch_scalar()
        .await
}

/// Where a playlist stands in its channel.
pub async fn set_channel_position(tx: &mut Tx, id: PlaylistId, position: i64, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE video_playlists SET channel_position = $2, updated_at = $3 WHERE id = $1"))
        .bind(id)
        .bind(position)
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Marks a playlist as changed.
pub async fn touch(tx: &mut Tx, id: PlaylistId, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE video_playlists SET updated_at = $2 WHERE id = $1"))
        .bind(id)
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Where the picture of a remote playlist is.
pub async fn remote_picture(connection: &mut Connection, id: PlaylistId) -> Result<Option<String>, DbError> {
    let url: Option<Option<String>> = connection
        .query(sql!("SELECT remote_thumbnail_url FROM video_playlists WHERE id = $1"))
        .bind(id)
        .fetch_optional_scalar()
        .await?;
    Ok(url.flatten())
}

/// The picture of its own that is kept here.
pub async fn set_picture(tx: &mut Tx, id: PlaylistId, file: Option<&str>) -> Result<(), DbError> {
    tx.query(sql!("UPDATE video_playlists SET thumbnail_file = $2 WHERE id = $1"))
        .bind(id)
        .bind(file.map(str::to_owned))
        .execute()
        .await
        .map(drop)
}

/// Forgets a playlist and its elements.
pub async fn delete(tx: &mut Tx, id: PlaylistId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_playlists WHERE id = $1")).bind(id).execute().await.map(drop)
}
