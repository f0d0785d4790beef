//! Likes and dislikes on the wire.

use courier::FetchError;
use federation::{
    ids,
    origin::same_host,
    wire::{self, Action, Activity, Audience, Collection, Undone},
};
use platform::{
    db::{Connection, DbError, Tx},
    jobs::{JobError, enqueue_at},
};
use serde_json::Value;
use url::Url;

use super::{
    Rating, actions,
    jobs::RefreshCounters,
    store::{self, Totals},
};
use crate::{
    App,
    actors::{self, Actor},
    federation::Paging,
    videos::{self, Video, VideoId},
};

/// No server counts more, whatever it says.
const MAX_TOTAL: u64 = 1_000_000_000_000;

/// The id of what one of our accounts thinks of a video.
pub(super) fn id_of(account: &Url, rating: Rating, video: VideoId) -> Url {
    match rating {
        Rating::Like => ids::like(account, video.0),
        Rating::Dislike => ids::dislike(account, video.0),
    }
}

fn activity(account: &Url, rating: Rating, video: VideoId, object: Url) -> Activity {
    let action = match rating {
        Rating::Like => Action::Like(object),
        Rating::Dislike => Action::Dislike(object),
    };
    let audience = Audience::public([ids::under(account, "followers")]);
    Activity::new(id_of(account, rating, video), account.clone(), action).addressed(audience)
}

/// Tells of a changed opinion: the origin of a remote video, or the followers of one of ours.
pub(super) async fn send_change(
    app: &App,
    tx: &mut Tx,
    video: &Video,
    account: &Url,
    before: Option<Rating>,
    after: Option<Rating>,
) -> Result<(), DbError> {
    let Ok(object) = Url::parse(&video.url) else { return Ok(()) };
    if let Some(before) = before {
        let undone = activity(account, before, video.id, object.clone());
        let action = Action::Undo(Undone::Activity(Box::new(undone.clone())));
        let undo = Activity::new(ids::undo(&undone.id), account.clone(), action);
        send(app, tx, video, account, undo).await?;
    }
    if let Some(after) = after {
        send(app, tx, video, account, activity(account, after, video.id, object)).await?;
    }
    Ok(())
}

async fn send(app: &App, tx: &mut Tx, video: &Video, account: &Url, activity: Activity) -> Result<(), DbError> {
    if video.is_local {
        if video.is_listed() {
            videos::federate::send_to_all_followers(app, tx, video, account, activity).await?;
        }
        return Ok(());
    }
    send_to_origin(app, tx, video, activity).await
}

/// To the server that a remote video is from.
pub async fn send_to_origin(app: &App, tx: &mut Tx, video: &Video, activity: Activity) -> Result<(), DbError> {
    let owner = actors::store::find(tx, video.account_actor_id).await?;
    let (Some(inbox), Ok(owner)) = (owner.and_then(|owner| owner.delivery_inbox()), Url::parse(&video.account_url))
    else {
        return Ok(());
    };
    let activity = activity.addressed(Audience::direct([owner]));
    let (now, actor) = (app.platform.clock.now(), &activity.actor);
    // No server asks for opinions: one that was away would never hear of them, or count for ever what was taken back.
    if matches!(activity.action, Action::Like(_) | Action::Dislike(_) | Action::Undo(_)) {
        return courier::deliver_surely(tx, now, actor, &[inbox], &activity).await;
    }
    courier::deliver(tx, now, actor, &[inbox], &activity).await
}

/// Somebody elsewhere likes or dislikes a video. It counts if the video is ours: the counters of others are their origin's.
pub async fn receive(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    id: &Url,
    object: &Url,
    rating: Rating,
) -> Result<(), DbError> {
    let Some(standing) = store::standing(tx, object.as_str(), actor.id).await? else { return Ok(()) };
    let before = standing.rating();
    if !standing.is_local || before == Some(rating) {
        return Ok(());
    }
    let now = app.platform.clock.now();
    store::put(tx, standing.video_id, standing.account_id, rating, id.as_str(), now).await?;
    actions::count(tx, standing.video_id, before, Some(rating)).await?;
    actions::counters_changed(tx, standing.video_id, now).await
}

