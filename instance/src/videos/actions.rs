use platform::db::{DbError, Tx};

use super::{Video, VideoId, federate, files::stream_folder, jobs::RemoveFiles, store};
use crate::{App, actors::ActorId, captions, storyboards, tombstones, uploads};

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

/// As [`delete`], in the caller's transaction. Whoever asks for a video of ours that was public is told from then on that it
/// was deleted.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn delete_in(app: &App, tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    if video.is_local && video.is_listed() {
        federate::send_delete(app, tx, video).await?;
        tombstones::store::insert(tx, &video.url, "Video", now).await?;
    }
    let mut files: Vec<String> = video.picture_keys().collect();
    files.extend(uploads::store::find_source(tx, video.id).await?.map(|source| source.storage_key));
    files.extend(captions::store::of_video(tx, video.id).await?.iter().map(captions::Caption::storage_key));
    let board = storyboards::store::of_video(tx, video.id).await?;
    files.extend(board.map(|board| format!("{}/{}", storyboards::FOLDER, board.file)));
    store::delete(tx, video.id).await?;
    if !video.is_local {
        redundancy::forget(tx, now, video.uuid).await?;
    }
    let removal = RemoveFiles { files, folder: Some(stream_folder(video.uuid)) };
    platform::jobs::enqueue(tx, now, &removal).await
}

/// Removes at most so many videos of an account or channel, given by its actor, as [`delete_in`] does, and tells how many
/// there were: an actor is gone without a trace when this has told 0, and not before.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn delete_of_actor(app: &App, tx: &mut Tx, actor: ActorId, limit: i64) -> Result<usize, DbError> {
    let videos = store::of_actor(tx, actor, limit).await?;
    for video in &videos {
        delete_in(app, tx, video).await?;
    }
    Ok(videos.len())
}

/// What hangs on a local video has changed (captions, chapters, pictures): the federation is told, if it knows the video.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn parts_changed(app: &App, tx: &mut Tx, id: VideoId) -> Result<(), DbError> {
    store::touch(tx, id, app.platform.clock.now()).await?;
    let Some(video) = store::find(tx, id).await? else { return Ok(()) };
    if video.is_local && video.is_listed() {
        federate::send_update(app, tx, &video).await?;
    }
    Ok(())
}

/// A local video was edited: tells the federation what follows from that. A video that is no longer for everybody is
/// deleted there, one that has become so is published.
pub(super) async fn tell_of_edit(app: &App, tx: &mut Tx, before: &Video) -> Result<(), DbError> {
    let Some(after) = store::find(tx, before.id).await? else { return Ok(()) };
    match (before.is_listed(), after.is_listed()) {
        (true, true) if before.channel_id != after.channel_id => {
            federate::send_change_of_channel(app, tx, before, &after).await
        }
        (true, true) => federate::send_update(app, tx, &after).await,
        (true, false) => federate::send_withdrawal(app, tx, before).await,
        (false, true) => federate::send_new_video(app, tx, &after).await,
        (false, false) => Ok(()),
    }
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
