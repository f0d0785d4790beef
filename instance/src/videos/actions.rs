use platform::db::{DbError, Tx};

use super::{Video, VideoId, federate, files::stream_folder, jobs::RemoveFiles, store};
use crate::App;

/// Makes a local video public at this moment and tells the federation, all in the caller's transaction.
///
/// Idempotent: a video that is published already stays as it is, and nothing is sent again.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn publish(app: &App, tx: &mut Tx, id: VideoId) -> Result<(), DbError> {
    store::set_published(tx, id, app.platform.clock.now()).await?;
    let Some(video) = store::find(tx, id).await? else { return Ok(()) };
    if video.is_listed() {
        federate::send_new_video(app, tx, &video).await?;
    }
    Ok(())
}

/// Removes a video: its row now, its files soon, and, if it was ours and public, on every server that knows it.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn delete(app: &App, video: &Video) -> Result<(), DbError> {
    let mut tx = app.platform.db.begin().await?;
    delete_in(app, &mut tx, video).await?;
    tx.commit().await
}

/// As [`delete`], in the caller's transaction.
pub(super) async fn delete_in(app: &App, tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    if video.is_local && video.is_listed() {
        federate::send_delete(app, tx, video).await?;
    }
    store::delete(tx, video.id).await?;
    if !video.is_local {
        redundancy::forget(tx, now, video.uuid).await?;
    }
    let pictures = [("thumbnails", &video.thumbnail_file), ("previews", &video.preview_file)];
    let files = pictures.iter().filter_map(|(folder, file)| file.as_ref().map(|file| format!("{folder}/{file}")));
    let removal = RemoveFiles { files: files.collect(), folder: Some(stream_folder(video.uuid)) };
    platform::jobs::enqueue(tx, now, &removal).await
}
