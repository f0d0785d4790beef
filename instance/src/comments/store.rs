//! SQL for comments.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, DynamicQuery, Tx},
    sql,
};

use super::{
    Comment, CommentId,
    model::{CommentOnVideo, Filters, NewComment, Sort, Viewer},
};
use crate::{accounts::AccountId, listing::like_pattern, moderation::store::is_allowed, videos::VideoId};

macro_rules! columns {
    () => {
        "SELECT c.id, c.url, c.video_id, c.account_id, c.in_reply_to_id, c.thread_id, c.is_local, c.text, c.is_held, \
         c.reply_approval_url, c.replies, c.replies_by_owner, c.deleted_at, c.created_at, c.updated_at, \
         a.actor_id AS author_actor_id, a.display_name AS author_display_name, r.username AS author_username, \
         r.host AS author_host, r.url AS author_url, \
         (SELECT i.file FROM actor_images i WHERE i.actor_id = a.actor_id AND i.kind = 'avatar' AND i.file IS NOT NULL \
         ORDER BY i.width LIMIT 1) AS author_avatar_file"
    };
}

macro_rules! comment {
    () => {
        concat!(
            columns!(),
            " FROM video_comments c LEFT JOIN accounts a ON a.id = c.account_id LEFT JOIN actors r ON r.id = a.actor_id"
        )
    };
}

/// The comment of a row.
pub async fn find(connection: &mut Connection, id: CommentId) -> Result<Option<Comment>, DbError> {
    connection.query(sql!(concat!(comment!(), " WHERE c.id = $1"))).bind(id).fetch_optional().await
}

/// The comment at an address.
pub async fn find_by_url(connection: &mut Connection, url: &str) -> Result<Option<Comment>, DbError> {
    connection.query(sql!(concat!(comment!(), " WHERE c.url = $1"))).bind(url.to_owned()).fetch_optional().await
}

/// A comment and what it answers, up to the first of its thread, in this order.
pub async fn with_ancestors(connection: &mut Connection, id: CommentId) -> Result<Vec<Comment>, DbError> {
    connection
        .query(sql!(concat!(
            "WITH RECURSIVE up (id, parent_id, depth) AS (\
             SELECT id, in_reply_to_id, 0 FROM video_comments WHERE id = $1 \
             UNION ALL SELECT p.id, p.in_reply_to_id, up.depth + 1 FROM video_comments p JOIN up ON p.id = up.parent_id \
             WHERE up.depth < 1000) ",
            comment!(),
            " JOIN up ON up.id = c.id ORDER BY up.depth"
        )))
        .bind(id)
        .fetch_all()
        .await
}

/// The comment of a row, if somebody is shown it in lists.
pub async fn find_visible(
    connection: &mut Connection,
    id: CommentId,
    viewer: &Viewer,
) -> Result<Option<Comment>, DbError> {
    let mut query = connection.build(sql!(fragment concat!(comment!(), " WHERE c.id = ")));
    query.bind(id);
    push_visible(&mut query, viewer);
    query.fetch_optional().await
}

fn push_visible(query: &mut DynamicQuery<'_>, viewer: &Viewer) {
    query.push(concat!(" AND (r.id IS NULL OR ", is_allowed!("r"), ")"));
    if !viewer.sees_held {
        query.push(" AND (c.is_held = FALSE");
        if let Some(account) = viewer.account {
            query.push(" OR c.account_id = ").bind(account);
        }
        query.push(")");
    }
    if !viewer.blockers.is_empty() {
        query.push(
            " AND NOT EXISTS (SELECT 1 FROM account_blocks b WHERE b.target_account_id = c.account_id AND b.account_id IN ",
        );
        query.bind_list(viewer.blockers.iter().copied());
        query.push(") AND NOT EXISTS (SELECT 1 FROM server_blocks s WHERE s.host = r.host AND s.account_id IN ");
        query.bind_list(viewer.blockers.iter().copied()).push(")");
    }
}

