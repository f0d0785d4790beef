//! Copies on the wire: `CacheFile`, sent for what is kept here and received for what others keep.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use federation::{
    ACTIVITY_JSON, ids,
    origin::ensure_same_host,
    wire::{self, Action, Activity, Audience, Object, Undone},
};
use platform::{
    db::{DbError, Tx},
    web::{ApiResult, Problem},
};
use redundancy::CacheFile;
use tracing::debug;
use url::Url;
use uuid::Uuid;

use super::store::{self, NewRedundancy};
use crate::{
    App,
    actors::{self, Actor, ActorKind},
    follows, videos,
};

/// No video needs more copies, and a flood of them must not fill the database.
const MAX_COPIES_PER_VIDEO: i64 = 50;

/// What PeerTube adds to the address of a copy to name the activity that tells of it.
const CREATION: &str = "/activity";

/// How much longer a copy is listed than was said. PeerTube extends the time of a copy when it finds it expired, which it
/// looks for once an hour, and serves it all the while.
const EXPIRY_GRACE: chrono::TimeDelta = chrono::TimeDelta::hours(2);

/// Tells the origin of a video that a copy is kept here.
pub(super) async fn send_create(app: &App, tx: &mut Tx, file: &CacheFile) -> Result<(), DbError> {
    let Some(create) = create(app, file) else { return Ok(()) };
    let Some(inbox) = inbox_of_origin(tx, file).await? else { return Ok(()) };
    courier::deliver(tx, app.platform.clock.now(), &create.actor, &[inbox], &create).await
}

/// Tells the origin of a video that the copy is gone, however long it is away: it would send its viewers here.
pub(super) async fn send_undo(app: &App, tx: &mut Tx, file: &CacheFile) -> Result<(), DbError> {
    let Some(create) = create(app, file) else { return Ok(()) };
    let action = Action::Undo(Undone::Activity(Box::new(create.clone())));
    let undo = Activity::new(ids::undo(&create.id), create.actor, action).addressed(create.audience);
    let Some(inbox) = inbox_of_origin(tx, file).await? else { return Ok(()) };
    courier::deliver_surely(tx, app.platform.clock.now(), &undo.actor, &[inbox], &undo).await
}

fn create(app: &App, file: &CacheFile) -> Option<Activity> {
    let object = to_wire(file)?;
    let audience = object.audience.clone();
    let action = Action::Create(Object::CacheFile(Box::new(object)));
    Some(Activity::new(ids::create(&file.id), app.ids.instance_actor(), action).addressed(audience))
}

fn to_wire(file: &CacheFile) -> Option<wire::CacheFile> {
    let account = Url::parse(&file.account_url).ok()?;
    let video = Url::parse(&file.video_url).ok()?;
    let audience = Audience::direct([account]);
    Some(wire::CacheFile::hls(file.id.clone(), video, file.base_url.clone(), file.expires_at, audience))
}

/// `GET /redundancy/streaming-playlists/hls/{uuid}`: what the origin was told of the copy that is kept here.
pub(crate) async fn hls_mirror(State(app): State<App>, Path(uuid): Path<String>) -> ApiResult<Response> {
    let missing = || Problem::not_found("There is no such copy here.");
    let uuid = Uuid::try_parse(&uuid).map_err(|_| missing())?;
    let mut connection = app.platform.db.read().await?;
    if redundancy::copies_of(&mut connection, uuid).await?.is_none() {
        return Err(missing());
    }
    let video = videos::store::find_by_uuid(&mut connection, uuid).await?.ok_or_else(missing)?;
    let file = CacheFile {
        uuid,
        id: app.ids.hls_mirror(uuid),
        video_url: video.facts.url,
        account_url: video.account_url,
        base_url: app.ids.hls_mirror_base(uuid),
        expires_at: None,
    };
    let document = to_wire(&file).ok_or_else(missing)?.to_document();
    Ok(([(header::CONTENT_TYPE, ACTIVITY_JSON)], document.to_string()).into_response())
}

async fn inbox_of_origin(tx: &mut Tx, file: &CacheFile) -> Result<Option<Url>, DbError> {
    let account = actors::store::find_by_url(tx, &file.account_url).await?;
    Ok(account.and_then(|account| account.delivery_inbox()))
}

/// Somebody keeps a copy of a video. It counts if the video is ours, and the speaker is a server that follows us or that
/// we follow: viewers are sent to what it names.
pub async fn receive(app: &App, tx: &mut Tx, actor: &Actor, file: &wire::CacheFile) -> Result<(), DbError> {
    let Some(base) = file.hls_base() else { return Ok(()) };
    let speaks_for_itself = Url::parse(actor.url())
        .is_ok_and(|url| ensure_same_host(base, &url).is_ok() && ensure_same_host(&file.id, &url).is_ok());
    if !speaks_for_itself || actor.kind() != ActorKind::Application {
        debug!(actor.host, "a copy on a host that is not the speaker's was ignored");
        return Ok(());
    }
    let Some(video) = videos::store::find_by_url(tx, file.video.as_str()).await? else { return Ok(()) };
    if !video.is_local || !is_related(app, tx, actor).await? {
        return Ok(());
    }
    let now = app.platform.clock.now();
    // A server has one copy of a video: what it tells takes the place of what it told before.
    store::make_room(tx, video.id, actor.id, now).await?;
    if store::count_of_video(tx, video.id).await? >= MAX_COPIES_PER_VIDEO {
        return Ok(());
    }
    let copy = NewRedundancy {
        video: video.id,
        actor: actor.id,
        url: file.id.to_string(),
        base_url: base.as_str().trim_end_matches('/').to_owned(),
        expires_at: file.expires.and_then(|expires| expires.checked_add_signed(EXPIRY_GRACE)),
    };
    store::upsert_redundancy(tx, &copy, now).await
}

