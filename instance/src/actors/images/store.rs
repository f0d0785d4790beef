//! SQL for the pictures of actors.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::{ActorImage, ImageKind};
use crate::{actors::ActorId, moderation::store::is_spoken_with};

macro_rules! image {
    () => {
        "SELECT actor_id, kind, width, height, file, remote_url, created_at, updated_at FROM actor_images"
    };
}

/// A picture before it has a row.
#[derive(Debug, Clone)]
pub struct NewImage {
    /// What it shows.
    pub kind: ImageKind,
    /// In pixels.
    pub width: Option<i64>,
    /// In pixels.
    pub height: Option<i64>,
    /// Its file name here.
    pub file: String,
    /// Where the server of a remote actor has it.
    pub remote_url: Option<String>,
}

/// The pictures of some actors, the narrowest first.
pub async fn of_actors(
    connection: &mut Connection,
    actors: impl IntoIterator<Item = ActorId>,
) -> Result<Vec<ActorImage>, DbError> {
    let mut query = connection.build(sql!(image!()));
    query.push(" WHERE actor_id IN ").bind_list(actors).push(" ORDER BY actor_id, kind, width, id");
    query.fetch_all().await
}

/// The pictures of one kind of an actor, the narrowest first.
pub async fn of_actor(
    connection: &mut Connection,
    actor: ActorId,
    kind: ImageKind,
) -> Result<Vec<ActorImage>, DbError> {
    connection
        .query(sql!(concat!(image!(), " WHERE actor_id = $1 AND kind = $2 ORDER BY width, id")))
        .bind(actor)
        .bind(kind.name())
        .fetch_all()
        .await
}

/// The picture with a file name, of an actor whose server is spoken with.
pub async fn find_by_file(connection: &mut Connection, file: &str) -> Result<Option<ActorImage>, DbError> {
    connection
        .query(sql!(concat!(
            image!(),
            " WHERE file = $1 AND EXISTS (SELECT 1 FROM actors r WHERE r.id = actor_id AND ",
            is_spoken_with!("r"),
            ")"
        )))
        .bind(file.to_owned())
        .fetch_optional()
        .await
}

/// Adds a picture.
pub async fn insert(tx: &mut Tx, actor: ActorId, image: &NewImage, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO actor_images (actor_id, kind, width, height, file, remote_url, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
    ))
    .bind(actor)
    .bind(image.kind.name())
    .bind(image.width)
    .bind(image.height)
    .bind(image.file.clone())
    .bind(image.remote_url.clone())
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Forgets a picture.
pub async fn delete_file(tx: &mut Tx, file: &str) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM actor_images WHERE file = $1")).bind(file.to_owned()).execute().await.map(drop)
}
