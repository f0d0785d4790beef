use chrono::TimeDelta;
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::enqueue_at,
};

use super::{Rating, federate, jobs::TellCounters, store};
use crate::{
    App,
    actors::ActorId,
    users::User,
    videos::{Video, VideoId},
};

/// Followers hear of new counters at most this often for each video: whoever hears of them asks for all of them.
const TELL_AFTER: TimeDelta = TimeDelta::minutes(5);

/// Sets, changes or takes back what a user thinks of a video, and tells the federation. Saying the same again changes nothing.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn rate(app: &App, user: &User, video: &Video, rating: Option<Rating>) -> Result<(), DbError> {
    let mut tx = app.platform.db.begin().await?;
    let Some(account) = crate::accounts::store::find_by_user(&mut tx, user.id).await? else { return Ok(()) };
    let before = store::rating_of(&mut tx, video.id, user.id).await?;
    if before == rating {
        return Ok(());
    }
    let now = app.platform.clock.now();
    let actor = app.ids.account(&account.username);
    match rating {
        Some(rating) => {
            let url = federate::id_of(&actor, rating, video.id);
            store::put(&mut tx, video.id, account.id, rating, url.as_str(), now).await?;
        }
        None => store::remove(&mut tx, video.id, account.id).await?,
    }
    count(&mut tx, video.id, before, rating).await?;
    federate::send_change(app, &mut tx, video, &actor, before, rating).await?;
    if video.is_local && video.is_listed() {
        counters_changed(&mut tx, video.id, now).await?;
    }
    tx.commit().await
}

/// Moves the counters of a video along with somebody's opinion.
pub(super) async fn count(
    tx: &mut Tx,
    video: VideoId,
    before: Option<Rating>,
    after: Option<Rating>,
) -> Result<(), DbError> {
    let (likes, dislikes) = Rating::difference(before, after);
    store::add_to_counters(tx, video, likes, dislikes).await
}

/// Has the followers of one of our videos hear of its new counters, soon and once.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn counters_changed(tx: &mut Tx, video: VideoId, now: Timestamp) -> Result<(), DbError> {
    enqueue_at(tx, now, now + TELL_AFTER, &TellCounters { video_id: video.0 }).await
}

/// Takes what an actor thinks of our videos off their counters, before the actor is deleted: its rows go by themselves.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn forget_actor(tx: &mut Tx, actor: ActorId) -> Result<(), DbError> {
    store::uncount_actor(tx, actor).await
}