/// The first comments of the threads of a video.
pub async fn threads(
    connection: &mut Connection,
    video: VideoId,
    viewer: &Viewer,
    sort: Sort,
    (start, count): (i64, i64),
) -> Result<Vec<Comment>, DbError> {
    let mut query =
        connection.build(sql!(fragment concat!(comment!(), " WHERE c.thread_id IS NULL AND c.video_id = ")));
    query.bind(video);
    push_visible(&mut query, viewer);
    query.push(" ORDER BY ").push(sort.sql()).push(" LIMIT ").bind(count).push(" OFFSET ").bind(start);
    query.fetch_all().await
}

/// How many threads a video has.
pub async fn count_threads(connection: &mut Connection, video: VideoId, viewer: &Viewer) -> Result<i64, DbError> {
    let mut query = connection.build(sql!(fragment
        "SELECT count(*) FROM video_comments c LEFT JOIN accounts a ON a.id = c.account_id \
         LEFT JOIN actors r ON r.id = a.actor_id WHERE c.thread_id IS NULL AND c.video_id = "
    ));
    query.bind(video);
    push_visible(&mut query, viewer);
    query.fetch_scalar().await
}

/// How many comments a video has that are not deleted.
pub async fn count_living(connection: &mut Connection, video: VideoId, viewer: &Viewer) -> Result<i64, DbError> {
    let mut query = connection.build(sql!(fragment
        "SELECT count(*) FROM video_comments c LEFT JOIN accounts a ON a.id = c.account_id \
         LEFT JOIN actors r ON r.id = a.actor_id WHERE c.deleted_at IS NULL AND c.video_id = "
    ));
    query.bind(video);
    push_visible(&mut query, viewer);
    query.fetch_scalar().await
}

/// Replies in some threads, the oldest first.
pub async fn replies(
    connection: &mut Connection,
    threads: &[CommentId],
    viewer: &Viewer,
    limit: i64,
) -> Result<Vec<Comment>, DbError> {
    if threads.is_empty() {
        return Ok(vec![]);
    }
    let mut query = connection.build(sql!(fragment concat!(comment!(), " WHERE c.thread_id IN ")));
    query.bind_list(threads.iter().copied());
    push_visible(&mut query, viewer);
    query.push(" ORDER BY c.created_at, c.id LIMIT ").bind(limit);
    query.fetch_all().await
}

fn push_filters(query: &mut DynamicQuery<'_>, filters: &Filters) {
    if let Some(owner) = filters.owner {
        query.push(" AND ch.account_id = ").bind(owner);
    }
    if let Some(video) = filters.video {
        query.push(" AND c.video_id = ").bind(video);
    }
    if let Some(channel) = filters.channel {
        query.push(" AND v.channel_id = ").bind(channel);
    }
    if let Some(is_local) = filters.is_local {
        query.push(" AND c.is_local = ").bind(is_local);
    }
    if let Some(on_local_video) = filters.on_local_video {
        query.push(" AND v.is_local = ").bind(on_local_video);
    }
    if let Some(is_held) = filters.is_held {
        query.push(" AND c.is_held = ").bind(is_held);
    }
    if let Some(words) = &filters.search {
        query
            .push(" AND (lower(c.text) LIKE ")
            .bind(like_pattern(words))
            .push(" ESCAPE '!' OR r.username_folded LIKE ");
        query.bind(like_pattern(words)).push(" ESCAPE '!' OR lower(a.display_name) LIKE ").bind(like_pattern(words));
        query.push(" ESCAPE '!' OR lower(v.name) LIKE ").bind(like_pattern(words)).push(" ESCAPE '!')");
    }
    if let Some(words) = &filters.search_account {
        query.push(" AND (r.username_folded LIKE ").bind(like_pattern(words));
        query.push(" ESCAPE '!' OR lower(a.display_name) LIKE ").bind(like_pattern(words)).push(" ESCAPE '!')");
    }
    if let Some(words) = &filters.search_video {
        query.push(" AND lower(v.name) LIKE ").bind(like_pattern(words)).push(" ESCAPE '!'");
    }
}

