//! Comments on the wire: ours as PeerTube's notes and the activities about them, and others' as rows.

use federation::{
    ids,
    origin::{Host, without_fragment},
    wire::{
        self, Action, Activity, Audience, Object, ReplyDecision,
        note::{Note, NoteTag, TextFormat},
    },
};
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    jobs::enqueue,
};
use serde_json::Value;
use url::Url;

use super::{
    Comment, actions, html,
    intake::{self, Standing, Taken},
    jobs::ResolveComment,
    model::{Incoming, MAX_TEXT},
    recipients::{Recipients, recipients},
    store,
};
use crate::{
    App,
    actors::{Actor, ActorId},
    federation::broadcast,
    videos::{self, Video},
};

/// Tells of a comment of ours: everybody, or, while it waits for approval, the server that approves.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn send_create(app: &App, tx: &mut Tx, video: &Video, comment: &Comment) -> Result<(), DbError> {
    send_create_to(app, tx, video, comment, None).await
}

/// As [`send_create`], to these actors alone if there are any.
pub(super) async fn send_create_to(
    app: &App,
    tx: &mut Tx,
    video: &Video,
    comment: &Comment,
    only: Option<&[Url]>,
) -> Result<(), DbError> {
    if !actions::is_told(tx, video).await? {
        return Ok(());
    }
    let Some((note, recipients)) = note(app, tx, video, comment).await? else { return Ok(()) };
    let activity = creation(note);
    let (actor, now) = (activity.actor.clone(), app.platform.clock.now());
    let inboxes = only.unwrap_or(&recipients.inboxes);
    // Who knows our videos asks for what is said about them. The server of somebody else's never asks here: if it was away,
    // it would never know.
    if video.is_local {
        return courier::deliver(tx, now, &actor, inboxes, &activity).await;
    }
    courier::deliver_surely(tx, now, &actor, inboxes, &activity).await
}

fn creation(note: Note) -> Activity {
    let audience = note.audience.clone();
    let (id, actor) = (ids::create(&note.id), note.attributed_to.clone());
    Activity::new(id, actor, Action::Create(Object::Note(Box::new(note)))).addressed(audience)
}

/// A comment of ours as a note, and who hears of it.
async fn note(
    app: &App,
    connection: &mut Connection,
    video: &Video,
    comment: &Comment,
) -> Result<Option<(Note, Recipients)>, DbError> {
    let chain = store::with_ancestors(connection, comment.id).await?;
    let ancestors = chain.get(1..).unwrap_or_default();
    let answered = ancestors.first().map_or(video.url.as_str(), |parent| parent.url.as_str());
    let author = comment.author_url.as_deref().and_then(|url| Url::parse(url).ok());
    let (Some(author), Ok(answered), true) = (author, Url::parse(answered), comment.is_local) else { return Ok(None) };
    let recipients = recipients(app, connection, video, comment, ancestors).await?;
    let id = app.ids.comment(video.uuid, comment.id.0);
    let mut note = Note::new(id, author, answered, comment.text.clone(), comment.created_at);
    note.updated = Some(comment.updated_at);
    note.community = Url::parse(&video.channel_url).ok();
    note.reply_approval = if video.is_local && !comment.is_held {
        Some(app.ids.comment_approval(video.uuid, comment.id.0))
    } else {
        comment.reply_approval_url.as_deref().and_then(|url| Url::parse(url).ok())
    };
    note.tags = recipients.mentioned.iter().filter_map(mention).collect();
    let named = recipients.mentioned.iter().filter_map(|actor| Url::parse(actor.url()).ok());
    note.audience = Audience::public(recipients.collections.iter().cloned().chain(named));
    Ok(Some((note, recipients)))
}

fn mention(actor: &Actor) -> Option<NoteTag> {
    let name = format!("@{}@{}", actor.username, actor.host);
    Some(NoteTag::Mention { href: Url::parse(actor.url()).ok()?, name: Some(name) })
}

/// The document of a comment of ours: the note, or what is left of it.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn document(
    app: &App,
    connection: &mut Connection,
    video: &Video,
    comment: &Comment,
) -> Result<Option<Value>, DbError> {
    if comment.is_stone() {
        let chain = store::with_ancestors(connection, comment.id).await?;
        let answered = chain.get(1).map_or(video.url.as_str(), |parent| parent.url.as_str());
        return Ok(Url::parse(answered).ok().map(|answered| {
            let id = app.ids.comment(video.uuid, comment.id.0);
            wire::Tombstone::of_comment(id, answered, comment.created_at, comment.updated_at).to_document()
        }));
    }
    Ok(note(app, connection, video, comment).await?.map(|(note, _)| note.to_document()))
}

