use platform::{
    db::DbError,
    jobs::enqueue,
    storage::{Key, StorageError},
};

use super::{
    Caption, store,
    text::{self, CaptionTextError},
};
use crate::{
    App,
    videos::{self, Video, jobs::RemoveFiles},
};

/// Why a caption was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CaptionError {
    /// There is no such language.
    #[error("there is no language {0:?}")]
    Language(String),
    /// The file cannot be read.
    #[error(transparent)]
    Text(#[from] CaptionTextError),
    /// The video has none in that language.
    #[error("this video has no caption in that language")]
    Missing,
    /// The storage refuses.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Adds a caption to a local video, or puts it in the place of the one in its language, and tells the federation.
pub(super) async fn put(app: &App, video: &Video, language: &str, file: &[u8]) -> Result<(), CaptionError> {
    let label = videos::language(language).ok_or_else(|| CaptionError::Language(language.to_owned()))?;
    let webvtt = text::to_webvtt(file)?;
    let now = app.platform.clock.now();
    let caption = Caption {
        language: language.to_owned(),
        label: label.to_owned(),
        file: format!("{}-{language}.vtt", app.platform.random.uuid()),
        remote_url: None,
        playlist_url: None,
        is_automatic: false,
        updated_at: now,
    };
    let key = Key::new(caption.storage_key()).map_err(StorageError::from)?;
    app.platform.storage.put_bytes(&key, webvtt).await?;
    let mut tx = app.platform.db.begin().await?;
    let before = of_language(&store::of_video(&mut tx, video.id).await?, language);
    store::upsert(&mut tx, video.id, &caption, now).await?;
    if let Some(before) = before {
        enqueue(&mut tx, now, &RemoveFiles { files: vec![before], folder: None }).await?;
    }
    videos::parts_changed(app, &mut tx, video.id).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes a caption from a local video, and tells the federation.
pub(super) async fn remove(app: &App, video: &Video, language: &str) -> Result<(), CaptionError> {
    let mut tx = app.platform.db.begin().await?;
    let before = of_language(&store::of_video(&mut tx, video.id).await?, language).ok_or(CaptionError::Missing)?;
    store::delete(&mut tx, video.id, language).await?;
    enqueue(&mut tx, app.platform.clock.now(), &RemoveFiles { files: vec![before], folder: None }).await?;
    videos::parts_changed(app, &mut tx, video.id).await?;
    tx.commit().await?;
    Ok(())
}

/// The file of the caption in a language.
fn of_language(captions: &[Caption], language: &str) -> Option<String> {
    captions.iter().find(|caption| caption.language == language).map(Caption::storage_key)
}
