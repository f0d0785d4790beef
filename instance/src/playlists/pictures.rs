//! The picture that a playlist has of its own. What people give is decoded by the media worker and kept as JPEG.

use media::MediaError;
use platform::{
    db::{DbError, Tx},
    jobs::enqueue,
    storage::{Key, StorageError},
};

use super::Playlist;
use crate::{App, videos::jobs::RemoveFiles};

/// A picture that somebody gives is no larger.
pub(super) const MAX_BYTES: usize = 4_000_000;
const FOLDER: &str = "thumbnails";

/// Why a picture cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// It cannot be decoded.
    #[error("this picture cannot be used: {0}")]
    Media(#[from] MediaError),
    /// Scratch space refuses.
    #[error("the picture could not be kept: {0}")]
    Scratch(#[from] std::io::Error),
    /// The storage refuses.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Makes a thumbnail of what somebody gave, and puts it into storage. The name of the file.
pub(super) async fn keep(app: &App, picture: &[u8]) -> Result<String, PictureError> {
    let scratch = tempfile::Builder::new().prefix("playlist-").tempdir_in(app.platform.data.tmp())?;
    let (input, work_dir) = (scratch.path().join("source"), scratch.path().join("work"));
    tokio::fs::write(&input, picture).await?;
    tokio::fs::create_dir(&work_dir).await?;
    let made = app.media.thumbnails(&input, &work_dir, "picture").await?;
    let (file, key) = new_file(app)?;
    app.platform.storage.put_file(&key, &work_dir.join(made.thumbnail.file)).await?;
    Ok(file)
}

/// A name for a new picture, and where it is kept.
pub(super) fn new_file(app: &App) -> Result<(String, Key), StorageError> {
    let file = format!("playlist-{}.jpg", app.platform.random.uuid());
    let key = Key::new(format!("{FOLDER}/{file}"))?;
    Ok((file, key))
}

/// Removes the picture that a playlist had.
pub(super) async fn remove(app: &App, tx: &mut Tx, playlist: &Playlist) -> Result<(), DbError> {
    remove_file(app, tx, playlist.thumbnail_file.as_deref()).await
}

/// Removes a picture that nobody needs any more.
pub(super) async fn remove_file(app: &App, tx: &mut Tx, file: Option<&str>) -> Result<(), DbError> {
    let Some(file) = file else { return Ok(()) };
    let removal = RemoveFiles { files: vec![format!("{FOLDER}/{file}")], folder: None };
    enqueue(tx, app.platform.clock.now(), &removal).await
}
