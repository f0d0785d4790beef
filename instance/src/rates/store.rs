//! SQL for rates and the counters that go with them.

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};

use super::Rating;
use crate::{
    accounts::AccountId,
    actors::{ActorId, fold_name},
    users::UserId,
    videos::VideoId,
};

/// A video as a rater meets it, and what they have thought of it until now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Standing {
    /// The video.
    pub video_id: VideoId,
    /// Whether it was published here.
    pub is_local: bool,
    /// The rater.
    pub account_id: AccountId,
    kind: Option<String>,
}

impl Standing {
    /// What they have thought of it until now.
    pub fn rating(&self) -> Option<Rating> {
        self.kind.as_deref().and_then(Rating::from_name)
    }
}

/// Where an actor stands to the video at an address. `None` if there is no such video that strangers may see, or the actor is
/// no account.
pub async fn standing(
    connection: &mut Connection,
    video_url: &str,
    actor: ActorId,
) -> Result<Option<Standing>, DbError> {
    connection
        .query(sql!(
            "SELECT v.id AS video_id, v.is_local, a.id AS account_id, r.kind FROM videos v \
             JOIN accounts a ON a.actor_id = $2 \
             LEFT JOIN video_rates r ON r.video_id = v.id AND r.account_id = a.id WHERE v.url = $1 AND v.privacy <= 2"
        ))
        .bind(video_url.to_owned())
        .bind(actor)
        .fetch_optional()
        .await
}

/// Writes down what an account thinks of a video, in place of what it thought before.
pub async fn put(
    tx: &mut Tx,
    video: VideoId,
    account: AccountId,
    rating: Rating,
    url: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO video_rates (video_id, account_id, kind, url, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) \
         ON CONFLICT (video_id, account_id) DO UPDATE SET kind = excluded.kind, url = excluded.url, \
         updated_at = excluded.updated_at"
    ))
    .bind(video)
    .bind(account)
    .bind(rating.name())
    .bind(url.to_owned())
    .bind(now)
    .execute()
    .await
    .map(drop)
}

/// Forgets what an account thinks of a video.
pub async fn remove(tx: &mut Tx, video: VideoId, account: AccountId) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM video_rates WHERE video_id = $1 AND account_id = $2"))
        .bind(video)
        .bind(account)
        .execute()
        .await
        .map(drop)
}

/// Adds to the counters of a video; none falls below zero.
pub async fn add_to_counters(tx: &mut Tx, video: VideoId, likes: i64, dislikes: i64) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE videos SET likes = CASE WHEN likes + $2 < 0 THEN 0 ELSE likes + $2 END, \
         dislikes = CASE WHEN dislikes + $3 < 0 THEN 0 ELSE dislikes + $3 END WHERE id = $1"
    ))
    .bind(video)
    .bind(likes)
    .bind(dislikes)
    .execute()
    .await
    .map(drop)
}

/// Takes the rates of an actor off the counters of our videos.
pub async fn uncount_actor(tx: &mut Tx, actor: ActorId) -> Result<(), DbError> {
    tx.query(sql!(
        "UPDATE videos SET likes = likes - 1 WHERE is_local = TRUE AND likes > 0 AND id IN (SELECT r.video_id \
         FROM video_rates r JOIN accounts a ON a.id = r.account_id WHERE a.actor_id = $1 AND r.kind = 'like')"
    ))
    .bind(actor)
    .execute()
    .await?;
    tx.query(sql!(
        "UPDATE videos SET dislikes = dislikes - 1 WHERE is_local = TRUE AND dislikes > 0 AND id IN (SELECT r.video_id \
         FROM video_rates r JOIN accounts a ON a.id = r.account_id WHERE a.actor_id = $1 AND r.kind = 'dislike')"
    ))
    .bind(actor)
    .execute()
    .await
    .map(drop)
}

/// The address of the video that an account rated by the activity at an address, and how.
pub async fn find_by_url(
    connection: &mut Connection,
    url: &str,
    actor: ActorId,
) -> Result<Option<(String, String)>, DbError> {
    connection
        .query(sql!(
            "SELECT v.url, r.kind FROM accounts a JOIN video_rates r ON r.account_id = a.id \
             JOIN videos v ON v.id = r.video_id WHERE a.actor_id = $2 AND r.url = $1"
        ))
        .bind(url.to_owned())
        .bind(actor)
        .fetch_optional()
        .await
}

