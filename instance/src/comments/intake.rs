//! Comments of other servers, and what these say about comments here.
//!
//! **Invariant:** a comment is changed by its author alone, removed by its author's server or by that of the video, and what
//! was removed does not come back.

use federation::origin::same_host;
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
};
use url::Url;

use super::{
    Comment,
    actions::{self, CommentError},
    federate,
    model::{Incoming, NewComment, Policy},
    store,
};
use crate::{
    App,
    accounts::{self, Account, AccountId},
    actors::Actor,
    tombstones,
    videos::{self, Video},
};

/// What became of a comment of another server.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is kept, or was already, as it is told now.
    Kept,
    /// What it answers is not known.
    Orphan,
    /// It says that it was approved; whether that is so is for the server of the video to say.
    Unproven,
    /// It is not wanted here.
    Refused,
    /// This server takes no comments of others.
    Unwelcome,
}

/// What is known of a comment besides its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Unknown,
    /// The server of the video lists it, or has confirmed that it is approved.
    ConfirmedByVideo,
}

/// Whether comments that are written on other servers are taken. Those that were taken before stay, with what their
/// authors do to them.
pub fn takes_from_outside(app: &App) -> bool {
    app.border.settings().accepts_remote_comments
}

/// Takes in, or brings up to date, a comment that `author` has written elsewhere.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn take(
    app: &App,
    tx: &mut Tx,
    incoming: &Incoming,
    author: Option<&Actor>,
    standing: Standing,
) -> Result<Taken, DbError> {
    let now = app.platform.clock.now();
    if let Some(known) = store::find_by_url(tx, incoming.url.as_str()).await? {
        return change(tx, &known, incoming, author, now).await;
    }
    if tombstones::store::deleted_at(tx, incoming.url.as_str()).await?.is_some()
        || app.ids.read(&incoming.url).is_some()
    {
        return Ok(Taken::Refused);
    }
    if !takes_from_outside(app) {
        return Ok(Taken::Unwelcome);
    }
    let Some((video, parent)) = place_of(tx, &incoming.in_reply_to).await? else { return Ok(Taken::Orphan) };
    let account = match author {
        Some(author) => match accounts::store::find_by_actor(tx, author.id).await? {
            Some(account) => Some(account),
            None => return Ok(Taken::Refused),
        },
        None => None,
    };
    let waits = match actions::admit(tx, &video, parent.as_ref()).await {
        Ok(waits) => waits,
        Err(CommentError::Db(error)) => return Err(error),
        Err(_) => return Ok(Taken::Refused),
    };
    if !actions::is_told(tx, &video).await? || is_unwanted(app, tx, &video, account.as_ref()).await? {
        return Ok(Taken::Refused);
    }
    let is_owner = account.as_ref().is_some_and(|account| account.id == video.account_id);
    let must_be_approved = waits && !is_owner && account.is_some();
    if must_be_approved && !video.is_local && standing == Standing::Unknown {
        let is_claimed = incoming.approval.as_ref().is_some_and(|approval| on_host_of(approval, &video.url));
        return Ok(if is_claimed { Taken::Unproven } else { Taken::Refused });
    }
    let created_at = incoming.created_at.min(now);
    let new = NewComment {
        url: incoming.url.to_string(),
        video_id: video.id,
        account_id: account.as_ref().map(|account| account.id),
        parent: parent.as_ref().map(|parent| (parent.id, parent.thread())),
        is_local: false,
        text: incoming.text.clone(),
        is_held: must_be_approved && video.is_local,
        reply_approval_url: incoming.approval.as_ref().filter(|url| on_host_of(url, &video.url)).map(Url::to_string),
        deleted_at: account.is_none().then_some(now),
        created_at,
        updated_at: incoming.updated_at.clamp(created_at, now),
    };
    let id = store::insert(tx, &new).await?;
    if let Some(comment) = store::find(tx, id).await? {
        actions::refresh_counts(tx, &video, &comment).await?;
    }
    Ok(Taken::Kept)
}

fn on_host_of(url: &Url, other: &str) -> bool {
    Url::parse(other).is_ok_and(|other| same_host(url, &other))
}

/// Whether this server, or the owner of a video of ours, wants to hear nothing of an author.
async fn is_unwanted(
    app: &App,
    connection: &mut Connection,
    video: &Video,
    author: Option<&Account>,
) -> Result<bool, DbError> {
    let Some(author) = author else { return Ok(false) };
    let mut blockers: Vec<AccountId> = actions::server_account(app, connection).await?.into_iter().collect();
    if video.is_local {
        blockers.push(video.account_id);
    }
    store::is_blocked(connection, &blockers, author.id, &author.host).await
}

