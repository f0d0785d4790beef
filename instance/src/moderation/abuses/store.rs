//! SQL for reports.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, DynamicQuery, Tx},
    sql,
};
use serde::Deserialize;
use sqlx::types::Json;

use super::{
    Abuse, AbuseId, AbuseState,
    model::{AbuseMessage, ReportedComment},
};
use crate::{accounts::AccountId, listing::like_pattern, moderation::ListOptions, videos::VideoId};

macro_rules! abuse {
    () => {
        "SELECT b.id, b.reporter_account_id, b.flagged_account_id, b.video_id, b.comment_id, b.subject, b.subject_text, \
         b.reason, b.predefined_reasons, b.start_s, b.end_s, b.state, b.moderation_comment, b.created_at, b.updated_at, \
         (SELECT count(*) FROM abuse_messages m WHERE m.abuse_id = b.id) AS messages FROM abuses b"
    };
}

/// Which reports a list shows: PeerTube's parameters.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AbuseFilters {
    pub(super) id: Option<i64>,
    pub(super) predefined_reason: Option<String>,
    pub(super) state: Option<i64>,
    pub(super) filter: Option<String>,
    pub(super) video_is: Option<String>,
    pub(super) search_reporter: Option<String>,
    pub(super) search_reportee: Option<String>,
    pub(super) search_video: Option<String>,
    pub(super) search_video_channel: Option<String>,
}

impl AbuseFilters {
    fn push_to(&self, query: &mut DynamicQuery<'_>, reporter: Option<AccountId>) {
        if let Some(reporter) = reporter {
            query.push(" AND b.reporter_account_id = ").bind(reporter);
        }
        if let Some(id) = self.id {
            query.push(" AND b.id = ").bind(id);
        }
        if let Some(state) = self.state {
            query.push(" AND b.state = ").bind(state);
        }
        if let Some(subject) = &self.filter {
            query.push(" AND b.subject = ").bind(subject.clone());
        }
        if let Some(reason) = &self.predefined_reason {
            let pattern = like_pattern(reason);
            query.push(" AND lower(CAST(b.predefined_reasons AS TEXT)) LIKE ").bind(pattern).push(" ESCAPE '!'");
        }
        match self.video_is.as_deref() {
            Some("deleted") => {
                query.push(" AND b.subject = 'video' AND b.video_id IS NULL");
            }
            Some("blacklisted") => {
                query.push(" AND EXISTS (SELECT 1 FROM video_blocks vb WHERE vb.video_id = b.video_id)");
            }
            _ => {}
        }
        for (words, beginning) in [
            (
                &self.search_reporter,
                " AND b.reporter_account_id IN (SELECT a.id FROM accounts a JOIN actors r ON r.id = a.actor_id WHERE (r.username_folded || '@' || r.host) LIKE ",
            ),
            (
                &self.search_reportee,
                " AND b.flagged_account_id IN (SELECT a.id FROM accounts a JOIN actors r ON r.id = a.actor_id WHERE (r.username_folded || '@' || r.host) LIKE ",
            ),
            (&self.search_video, " AND b.video_id IN (SELECT v.id FROM videos v WHERE lower(v.name) LIKE "),
            (
                &self.search_video_channel,
                " AND b.video_id IN (SELECT v.id FROM videos v JOIN video_channels c ON c.id = v.channel_id WHERE lower(c.display_name) LIKE ",
            ),
        ] {
            if let Some(words) = words {
                query.push(beginning).bind(like_pattern(words)).push(" ESCAPE '!')");
            }
        }
    }
}

fn push_search(query: &mut DynamicQuery<'_>, options: &ListOptions) {
    if let Some(pattern) = options.pattern() {
        query
            .push(" AND (lower(b.reason) LIKE ")
            .bind(pattern.clone())
            .push(" ESCAPE '!' OR lower(b.subject_text) LIKE ");
        query.bind(pattern).push(" ESCAPE '!')");
    }
}

