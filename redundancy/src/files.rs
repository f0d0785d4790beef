//! Which files of a video may stay? Those of the served copy, and those of a copy in progress.

use std::{collections::HashSet, io::ErrorKind, path::PathBuf};

use platform::db::DbError;
use uuid::Uuid;

use crate::{
    App,
    copy::CopyError,
    model::{MirrorState, storage_folder},
    store,
};

/// Where the files of a video grow. Below the data folder and not in its scratch folder, which is emptied at every start.
pub(crate) fn staging(app: &App, video_uuid: Uuid) -> PathBuf {
    app.platform.data.folder("mirrors").join(video_uuid.to_string())
}

/// Removes what belongs to no copy. Leaves everything alone while a copy is in progress, which may use what is there.
pub(crate) async fn tidy(app: &App, video_uuid: Uuid) -> Result<(), CopyError> {
    let Some(keep) = names_to_keep(app, video_uuid).await? else {
        return Ok(());
    };
    let storage = &app.platform.storage;
    for (key, _) in storage.list(&storage_folder(video_uuid)).await? {
        if !keep.contains(key.file_name()) {
            storage.delete(&key).await?;
        }
    }
    match tokio::fs::remove_dir_all(staging(app, video_uuid)).await {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// `None` while a copy is in progress.
async fn names_to_keep(app: &App, video_uuid: Uuid) -> Result<Option<HashSet<String>>, DbError> {
    let mut conn = app.platform.db.read().await?;
    let Some(mirror) = store::find(&mut conn, video_uuid).await? else {
        return Ok(Some(HashSet::new()));
    };
    if matches!(mirror.state, MirrorState::Waiting | MirrorState::Copying) {
        return Ok(None);
    }
    let files = store::files(&mut conn, mirror.id).await?;
    Ok(Some(files.into_iter().map(|file| file.name).collect()))
}
