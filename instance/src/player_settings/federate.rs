//! Player settings on the wire.

use chrono::TimeDelta;
use federation::{
    ids,
    wire::{self, Action, Activity, Audience, Object},
};
use platform::{
    clock::Timestamp,
    db::{DbError, Tx},
    jobs::{Job, JobContext, JobError, JobSet, Lane, RetryPolicy, enqueue_at},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::debug;
use url::Url;

use super::{Dressed, Theme, store};
use crate::{
    App,
    actors::{self, ActorId},
    channels,
    federation::broadcast,
    videos,
};

fn to_wire(id: Url, object: Url, theme: Theme) -> wire::PlayerSettings {
    wire::PlayerSettings { id, object, theme: wire::PlayerTheme::parse(theme.name()).unwrap_or_default() }
}

/// The document of settings of ours.
pub(super) fn document(id: Url, object: Url, theme: Theme) -> Value {
    to_wire(id, object, theme).to_document()
}

/// Tells the followers of the owner and the channel of new settings.
pub(super) async fn send_update(
    app: &App,
    tx: &mut Tx,
    owner: &Url,
    speakers: &[ActorId],
    (id, object, theme): (Url, Url, Theme),
) -> Result<(), DbError> {
    let action = Action::Update(Object::PlayerSettings(Box::new(to_wire(id.clone(), object, theme))));
    let activity = Activity::new(ids::update(&id, app.platform.clock.now()), owner.clone(), action);
    let activity = activity.addressed(Audience::public([ids::under(owner, "followers")]));
    broadcast::to_followers(app, tx, speakers, &activity).await
}

/// Somebody's player is to look otherwise. That the video or channel is on the host of the speaker was checked when the
/// settings were read; here it must be known and not ours.
pub async fn receive(app: &App, tx: &mut Tx, settings: &wire::PlayerSettings) -> Result<(), DbError> {
    let Some(of) = find_dressed(tx, &settings.object).await? else { return Ok(()) };
    let theme = Theme::from_name(settings.theme.as_str()).filter(|theme| of.admits(*theme));
    let theme = theme.unwrap_or_else(|| of.default_theme());
    store::set(tx, of, settings.id.as_str(), theme, app.platform.clock.now()).await
}

async fn find_dressed(tx: &mut Tx, object: &Url) -> Result<Option<Dressed>, DbError> {
    if let Some(video) = videos::store::find_by_url(tx, object.as_str()).await? {
        return Ok((!video.is_local).then_some(Dressed::Video(video.id)));
    }
    let actor = actors::store::find_by_url(tx, object.as_str()).await?;
    let Some(actor) = actor.filter(|actor| !actor.is_local) else { return Ok(None) };
    Ok(channels::store::find_by_actor(tx, actor.id).await?.map(|channel| Dressed::Channel(channel.id)))
}

/// Has the player settings of a remote video or channel asked for, in the transaction that takes it in. Those of something
/// that is new here can wait: the next video is worth more.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn follow(tx: &mut Tx, now: Timestamp, url: &Url, is_new: bool) -> Result<(), DbError> {
    let wait = if is_new { TimeDelta::minutes(10) } else { TimeDelta::seconds(30) };
    enqueue_at(tx, now, now + wait, &FetchPlayerSettings { url: url.clone() }).await
}

/// Asks the origin of a video or channel for its player settings.
#[derive(Debug, Serialize, Deserialize)]
pub struct FetchPlayerSettings {
    /// Where they are.
    pub url: Url,
}

impl Job for FetchPlayerSettings {
    const KIND: &'static str = "player_settings_fetch";
    const LANE: Lane = Lane::Fetch;
    const PRIORITY: i64 = -10;
    const POLICY: RetryPolicy = RetryPolicy::BRIEF;

    fn dedupe_key(&self) -> Option<String> {
        Some(self.url.to_string())
    }

    fn party(&self) -> Option<String> {
        self.url.host_str().map(str::to_owned)
    }
}

/// The jobs of this feature.
pub fn job_set(app: &App) -> JobSet {
    let app = app.clone();
    JobSet::new().on::<FetchPlayerSettings, _, _>(move |job, context| ask(app.clone(), job, context))
}

/// An origin that cannot be asked will tell when the settings change: nobody has to know that this failed.
async fn ask(app: App, job: FetchPlayerSettings, context: JobContext) -> Result<(), JobError> {
    match fetch(&app, &job.url).await {
        Err(JobError::Fail(error)) => {
            debug!(url = %job.url, error, "player settings cannot be had");
            Ok(())
        }
        Err(error) if context.last_attempt => {
            debug!(url = %job.url, %error, "player settings could not be asked for");
            Ok(())
        }
        outcome => outcome,
    }
}

async fn fetch(app: &App, url: &Url) -> Result<(), JobError> {
    let document = match app.courier.fetch(url).await {
        Err(error) if error.is_gone() => return Ok(()),
        outcome => outcome?,
    };
    let settings = wire::PlayerSettings::from_value(&document).map_err(JobError::fail)?;
    let mut tx = app.platform.db.begin().await?;
    receive(app, &mut tx, &settings).await?;
    tx.commit().await?;
    Ok(())
}
