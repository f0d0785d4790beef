use federation::{ids, origin::same_host};
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    jobs::enqueue,
};
use url::Url;

use super::{
    Comment, CommentId, federate,
    jobs::TellMentioned,
    model::{Incoming, MAX_DEPTH, MAX_PER_THREAD, MAX_PER_VIDEO, MAX_TEXT, NewComment, Policy, Viewer},
    recipients, store, text,
};
use crate::{
    App,
    accounts::{self, Account, AccountId},
    actors::{self, Actor},
    tombstones,
    users::{Role, User},
    videos::{self, Video},
};

/// Why a comment cannot be written, removed or approved.
#[derive(Debug, thiserror::Error)]
pub enum CommentError {
    /// The video takes none.
    #[error("comments are closed under this video")]
    Closed,
    /// There is no text, or too much of it.
    #[error("a comment has between 1 and 10,000 characters")]
    Length,
    /// A bound is reached.
    #[error("this thread, or this video, has no room for more comments")]
    Full,
    /// There is no such comment under that video.
    #[error("there is no such comment")]
    NotFound,
    /// It is for others to do this.
    #[error("only {0} may do this")]
    Forbidden(&'static str),
    /// The database refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

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

/// What somebody sees of the comments under a video.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn viewer(
    app: &App,
    connection: &mut Connection,
    video: &Video,
    user: Option<&User>,
) -> Result<Viewer, DbError> {
    let account = match user {
        Some(user) => accounts::store::find_by_user(connection, user.id).await?.map(|account| account.id),
        None => None,
    };
    let looks_after = user.is_some_and(|user| user.role() != Role::User);
    let sees_held = looks_after || account == Some(video.account_id);
    let blockers = server_account(app, connection).await?.into_iter().chain(account).collect();
    Ok(Viewer { account, sees_held, blockers })
}

async fn server_account(app: &App, connection: &mut Connection) -> Result<Option<AccountId>, DbError> {
    let host = app.platform.public_url.host();
    let account = accounts::store::find_by_handle(connection, ids::INSTANCE_ACTOR_NAME, host).await?;
    Ok(account.map(|account| account.id))
}

/// A comment under a video that somebody may see.
///
/// # Errors
/// [`CommentError::NotFound`] if there is none.
pub async fn find_visible(
    connection: &mut Connection,
    video: &Video,
    viewer: &Viewer,
    id: CommentId,
) -> Result<Comment, CommentError> {
    // Whoever looks after the video removes what others are not even shown.
    let comment = if viewer.sees_held {
        store::find(connection, id).await?
    } else {
        store::find_visible(connection, id, viewer).await?
    };
    comment.filter(|comment| comment.video_id == video.id).ok_or(CommentError::NotFound)
}

/// Whether a user is shown a comment: the video that it is under, and then the comment.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn may_see(app: &App, connection: &mut Connection, user: &User, id: CommentId) -> Result<bool, DbError> {
    let Some(comment) = store::find(connection, id).await? else { return Ok(false) };
    let Some(video) = videos::store::find(connection, comment.video_id).await? else { return Ok(false) };
    if !videos::may_see(connection, &video, Some(user)).await? {
        return Ok(false);
    }
    let viewer = viewer(app, connection, &video, Some(user)).await?;
    match find_visible(connection, &video, &viewer, id).await {
        Ok(_) => Ok(true),
        Err(CommentError::Db(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

/// Writes a comment for somebody of this server and tells the federation.
///
/// # Errors
/// [`CommentError`] if the video takes none, what it answers is not there, or the text is empty or too long.
pub async fn write(
    app: &App,
    user: &User,
    video: &Video,
    parent: Option<CommentId>,
    text: &str,
) -> Result<Comment, CommentError> {
    let text = text.replace("\r\n", "\n").replace('\0', "");
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_TEXT {
        return Err(CommentError::Length);
    }
    let now = app.platform.clock.now();
    let mut tx = app.platform.db.begin().await?;
    let account = accounts::store::find_by_user(&mut tx, user.id).await?;
    let account = account.ok_or(CommentError::Forbidden("people with an account"))?;
    let parent = match parent {
        Some(id) => {
            let viewer = viewer(app, &mut tx, video, Some(user)).await?;
            let parent = find_visible(&mut tx, video, &viewer, id).await?;
            Some(parent)
                .filter(|parent| !parent.is_stone() && !parent.is_held)
                .ok_or(CommentError::NotFound)
                .map(Some)?
        }
        None => None,
    };
    let waits = admit(&mut tx, video, parent.as_ref()).await?;
    let moderates = video.is_local && user.role() != Role::User;
    let new = NewComment {
        url: format!("urn:uuid:{}", app.platform.random.uuid()),
        video_id: video.id,
        account_id: Some(account.id),
        parent: parent.as_ref().map(|parent| (parent.id, parent.thread())),
        is_local: true,
        text: text.to_owned(),
        is_held: waits && account.id != video.account_id && !moderates,
        reply_approval_url: None,
        deleted_at: None,
        created_at: now,
        updated_at: now,
    };
    let id = store::insert(&mut tx, &new).await?;
    store::set_url(&mut tx, id, app.ids.comment(video.uuid, id.0).as_str()).await?;
    let comment = store::find(&mut tx, id).await?.ok_or(CommentError::NotFound)?;
    refresh_counts(&mut tx, video, &comment).await?;
    federate::send_create(app, &mut tx, video, &comment).await?;
    tell_mentioned(app, &mut tx, video, &comment).await?;
    tx.commit().await?;
    Ok(comment)
}

/// People who are named and not known here yet are looked up, and told, in a job.
async fn tell_mentioned(app: &App, tx: &mut Tx, video: &Video, comment: &Comment) -> Result<(), DbError> {
    if comment.is_held || !is_told(video) {
        return Ok(());
    }
    for mention in text::mentions(&comment.text) {
        if mention.host.is_some() && recipients::find_mentioned(app, tx, &mention).await?.is_none() {
            let job = TellMentioned { comment_id: comment.id.0 };
            return enqueue(tx, app.platform.clock.now(), &job).await;
        }
    }
    Ok(())
}

/// Whether other servers hear of what is said under a video.
pub fn is_told(video: &Video) -> bool {
    let is_open = matches!(video.privacy, videos::Privacy::Public | videos::Privacy::Unlisted);
    !video.is_local || (is_open && video.state.is_presentable())
}

/// Whether a video takes another comment, and, if so, whether it waits for approval.
async fn admit(connection: &mut Connection, video: &Video, parent: Option<&Comment>) -> Result<bool, CommentError> {
    let policy = Policy::from(video.comments_policy);
    if policy == Policy::Closed {
        return Err(CommentError::Closed);
    }
    if store::count_all(connection, video.id).await? >= MAX_PER_VIDEO {
        return Err(CommentError::Full);
    }
    if let Some(parent) = parent {
        let is_deep = store::with_ancestors(connection, parent.id).await?.len() >= MAX_DEPTH;
        if is_deep || store::count_in_thread(connection, parent.thread()).await? >= MAX_PER_THREAD {
            return Err(CommentError::Full);
        }
    }
    Ok(policy == Policy::Approval)
}

async fn refresh_counts(tx: &mut Tx, video: &Video, comment: &Comment) -> Result<(), DbError> {
    store::refresh_thread(tx, comment.thread()).await?;
    store::refresh_count(tx, video.id).await
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
    let waits = match admit(tx, &video, parent.as_ref()).await {
        Ok(waits) => waits,
        Err(CommentError::Db(error)) => return Err(error),
        Err(_) => return Ok(Taken::Refused),
    };
    if !is_told(&video) || is_unwanted(app, tx, &video, account.as_ref()).await? {
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
        refresh_counts(tx, &video, &comment).await?;
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
    let mut blockers: Vec<AccountId> = server_account(app, connection).await?.into_iter().collect();
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
    refresh_counts(tx, &video, known).await?;
    Ok(Taken::Kept)
}

/// Whether a user looks after the comments of a video.
async fn looks_after(connection: &mut Connection, video: &Video, user: &User) -> Result<bool, DbError> {
    Ok(user.role() != Role::User || videos::store::owner(connection, video.id).await? == Some(user.id))
}

/// Whether a user may remove a comment: their own, those under their own videos, and moderators any.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn may_delete(
    connection: &mut Connection,
    video: &Video,
    comment: &Comment,
    user: &User,
) -> Result<bool, DbError> {
    if comment.is_stone() {
        return Ok(false);
    }
    let account = accounts::store::find_by_user(connection, user.id).await?.map(|account| account.id);
    Ok((account.is_some() && account == comment.account_id) || looks_after(connection, video, user).await?)
}

/// Removes a comment for a user, here and where it is known. Its author may do so even if it is hidden from everybody: also
/// whoever is blocked here takes back what they said.
///
/// # Errors
/// [`CommentError`] if there is none, or the user may not.
pub async fn delete(app: &App, user: &User, video: &Video, id: CommentId) -> Result<(), CommentError> {
    let mut tx = app.platform.db.begin().await?;
    let comment = store::find(&mut tx, id).await?.filter(|comment| comment.video_id == video.id && !comment.is_stone());
    let comment = comment.ok_or(CommentError::NotFound)?;
    if !may_delete(&mut tx, video, &comment, user).await? {
        // Whoever is not shown it does not learn in this way that it is there.
        let viewer = viewer(app, &mut tx, video, Some(user)).await?;
        find_visible(&mut tx, video, &viewer, id).await?;
        return Err(CommentError::Forbidden("its author, the owner of the video, or a moderator"));
    }
    remove(app, &mut tx, video, &comment).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes a comment and tells those who know it: in the name of its author if it is ours, in that of the owner of the
/// video if that is ours. Anybody else's comment under anybody else's video is removed here alone.
async fn remove(app: &App, tx: &mut Tx, video: &Video, comment: &Comment) -> Result<(), DbError> {
    if !comment.is_local && video.is_local && comment.is_held {
        federate::send_decision(app, tx, video, comment, false).await?;
    } else {
        federate::send_delete(app, tx, video, comment).await?;
    }
    erase(app, tx, video, comment).await
}

/// Removes a comment here. It leaves a stone if it has replies; stones that nothing answers any more go with it.
pub(super) async fn erase(app: &App, tx: &mut Tx, video: &Video, comment: &Comment) -> Result<(), DbError> {
    let now = app.platform.clock.now();
    tombstones::store::insert(tx, &comment.url, "Note", now).await?;
    if store::has_replies(tx, comment.id).await? {
        store::make_stone(tx, comment.id, now).await?;
    } else {
        store::delete(tx, comment.id).await?;
        let mut above = comment.in_reply_to_id;
        while let Some(id) = above {
            let Some(parent) = store::find(tx, id).await? else { break };
            if !parent.is_stone() || store::has_replies(tx, id).await? {
                break;
            }
            store::delete(tx, id).await?;
            above = parent.in_reply_to_id;
        }
    }
    refresh_counts(tx, video, comment).await
}

/// The server of a comment says that there is none any more.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn forget_gone(app: &App, tx: &mut Tx, url: &Url) -> Result<(), DbError> {
    let known = store::find_by_url(tx, url.as_str()).await?.filter(|comment| !comment.is_local && !comment.is_stone());
    let Some(comment) = known else { return Ok(()) };
    match videos::store::find(tx, comment.video_id).await? {
        Some(video) => erase(app, tx, &video, &comment).await,
        None => Ok(()),
    }
}

/// Removes everything that an author has written, here, without telling anybody: they are gone, or their own server knows.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn forget_author(app: &App, tx: &mut Tx, author: AccountId) -> Result<(), DbError> {
    const BATCH: i64 = 100;
    let mut after = CommentId(0);
    loop {
        let comments = store::of_author(tx, author, after, BATCH).await?;
        let Some(last) = comments.last() else { return Ok(()) };
        after = last.id;
        for comment in &comments {
            if let Some(video) = videos::store::find(tx, comment.video_id).await? {
                erase(app, tx, &video, comment).await?;
            }
        }
    }
}

/// Lets a comment that waits be seen, and tells its author's server, or, if it was written here, everybody.
///
/// Idempotent: what does not wait stays as it is.
///
/// # Errors
/// [`CommentError`] if there is none, or the user does not look after the comments of this video.
pub async fn approve(app: &App, user: &User, video: &Video, id: CommentId) -> Result<(), CommentError> {
    let mut tx = app.platform.db.begin().await?;
    let comment = store::find(&mut tx, id).await?.filter(|comment| comment.video_id == video.id && !comment.is_stone());
    let comment = comment.ok_or(CommentError::NotFound)?;
    if !video.is_local {
        return Err(CommentError::Forbidden("the server of the video"));
    }
    if !looks_after(&mut tx, video, user).await? {
        return Err(CommentError::Forbidden("the owner of the video, or a moderator"));
    }
    if !comment.is_held {
        return Ok(());
    }
    store::set_approved(&mut tx, id, app.ids.comment_approval(video.uuid, id.0).as_str()).await?;
    let comment = store::find(&mut tx, id).await?.ok_or(CommentError::NotFound)?;
    refresh_counts(&mut tx, video, &comment).await?;
    if comment.is_local {
        federate::send_create(app, &mut tx, video, &comment).await?;
        tell_mentioned(app, &mut tx, video, &comment).await?;
    } else {
        federate::send_decision(app, &mut tx, video, &comment, true).await?;
    }
    tx.commit().await?;
    Ok(())
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
    let Some(approval) = approval else { return erase(app, tx, &video, &comment).await };
    if comment.reply_approval_url.is_some() {
        return Ok(());
    }
    store::set_approved(tx, comment.id, approval.as_str()).await?;
    refresh_counts(tx, &video, &comment).await?;
    let was_held = comment.is_held;
    if let Some(comment) = store::find(tx, comment.id).await?.filter(|comment| comment.is_local && was_held) {
        federate::send_create(app, tx, &video, &comment).await?;
        tell_mentioned(app, tx, &video, &comment).await?;
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
    erase(app, tx, &video, &comment).await?;
    Ok(Some(video))
}

/// The actor in whose name something is said about the comments of a video: its owner.
pub(super) async fn owner_of(connection: &mut Connection, video: &Video) -> Result<Option<Actor>, DbError> {
    actors::store::find(connection, video.account_actor_id).await
}
