use axum::{
    body::Bytes,
    extract::{Request, State},
    http::StatusCode,
};
use courier::VerifiedActivity;
use federation::wire::{Action, Activity, Object, Undone};
use platform::{
    db::Tx,
    web::{ApiResult, Problem},
};
use tracing::{debug, info};
use url::Url;

use crate::{
    App,
    actors::{self, Actor, ActorKind},
    comments,
    follows::{self, FollowState},
    mirrors,
    moderation::abuses,
    player_settings, playlists,
    rates::{self, Rating},
    videos, views,
};

/// `POST /inbox`, and every actor's own: checks who speaks, then does what the activity asks for.
pub async fn inbox(State(app): State<App>, request: Request) -> ApiResult<StatusCode> {
    let verified = app.courier.receive(request).await?;
    receive(&app, verified).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn receive(app: &App, verified: VerifiedActivity) -> ApiResult<()> {
    let activity = &verified.activity;
    // The deletion of an actor that nobody here knows is no reason to ask for it.
    let known = actors::store::find_by_url(&mut app.platform.db.read().await?, activity.actor.as_str()).await?;
    if known.is_none() && matches!(activity.action, Action::Delete(_)) {
        return Ok(());
    }
    let actor = actors::federate::resolve(app, &activity.actor).await.map_err(|error| {
        info!(%error, "an activity of an actor that cannot be known was refused");
        Problem::forbidden("The actor of this activity cannot be known.")
    })?;
    let ours = app.clone();
    app.courier
        .apply(verified, |tx, verified| Box::pin(async move { dispatch(&ours, tx, verified, &actor).await }))
        .await
}

/// What comes in, and whose business it is.
async fn dispatch(app: &App, tx: &mut Tx, verified: &VerifiedActivity, actor: &Actor) -> ApiResult<()> {
    let activity = &verified.activity;
    let document = verified.document().map_or(&[][..], Bytes::as_ref);
    debug!(activity.kind = activity.kind(), actor.host = actor.host, "an activity came in");
    match &activity.action {
        Action::Follow(target) => follows::federate::receive_follow(app, tx, &activity.id, actor, target).await?,
        Action::Accept(follow) => {
            follows::federate::receive_answer(app, tx, actor, follow, FollowState::Accepted).await?;
        }
        Action::Reject(follow) => {
            follows::federate::receive_answer(app, tx, actor, follow, FollowState::Rejected).await?;
        }
        Action::Create(Object::CacheFile(file)) | Action::Update(Object::CacheFile(file)) => {
            mirrors::federate::receive(app, tx, actor, file).await?;
        }
        Action::Create(Object::Video(video)) | Action::Update(Object::Video(video)) => {
            videos::intake::receive_video(app, tx, actor, video).await?;
        }
        Action::Update(Object::Actor(object)) => actors::federate::receive_update(app, tx, actor, object).await?,
        Action::Update(Object::Id(id)) if actors::federate::receive_update_of(app, tx, id).await? => {}
        Action::Create(Object::Note(note)) | Action::Update(Object::Note(note)) => {
            comments::federate::receive_note(app, tx, (activity, document), actor, note).await?;
        }
        Action::ApproveReply(_) | Action::RejectReply(_) => {
            comments::federate::receive_decision(app, tx, activity, actor).await?;
        }
        Action::Update(Object::Id(id)) => videos::intake::receive_reference(app, tx, id).await?,
        Action::Move(moved) => {
            actors::moves::federate::receive(app, tx, actor, &moved.object, &moved.target).await?;
        }
        Action::Create(Object::Playlist(playlist)) | Action::Update(Object::Playlist(playlist)) => {
            playlists::federate::receive(app, tx, actor, playlist).await?;
        }
        Action::Update(Object::PlayerSettings(settings)) => {
            player_settings::federate::receive(app, tx, settings).await?;
        }
        Action::Announce(object) if speaks_for_a_server(actor) => {
            videos::intake::receive_announce(app, tx, actor, &activity.id, object).await?;
        }
        Action::AnnounceDelete(object) if speaks_for_a_server(actor) => {
            videos::intake::receive_announced_delete(app, tx, object).await?;
        }
        Action::Delete(object) => receive_delete(app, tx, (activity, document), actor, object).await?,
        Action::Flag(flag) => abuses::federate::receive(app, tx, &activity.id, actor, flag).await?,
        Action::Like(object) => {
            rates::federate::receive(app, tx, actor, &activity.id, object, Rating::Like).await?;
        }
        Action::Dislike(object) => {
            rates::federate::receive(app, tx, actor, &activity.id, object, Rating::Dislike).await?;
        }
        Action::View(view) => views::federate::receive_view(app, tx, actor, &activity.id, view).await?,
        Action::Download(object) => {
            views::federate::receive_download(app, tx, actor, &activity.id, object).await?;
        }
        Action::Create(Object::WatchAction(watched)) => {
            views::federate::receive_watch(app, tx, actor, watched).await?;
        }
        Action::Undo(Undone::Activity(undone)) => receive_undo(app, tx, actor, undone).await?,
        Action::Undo(Undone::Id(id)) => receive_undo_by_id(app, tx, actor, id).await?,
        _ => {}
    }
    Ok(())
}

/// PeerTube honours what servers and channels pass on; boosts by people are not publications.
fn speaks_for_a_server(actor: &Actor) -> bool {
    matches!(actor.kind(), ActorKind::Application | ActorKind::Service | ActorKind::Group)
}

async fn receive_delete(
    app: &App,
    tx: &mut Tx,
    activity: (&Activity, &[u8]),
    actor: &Actor,
    object: &Url,
) -> ApiResult<()> {
    if comments::federate::receive_delete(app, tx, activity, actor, object).await? {
        return Ok(());
    }
    // Comments may be deleted by the server of their video; anything else by its own.
    if !federation::origin::same_host(object, &activity.0.actor) {
        return Ok(());
    }
    if playlists::federate::receive_delete(app, tx, object).await? {
        return Ok(());
    }
    if videos::intake::receive_delete(app, tx, object).await? {
        return Ok(());
    }
    actors::federate::receive_delete(app, tx, actor, object).await?;
    Ok(())
}

async fn receive_undo(app: &App, tx: &mut Tx, actor: &Actor, undone: &Activity) -> ApiResult<()> {
    if undone.actor.as_str() != actor.url() {
        app.courier.note_ignored(&undone.id, "somebody undid what somebody else did").await;
        return Ok(());
    }
    match &undone.action {
        Action::Like(object) => rates::federate::receive_undo(app, tx, actor, object, Rating::Like).await?,
        Action::Dislike(object) => rates::federate::receive_undo(app, tx, actor, object, Rating::Dislike).await?,
        Action::Follow(target) => follows::federate::receive_undo(tx, actor, target).await?,
        Action::Create(Object::CacheFile(file)) => mirrors::federate::receive_undo(tx, actor, &file.id).await?,
        Action::Announce(object) => videos::intake::receive_undo_announce(tx, actor, object).await?,
        _ => {}
    }
    Ok(())
}

/// Something is taken back of which only the address is told.
pub(super) async fn receive_undo_by_id(app: &App, tx: &mut Tx, actor: &Actor, id: &Url) -> ApiResult<()> {
    let is_settled = rates::federate::receive_undo_by_id(app, tx, actor, id).await?
        || videos::intake::receive_undo_announce_by_id(tx, actor, id).await?
        || follows::federate::receive_undo_by_id(tx, actor, id).await?
        || mirrors::federate::receive_undo_by_id(tx, actor, id).await?;
    if !is_settled {
        debug!(actor.host, %id, "somebody undid something that nobody here knows");
    }
    Ok(())
}