/// Living comments under many videos.
pub async fn list(
    connection: &mut Connection,
    filters: &Filters,
    sort: Sort,
    (start, count): (i64, i64),
) -> Result<Vec<CommentOnVideo>, DbError> {
    let mut query = connection.build(sql!(fragment concat!(
        columns!(),
        ", v.uuid AS video_uuid, v.name AS video_name, v.channel_id AS video_channel_id, \
         cr.id AS video_channel_actor_id, ch.display_name AS video_channel_display_name, cr.username AS video_channel_username, \
         cr.url AS video_channel_url, cr.host AS video_channel_host \
         FROM video_comments c JOIN accounts a ON a.id = c.account_id JOIN actors r ON r.id = a.actor_id \
         JOIN videos v ON v.id = c.video_id JOIN video_channels ch ON ch.id = v.channel_id \
         JOIN actors cr ON cr.id = ch.actor_id WHERE c.deleted_at IS NULL"
    )));
    push_filters(&mut query, filters);
    query.push(" ORDER BY ").push(sort.sql()).push(" LIMIT ").bind(count).push(" OFFSET ").bind(start);
    query.fetch_all().await
}

/// How many comments [`list`] would give without bounds.
pub async fn count(connection: &mut Connection, filters: &Filters) -> Result<i64, DbError> {
    let mut query = connection.build(sql!(fragment
        "SELECT count(*) FROM video_comments c JOIN accounts a ON a.id = c.account_id \
         JOIN actors r ON r.id = a.actor_id JOIN videos v ON v.id = c.video_id \
         JOIN video_channels ch ON ch.id = v.channel_id WHERE c.deleted_at IS NULL"
    ));
    push_filters(&mut query, filters);
    query.fetch_scalar().await
}

/// Addresses of the comments of a video for its collection, the oldest first. Stones are among them.
pub async fn urls(
    connection: &mut Connection,
    video: VideoId,
    limit: i64,
    offset: i64,
) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!(
            "SELECT url FROM video_comments WHERE video_id = $1 AND is_held = FALSE ORDER BY id LIMIT $2 OFFSET $3"
        ))
        .bind(video)
        .bind(limit)
        .bind(offset)
        .fetch_all_scalars()
        .await
}

/// How many addresses [`urls`] has.
pub async fn count_urls(connection: &mut Connection, video: VideoId) -> Result<i64, DbError> {
    connection
        .query(sql!("SELECT count(*) FROM video_comments WHERE video_id = $1 AND is_held = FALSE"))
        .bind(video)
        .fetch_scalar()
        .await
}

/// Addresses of the newest comments under a video that were not written here.
pub async fn remote_urls(connection: &mut Connection, video: VideoId, limit: i64) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!(
            "SELECT url FROM video_comments WHERE video_id = $1 AND is_local = FALSE AND deleted_at IS NULL \
             ORDER BY id DESC LIMIT $2"
        ))
        .bind(video)
        .bind(limit)
        .fetch_all_scalars()
        .await
}

/// How many comments a thread has, stones included.
pub async fn count_in_thread(connection: &mut Connection, thread: CommentId) -> Result<i64, DbError> {
    connection.query(sql!("SELECT count(*) FROM video_comments WHERE thread_id = $1")).bind(thread).fetch_scalar().await
}

/// How many comments a video has, whatever they are.
pub async fn count_all(connection: &mut Connection, video: VideoId) -> Result<i64, DbError> {
    connection.query(sql!("SELECT count(*) FROM video_comments WHERE video_id = $1")).bind(video).fetch_scalar().await
}

/// Adds a comment.
pub async fn insert(tx: &mut Tx, new: &NewComment) -> Result<CommentId, DbError> {
    tx.query(sql!(
        "INSERT INTO video_comments (url, video_id, account_id, in_reply_to_id, thread_id, is_local, text, is_held, \
         reply_approval_url, deleted_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id"
    ))
    .bind(new.url.clone())
    .bind(new.video_id)
    .bind(new.account_id)
    .bind(new.parent.map(|(parent, _)| parent))
    .bind(new.parent.map(|(_, thread)| thread))
    .bind(new.is_local)
    .bind(new.text.clone())
    .bind(new.is_held)
    .bind(new.reply_approval_url.clone())
    .bind(new.deleted_at)
    .bind(new.created_at)
    .bind(new.updated_at)
    .fetch_scalar()
    .await
}