/// Reports, all or those of one reporter.
pub(crate) async fn list(
    connection: &mut Connection,
    filters: &AbuseFilters,
    reporter: Option<AccountId>,
    options: &ListOptions,
) -> Result<Vec<Abuse>, DbError> {
    let mut query = connection.build(sql!(fragment concat!(abuse!(), " WHERE TRUE")));
    filters.push_to(&mut query, reporter);
    push_search(&mut query, options);
    query.push(match options.order() {
        ("state", false) => " ORDER BY b.state, b.id",
        ("state", true) => " ORDER BY b.state DESC, b.id DESC",
        (_, false) => " ORDER BY b.id",
        (_, true) => " ORDER BY b.id DESC",
    });
    options.push_range(&mut query);
    query.fetch_all().await
}

/// How many there are.
pub(crate) async fn count(
    connection: &mut Connection,
    filters: &AbuseFilters,
    reporter: Option<AccountId>,
    options: &ListOptions,
) -> Result<i64, DbError> {
    let mut query = connection.build(sql!(fragment "SELECT count(*) FROM abuses b WHERE TRUE"));
    filters.push_to(&mut query, reporter);
    push_search(&mut query, options);
    query.fetch_scalar().await
}

/// The report of a row.
pub async fn find(connection: &mut Connection, id: AbuseId) -> Result<Option<Abuse>, DbError> {
    connection.query(sql!(concat!(abuse!(), " WHERE b.id = $1"))).bind(id).fetch_optional().await
}

/// A report before it has a row.
#[derive(Debug, Clone)]
pub(super) struct AbuseDraft<'a> {
    pub(super) url: Option<String>,
    pub(super) reporter: Option<AccountId>,
    pub(super) flagged: Option<AccountId>,
    pub(super) video: Option<VideoId>,
    pub(super) comment: Option<i64>,
    pub(super) subject: &'static str,
    pub(super) subject_text: String,
    pub(super) reason: &'a str,
    pub(super) predefined_reasons: &'a [String],
    pub(super) start_s: Option<i64>,
    pub(super) end_s: Option<i64>,
}

/// Adds a report; `None` if the one at this address is known.
pub(super) async fn insert(tx: &mut Tx, draft: &AbuseDraft<'_>, now: Timestamp) -> Result<Option<AbuseId>, DbError> {
    tx.query(sql!(
        "INSERT INTO abuses (url, reporter_account_id, flagged_account_id, video_id, comment_id, subject, subject_text, \
         reason, predefined_reasons, start_s, end_s, state, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $12) ON CONFLICT (url) DO NOTHING RETURNING id"
    ))
    .bind(draft.url.clone())
    .bind(draft.reporter)
    .bind(draft.flagged)
    .bind(draft.video)
    .bind(draft.comment)
    .bind(draft.subject)
    .bind(draft.subject_text.clone())
    .bind(draft.reason.to_owned())
    .bind(Json(draft.predefined_reasons.to_vec()))
    .bind(draft.start_s)
    .bind(draft.end_s)
    .bind(now)
    .fetch_optional_scalar()
    .await
}

/// Sets how far a report is and what moderators note.
pub async fn update(
    tx: &mut Tx,
    id: AbuseId,
    state: AbuseState,
    comment: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!("UPDATE abuses SET state = $2, moderation_comment = $3, updated_at = $4 WHERE id = $1"))
        .bind(id)
        .bind(state.number())
        .bind(comment.map(str::to_owned))
        .bind(now)
        .execute()
        .await
        .map(drop)
}

/// Forgets a report.
pub async fn delete(tx: &mut Tx, id: AbuseId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM abuses WHERE id = $1")).bind(id).execute().await.map(drop)
}

/// How many reports an account has sent since a moment.
pub async fn count_of_reporter_since(
    connection: &mut Connection,
    reporter: AccountId,
    since: Timestamp,
) -> Result<i64, DbError> {
    connection
        .query(sql!("SELECT count(*) FROM abuses WHERE reporter_account_id = $1 AND created_at >= $2"))
        .bind(reporter)
        .bind(since)
        .fetch_scalar()
        .await
}

