use platform::db::DbError;

use super::store;
use crate::{
    App,
    videos::{self, Video},
};

const SHORTEST_REASON: usize = 2;
const LONGEST_REASON: usize = 300;

/// Why a video is not blocked or unblocked.
#[derive(Debug, thiserror::Error)]
pub enum VideoBlockError {
    /// The reason is too short or too long.
    #[error("a reason has {SHORTEST_REASON} to {LONGEST_REASON} characters")]
    BadReason,
    /// It is somebody else's.
    #[error("a video of another server cannot be taken back from the federation")]
    Remote,
    /// It is blocked.
    #[error("this video is blocked already")]
    AlreadyBlocked,
    /// It is not blocked.
    #[error("this video is not blocked")]
    NotBlocked,
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Blocks a video. If it is to be unfederated, its followers are told that it is gone.
///
/// # Errors
/// [`VideoBlockError`] if that cannot be.
pub async fn block(app: &App, video: &Video, reason: Option<&str>, unfederate: bool) -> Result<(), VideoBlockError> {
    let reason = check_reason(reason)?;
    if unfederate && !video.is_local {
        return Err(VideoBlockError::Remote);
    }
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    if !store::insert(&mut tx, video.id, reason, unfederate, now).await? {
        return Err(VideoBlockError::AlreadyBlocked);
    }
    if unfederate && video.is_listed() {
        videos::federate::send_withdrawal(app, &mut tx, video).await?;
    }
    if !video.is_local {
        redundancy::forget(&mut tx, now, video.uuid).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Sets why a video is blocked.
///
/// # Errors
/// [`VideoBlockError`] if it is not, or the reason cannot be one.
pub async fn change_reason(app: &App, video: &Video, reason: Option<&str>) -> Result<(), VideoBlockError> {
    let reason = check_reason(reason)?;
    let mut tx = app.platform.db.begin().await?;
    if !store::set_reason(&mut tx, video.id, reason, app.platform.clock.now()).await? {
        return Err(VideoBlockError::NotBlocked);
    }
    tx.commit().await?;
    Ok(())
}

/// Unblocks a video. If the federation was told that it is gone, it is told that it is there.
///
/// # Errors
/// [`VideoBlockError::NotBlocked`] if it is not blocked.
pub async fn unblock(app: &App, video: &Video) -> Result<(), VideoBlockError> {
    let mut tx = app.platform.db.begin().await?;
    let block = store::find(&mut tx, video.id).await?.ok_or(VideoBlockError::NotBlocked)?;
    store::delete(&mut tx, video.id).await?;
    if block.is_unfederated && video.is_local && video.is_listed() {
        videos::federate::send_new_video(app, &mut tx, video).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn check_reason(reason: Option<&str>) -> Result<Option<&str>, VideoBlockError> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    match reason.map(|reason| reason.chars().count()) {
        Some(length) if !(SHORTEST_REASON..=LONGEST_REASON).contains(&length) => Err(VideoBlockError::BadReason),
        _ => Ok(reason),
    }
}
