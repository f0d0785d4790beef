//! What can happen to a mirror: it is considered, begun, completed, given up, found damaged, forgotten.

use metrics::counter;
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    jobs,
};
use uuid::Uuid;

use crate::{
    App,
    announce::{Announcer, CacheFile},
    budget::Budget,
    catalogue::{MirrorSource, PictureKind},
    copy::CopyError,
    jobs::MirrorVideo,
    model::{CopiedFile, Mirror, MirrorState},
    policy,
    serve::base_path,
    store::{self, Decision},
};

/// Lets the role decide whether to copy a video, soon. To be called in the transaction in which a remote video arrives or
/// changes, if this process plays the role: the job waits until somebody does. Does not read the catalogue itself; the role
/// asks it when the job runs.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn consider(tx: &mut Tx, now: Timestamp, video_uuid: Uuid) -> Result<(), DbError> {
    jobs::enqueue(tx, now, &MirrorVideo { uuid: video_uuid }).await
}

/// Forgets a video that its origin has deleted: it is no longer served, and its files go soon. Nothing is announced, since
/// nobody is left to care.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn forget(tx: &mut Tx, now: Timestamp, video_uuid: Uuid) -> Result<(), DbError> {
    // Files have a row from the first byte on: without one, there is nothing to tidy up, and perhaps nobody who would.
    if store::delete(tx, video_uuid).await? {
        jobs::enqueue(tx, now, &MirrorVideo { uuid: video_uuid }).await?;
    }
    Ok(())
}

/// Gives a copy back: tells the origin, then forgets it. For a video that the catalogue no longer offers, such as one of a
/// server that was unfollowed; a video that is still offered would be copied again.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn withdraw(
    tx: &mut Tx,
    now: Timestamp,
    platform: &platform::Platform,
    announcer: &dyn Announcer,
    video_uuid: Uuid,
) -> Result<(), DbError> {
    if let Some(mirror) = store::find(tx, video_uuid).await?.filter(Mirror::has_copy) {
        announcer.withdraw_cache_file(tx, &CacheFile::of(&mirror, &platform.public_url)).await?;
    }
    forget(tx, now, video_uuid).await
}

/// A complete copy on this server; paths begin with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalCopy {
    /// The folder of its files.
    pub base_path: String,
    /// Its master playlist.
    pub master_path: String,
    /// Its list of segment hashes.
    pub segments_sha256_path: String,
    /// The origin's master playlist: the name of the swarm, whichever server the bytes come from.
    pub origin_playlist_url: String,
    /// Its pictures.
    pub pictures: Vec<(PictureKind, String)>,
    /// When all its files last agreed with their hashes.
    pub verified_at: Option<Timestamp>,
}

/// The complete copy of a video, if there is one.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn copies_of(conn: &mut Connection, video_uuid: Uuid) -> Result<Option<LocalCopy>, DbError> {
    let Some(mirror) = store::find(conn, video_uuid).await? else {
        return Ok(None);
    };
    let Some(origin_playlist_url) = mirror.copied_playlist_url else {
        return Ok(None);
    };
    let base_path = base_path(video_uuid);
    let files = store::files(conn, mirror.id).await?;
    let path_of =
        |kind: &str| files.iter().find(|file| file.kind == kind).map(|file| format!("{base_path}/{}", file.name));
    let (Some(master_path), Some(segments_sha256_path)) = (path_of("master"), path_of("hashes")) else {
        return Ok(None);
    };
    let pictures = [PictureKind::Thumbnail, PictureKind::Preview, PictureKind::Storyboard]
        .into_iter()
        .filter_map(|kind| path_of(kind.name()).map(|path| (kind, path)))
        .collect();
    let verified_at = mirror.verified_at;
    Ok(Some(LocalCopy { base_path, master_path, segments_sha256_path, origin_playlist_url, pictures, verified_at }))
}

/// What the worker shall do about a video.
pub(crate) enum Next {
    /// Copy it; space is reserved.
    Copy(Box<Mirror>, Box<MirrorSource>),
    /// Leave everything as it is.
    Nothing,
    /// Remove every file that belongs to no served copy.
    Tidy,
}