/// Sets the address of a comment, once its number is known.
pub async fn set_url(tx: &mut Tx, id: CommentId, url: &str) -> Result<(), DbError> {
    tx.query(sql!("UPDATE video_comments SET url = $2 WHERE id = $1"))
        .bind(id)
        .bind(url.to_owned())
        .execute()
        .await
        .map(drop)
}

/// Changes the text of a comment.
pub async fn set_text(tx: &mut Tx, id: CommentId, text: &str, is_held: bool, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!("UPDATE video_comments SET text = $2, is_held = $3, updated_at = $4 WHERE id = $1"))
        .bind(id)
        .bind(text.to_owned())
        .bind(is_held)
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Lets a comment be seen, with the approval that allows it.
pub async fn set_approved(tx: &mut Tx, id: CommentId, approval_url: &str) -> Result<(), DbError> {
    tx.query(sql!("UPDATE video_comments SET is_held = FALSE, reply_approval_url = $2 WHERE id = $1"))
        .bind(id)
        .bind(approval_url.to_owned())
        .execute()
        .await
        .map(drop)
}

/// Whether anything answers a comment, stones included.
pub async fn has_replies(connection: &mut Connection, id: CommentId) -> Result<bool, DbError> {
    connection
        .query(sql!("SELECT EXISTS (SELECT 1 FROM video_comments WHERE in_reply_to_id = $1)"))
        .bind(id)
        .fetch_scalar()
        .await
}

/// Makes a stone of a comment.
pub async fn make_stone(tx: &mut Tx, id: CommentId, now: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE video_comments SET text = '', account_id = NULL, is_held = FALSE, deleted_at = $2, updated_at = $2 \
         WHERE id = $1"
    ))
    .bind(id)
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Removes a comment that nothing answers.
pub async fn delete(tx: &mut Tx, id: CommentId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_comments WHERE id = $1")).bind(id).execute().await.map(drop)
}

/// Some comments of an author, from a row on.
pub async fn of_author(
    connection: &mut Connection,
    author: AccountId,
    after: CommentId,
    limit: i64,
) -> Result<Vec<Comment>, DbError> {
    connection
        .query(sql!(concat!(comment!(), " WHERE c.account_id = $1 AND c.id > $2 ORDER BY c.id LIMIT $3")))
        .bind(author)
        .bind(after)
        .bind(limit)
        .fetch_all()
        .await
}

/// Counts the replies of a thread anew.
pub async fn refresh_thread(tx: &mut Tx, thread: CommentId) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE video_comments SET \
         replies = (SELECT count(*) FROM video_comments t \
         WHERE t.thread_id = $1 AND t.deleted_at IS NULL AND t.is_held = FALSE), \
         replies_by_owner = (SELECT count(*) FROM video_comments t JOIN videos v ON v.id = t.video_id \
         JOIN video_channels ch ON ch.id = v.channel_id \
         WHERE t.thread_id = $1 AND t.deleted_at IS NULL AND t.is_held = FALSE AND t.account_id = ch.account_id) \
         WHERE id = $1"
    ))
    .bind(thread)
    .execute()
    .await
    .map(drop)
}

/// Counts the comments of a video anew.
pub async fn refresh_count(tx: &mut Tx, video: VideoId) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE videos SET comments = (SELECT count(*) FROM video_comments c \
         WHERE c.video_id = $1 AND c.deleted_at IS NULL AND c.is_held = FALSE) WHERE id = $1"
    ))
    .bind(video)
    .execute()
    .await
    .map(drop)
}

/// Whether one of these accounts has blocked an author or their server.
pub async fn is_blocked(
    connection: &mut Connection,
    blockers: &[AccountId],
    author: AccountId,
    host: &str,
) -> Result<bool, DbError> {
    if blockers.is_empty() {
        return Ok(false);
    }
    let mut query = connection.build(sql!(fragment
        "SELECT (SELECT count(*) FROM account_blocks b WHERE b.target_account_id = "
    ));
    query.bind(author).push(" AND b.account_id IN ").bind_list(blockers.iter().copied());
    query.push(") + (SELECT count(*) FROM server_blocks s WHERE s.host = ").bind(host.to_owned());
    query.push(" AND s.account_id IN ").bind_list(blockers.iter().copied()).push(")");
    let blocks: i64 = query.fetch_scalar().await?;
    Ok(blocks > 0)
}

