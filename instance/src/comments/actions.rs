use federation::ids;
use platform::{
    db::{Connection, DbError, Tx},
    jobs::enqueue,
};

use super::{
    Comment, CommentId, federate,
    jobs::TellMentioned,
    model::{MAX_DEPTH, MAX_PER_THREAD, MAX_PER_VIDEO, MAX_TEXT, NewComment, Policy, Viewer},
    recipients, store, text,
};
use crate::{
    App,
    accounts::{self, AccountId},
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

pub(super) async fn server_account(app: &App, connection: &mut Connection) -> Result<Option<AccountId>, DbError> {
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
pub(super) async fn tell_mentioned(app: &App, tx: &mut Tx, video: &Video, comment: &Comment) -> Result<(), DbError> {
    if comment.is_held || !is_told(tx, video).await? {
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

/// Whether other servers hear of what is said under a video, and may say something there: not while the moderators have
/// taken it back from the federation.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn is_told(connection: &mut Connection, video: &Video) -> Result<bool, DbError> {
    Ok(!video.is_local || videos::federate::is_told(connection, video).await?)
}

/// Whether a video takes another comment, and, if so, whether it waits for approval.
pub(super) async fn admit(
    connection: &mut Connection,
    video: &Video,
    parent: Option<&Comment>,
) -> Result<bool, CommentError> {
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

pub(super) async fn refresh_counts(tx: &mut Tx, video: &Video, comment: &Comment) -> Result<(), DbError> {
    store::refresh_thread(tx, comment.thread()).await?;
    store::refresh_count(tx, video.id).await
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

/// The actor in whose name something is said about the comments of a video: its owner.
pub(super) async fn owner_of(connection: &mut Connection, video: &Video) -> Result<Option<Actor>, DbError> {
    actors::store::find(connection, video.account_actor_id).await
}