/// Somebody elsewhere takes back what they thought of a video.
pub async fn receive_undo(app: &App, tx: &mut Tx, actor: &Actor, object: &Url, rating: Rating) -> Result<(), DbError> {
    let Some(standing) = store::standing(tx, object.as_str(), actor.id).await? else { return Ok(()) };
    if !standing.is_local || standing.rating() != Some(rating) {
        return Ok(());
    }
    store::remove(tx, standing.video_id, standing.account_id).await?;
    actions::count(tx, standing.video_id, Some(rating), None).await?;
    actions::counters_changed(tx, standing.video_id, app.platform.clock.now()).await
}

/// As [`receive_undo`], from those who name only the address of what they undo. Tells whether that was a rate.
pub async fn receive_undo_by_id(app: &App, tx: &mut Tx, actor: &Actor, id: &Url) -> Result<bool, DbError> {
    let Some((video, kind)) = store::find_by_url(tx, id.as_str(), actor.id).await? else { return Ok(false) };
    if let (Ok(video), Some(rating)) = (Url::parse(&video), Rating::from_name(&kind)) {
        receive_undo(app, tx, actor, &video, rating).await?;
    }
    Ok(true)
}

/// The document of what one of our accounts thinks of a video, by the number that it has here.
pub async fn document(
    app: &App,
    connection: &mut Connection,
    username: &str,
    rating: Rating,
    video: VideoId,
) -> Result<Option<Value>, DbError> {
    let object = store::video_rated_by(connection, username, rating, video).await?;
    let object = object.and_then(|url| Url::parse(&url).ok());
    Ok(object.map(|object| activity(&app.ids.account(username), rating, video, object).to_document()))
}

/// The likes, or dislikes, of one of our videos: how many, or one page of them.
pub async fn collection(
    connection: &mut Connection,
    video: &Video,
    id: &Url,
    rating: Rating,
    paging: Paging,
) -> Result<Value, DbError> {
    let total = match rating {
        Rating::Like => video.likes,
        Rating::Dislike => video.dislikes,
    };
    let urls = match paging.page {
        Some(_) => store::urls_of_video(connection, video.id, rating, paging.limit(), paging.offset()).await?,
        None => vec![],
    };
    Ok(paging.document(id, total.unsigned_abs(), urls.into_iter().map(Value::from).collect()))
}

/// Has the counters of a remote video taken over from its origin, which has just told what the video is like. A video that
/// is new here can wait: its counters are not worth as much as the next video.
pub async fn follow_counters(
    app: &App,
    tx: &mut Tx,
    id: VideoId,
    object: &wire::Video,
    is_new: bool,
) -> Result<(), DbError> {
    let own = |url: &Option<Url>| url.clone().filter(|url| same_host(url, &object.id));
    let (likes, dislikes, comments) = (own(&object.likes), own(&object.dislikes), own(&object.comments));
    if likes.is_none() && dislikes.is_none() && comments.is_none() {
        return Ok(());
    }
    let now = app.platform.clock.now();
    let job = RefreshCounters { video_id: id.0, likes, dislikes, comments };
    enqueue_at(tx, now, now + RefreshCounters::wait(is_new), &job).await
}

/// Asks the origin of a remote video for its totals, and keeps them.
pub(super) async fn refresh_counters(app: &App, job: &RefreshCounters) -> Result<(), JobError> {
    let totals = Totals {
        likes: total_of(app, job.likes.as_ref()).await?,
        dislikes: total_of(app, job.dislikes.as_ref()).await?,
        comments: total_of(app, job.comments.as_ref()).await?,
    };
    if totals == Totals::default() {
        return Ok(());
    }
    let mut tx = app.platform.db.begin().await?;
    if store::set_totals(&mut tx, VideoId(job.video_id), totals).await? {
        tx.commit().await?;
    }
    Ok(())
}

/// How many items a collection says that it has; `None` if it is not there, or none.
async fn total_of(app: &App, url: Option<&Url>) -> Result<Option<i64>, FetchError> {
    let Some(url) = url else { return Ok(None) };
    let document = match app.courier.fetch(url).await {
        Ok(document) => document,
        Err(error) if error.is_gone() => return Ok(None),
        Err(error) => return Err(error),
    };
    // An answer without a number says nothing, which is not the same as nought.
    if document.get("totalItems").is_none() {
        return Ok(None);
    }
    let total = Collection::from_value(&document).map(|collection| collection.total_items);
    Ok(total.ok().and_then(|total| i64::try_from(total.min(MAX_TOTAL)).ok()))
}