/// Where the comments of a remote video are listed.
pub async fn collection_url(connection: &mut Connection, video: VideoId) -> Result<Option<String>, DbError> {
    connection
        .query(sql!("SELECT comments_url FROM videos WHERE id = $1 AND comments_url IS NOT NULL"))
        .bind(video)
        .fetch_optional_scalar()
        .await
}

/// Whether the comments of a video were last fetched before a moment, or never.
pub async fn was_fetched_before(
    connection: &mut Connection,
    video: VideoId,
    moment: Timestamp,
) -> Result<bool, DbError> {
    connection
        .query(sql!(
            "SELECT EXISTS (SELECT 1 FROM videos WHERE id = $1 \
             AND (comments_fetched_at IS NULL OR comments_fetched_at < $2))"
        ))
        .bind(video)
        .bind(moment)
        .fetch_scalar()
        .await
}

/// Takes the turn of fetching the comments of a video; `false` if somebody else just did.
pub async fn claim_fetch(tx: &mut Tx, video: VideoId, before: Timestamp, now: Timestamp) -> Result<bool, DbError> {
    let rows = tx
        .query(sql!(
            "UPDATE videos SET comments_fetched_at = $3 \
             WHERE id = $1 AND (comments_fetched_at IS NULL OR comments_fetched_at < $2)"
        ))
        .bind(video)
        .bind(before)
        .bind(now)
        .execute()
        .await?;
    Ok(rows > 0)
}

/// Addresses of the actors of this server that shared a video, besides its own channel.
pub async fn local_sharers(
    connection: &mut Connection,
    video: VideoId,
) -> Result<Vec<crate::actors::ActorId>, DbError> {
    connection
        .query(sql!(
            "SELECT s.actor_id FROM video_shares s JOIN actors r ON r.id = s.actor_id \
             WHERE s.video_id = $1 AND r.is_local = TRUE ORDER BY s.actor_id LIMIT 10"
        ))
        .bind(video)
        .fetch_all_scalars()
        .await
}

/// Collections of the followers of some actors.
pub async fn followers_urls(
    connection: &mut Connection,
    actors: &[crate::actors::ActorId],
) -> Result<Vec<String>, DbError> {
    if actors.is_empty() {
        return Ok(vec![]);
    }
    let mut query = connection
        .build(sql!(fragment "SELECT followers_url, id FROM actors WHERE followers_url IS NOT NULL AND id IN "));
    query.bind_list(actors.iter().copied()).push(" ORDER BY id");
    let rows: Vec<(String, i64)> = query.fetch_all().await?;
    Ok(rows.into_iter().map(|(url, _)| url).collect())
}

/// Sets who may comment.
#[cfg(test)]
pub async fn set_policy(tx: &mut Tx, video: VideoId, policy: i64) -> Result<(), DbError> {
    tx.query(sql!("UPDATE videos SET comments_policy = $2 WHERE id = $1"))
        .bind(video)
        .bind(policy)
        .execute()
        .await
        .map(drop)
}

/// Bodies and inboxes of what waits to be delivered.
#[cfg(test)]
pub async fn outgoing(connection: &mut Connection) -> Result<Vec<(String, String)>, DbError> {
    connection
        .query(sql!(
            "SELECT o.body, d.inbox_url FROM deliveries d JOIN outgoing_activities o ON o.id = d.outgoing_activity_id \
             ORDER BY d.id"
        ))
        .fetch_all()
        .await
}

/// One account blocks another, and one a server.
#[cfg(test)]
pub async fn block_for_test(
    tx: &mut Tx,
    who: AccountId,
    whom: AccountId,
    host: &str,
    for_host: AccountId,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!("INSERT INTO account_blocks (account_id, target_account_id, created_at) VALUES ($1, $2, $3)"))
        .bind(who)
        .bind(whom)
        .bind(now)
        .execute()
        .await?;
    tx.query(sql!("INSERT INTO server_blocks (account_id, host, created_at) VALUES ($1, $2, $3)"))
        .bind(for_host)
        .bind(host.to_owned())
        .bind(now)
        .execute()
        .await
        .map(drop)
}

#[cfg(test)]
mod tests;
