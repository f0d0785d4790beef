use platform::db::{DbError, Tx};

use super::{Video, VideoId, federate, files::stream_folder, jobs::RemoveFiles, store};
use crate::{App, moderation, uploads};

/// Makes a local video public at this moment and tells the federation, all in the caller's transaction.
///
/// Idempotent: a video that is published already stays as it is, and nothing is sent again.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn publish(app: &App, tx: &mut Tx, id: VideoId) -> Result<(), DbError> {
    store::set_published(tx, id, app.platform.clock.now()).await?;
    let Some(video) = store::find(tx, id).await? else { return Ok(()) };
    if video.is_listed() && !moderation::video_blocks::is_unfederated(tx, id).await? {
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
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn delete_in(app: &App, tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    if video.is_local && video.is_listed() {
        federate::send_delete(app, tx, video).await?;
    }
    let source = uploads::store::find_source(tx, video.id).await?;
    store::delete(tx, video.id).await?;
    if !video.is_local {
        redundancy::forget(tx, now, video.uuid).await?;
    }
    let files = video.picture_keys().chain(source.map(|source| source.storage_key)).collect();
    let removal = RemoveFiles { files, folder: Some(stream_folder(video.uuid)) };
    platform::jobs::enqueue(tx, now, &removal).await
}

#[cfg(test)]
mod tests {
    use platform::{storage::Key, testing::TestPlatform};

    use super::*;
    use crate::{uploads::store::Source, videos::jobs::job_set};

    #[tokio::test]
    async fn the_uploaded_file_goes_with_its_video() {
        let test = TestPlatform::new().await;
        let (app, video) = App::staged(&test).await;
        let key = Key::new("originals/a.mp4").unwrap();
        app.platform.storage.put_bytes(&key, "x").await.unwrap();
        let mut tx = app.platform.db.begin().await.unwrap();
        let source = Source { storage_key: key.to_string(), file_name: "a.mp4".to_owned(), size_bytes: 1 };
        uploads::store::insert_source(&mut tx, video.id, &source, app.platform.clock.now()).await.unwrap();
        tx.commit().await.unwrap();

        delete(&app, &video).await.unwrap();
        test.run_jobs(job_set(&app)).await;
        assert_eq!(app.platform.storage.size(&key).await.unwrap(), None);
    }
}
