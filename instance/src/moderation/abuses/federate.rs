//! Reports on the wire: `Flag`, to the server of what is reported and from servers that report something of ours.

use chrono::TimeDelta;
use federation::wire::{Action, Activity, Audience, Flag};
use platform::db::{Connection, DbError, Tx};
use tracing::{debug, info};
use url::Url;

use super::{
    AbuseId,
    actions::Reported,
    model::is_predefined_reason,
    store::{self, AbuseDraft},
};
use crate::{
    App,
    accounts::{self, Account},
    actors::{self, Actor},
    channels, moderation, videos,
};

/// A server that reports more within a day is not listened to.
const MAX_PER_HOST_AND_DAY: i64 = 50;
/// Of one activity so many objects become reports.
const MAX_PER_ACTIVITY: usize = 10;

/// Tells the moderators of another server, in the reporter's name.
pub(super) async fn send_flag(
    app: &App,
    tx: &mut Tx,
    id: AbuseId,
    reporter: &Account,
    thing: &Reported,
    draft: &AbuseDraft<'_>,
) -> Result<(), DbError> {
    let Some(owner) = thing.owner else { return Ok(()) };
    let Some(actor_id) = moderation::store::actor_of(tx, owner).await? else { return Ok(()) };
    let Some(owner) = actors::store::find(tx, actor_id).await? else { return Ok(()) };
    let (Ok(object), Ok(owner_url), Ok(reporter_url), Some(inbox)) =
        (Url::parse(&thing.url), Url::parse(owner.url()), Url::parse(&reporter.url), owner.delivery_inbox())
    else {
        return Ok(());
    };
    let second = |second: Option<i64>| second.and_then(|second| u32::try_from(second).ok());
    let flag = Flag {
        objects: vec![object],
        content: draft.reason.to_owned(),
        reasons: draft.predefined_reasons.to_vec(),
        start_at: second(draft.start_s),
        end_at: second(draft.end_s),
    };
    let activity = Activity::new(app.ids.flag(id.0), reporter_url.clone(), Action::Flag(flag))
        .addressed(Audience::direct([owner_url]));
    // A report that does not arrive is one that nobody looks into.
    courier::deliver_surely(tx, app.platform.clock.now(), &reporter_url, &[inbox], &activity).await
}

/// Somebody on another server reports something. It counts if it lives here.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn receive(app: &App, tx: &mut Tx, id: &Url, speaker: &Actor, flag: &Flag) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    let mut room =
        MAX_PER_HOST_AND_DAY - store::count_of_host_since(tx, &speaker.host, now - TimeDelta::hours(24)).await?;
    // Who has no account, such as a channel, could report without end: nobody would count.
    let Some(reporter) = accounts::store::find_by_actor(tx, speaker.id).await? else { return Ok(()) };
    let reasons: Vec<String> = flag.reasons.iter().filter(|name| is_predefined_reason(name)).cloned().collect();
    for (number, reported) in own_objects(tx, flag).await?.into_iter().enumerate() {
        if room <= 0 {
            info!(actor.host = speaker.host, "{} has sent too many reports today", speaker.host);
            return Ok(());
        }
        let url = if number == 0 { id.to_string() } else { format!("{id}#{number}") };
        let draft = AbuseDraft {
            url: Some(url),
            reporter: Some(reporter.id),
            reason: &flag.content,
            predefined_reasons: &reasons,
            ..reported.draft()
        };
        if store::insert(tx, &draft, now).await?.is_some() {
            room -= 1;
        }
    }
    Ok(())
}

/// What of a report lives here. Mastodon names an account together with what it wrote: then the latter says more.
async fn own_objects(tx: &mut Tx, flag: &Flag) -> Result<Vec<Reported>, DbError> {
    let (mut things, mut accounts) = (vec![], vec![]);
    for url in flag.objects.iter().take(MAX_PER_ACTIVITY) {
        match own_object(tx, url, flag).await? {
            Some(reported) if reported.is_account() => accounts.push(reported),
            Some(reported) => things.push(reported),
            None => debug!(object = %url, "a report of something that does not live here was ignored"),
        }
    }
    accounts.retain(|account| !things.iter().any(|thing| thing.owner == account.owner));
    things.extend(accounts);
    Ok(things)
}

async fn own_object(connection: &mut Connection, url: &Url, flag: &Flag) -> Result<Option<Reported>, DbError> {
    let second = |second: Option<u32>| second.map(i64::from);
    let reported = if let Some(video) = videos::store::find_by_url(connection, url.as_str()).await? {
        Some(Reported::of_video(&video, second(flag.start_at), second(flag.end_at)))
    } else if let Some(comment) = store::find_comment_by_url(connection, url.as_str()).await? {
        Some(Reported::of_comment(&comment))
    } else {
        account_at(connection, url).await?.as_ref().map(Reported::of_account)
    };
    Ok(reported.filter(|reported| reported.is_local))
}

/// The account at an address, or that of the channel there.
async fn account_at(connection: &mut Connection, url: &Url) -> Result<Option<Account>, DbError> {
    let Some(actor) = actors::store::find_by_url(connection, url.as_str()).await? else { return Ok(None) };
    match channels::store::find_by_actor(connection, actor.id).await? {
        Some(channel) => accounts::store::find_by_actor(connection, channel.owner_actor_id).await,
        None => accounts::store::find_by_actor(connection, actor.id).await,
    }
}