/// Decides what to do about a video, and reserves space for a copy.
pub(crate) async fn begin(app: &App, video_uuid: Uuid) -> Result<Next, DbError> {
    let source = app.catalogue.mirrorable_video(video_uuid).await?;
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let known = store::find(&mut tx, video_uuid).await?;
    let next = match (known, source) {
        (None, None) => Next::Tidy,
        // Perhaps the server was unfollowed, perhaps it is gone: the more reason to keep a copy.
        (Some(mirror), None) if mirror.has_copy() => Next::Nothing,
        (Some(_), None) => {
            store::delete(&mut tx, video_uuid).await?;
            Next::Tidy
        }
        (known, Some(source)) => decide(app, &mut tx, known, source, now).await?,
    };
    tx.commit().await?;
    Ok(next)
}

async fn decide(
    app: &App,
    tx: &mut Tx,
    known: Option<Mirror>,
    source: MirrorSource,
    now: Timestamp,
) -> Result<Next, DbError> {
    let is_same = |mirror: &Mirror| mirror.playlist_url == source.playlist_url.as_str();
    let known = match known {
        Some(mirror) if is_same(&mirror) && mirror.is_current() => return Ok(Next::Tidy),
        Some(mirror) if is_same(&mirror) && mirror.state == MirrorState::Copying => {
            return Ok(Next::Copy(Box::new(mirror), Box::new(source)));
        }
        // Repairs go on, but nothing new is begun.
        known if !app.config.enabled && !is_under_repair(known.as_ref()) => return Ok(Next::Nothing),
        known => known,
    };
    store::lock_budget(tx).await?;
    let used = store::used_bytes(tx).await? - known.map_or(0, |mirror| mirror.reserved_bytes as u64);
    let reserved = policy::judge(&source, &app.config).map_err(|unfit| unfit.to_string()).and_then(|wanted| {
        Budget::new(app.config.budget, used).reserve(wanted).map(|_| wanted).map_err(|full| full.to_string())
    });
    match reserved {
        Ok(reserved_bytes) => {
            let decision = Decision { source: &source, state: MirrorState::Copying, reserved_bytes, error: None };
            let mirror = store::decide(tx, &decision, now).await?;
            Ok(Next::Copy(Box::new(mirror), Box::new(source)))
        }
        Err(reason) => {
            let decision =
                Decision { source: &source, state: MirrorState::Skipped, reserved_bytes: 0, error: Some(reason) };
            store::decide(tx, &decision, now).await?;
            Ok(Next::Tidy)
        }
    }
}

fn is_under_repair(known: Option<&Mirror>) -> bool {
    known.is_some_and(|mirror| mirror.state == MirrorState::Waiting)
}

/// Makes a finished copy the served one, and tells the origin.
pub(crate) async fn complete(app: &App, mirror: &Mirror, files: &[CopiedFile]) -> Result<(), CopyError> {
    let mut tx = app.platform.db.begin().await?;
    if !store::complete(&mut tx, mirror, files, app.platform.clock.now()).await? {
        return Err(CopyError::Unwanted);
    }
    let cache_file = CacheFile::of(mirror, &app.platform.public_url);
    app.announcer.announce_cache_file(&mut tx, &cache_file).await?;
    tx.commit().await?;
    counter!("shoal_mirrors_completed_total").increment(1);
    Ok(())
}

/// Notes why an attempt failed; it will be repeated.
pub(crate) async fn note_failure(app: &App, mirror: &Mirror, error: &CopyError) -> Result<(), DbError> {
    let mut tx = app.platform.db.begin().await?;
    store::save_error(&mut tx, mirror.id, &error.to_string(), app.platform.clock.now()).await?;
    tx.commit().await
}

/// Gives an attempt up, until the hourly check or a change of the video begins a new one.
pub(crate) async fn give_up(app: &App, mirror: &Mirror, error: &CopyError) -> Result<(), DbError> {
    let mut tx = app.platform.db.begin().await?;
    store::give_up(&mut tx, mirror.id, MirrorState::Failed, &error.to_string(), app.platform.clock.now()).await?;
    tx.commit().await
}