/// The video, and the comment under it if it is one, that an address names.
pub(super) async fn place_of(
    connection: &mut Connection,
    url: &Url,
) -> Result<Option<(Video, Option<Comment>)>, DbError> {
    let url = federation::origin::without_fragment(url);
    if let Some(parent) = store::find_by_url(connection, url.as_str()).await? {
        // What waits for approval cannot be seen, and is not answered.
        let video = videos::store::find(connection, parent.video_id).await?;
        return Ok(video.filter(|_| !parent.is_held).map(|video| (video, Some(parent))));
    }
    Ok(videos::store::find_by_url(connection, url.as_str()).await?.map(|video| (video, None)))
}

/// Whether an address names a video or a comment that is known here.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn is_known(connection: &mut Connection, url: &Url) -> Result<bool, DbError> {
    let url = federation::origin::without_fragment(url);
    Ok(store::find_by_url(connection, url.as_str()).await?.is_some()
        || videos::store::find_by_url(connection, url.as_str()).await?.is_some())
}

/// Its author has edited a comment. Where comments wait for approval, a changed one waits again.
async fn change(
    tx: &mut Tx,
    known: &Comment,
    incoming: &Incoming,
    author: Option<&Actor>,
    now: Timestamp,
) -> Result<Taken, DbError> {
    let is_theirs = author.is_some_and(|author| Some(author.id) == known.author_actor_id);
    if known.is_local || known.is_stone() || !is_theirs {
        return Ok(Taken::Refused);
    }
    if known.text == incoming.text {
        return Ok(Taken::Kept);
    }
    let Some(video) = videos::store::find(tx, known.video_id).await? else { return Ok(Taken::Refused) };
    let waits = video.is_local && Policy::from(video.comments_policy) == Policy::Approval;
    let is_held = known.is_held || (waits && known.account_id != Some(video.account_id));
    store::set_text(tx, known.id, &incoming.text, is_held, now).await?;
    actions::refresh_counts(tx, &video, known).await?;
    Ok(Taken::Kept)
}

/// The server of a comment says that there is none any more.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn forget_gone(app: &App, tx: &mut Tx, url: &Url) -> Result<(), DbError> {
    let known = store::find_by_url(tx, url.as_str()).await?.filter(|comment| !comment.is_local && !comment.is_stone());
    let Some(comment) = known else { return Ok(()) };
    match videos::store::find(tx, comment.video_id).await? {
        Some(video) => actions::erase(app, tx, &video, &comment).await,
        None => Ok(()),
    }
}

/// The server of a video has decided about a comment.
pub(super) async fn receive_decision(
    app: &App,
    tx: &mut Tx,
    speaker: &Actor,
    comment_url: &Url,
    approval: Option<&Url>,
) -> Result<(), DbError> {
    let Some(comment) = store::find_by_url(tx, comment_url.as_str()).await? else { return Ok(()) };
    let Some(video) = videos::store::find(tx, comment.video_id).await? else { return Ok(()) };
    let decides = Url::parse(speaker.url()).is_ok_and(|url| on_host_of(&url, &video.url));
    if video.is_local || !decides || comment.is_stone() {
        return Ok(());
    }
    let Some(approval) = approval else { return actions::erase(app, tx, &video, &comment).await };
    if comment.reply_approval_url.is_some() {
        return Ok(());
    }
    store::set_approved(tx, comment.id, approval.as_str()).await?;
    actions::refresh_counts(tx, &video, &comment).await?;
    let was_held = comment.is_held;
    if let Some(comment) = store::find(tx, comment.id).await?.filter(|comment| comment.is_local && was_held) {
        federate::send_create(app, tx, &video, &comment).await?;
        actions::tell_mentioned(app, tx, &video, &comment).await?;
    }
    Ok(())
}

/// A server says that a comment is gone: that of its author, or that of the video. `false` if there is none of this
/// address.
pub(super) async fn receive_delete(
    app: &App,
    tx: &mut Tx,
    speaker: &Actor,
    url: &Url,
) -> Result<Option<Video>, DbError> {
    let Some(comment) = store::find_by_url(tx, url.as_str()).await? else { return Ok(None) };
    let Some(video) = videos::store::find(tx, comment.video_id).await? else { return Ok(None) };
    let Ok(speaks_from) = Url::parse(speaker.url()) else { return Ok(None) };
    let may = on_host_of(&speaks_from, &comment.url) || on_host_of(&speaks_from, &video.url);
    if speaker.is_local || !may || comment.is_stone() {
        return Ok(None);
    }
    if comment.is_local {
        federate::send_delete(app, tx, &video, &comment).await?;
    }
    actions::erase(app, tx, &video, &comment).await?;
    Ok(Some(video))
}
