//! SQL for the elements of playlists.

use platform::{
    db::{Connection, DbError, Tx},
    sql,
};

use super::{Element, ElementId, NewElement, PlaylistId};
use crate::{accounts::AccountId, videos::VideoId};

macro_rules! element {
    () => {
        "SELECT e.id, e.video_url, v.id AS video_id, e.position, e.start_s, e.stop_s FROM video_playlist_elements e \
         LEFT JOIN videos v ON v.url = e.video_url"
    };
}

/// Elements of a playlist, in its order.
pub async fn list(
    connection: &mut Connection,
    playlist: PlaylistId,
    limit: i64,
    offset: i64,
) -> Result<Vec<Element>, DbError> {
    connection
        .query(sql!(concat!(element!(), " WHERE e.playlist_id = $1 ORDER BY e.position, e.id LIMIT $2 OFFSET $3")))
        .bind(playlist)
        .bind(limit)
        .bind(offset)
        .fetch_all()
        .await
}

/// An element of a playlist.
pub async fn find(
    connection: &mut Connection,
    playlist: PlaylistId,
    id: ElementId,
) -> Result<Option<Element>, DbError> {
    connection
        .query(sql!(concat!(element!(), " WHERE e.playlist_id = $1 AND e.id = $2")))
        .bind(playlist)
        .bind(id)
        .fetch_optional()
        .await
}

/// The rows of all elements of a playlist, in its order.
pub async fn ids(connection: &mut Connection, playlist: PlaylistId) -> Result<Vec<ElementId>, DbError> {
    connection
        .query(sql!("SELECT id FROM video_playlist_elements WHERE playlist_id = $1 ORDER BY position, id"))
        .bind(playlist)
        .fetch_all_scalars()
        .await
}

/// How many elements a playlist has.
pub async fn count(connection: &mut Connection, playlist: PlaylistId) -> Result<i64, DbError> {
    connection
        .query(sql!("SELECT count(*) FROM video_playlist_elements WHERE playlist_id = $1"))
        .bind(playlist)
        .fetch_scalar()
        .await
}

/// Adds an element at a position.
pub async fn insert(
    tx: &mut Tx,
    playlist: PlaylistId,
    element: &NewElement,
    position: i64,
) -> Result<ElementId, DbError> {
    tx.query(sql!(
        "INSERT INTO video_playlist_elements (playlist_id, video_url, url, position, start_s, stop_s) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id"
    ))
    .bind(playlist)
    .bind(element.video_url.clone())
    .bind(element.url.clone())
    .bind(position)
    .bind(element.start_s)
    .bind(element.stop_s)
    .fetch_scalar()
    .await
}

/// Sets the address of an element, once its number is known.
pub async fn set_url(tx: &mut Tx, id: ElementId, url: &str) -> Result<(), DbError> {
    tx.query(sql!("UPDATE video_playlist_elements SET url = $2 WHERE id = $1"))
        .bind(id)
        .bind(url.to_owned())
        .execute()
        .await
        .map(drop)
}

/// Sets from when to when an element plays.
pub async fn set_times(tx: &mut Tx, id: ElementId, start_s: Option<i64>, stop_s: Option<i64>) -> Result<(), DbError> {
    tx.query(sql!("UPDATE video_playlist_elements SET start_s = $2, stop_s = $3 WHERE id = $1"))
        .bind(id)
        .bind(start_s)
        .bind(stop_s)
        .execute()
        .await
        .map(drop)
}

/// Gives elements their positions, from 1, in the order in which they are named.
pub async fn set_order(tx: &mut Tx, order: &[ElementId]) -> Result<(), DbError> {
    for (position, id) in (1_i64..).zip(order) {
        tx.query(sql!("UPDATE video_playlist_elements SET position = $2 WHERE id = $1 AND position <> $2"))
            .bind(*id)
            .bind(position)
            .execute()
            .await?;
    }
    Ok(())
}

/// Takes an element out; those after it move up.
pub async fn delete(tx: &mut Tx, playlist: PlaylistId, element: &Element) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_playlist_elements WHERE id = $1")).bind(element.id).execute().await?;
    tx.query(sql!(
        "UPDATE video_playlist_elements SET position = position - 1 WHERE playlist_id = $1 AND position > $2"
    ))
    .bind(playlist)
    .bind(element.position)
    .execute()
    .await
    .map(drop)
}

/// Sets the elements of a playlist, in place of earlier ones.
pub async fn replace(tx: &mut Tx, playlist: PlaylistId, elements: &[NewElement]) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_playlist_elements WHERE playlist_id = $1")).bind(playlist).execute().await?;
    for (position, element) in (1_i64..).zip(elements) {
        insert(tx, playlist, element, position).await?;
    }
    Ok(())
}

/// Where a video stands in somebody's playlists.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Occurrence {
    /// The video.
    pub video_id: VideoId,
    /// The element.
    pub element_id: ElementId,
    /// The playlist.
    pub playlist_id: PlaylistId,
    /// Its UUID.
    pub playlist_uuid: uuid::Uuid,
    /// Its title.
    pub playlist_name: String,
    /// The second to begin at.
    pub start_s: Option<i64>,
    /// The second to end at.
    pub stop_s: Option<i64>,
}

/// Where videos stand in the playlists of an account; at most 1,000 places.
pub async fn occurrences(
    connection: &mut Connection,
    account: AccountId,
    videos: &[VideoId],
) -> Result<Vec<Occurrence>, DbError> {
    let mut statement = connection.build(sql!(fragment
        "SELECT v.id AS video_id, e.id AS element_id, p.id AS playlist_id, p.uuid AS playlist_uuid, \
         p.name AS playlist_name, e.start_s, e.stop_s FROM videos v \
         JOIN video_playlist_elements e ON e.video_url = v.url JOIN video_playlists p ON p.id = e.playlist_id \
         WHERE p.account_id = "
    ));
    statement.bind(account).push(" AND v.id IN ").bind_list(videos.iter().copied());
    statement.push(" ORDER BY e.id LIMIT 1000");
    statement.fetch_all().await
}
