//! Is what we serve still what we copied?
//!
//! Every file of a copy was recorded with its SHA-256; from time to time all are read again. A copy with a damaged file goes
//! out of service and is made anew, which fetches only what is damaged. If the origin is gone by then, players still have
//! what other mirrors serve: a copy that cannot be trusted is none.

use futures::TryStreamExt;
use platform::{
    db::DbError,
    jobs,
    storage::{Key, StorageError},
};
use sha2::{Digest as _, Sha256};
use tracing::warn;
use uuid::Uuid;

use crate::{
    App,
    jobs::MirrorVideo,
    model::{FileName, Mirror},
    store::{self, FileRow},
};

/// Why a copy could not be checked; neither says anything about the copy.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// Our database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Our storage does not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Reads all files of a copy and compares them with their hashes.
pub(crate) async fn verify(app: &App, video_uuid: Uuid) -> Result<(), HealthError> {
    let db = &app.platform.db;
    let (mirror, files) = {
        let mut conn = db.read().await?;
        let Some(mirror) = store::find(&mut conn, video_uuid).await?.filter(Mirror::has_copy) else {
            return Ok(());
        };
        let files = store::files(&mut conn, mirror.id).await?;
        (mirror, files)
    };
    let mut damaged = None;
    for file in &files {
        if !is_intact(app, video_uuid, file).await? {
            remove(app, video_uuid, file).await?;
            damaged = Some(&file.name);
        }
    }
    let now = app.platform.clock.now();
    let mut tx = db.begin().await?;
    match damaged {
        None => store::save_verified(&mut tx, mirror.id, now).await?,
        Some(name) => {
            warn!(video.uuid = %video_uuid, file = name, "a mirrored file is damaged; the copy is made anew");
            store::take_out_of_service(&mut tx, mirror.id, &format!("{name} was damaged"), now).await?;
            jobs::enqueue(&mut tx, now, &MirrorVideo { uuid: video_uuid }).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

async fn is_intact(app: &App, video_uuid: Uuid, file: &FileRow) -> Result<bool, HealthError> {
    let Some(key) = key_of(video_uuid, file) else {
        return Ok(false);
    };
    let mut object = match app.platform.storage.read(&key, None).await {
        Ok(object) => object,
        Err(StorageError::NotFound(_)) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if object.size != file.size_bytes as u64 {
        return Ok(false);
    }
    let mut hash = Sha256::new();
    while let Some(bytes) = object.stream.try_next().await? {
        hash.update(&bytes);
        // Reading and hashing alternate with other work; nobody waits for this.
        tokio::task::yield_now().await;
    }
    Ok(hex::encode(hash.finalize()) == file.sha256)
}

async fn remove(app: &App, video_uuid: Uuid, file: &FileRow) -> Result<(), HealthError> {
    if let Some(key) = key_of(video_uuid, file) {
        app.platform.storage.delete(&key).await?;
    }
    Ok(())
}

fn key_of(video_uuid: Uuid, file: &FileRow) -> Option<Key> {
    FileName::new(&file.name)?.key(video_uuid).ok()
}