/// The document of the creation of a comment of ours.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn creation_document(
    app: &App,
    connection: &mut Connection,
    video: &Video,
    comment: &Comment,
) -> Result<Option<Value>, DbError> {
    Ok(note(app, connection, video, comment).await?.map(|(note, _)| creation(note).to_document()))
}

/// The document of a comment of ours that nothing answered when it was deleted.
pub fn tombstone_document(app: &App, video: &Video, number: i64, deleted_at: Timestamp) -> Value {
    let id = app.ids.comment(video.uuid, number);
    let tombstone = wire::Tombstone {
        id,
        former_type: Some(wire::note::KIND.to_owned()),
        in_reply_to: None,
        published: None,
        updated: None,
        deleted: Some(deleted_at),
    };
    tombstone.to_document()
}

/// Tells those who know a comment that it is gone, if that is for this server to say: also under a video that was taken back
/// from the federation, since others go on showing what was said of it.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn send_delete(app: &App, tx: &mut Tx, video: &Video, comment: &Comment) -> Result<(), DbError> {
    let speaker = if comment.is_local {
        comment.author_url.clone()
    } else if video.is_local {
        actions::owner_of(tx, video).await?.map(|owner| owner.url().to_owned())
    } else {
        None
    };
    let actor = speaker.and_then(|url| Url::parse(&url).ok());
    let was_told = !video.is_local || video.is_open();
    let (Some(actor), Ok(object), true) = (actor, Url::parse(&comment.url), was_told) else {
        return Ok(());
    };
    let chain = store::with_ancestors(tx, comment.id).await?;
    let ancestors = chain.get(1..).unwrap_or_default();
    let mut recipients = recipients(app, tx, video, comment, ancestors).await?;
    if !comment.is_local {
        recipients.inboxes.extend(author_inbox(tx, comment).await?);
    }
    let id = ids::delete(&app.ids.comment(video.uuid, comment.id.0));
    let delete =
        Activity::new(id, actor.clone(), Action::Delete(object)).addressed(Audience::public(recipients.collections));
    courier::deliver(tx, app.platform.clock.now(), &actor, &recipients.inboxes, &delete).await
}

async fn author_inbox(connection: &mut Connection, comment: &Comment) -> Result<Option<Url>, DbError> {
    let Some(author) = comment.author_actor_id else { return Ok(None) };
    let author = crate::actors::store::find(connection, author).await?;
    Ok(author.filter(|author| !author.is_local).and_then(|author| author.delivery_inbox()))
}

/// Tells the author's server whether a comment may stand under a video of ours, however long it is away: it waits for this.
/// Under one that was taken back from the federation, nothing may.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn send_decision(
    app: &App,
    tx: &mut Tx,
    video: &Video,
    comment: &Comment,
    approved: bool,
) -> Result<(), DbError> {
    if approved && !actions::is_told(tx, video).await? {
        return Ok(());
    }
    let Some(activity) = decision(app, tx, video, comment, approved).await? else { return Ok(()) };
    let inboxes: Vec<Url> = author_inbox(tx, comment).await?.into_iter().collect();
    let actor = activity.actor.clone();
    courier::deliver_surely(tx, app.platform.clock.now(), &actor, &inboxes, &activity).await
}

async fn decision(
    app: &App,
    connection: &mut Connection,
    video: &Video,
    comment: &Comment,
    approved: bool,
) -> Result<Option<Activity>, DbError> {
    let Some(owner) = actions::owner_of(connection, video).await? else { return Ok(None) };
    let chain = store::with_ancestors(connection, comment.id).await?;
    let answered = chain.get(1).map_or(video.url.as_str(), |parent| parent.url.as_str());
    let (Ok(actor), Ok(object), Ok(in_reply_to)) =
        (Url::parse(owner.url()), Url::parse(&comment.url), Url::parse(answered))
    else {
        return Ok(None);
    };
    let decision = ReplyDecision { object, in_reply_to };
    let approval = app.ids.comment_approval(video.uuid, comment.id.0);
    Ok(Some(if approved {
        Activity::new(approval, actor, Action::ApproveReply(decision))
    } else {
        let id = ids::under(&app.ids.comment(video.uuid, comment.id.0), "reject-reply");
        Activity::new(id, actor, Action::RejectReply(decision))
    }))
}

