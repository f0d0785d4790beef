use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use federation::{origin::Host, wire::Activity};
use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    sql,
};
use url::Url;

/// How many rows one statement inserts or deletes at most: SQLite takes 32,766 values.
const ROWS: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub(super) struct OutgoingActivityId(i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub(super) struct DeliveryId(i64);

/// An activity to be sent.
pub(super) struct NewActivity {
    actor_url: String,
    activity_url: String,
    body: String,
    pub(super) must_arrive: bool,
    is_forwarded: bool,
}

impl NewActivity {
    /// Dated now, unless it says by itself when it was done.
    pub(super) fn ours(actor: &Url, activity: &Activity, now: Timestamp, must_arrive: bool) -> Self {
        let dated = activity.clone().published_at(activity.published.unwrap_or(now));
        Self {
            actor_url: actor.to_string(),
            activity_url: activity.id.to_string(),
            body: dated.to_document().to_string(),
            must_arrive,
            is_forwarded: false,
        }
    }

    pub(super) fn forwarded(by: &Url, activity_id: &Url, body: &str) -> Self {
        Self {
            actor_url: by.to_string(),
            activity_url: activity_id.to_string(),
            body: body.to_owned(),
            must_arrive: false,
            is_forwarded: true,
        }
    }

    fn body_hash(&self) -> i64 {
        let mut hasher = DefaultHasher::new();
        self.body.hash(&mut hasher);
        hasher.finish().cast_signed()
    }
}

pub(super) async fn insert_activity(
    tx: &mut Tx,
    activity: &NewActivity,
    now: Timestamp,
) -> Result<OutgoingActivityId, DbError> {
    tx.query(sql!(
        "INSERT INTO outgoing_activities (actor_url, activity_url, body, body_hash, must_arrive, is_forwarded, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id"
    ))
    .bind(activity.actor_url.clone())
    .bind(activity.activity_url.clone())
    .bind(activity.body.clone())
    .bind(activity.body_hash())
    .bind(activity.must_arrive)
    .bind(activity.is_forwarded)
    .bind(now)
    .fetch_scalar()
    .await
}

/// One row per inbox, in few statements.
pub(super) async fn insert_deliveries(
    tx: &mut Tx,
    outgoing: OutgoingActivityId,
    inboxes: &[(Host, &Url)],
    now: Timestamp,
) -> Result<(), DbError> {
    for inboxes in inboxes.chunks(ROWS) {
        let mut query = tx.build(sql!(fragment
            "INSERT INTO deliveries (outgoing_activity_id, host, inbox_url, created_at) VALUES "
        ));
        for (position, (host, inbox)) in inboxes.iter().enumerate() {
            query.push(if position == 0 { "(" } else { ", (" }).bind(outgoing);
            query.push(", ").bind(host.to_string());
            query.push(", ").bind(inbox.to_string());
            query.push(", ").bind(now).push(")");
        }
        query.execute().await?;
    }
    Ok(())
}

/// The servers that are given up, and that something is left for to ask with.
pub(super) async fn given_up_hosts(connection: &mut Connection) -> Result<HashSet<String>, DbError> {
    let hosts: Vec<String> = connection
        .query(sql!(
            "SELECT host FROM delivery_pauses WHERE given_up_at IS NOT NULL \
             AND EXISTS (SELECT 1 FROM deliveries WHERE deliveries.host = delivery_pauses.host)"
        ))
        .fetch_all_scalars()
        .await?;
    Ok(hosts.into_iter().collect())
}

/// A server that has a queue, and until when it is left alone.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Waiting {
    pub(super) host: String,
    pub(super) next_attempt_at: Option<Timestamp>,
}

/// All servers with a queue, in the order of their names. It jumps from name to name in the index, however long the
/// queues are.
pub(super) async fn waiting(connection: &mut Connection) -> Result<Vec<Waiting>, DbError> {
    connection
        .query(sql!(
            "WITH RECURSIVE hosts (host) AS ( \
               SELECT MIN(host) FROM deliveries \
               UNION ALL \
               SELECT (SELECT MIN(later.host) FROM deliveries AS later WHERE later.host > hosts.host) \
               FROM hosts WHERE hosts.host IS NOT NULL) \
             SELECT hosts.host AS host, delivery_pauses.next_attempt_at AS next_attempt_at \
             FROM hosts LEFT JOIN delivery_pauses ON delivery_pauses.host = hosts.host WHERE hosts.host IS NOT NULL"
        ))
        .fetch_all()
        .await
}

/// A delivery as it waits.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Delivery {
    pub(super) id: DeliveryId,
    pub(super) host: String,
    pub(super) outgoing_activity_id: OutgoingActivityId,
    pub(super) inbox_url: String,
    pub(super) attempts: i64,
    pub(super) activity_url: String,
    pub(super) body_hash: i64,
    /// Of the activity.
    pub(super) created_at: Timestamp,
    /// Whether another one was waiting behind it.
    pub(super) has_next: bool,
}

/// The first delivery of each of these queues.
pub(super) async fn heads(connection: &mut Connection, hosts: &[Host]) -> Result<Vec<Delivery>, DbError> {
    let mut query = connection.build(sql!(fragment
        "SELECT d.id, d.host, d.outgoing_activity_id, d.inbox_url, d.attempts, a.activity_url, a.body_hash, a.created_at, \
         EXISTS (SELECT 1 FROM deliveries AS later WHERE later.host = d.host AND later.id > d.id) AS has_next \
         FROM deliveries AS d JOIN outgoing_activities AS a ON a.id = d.outgoing_activity_id \
         WHERE d.id IN (SELECT MIN(id) FROM deliveries WHERE host IN "
    ));
    query.bind_list(hosts.iter().map(Host::to_string)).push(" GROUP BY host)");
    query.fetch_all().await
}

