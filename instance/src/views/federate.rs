//! Views, viewers, downloads and what was watched, on the wire.

use std::time::Duration;

use chrono::TimeDelta;
use federation::{
    ids,
    origin::same_host,
    wire::{self, Action, Activity, Audience, Object, View, WatchSection},
};
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
};
use serde_json::Value;
use tracing::debug;
use url::Url;
use uuid::Uuid;

use super::{
    model::Section,
    store::{self, NewWatch},
};
use crate::{
    App,
    actors::{Actor, ActorKind},
    rates::{self, federate::send_to_origin},
    videos::{self, Video},
};

/// For how long viewers are taken to watch, as we tell others. Longer than it takes until they are told again.
const WATCHING_FOR: TimeDelta = TimeDelta::minutes(2);
/// One batch tells an origin of this many views, and downloads, at most: each is an activity.
const MAX_TOLD: u32 = 100;
/// What somebody watched may lie this far in the future: clocks differ.
const SKEW: TimeDelta = TimeDelta::hours(1);
const MAX_SECTIONS: usize = 200;
/// Nobody watches a video for longer.
const LONGEST_WATCH_S: i64 = 7 * 86_400;

/// Tells the origin of a video how often it was watched here.
pub(super) async fn send_views(app: &App, tx: &mut Tx, video: &Video, views: u32) -> Result<(), DbError> {
    let Ok(object) = Url::parse(&video.url) else { return Ok(()) };
    let server = app.ids.instance_actor();
    for _ in 0..views.min(MAX_TOLD) {
        let id = ids::view(&server, video.id.0, &app.platform.random.uuid().to_string());
        let view = Activity::new(id, server.clone(), Action::View(View::counted(object.clone())));
        send_to_origin(app, tx, video, view).await?;
    }
    Ok(())
}

/// Tells the origin of a video how often it was downloaded through this server.
pub(super) async fn send_downloads(app: &App, tx: &mut Tx, video: &Video, downloads: u32) -> Result<(), DbError> {
    let Ok(object) = Url::parse(&video.url) else { return Ok(()) };
    let server = app.ids.instance_actor();
    for _ in 0..downloads.min(MAX_TOLD) {
        let id = ids::download(&server, video.id.0, app.platform.random.uuid());
        send_to_origin(app, tx, video, Activity::new(id, server.clone(), Action::Download(object.clone()))).await?;
    }
    Ok(())
}

/// Tells how many watch a video: its origin of those here, the followers of one of our own of those everywhere.
pub(super) async fn send_viewers(app: &App, tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    let Ok(object) = Url::parse(&video.url) else { return Ok(()) };
    let now = app.platform.clock.now();
    let server = app.ids.instance_actor();
    let viewers = if video.is_local { app.views.viewers(video.id, now) } else { app.views.viewers_here(video.id, now) };
    if viewers == 0 {
        return Ok(());
    }
    let view = View::watching(object, viewers.unsigned_abs(), now + WATCHING_FOR);
    // The same each time, so that what was told before is replaced.
    let id = ids::view(&server, video.id.0, app.views.name());
    let activity = Activity::new(id, server.clone(), Action::View(view));
    if video.is_local {
        if video.is_listed() {
            videos::federate::send_to_all_followers(app, tx, video, &server, activity).await?;
        }
        return Ok(());
    }
    send_to_origin(app, tx, video, activity).await
}

/// Tells the origin of a video what somebody here watched of it.
pub(super) async fn send_watch(app: &App, tx: &mut Tx, video: &Video, watch: &NewWatch) -> Result<(), DbError> {
    let (Ok(id), Ok(object), Ok(owner)) =
        (Url::parse(&watch.url), Url::parse(&video.url), Url::parse(&video.account_url))
    else {
        return Ok(());
    };
    let watched = wire::WatchAction {
        audience: Audience::direct([owner]),
        id: id.clone(),
        uuid: watch.uuid,
        video: object,
        start_time: watch.started_at,
        end_time: watch.ended_at,
        duration: Duration::from_secs(watch.watched_s.unsigned_abs()),
        location: None,
        watch_sections: sections_to_wire(&watch.sections),
    };
    let action = Action::Create(Object::WatchAction(Box::new(watched)));
    send_to_origin(app, tx, video, Activity::new(ids::create(&id), app.ids.instance_actor(), action)).await
}

fn sections_to_wire(sections: &[Section]) -> Vec<WatchSection> {
    let section = |section: &Section| WatchSection { start_timestamp: section.0, end_timestamp: section.1 };
    sections.iter().map(section).collect()
}

