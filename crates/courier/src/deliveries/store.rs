use federation::origin::Host;
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use url::Url;

#[derive(Debug, Clone, Copy, sqlx::Type)]
#[sqlx(transparent)]
pub(super) struct OutgoingActivityId(i64);

#[derive(Debug, Clone, Copy, sqlx::Type)]
#[sqlx(transparent)]
pub(super) struct DeliveryId(i64);

/// The head of a queue.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Delivery {
    pub(super) id: DeliveryId,
    pub(super) outgoing_activity_id: OutgoingActivityId,
    pub(super) inbox_url: String,
    pub(super) attempts: i64,
    pub(super) actor_url: String,
    pub(super) activity_url: String,
    pub(super) body: String,
}

pub(super) async fn insert_activity(
    tx: &mut Tx,
    actor: &Url,
    activity_url: &Url,
    body: String,
    now: Timestamp,
) -> Result<OutgoingActivityId, DbError> {
    tx.query(sql!(
        "INSERT INTO outgoing_activities (actor_url, activity_url, body, created_at) VALUES ($1, $2, $3, $4) RETURNING id"
    ))
    .bind(actor.to_string())
    .bind(activity_url.to_string())
    .bind(body)
    .bind(now)
    .fetch_scalar()
    .await
}

pub(super) async fn insert_delivery(
    tx: &mut Tx,
    outgoing: OutgoingActivityId,
    host: &Host,
    inbox: &Url,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.query(sql!("INSERT INTO deliveries (outgoing_activity_id, host, inbox_url, created_at) VALUES ($1, $2, $3, $4)"))
        .bind(outgoing)
        .bind(host.to_string())
        .bind(inbox.to_string())
        .bind(now)
        .execute()
        .await
        .map(drop)
}

pub(super) async fn first_of(connection: &mut Connection, host: &Host) -> Result<Option<Delivery>, DbError> {
    connection
        .query(sql!(
            "SELECT deliveries.id, outgoing_activity_id, inbox_url, attempts, actor_url, activity_url, body \
             FROM deliveries JOIN outgoing_activities ON outgoing_activities.id = outgoing_activity_id \
             WHERE host = $1 ORDER BY deliveries.id LIMIT 1"
        ))
        .bind(host.to_string())
        .fetch_optional()
        .await
}

/// Removes a delivery, and its activity if this was its last.
pub(super) async fn delete(tx: &mut Tx, delivery: &Delivery) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM deliveries WHERE id = $1")).bind(delivery.id).execute().await?;
    tx.query(sql!(
        "DELETE FROM outgoing_activities WHERE id = $1 \
         AND NOT EXISTS (SELECT 1 FROM deliveries WHERE outgoing_activity_id = $1)"
    ))
    .bind(delivery.outgoing_activity_id)
    .execute()
    .await
    .map(drop)
}

/// Removes the deliveries to a host that have waited since before `moment`, and tells how many.
pub(super) async fn delete_older_than(tx: &mut Tx, host: &Host, moment: Timestamp) -> Result<u64, DbError> {
    let deleted = tx
        .query(sql!("DELETE FROM deliveries WHERE host = $1 AND created_at < $2"))
        .bind(host.to_string())
        .bind(moment)
        .execute()
        .await?;
    if deleted > 0 {
        delete_activities_without_deliveries(tx, moment).await?;
    }
    Ok(deleted)
}

/// Removes activities from before that moment that nobody waits for. Two queues that each deliver what they take for the
/// last but one copy leave one behind.
pub(super) async fn delete_activities_without_deliveries(tx: &mut Tx, before: Timestamp) -> Result<(), DbError> {
    tx.query(sql!(
        "DELETE FROM outgoing_activities WHERE created_at < $1 \
         AND NOT EXISTS (SELECT 1 FROM deliveries WHERE outgoing_activity_id = outgoing_activities.id)"
    ))
    .bind(before)
    .execute()
    .await
    .map(drop)
}

pub(super) async fn count_attempt(tx: &mut Tx, delivery: &Delivery) -> Result<(), DbError> {
    tx.query(sql!("UPDATE deliveries SET attempts = attempts + 1 WHERE id = $1"))
        .bind(delivery.id)
        .execute()
        .await
        .map(drop)
}

/// A host that does not answer.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Pause {
    pub(super) failures: i64,
    pub(super) next_attempt_at: Timestamp,
}

pub(super) async fn pause_of(connection: &mut Connection, host: &Host) -> Result<Option<Pause>, DbError> {
    connection
        .query(sql!("SELECT failures, next_attempt_at FROM delivery_pauses WHERE host = $1"))
        .bind(host.to_string())
        .fetch_optional()
        .await
}

pub(super) struct NewPause<'p> {
    pub(super) failures: i64,
    pub(super) now: Timestamp,
    pub(super) next_attempt_at: Timestamp,
    pub(super) reason: &'p str,
}

pub(super) async fn save_pause(tx: &mut Tx, host: &Host, pause: &NewPause<'_>) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO delivery_pauses (host, failures, failing_since, next_attempt_at, last_error) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (host) DO UPDATE SET failures = excluded.failures, next_attempt_at = excluded.next_attempt_at, \
         last_error = excluded.last_error"
    ))
    .bind(host.to_string())
    .bind(pause.failures)
    .bind(pause.now)
    .bind(pause.next_attempt_at)
    .bind(pause.reason.to_owned())
    .execute()
    .await
    .map(drop)
}

pub(super) async fn end_pause(tx: &mut Tx, host: &Host) -> Result<(), DbError> {
    tx.query(sql!("DELETE FROM delivery_pauses WHERE host = $1")).bind(host.to_string()).execute().await.map(drop)
}

/// How many deliveries and activities wait, for tests.
#[cfg(test)]
pub(super) async fn count(connection: &mut Connection) -> Result<(i64, i64), DbError> {
    let deliveries = connection.query(sql!("SELECT COUNT(*) FROM deliveries")).fetch_scalar().await?;
    let activities = connection.query(sql!("SELECT COUNT(*) FROM outgoing_activities")).fetch_scalar().await?;
    Ok((deliveries, activities))
}