/// What waits behind a delivery in the same queue, at most `limit` of it.
pub(super) async fn following(
    connection: &mut Connection,
    after: &Delivery,
    limit: i64,
) -> Result<Vec<Delivery>, DbError> {
    connection
        .query(sql!(
            "SELECT d.id, d.host, d.outgoing_activity_id, d.inbox_url, d.attempts, a.activity_url, a.body_hash, a.created_at, \
             TRUE AS has_next FROM deliveries AS d JOIN outgoing_activities AS a ON a.id = d.outgoing_activity_id \
             WHERE d.host = $1 AND d.id > $2 ORDER BY d.id LIMIT $3"
        ))
        .bind(after.host.clone())
        .bind(after.id)
        .bind(limit)
        .fetch_all()
        .await
}

/// An activity as it is stored.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Stored {
    pub(super) actor_url: String,
    pub(super) body: String,
    pub(super) is_forwarded: bool,
}

pub(super) async fn find_activity(
    connection: &mut Connection,
    id: OutgoingActivityId,
) -> Result<Option<Stored>, DbError> {
    connection
        .query(sql!("SELECT actor_url, body, is_forwarded FROM outgoing_activities WHERE id = $1"))
        .bind(id)
        .fetch_optional()
        .await
}

/// Removes deliveries, and those of their activities that nobody else waits for.
pub(super) async fn delete(tx: &mut Tx, deliveries: &[&Delivery]) -> Result<(), DbError> {
    let mut activities: Vec<OutgoingActivityId> =
        deliveries.iter().map(|delivery| delivery.outgoing_activity_id).collect();
    activities.sort_unstable();
    activities.dedup();
    for deliveries in deliveries.chunks(ROWS) {
        let mut query = tx.build(sql!(fragment "DELETE FROM deliveries WHERE id IN "));
        query.bind_list(deliveries.iter().map(|delivery| delivery.id));
        query.execute().await?;
    }
    for activities in activities.chunks(ROWS) {
        let mut query = tx.build(sql!(fragment
            "DELETE FROM outgoing_activities WHERE NOT EXISTS \
             (SELECT 1 FROM deliveries WHERE outgoing_activity_id = outgoing_activities.id) AND id IN "
        ));
        query.bind_list(activities.iter().copied());
        query.execute().await?;
    }
    Ok(())
}

/// Removes what has waited for a host since before `moment`, but not what must arrive. Tells how much.
pub(super) async fn delete_older_than(tx: &mut Tx, host: &Host, moment: Timestamp) -> Result<u64, DbError> {
    tx.query(sql!(
        "DELETE FROM deliveries WHERE host = $1 AND created_at < $2 AND NOT EXISTS (SELECT 1 FROM outgoing_activities \
         WHERE outgoing_activities.id = deliveries.outgoing_activity_id AND must_arrive = TRUE)"
    ))
    .bind(host.to_string())
    .bind(moment)
    .execute()
    .await
}

/// Removes what waits for a host, but not what must arrive, and not the last, which it is asked with. Tells how much.
pub(super) async fn delete_all_but_last(tx: &mut Tx, host: &Host) -> Result<u64, DbError> {
    tx.query(sql!(
        "DELETE FROM deliveries WHERE host = $1 AND id < (SELECT MAX(id) FROM deliveries WHERE host = $1) \
         AND NOT EXISTS (SELECT 1 FROM outgoing_activities \
         WHERE outgoing_activities.id = deliveries.outgoing_activity_id AND must_arrive = TRUE)"
    ))
    .bind(host.to_string())
    .execute()
    .await
}

/// Removes activities from before that moment that nobody waits for.
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
    pub(super) failing_since: Timestamp,
    pub(super) given_up_at: Option<Timestamp>,
}

pub(super) async fn pause_of(connection: &mut Connection, host: &Host) -> Result<Option<Pause>, DbError> {
    connection
        .query(sql!("SELECT failures, failing_since, given_up_at FROM delivery_pauses WHERE host = $1"))
        .bind(host.to_string())
        .fetch_optional()
        .await
}

pub(super) async fn save_pause(
    tx: &mut Tx,
    host: &Host,
    pause: &Pause,
    next_attempt_at: Timestamp,
    reason: &str,
) -> Result<(), DbError> {
    tx.query(sql!(
        "INSERT INTO delivery_pauses (host, failures, failing_since, next_attempt_at, last_error, given_up_at) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (host) DO UPDATE SET failures = excluded.failures, next_attempt_at = excluded.next_attempt_at, \
         last_error = excluded.last_error, given_up_at = excluded.given_up_at"
    ))
    .bind(host.to_string())
    .bind(pause.failures)
    .bind(pause.failing_since)
    .bind(next_attempt_at)
    .bind(reason.to_owned())
    .bind(pause.given_up_at)
    .execute()
    .await
    .map(drop)
}

pub(super) async fn end_pauses(tx: &mut Tx, hosts: &[&Host]) -> Result<(), DbError> {
    for hosts in hosts.chunks(ROWS) {
        let mut query = tx.build(sql!(fragment "DELETE FROM delivery_pauses WHERE host IN "));
        query.bind_list(hosts.iter().map(std::string::ToString::to_string));
        query.execute().await?;
    }
    Ok(())
}

/// How many deliveries and activities wait, for tests.
#[cfg(test)]
pub(super) async fn count(connection: &mut Connection) -> Result<(i64, i64), DbError> {
    let deliveries = connection.query(sql!("SELECT COUNT(*) FROM deliveries")).fetch_scalar().await?;
    let activities = connection.query(sql!("SELECT COUNT(*) FROM outgoing_activities")).fetch_scalar().await?;
    Ok((deliveries, activities))
}