/// What somebody here watched, as its id shows it.
pub async fn watch_document(app: &App, connection: &mut Connection, uuid: Uuid) -> Result<Option<Value>, DbError> {
    let id = app.ids.local_viewer(uuid);
    let Some(watch) = store::find_watch(connection, id.as_str()).await? else { return Ok(None) };
    let (Ok(video), Ok(owner)) = (Url::parse(&watch.video_url), Url::parse(&watch.account_url)) else {
        return Ok(None);
    };
    let watched = wire::WatchAction {
        audience: Audience::direct([owner]),
        id,
        uuid,
        video,
        start_time: watch.started_at,
        end_time: watch.ended_at,
        duration: Duration::from_secs(watch.watched_s.unsigned_abs()),
        location: None,
        watch_sections: sections_to_wire(&watch.sections.0),
    };
    Ok(Some(watched.to_document()))
}

/// Servers tell of views, nobody else: statistics of a person would be about that person.
fn is_server(actor: &Actor) -> bool {
    matches!(actor.kind(), ActorKind::Application | ActorKind::Service)
}

/// A server tells of a view, or of who is watching. A view that is told again, with the same id, counts once.
pub async fn receive_view(app: &App, tx: &mut Tx, actor: &Actor, id: &Url, view: &View) -> Result<(), DbError> {
    if !is_server(actor) {
        debug!(actor.host, "a view by somebody who is no server was ignored");
        return Ok(());
    }
    let Some(video) = store::find(tx, view.object.as_str()).await? else { return Ok(()) };
    let now = app.platform.clock.now();
    let is_origin = !video.is_local && Url::parse(actor.url()).is_ok_and(|actor| same_host(&actor, &view.object));
    match (view.expires, view.viewers) {
        // Whoever told of it is answered that all is well, and does not tell again.
        (None, _) if video.is_local => store::keep_view(tx, id, video.id, now).await?,
        // What a server says of another's video besides one viewer (as PeerTube before 6.2 passes them on) is not its to say.
        (Some(expires), viewers) if video.is_local || is_origin || viewers.is_none() => {
            app.views.hear(video.id, id.as_str(), viewers.unwrap_or(1), is_origin && viewers.is_some(), expires, now);
        }
        _ => {}
    }
    Ok(())
}

/// A server tells of a download. One that is told again, with the same id, counts once.
pub async fn receive_download(app: &App, tx: &mut Tx, actor: &Actor, id: &Url, object: &Url) -> Result<(), DbError> {
    if !is_server(actor) {
        return Ok(());
    }
    let Some(video) = store::find(tx, object.as_str()).await?.filter(|video| video.is_local) else { return Ok(()) };
    let now = app.platform.clock.now();
    if !store::count_once(tx, id, now).await? {
        return Ok(());
    }
    store::add_downloads(tx, video.id, 1).await?;
    rates::counters_changed(tx, video.id, now).await
}

/// A server tells what somebody watched of one of our videos.
pub async fn receive_watch(app: &App, tx: &mut Tx, actor: &Actor, watched: &wire::WatchAction) -> Result<(), DbError> {
    if !is_server(actor) {
        return Ok(());
    }
    let Some(video) = store::find(tx, watched.video.as_str()).await?.filter(|video| video.is_local) else {
        return Ok(());
    };
    let now = app.platform.clock.now();
    let (started_at, ended_at) = (platform_moment(watched.start_time), platform_moment(watched.end_time));
    if started_at > ended_at || ended_at > now + SKEW {
        debug!(actor.host, "what was watched at no possible time was ignored");
        return Ok(());
    }
    let location = watched.location.as_ref();
    let watch = NewWatch {
        uuid: watched.uuid,
        url: watched.id.to_string(),
        video: video.id,
        started_at,
        ended_at,
        watched_s: i64::try_from(watched.duration.as_secs()).unwrap_or(i64::MAX).min(LONGEST_WATCH_S),
        country: location.and_then(|location| location.address_country.clone()),
        region: location.and_then(|location| location.address_region.clone()),
        sections: sections_from_wire(&watched.watch_sections, video.duration_s),
    };
    store::insert_watch(tx, &watch, now).await
}

/// Those that lie within the video.
fn sections_from_wire(sections: &[WatchSection], duration_s: i64) -> Vec<Section> {
    let fits = |section: &Section| {
        section.0 <= section.1 && (duration_s == 0 || i64::from(section.1) <= duration_s.saturating_add(1))
    };
    let section = |section: &WatchSection| Section(section.start_timestamp, section.end_timestamp);
    sections.iter().map(section).filter(fits).take(MAX_SECTIONS).collect()
}

fn platform_moment(moment: Timestamp) -> Timestamp {
    Timestamp::from_timestamp_millis(moment.timestamp_millis()).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_within_a_video_was_watched() {
        let wire = |start_timestamp, end_timestamp| WatchSection { start_timestamp, end_timestamp };
        let sections = [wire(0, 5), wire(7, 6), wire(50, 61), wire(50, 62)];
        assert_eq!(sections_from_wire(&sections, 60), [Section(0, 5), Section(50, 61)]);
    }
}