/// What a user thinks of a video.
pub async fn rating_of(connection: &mut Connection, video: VideoId, user: UserId) -> Result<Option<Rating>, DbError> {
    let kind: Option<String> = connection
        .query(sql!(
            "SELECT r.kind FROM video_rates r JOIN accounts a ON a.id = r.account_id \
             WHERE r.video_id = $1 AND a.user_id = $2"
        ))
        .bind(video)
        .bind(user)
        .fetch_optional_scalar()
        .await?;
    Ok(kind.as_deref().and_then(Rating::from_name))
}

/// The rates of an account, the newest first unless `oldest_first`: videos and how they are rated.
pub async fn of_account(
    connection: &mut Connection,
    account: AccountId,
    only: Option<Rating>,
    oldest_first: bool,
    (start, count): (i64, i64),
) -> Result<Vec<(VideoId, String)>, DbError> {
    let mut query = connection.build(sql!(fragment "SELECT video_id, kind FROM video_rates WHERE account_id = "));
    query.bind(account);
    if let Some(rating) = only {
        query.push(" AND kind = ").bind(rating.name());
    }
    query.push(if oldest_first { " ORDER BY id LIMIT " } else { " ORDER BY id DESC LIMIT " });
    query.bind(count).push(" OFFSET ").bind(start);
    query.fetch_all().await
}

/// How many videos an account has rated.
pub async fn count_of_account(
    connection: &mut Connection,
    account: AccountId,
    only: Option<Rating>,
) -> Result<i64, DbError> {
    let mut query = connection.build(sql!(fragment "SELECT count(*) FROM video_rates WHERE account_id = "));
    query.bind(account);
    if let Some(rating) = only {
        query.push(" AND kind = ").bind(rating.name());
    }
    query.fetch_scalar().await
}

/// The addresses of the likes, or dislikes, of a video, the newest first.
pub async fn urls_of_video(
    connection: &mut Connection,
    video: VideoId,
    rating: Rating,
    limit: i64,
    offset: i64,
) -> Result<Vec<String>, DbError> {
    connection
        .query(sql!(
            "SELECT url FROM video_rates WHERE video_id = $1 AND kind = $2 ORDER BY id DESC LIMIT $3 OFFSET $4"
        ))
        .bind(video)
        .bind(rating.name())
        .bind(limit)
        .bind(offset)
        .fetch_all_scalars()
        .await
}

/// The address of the public video that a local account has rated so.
pub async fn video_rated_by(
    connection: &mut Connection,
    username: &str,
    rating: Rating,
    video: VideoId,
) -> Result<Option<String>, DbError> {
    connection
        .query(sql!(
            "SELECT v.url FROM video_rates r JOIN videos v ON v.id = r.video_id JOIN accounts a ON a.id = r.account_id \
             JOIN actors c ON c.id = a.actor_id WHERE r.video_id = $3 AND r.kind = $2 AND c.username_folded = $1 \
             AND c.is_local = TRUE AND v.privacy <= 2 AND v.state = 1"
        ))
        .bind(fold_name(username))
        .bind(rating.name())
        .bind(video)
        .fetch_optional_scalar()
        .await
}

/// What the origin of a remote video counts; what is `None` stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Likes.
    pub likes: Option<i64>,
    /// Dislikes.
    pub dislikes: Option<i64>,
    /// Comments.
    pub comments: Option<i64>,
}

/// Takes over what the origin of a remote video counts. Tells whether anything changed.
pub async fn set_totals(tx: &mut Tx, video: VideoId, totals: Totals) -> Result<bool, DbError> {
    let changed = tx
        .query(sql!(
            "UPDATE videos SET likes = COALESCE($2, likes), dislikes = COALESCE($3, dislikes), \
             comments = COALESCE($4, comments) WHERE id = $1 AND is_local = FALSE AND (likes <> COALESCE($2, likes) \
             OR dislikes <> COALESCE($3, dislikes) OR comments <> COALESCE($4, comments))"
        ))
        .bind(video)
        .bind(totals.likes)
        .bind(totals.dislikes)
        .bind(totals.comments)
        .execute()
        .await?;
    Ok(changed > 0)
}