/// The document of the approval of a comment under a video of ours.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn approval_document(
    app: &App,
    connection: &mut Connection,
    video: &Video,
    comment: &Comment,
) -> Result<Option<Value>, DbError> {
    if !video.is_local || comment.is_held || comment.is_stone() {
        return Ok(None);
    }
    Ok(decision(app, connection, video, comment, true).await?.map(|activity| activity.to_document()))
}

/// Somebody has written or edited a comment. What it answers is looked for in a job if it is not known.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn receive_note(
    app: &App,
    tx: &mut Tx,
    said: (&Activity, &[u8]),
    speaker: &Actor,
    note: &Note,
) -> Result<(), DbError> {
    let Some(incoming) = read_note(note) else { return Ok(()) };
    if !speaks_for_itself(&incoming, speaker) {
        app.courier.note_ignored(&incoming.url, "somebody wrote in the name of somebody else").await;
        return Ok(());
    }
    match intake::take(app, tx, &incoming, Some(speaker), Standing::Unknown).await? {
        Taken::Kept => forward_if_ours(app, tx, said, &incoming.url, speaker).await,
        Taken::Orphan if app.ids.read(&incoming.in_reply_to).is_some() => Ok(()),
        Taken::Orphan | Taken::Unproven => {
            enqueue(tx, app.platform.clock.now(), &ResolveComment { url: incoming.url }).await
        }
        Taken::Refused => Ok(()),
        Taken::Unwelcome => decline(app, tx, speaker, &incoming).await,
    }
}

/// Tells the author of a comment under a video of ours that it is not taken: otherwise they would wait for answers.
async fn decline(app: &App, tx: &mut Tx, author: &Actor, incoming: &Incoming) -> Result<(), DbError> {
    let Some((video, _)) = intake::place_of(tx, &incoming.in_reply_to).await? else { return Ok(()) };
    if !video.is_local || !actions::is_told(tx, &video).await? {
        return Ok(());
    }
    let owner = actions::owner_of(tx, &video).await?.and_then(|owner| Url::parse(owner.url()).ok());
    let (Some(owner), Some(inbox)) = (owner, author.delivery_inbox()) else { return Ok(()) };
    let decision = ReplyDecision { object: incoming.url.clone(), in_reply_to: incoming.in_reply_to.clone() };
    let id = ids::under(&app.ids.video(video.uuid), &format!("reject-reply/{}", app.platform.random.uuid()));
    let rejection = Activity::new(id, owner.clone(), Action::RejectReply(decision));
    courier::deliver(tx, app.platform.clock.now(), &owner, &[inbox], &rejection).await
}

fn speaks_for_itself(incoming: &Incoming, speaker: &Actor) -> bool {
    incoming.author.as_ref().is_some_and(|author| author.as_str() == speaker.url())
}

/// A comment is gone. `false` if the address names none that the speaker may speak of.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn receive_delete(
    app: &App,
    tx: &mut Tx,
    said: (&Activity, &[u8]),
    speaker: &Actor,
    object: &Url,
) -> Result<bool, DbError> {
    let Some(video) = intake::receive_delete(app, tx, speaker, object).await? else { return Ok(false) };
    if video.is_local && video.is_open() {
        forward(app, tx, said, &video, speaker).await?;
    }
    Ok(true)
}

/// The server of a video lets a comment stand, or does not.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn receive_decision(app: &App, tx: &mut Tx, activity: &Activity, speaker: &Actor) -> Result<(), DbError> {
    match &activity.action {
        Action::ApproveReply(decision) => {
            intake::receive_decision(app, tx, speaker, &decision.object, Some(&activity.id)).await
        }
        Action::RejectReply(decision) => intake::receive_decision(app, tx, speaker, &decision.object, None).await,
        _ => Ok(()),
    }
}

async fn forward_if_ours(
    app: &App,
    tx: &mut Tx,
    said: (&Activity, &[u8]),
    comment: &Url,
    speaker: &Actor,
) -> Result<(), DbError> {
    let Some(comment) = store::find_by_url(tx, comment.as_str()).await?.filter(|comment| !comment.is_held) else {
        return Ok(());
    };
    match videos::store::find(tx, comment.video_id).await? {
        Some(video) if video.is_local && actions::is_told(tx, &video).await? => {
            forward(app, tx, said, &video, speaker).await
        }
        _ => Ok(()),
    }
}