async fn is_related(app: &App, tx: &mut Tx, actor: &Actor) -> Result<bool, DbError> {
    let Some(me) = actors::store::find_by_url(tx, app.ids.instance_actor().as_str()).await? else { return Ok(false) };
    let accepted =
        |follow: Option<follows::Follow>| follow.is_some_and(|follow| follow.state() == follows::FollowState::Accepted);
    Ok(accepted(follows::store::find_pair(tx, actor.id, me.id).await?)
        || accepted(follows::store::find_pair(tx, me.id, actor.id).await?))
}

/// A copy is kept no longer.
pub async fn receive_undo(tx: &mut Tx, actor: &Actor, id: &Url) -> Result<(), DbError> {
    store::delete_redundancy(tx, id.as_str(), actor.id).await.map(drop)
}

/// As [`receive_undo`], from those who name only the address of the activity that told of the copy, or of the copy itself.
/// Tells whether there was one.
pub async fn receive_undo_by_id(tx: &mut Tx, actor: &Actor, id: &Url) -> Result<bool, DbError> {
    if store::delete_redundancy(tx, id.as_str(), actor.id).await? {
        return Ok(true);
    }
    match id.as_str().strip_suffix(CREATION) {
        Some(copy) => store::delete_redundancy(tx, copy, actor.id).await,
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{Request, StatusCode},
    };
    use http_body_util::BodyExt;
    use platform::testing::TestPlatform;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::*;
    use crate::routes;

    async fn get(app: &App, uuid: Uuid) -> (StatusCode, Value) {
        let request = Request::get(app.ids.hls_mirror(uuid).path()).body(Body::empty()).unwrap();
        let response = routes::router(app).oneshot(request).await.unwrap();
        let status = response.status();
        (status, serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap())
    }

    async fn insert_copy(app: &App, video: &videos::Video) {
        let mut tx = app.platform.db.begin().await.unwrap();
        let mirror: i64 = tx
            .query(
                "INSERT INTO mirrors (video_uuid, origin_host, video_url, account_url, playlist_url, copied_playlist_url, \
                 state, created_at, updated_at) VALUES ($1, 'x', 'x', 'x', 'x', 'x', 'complete', $2, $2) RETURNING id",
            )
            .bind(video.uuid)
            .bind(app.platform.clock.now())
            .fetch_scalar()
            .await
            .unwrap();
        for kind in ["master", "hashes"] {
            tx.query("INSERT INTO mirror_files (mirror_id, name, kind, size_bytes, sha256) VALUES ($1, $2, $2, 1, '')")
                .bind(mirror)
                .bind(kind)
                .execute()
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn an_origin_hears_that_a_copy_is_gone_however_long_it_is_away() {
        let test = TestPlatform::new().await;
        let (app, video) = App::staged(&test).await;
        let (owner, _) = actors::testing::stranger(&app, "beta.test", "bob").await;
        let file = CacheFile {
            uuid: video.uuid,
            id: app.ids.hls_mirror(video.uuid),
            video_url: "https://beta.test/videos/watch/1".to_owned(),
            account_url: owner.url().to_owned(),
            base_url: app.ids.hls_mirror_base(video.uuid),
            expires_at: None,
        };
        let mut tx = app.platform.db.begin().await.unwrap();
        send_create(&app, &mut tx, &file).await.unwrap();
        send_undo(&app, &mut tx, &file).await.unwrap();
        let sure = "SELECT activity_url FROM outgoing_activities WHERE must_arrive = TRUE";
        let sure: Vec<String> = tx.query(sure).fetch_all_scalars().await.unwrap();
        assert_eq!(sure, [ids::undo(&ids::create(&file.id)).to_string()]);
    }

    #[tokio::test]
    async fn whoever_is_told_of_a_copy_can_ask_for_it_by_its_id() {
        let test = TestPlatform::new().await;
        let (app, video) = App::staged(&test).await;

        assert_eq!(get(&app, video.uuid).await.0, StatusCode::NOT_FOUND);
        insert_copy(&app, &video).await;
        let (status, document) = get(&app, video.uuid).await;
        assert_eq!(status, StatusCode::OK);
        let file = wire::CacheFile::from_value(&document).unwrap();
        assert_eq!((file.id, file.video.as_str()), (app.ids.hls_mirror(video.uuid), video.url.as_str()));
        assert_eq!(file.url, wire::CacheFileUrl::Hls { base: app.ids.hls_mirror_base(video.uuid) });
        assert_eq!(document["to"], json!([video.account_url]));
    }
}
