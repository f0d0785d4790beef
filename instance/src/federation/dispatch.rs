use axum::{
    body::Bytes,
    extract::{Request, State},
    http::StatusCode,
};
use courier::VerifiedActivity;
use federation::wire::{Action, Activity, Object, Undone};
use http_body_util::{BodyExt, Limited};
use platform::{
    db::Tx,
    jobs::enqueue,
    web::{ApiResult, Problem},
};
use tracing::{debug, info};
use url::Url;

use crate::{
    App,
    actors::{self, Actor, ActorKind},
    follows::{self, FollowState},
    mirrors, player_settings, playlists,
    videos::{self, federate::RefreshVideo},
};

/// PeerTube's own limit on bodies.
const MAX_BODY_BYTES: usize = 500_000;

/// `POST /inbox`, and every actor's own: checks who speaks, then does what the activity asks for.
pub async fn inbox(State(app): State<App>, request: Request) -> ApiResult<StatusCode> {
    let (parts, body) = request.into_parts();
    let body: Bytes = Limited::new(body, MAX_BODY_BYTES)
        .collect()
        .await
        .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "An activity has at most 500 kB."))?
        .to_bytes();
    let verified = app.courier.verify(&parts, &body).await?;
    receive(&app, &verified).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn receive(app: &App, verified: &VerifiedActivity) -> ApiResult<()> {
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
    let mut tx = app.platform.db.begin().await?;
    if verified.accept_once(&mut tx, app.platform.clock.now()).await? {
        dispatch(app, &mut tx, activity, &actor).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// What comes in, and whose business it is.
async fn dispatch(app: &App, tx: &mut Tx, activity: &Activity, actor: &Actor) -> ApiResult<()> {
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
            refresh_video(app, tx, &video.id, None).await?;
        }
        Action::Create(Object::Playlist(playlist)) | Action::Update(Object::Playlist(playlist)) => {
            playlists::federate::receive(app, tx, actor, playlist).await?;
        }
        Action::Update(Object::PlayerSettings(settings)) => {
            player_settings::federate::receive(app, tx, settings).await?;
        }
        Action::Update(Object::Id(id)) => refresh_video(app, tx, id, None).await?,
        Action::Announce(object) if speaks_for_a_server(actor) => {
            refresh_video(app, tx, object, Some((actor.id.0, activity.id.to_string()))).await?;
        }
        Action::Delete(object) => receive_delete(app, tx, actor, object).await?,
        Action::Undo(Undone::Activity(undone)) => receive_undo(tx, actor, undone).await?,
        _ => {}
    }
    Ok(())
}

/// PeerTube honours what servers and channels pass on; boosts by people are not publications.
fn speaks_for_a_server(actor: &Actor) -> bool {
    matches!(actor.kind(), ActorKind::Application | ActorKind::Service | ActorKind::Group)
}

async fn refresh_video(app: &App, tx: &mut Tx, url: &Url, shared_by: Option<(i64, String)>) -> ApiResult<()> {
    let url = federation::origin::without_fragment(url);
    Ok(enqueue(tx, app.platform.clock.now(), &RefreshVideo { url, shared_by }).await?)
}

async fn receive_delete(app: &App, tx: &mut Tx, actor: &Actor, object: &Url) -> ApiResult<()> {
    if videos::federate::receive_delete(app, tx, object).await? {
        return Ok(());
    }
    if playlists::federate::receive_delete(app, tx, object).await? {
        return Ok(());
    }
    if object.as_str() == actor.url() && !actor.is_local {
        actors::store::delete(tx, actor.id).await?;
    }
    Ok(())
}

async fn receive_undo(tx: &mut Tx, actor: &Actor, undone: &Activity) -> ApiResult<()> {
    match &undone.action {
        Action::Follow(target) => follows::federate::receive_undo(tx, actor, target).await?,
        Action::Create(Object::CacheFile(file)) => mirrors::federate::receive_undo(tx, actor, &file.id).await?,
        _ => {}
    }
    Ok(())
}