/// Passes on what somebody says about a comment under a video of ours to the followers of the video, apart from the
/// server that said it. They believe it by the linked-data signature of its author; without one there is no point.
async fn forward(
    app: &App,
    tx: &mut Tx,
    (activity, body): (&Activity, &[u8]),
    video: &Video,
    speaker: &Actor,
) -> Result<(), DbError> {
    let is_signed = serde_json::from_slice::<Value>(body).is_ok_and(|document| document.get("signature").is_some());
    if !is_signed {
        return Ok(());
    }
    let Some(owner) = actions::owner_of(tx, video).await?.and_then(|owner| Url::parse(owner.url()).ok()) else {
        return Ok(());
    };
    let mut inboxes = follower_inboxes(tx, video).await?;
    inboxes.retain(|inbox| Host::of(inbox).is_some_and(|host| host.as_str() != speaker.host));
    courier::forward(tx, app.platform.clock.now(), &owner, &inboxes, &activity.id, body).await
}

async fn follower_inboxes(connection: &mut Connection, video: &Video) -> Result<Vec<Url>, DbError> {
    let mut followed: Vec<ActorId> = vec![video.account_actor_id, video.channel_actor_id];
    followed.extend(store::local_sharers(connection, video.id).await?);
    broadcast::inboxes_of(connection, &followed).await
}

/// What a document says, if it is a comment or the place of one.
pub fn read(document: &Value) -> Option<Incoming> {
    match Object::from_value(document).ok()? {
        Object::Note(note) => read_note(&note),
        Object::Tombstone(stone) => {
            let moment = stone.deleted.or(stone.updated).unwrap_or_default();
            Some(Incoming {
                url: without_fragment(&stone.id),
                author: None,
                in_reply_to: stone.in_reply_to?,
                text: String::new(),
                approval: None,
                replies: None,
                created_at: cut(stone.published.unwrap_or(moment)),
                updated_at: cut(moment),
            })
        }
        _ => None,
    }
}

/// Whether a document is the approval of a comment.
pub fn is_approval_of(document: &Value, comment: &Url) -> bool {
    match Activity::from_value(document).map(|activity| activity.action) {
        Ok(Action::ApproveReply(decision)) => decision.object == *comment,
        _ => false,
    }
}

/// The addresses of comments in a list of them, whatever it is made of.
pub fn addresses(items: &[Value]) -> Vec<Url> {
    items.iter().filter_map(wire::lenient::as_url).collect()
}

fn read_note(note: &Note) -> Option<Incoming> {
    if !note.is_public() {
        return None;
    }
    let text = text_of(note);
    if text.is_empty() {
        return None;
    }
    Some(Incoming {
        url: note.id.clone(),
        author: Some(note.attributed_to.clone()),
        in_reply_to: note.in_reply_to.clone()?,
        text,
        approval: note.reply_approval.clone(),
        replies: note.replies.clone().filter(|replies| federation::origin::same_host(replies, &note.id)),
        created_at: cut(note.published),
        updated_at: cut(note.updated.unwrap_or(note.published)),
    })
}

/// The text of a note as Markdown: a title and a warning go before it.
fn text_of(note: &Note) -> String {
    let markdown_source = note.source.as_ref().filter(|source| {
        source.media_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case(TextFormat::Markdown.media_type()))
    });
    let body = match (note.format, markdown_source) {
        (TextFormat::Html, Some(source)) => source.content.clone(),
        (TextFormat::Html, None) => html::to_markdown(&note.content),
        (TextFormat::Markdown, _) => note.content.clone(),
        (TextFormat::Plain, _) => html::escape(&note.content),
    };
    let title = note.name.as_deref().map(|name| format!("**{}**", html::escape(name)));
    let warning = note.summary.as_deref().map(html::escape);
    let parts = [title, warning, Some(body)].into_iter().flatten().filter(|part| !part.chars().all(is_invisible));
    let text = parts.collect::<Vec<_>>().join("\n\n").replace('\0', "");
    shorten(text.trim())
}

/// Misskey warns of what needs no warning with a space of no width.
fn is_invisible(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200b}'..='\u{200d}' | '\u{feff}')
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= MAX_TEXT {
        return text.to_owned();
    }
    text.chars().take(MAX_TEXT - 1).chain(['…']).collect()
}

/// Moments from elsewhere, cut to the milliseconds that are kept here.
fn cut(moment: Timestamp) -> Timestamp {
    Timestamp::from_timestamp_millis(moment.timestamp_millis()).unwrap_or(moment)
}

#[cfg(test)]
#[path = "federate_tests.rs"]
mod tests;