/// How many reports the accounts of a host have sent since a moment.
pub async fn count_of_host_since(connection: &mut Connection, host: &str, since: Timestamp) -> Result<i64, DbError> {
    connection
        .query(sql!(
            "SELECT count(*) FROM abuses b JOIN accounts a ON a.id = b.reporter_account_id \
             JOIN actors r ON r.id = a.actor_id WHERE r.host = $1 AND b.created_at >= $2"
        ))
        .bind(host.to_owned())
        .bind(since)
        .fetch_scalar()
        .await
}

/// Figures around one report: reports of its video, which of them it is, reports by its reporter, reports of whom it is
/// about.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub(super) struct Figures {
    pub(super) of_video: i64,
    pub(super) nth_of_video: i64,
    pub(super) by_reporter: i64,
    pub(super) of_account: i64,
}

pub(super) async fn figures(connection: &mut Connection, id: AbuseId) -> Result<Figures, DbError> {
    connection
        .query(sql!(
            "SELECT (SELECT count(*) FROM abuses o WHERE o.video_id = b.video_id) AS of_video, \
             (SELECT count(*) FROM abuses o WHERE o.video_id = b.video_id AND o.id <= b.id) AS nth_of_video, \
             (SELECT count(*) FROM abuses o WHERE o.reporter_account_id = b.reporter_account_id) AS by_reporter, \
             (SELECT count(*) FROM abuses o WHERE o.flagged_account_id = b.flagged_account_id) AS of_account \
             FROM abuses b WHERE b.id = $1"
        ))
        .bind(id)
        .fetch_one()
        .await
}

/// What was said about a report, oldest first.
pub(super) async fn messages(connection: &mut Connection, abuse: AbuseId) -> Result<Vec<AbuseMessage>, DbError> {
    connection
        .query(sql!(
            "SELECT id, account_id, by_moderator, message, created_at FROM abuse_messages WHERE abuse_id = $1 \
             ORDER BY id LIMIT 500"
        ))
        .bind(abuse)
        .fetch_all()
        .await
}

pub(super) async fn insert_message(
    tx: &mut Tx,
    abuse: AbuseId,
    account: AccountId,
    by_moderator: bool,
    message: &str,
    now: Timestamp,
) -> Result<i64, DbError> {
    tx.query(sql!(
        "INSERT INTO abuse_messages (abuse_id, account_id, by_moderator, message, created_at) \
         VALUES ($1, $2, $3, $4, $5) RETURNING id"
    ))
    .bind(abuse)
    .bind(account)
    .bind(by_moderator)
    .bind(message.to_owned())
    .bind(now)
    .fetch_scalar()
    .await
}

/// Removes something that this account said, and tells whether there was such a thing.
pub(super) async fn delete_message(
    tx: &mut Tx,
    abuse: AbuseId,
    message: i64,
    account: AccountId,
) -> Result<bool, DbError> {
    let deleted = tx
        .query(sql!("DELETE FROM abuse_messages WHERE abuse_id = $1 AND id = $2 AND account_id = $3"))
        .bind(abuse)
        .bind(message)
        .bind(account)
        .execute()
        .await?;
    Ok(deleted > 0)
}

macro_rules! comment {
    () => {
        "SELECT id, url, video_id, account_id, thread_id, is_local, text, deleted_at FROM video_comments"
    };
}

/// A comment.
pub async fn find_comment(connection: &mut Connection, id: i64) -> Result<Option<ReportedComment>, DbError> {
    connection.query(sql!(concat!(comment!(), " WHERE id = $1"))).bind(id).fetch_optional().await
}

/// The comment at an address.
pub async fn find_comment_by_url(connection: &mut Connection, url: &str) -> Result<Option<ReportedComment>, DbError> {
    connection.query(sql!(concat!(comment!(), " WHERE url = $1"))).bind(url.to_owned()).fetch_optional().await
}
