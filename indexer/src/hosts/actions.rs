//! What the operator can do with the list of instances.

use std::collections::HashSet;

use platform::{
    clock::Timestamp,
    db::{Connection, DbError, Tx},
    jobs,
};

use super::{AddressError, HostStatus, Origin, Source, store};
use crate::{collections, crawl::CrawlHost, store as videos};

/// Why the list could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum HostsError {
    /// The text does not name an instance.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The instance is not on the list.
    #[error("{0} is not on the list: add it first")]
    Unknown(String),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Puts an instance on the list and has it read at once.
///
/// Beside a running server this is all it takes: the crawl is a job in the same transaction. Adding an instance again
/// has it read again. `allow_http` is [`platform::net::HttpClient::allows_plain_http`].
///
/// # Errors
/// [`HostsError::Address`] if `address` is neither a host name nor the URL of an instance.
pub async fn add_host(tx: &mut Tx, address: &str, allow_http: bool, now: Timestamp) -> Result<Origin, HostsError> {
    let origin = Origin::parse(address, allow_http)?;
    store::insert(tx, &origin, Source::Manual, now).await?;
    enqueue_crawl(tx, origin.host(), now).await?;
    Ok(origin)
}

/// Takes an instance off the list, and what is known from it out of the index.
///
/// # Errors
/// [`HostsError::Unknown`] if it is not on the list.
pub async fn remove_host(tx: &mut Tx, host: &str, now: Timestamp) -> Result<(), HostsError> {
    if !store::delete(tx, host).await? {
        return Err(HostsError::Unknown(host.to_owned()));
    }
    remove_videos(tx, host, now).await?;
    Ok(())
}

/// Has an instance of the list read at once.
///
/// # Errors
/// [`HostsError::Unknown`] if it is not on the list.
pub async fn crawl_now(tx: &mut Tx, address: &str, allow_http: bool, now: Timestamp) -> Result<Origin, HostsError> {
    let origin = Origin::parse(address, allow_http)?;
    if store::origin_of(tx, origin.host()).await?.is_none() {
        return Err(HostsError::Unknown(origin.host().to_owned()));
    }
    enqueue_crawl(tx, origin.host(), now).await?;
    Ok(origin)
}

/// How reading each instance goes, by name.
///
/// # Errors
/// [`DbError`] if the database refuses.
pub async fn status(conn: &mut Connection) -> Result<Vec<HostStatus>, DbError> {
    store::all(conn).await
}

/// Brings the list in line with the configuration: what it names is added, what it no longer names goes.
///
/// # Errors
/// [`HostsError::Address`] if the configuration names something else than an instance.
pub async fn follow_configuration(
    tx: &mut Tx,
    addresses: &[String],
    allow_http: bool,
    now: Timestamp,
) -> Result<(), HostsError> {
    let origins = addresses.iter().map(|address| Origin::parse(address, allow_http)).collect::<Result<Vec<_>, _>>()?;
    list_only(tx, &origins, Source::Configuration, now).await
}

/// Brings the list in line with what the instance in the same process follows for indexing: `addresses` are all of it.
/// What is no address of an instance is left out: others chose it.
///
/// # Errors
/// [`HostsError::Db`] if the database refuses.
pub async fn follow_instance(
    tx: &mut Tx,
    addresses: &[String],
    allow_http: bool,
    now: Timestamp,
) -> Result<(), HostsError> {
    let origins: Vec<_> = addresses.iter().filter_map(|address| Origin::parse(address, allow_http).ok()).collect();
    list_only(tx, &origins, Source::Follow, now).await
}

/// Makes these instances the only ones that are listed for a reason.
async fn list_only(tx: &mut Tx, origins: &[Origin], source: Source, now: Timestamp) -> Result<(), HostsError> {
    let wanted: HashSet<&str> = origins.iter().map(Origin::host).collect();
    for host in store::of_source(tx, source).await? {
        if !wanted.contains(host.as_str()) {
            remove_host(tx, &host, now).await?;
        }
    }
    for origin in origins {
        let is_new = store::origin_of(tx, origin.host()).await?.is_none();
        store::insert(tx, origin, source, now).await?;
        if is_new {
            enqueue_crawl(tx, origin.host(), now).await?;
        }
    }
    Ok(())
}

pub(crate) async fn remove_videos(tx: &mut Tx, host: &str, now: Timestamp) -> Result<u64, DbError> {
    let revision = videos::next_revision(tx).await?;
    collections::store::remove_all(tx, host, now, revision).await?;
    videos::remove_unseen(tx, host, i64::MAX, now, revision).await
}

async fn enqueue_crawl(tx: &mut Tx, host: &str, now: Timestamp) -> Result<(), DbError> {
    jobs::enqueue(tx, now, &CrawlHost { host: host.to_owned() }).await
}

#[cfg(test)]
mod tests {
    use platform::{
        clock::{Clock, FakeClock},
        testing::TestDatabase,
    };

    use super::*;
    use crate::hosts::HostState;

    async fn begin(database: &TestDatabase) -> Tx {
        let mut tx = database.db.begin().await.unwrap();
        videos::initialise(&mut tx, "epoch").await.unwrap();
        tx
    }

    fn now() -> Timestamp {
        FakeClock::default().now()
    }

    async fn hosts(tx: &mut Tx) -> Vec<String> {
        status(tx).await.unwrap().into_iter().map(|status| status.host).collect()
    }

    #[tokio::test]
    async fn an_added_instance_waits_for_its_crawl() {
        let database = TestDatabase::new().await;
        let mut tx = begin(&database).await;
        add_host(&mut tx, "https://Tube.example/", false, now()).await.unwrap();
        add_host(&mut tx, "tube.example", false, now()).await.unwrap();
        let status = status(&mut tx).await.unwrap();
        assert_eq!(status.len(), 1);
        assert_eq!((status[0].state, status[0].origin.as_str()), (HostState::Waiting, "https://tube.example"));
        tx.commit().await.unwrap();
        let waiting = jobs::unfinished(&mut database.db.read().await.unwrap()).await.unwrap();
        assert_eq!(waiting, [("crawl".to_owned(), 1)], "adding it twice asks for one crawl");
    }

    #[tokio::test]
    async fn only_listed_instances_are_crawled_or_removed() {
        let database = TestDatabase::new().await;
        let mut tx = begin(&database).await;
        assert!(matches!(crawl_now(&mut tx, "tube.example", false, now()).await, Err(HostsError::Unknown(_))));
        assert!(matches!(remove_host(&mut tx, "tube.example", now()).await, Err(HostsError::Unknown(_))));
        assert!(matches!(add_host(&mut tx, "not a host", false, now()).await, Err(HostsError::Address(_))));
        add_host(&mut tx, "tube.example", false, now()).await.unwrap();
        assert!(crawl_now(&mut tx, "tube.example", false, now()).await.is_ok());
        assert!(remove_host(&mut tx, "tube.example", now()).await.is_ok());
        assert!(hosts(&mut tx).await.is_empty());
    }

    #[tokio::test]
    async fn the_configuration_rules_over_what_it_added_only() {
        let database = TestDatabase::new().await;
        let mut tx = begin(&database).await;
        add_host(&mut tx, "by-hand.example", false, now()).await.unwrap();
        let listed = ["a.example".to_owned(), "by-hand.example".to_owned()];
        follow_configuration(&mut tx, &listed, false, now()).await.unwrap();
        assert_eq!(hosts(&mut tx).await, ["a.example", "by-hand.example"]);
        follow_configuration(&mut tx, &[], false, now()).await.unwrap();
        assert_eq!(hosts(&mut tx).await, ["by-hand.example"]);
        let wrong = follow_configuration(&mut tx, &["not a host".to_owned()], false, now()).await;
        assert!(matches!(wrong, Err(HostsError::Address(_))));
    }

    #[tokio::test]
    async fn what_an_instance_follows_is_listed_as_long_as_nobody_else_lists_it() {
        let database = TestDatabase::new().await;
        let mut tx = begin(&database).await;
        let followed = ["https://a.example", "https://b.example", "https://c.example", "nonsense"].map(str::to_owned);
        follow_instance(&mut tx, &followed, false, now()).await.unwrap();
        assert_eq!(hosts(&mut tx).await, ["a.example", "b.example", "c.example"]);
        add_host(&mut tx, "a.example", false, now()).await.unwrap();
        follow_configuration(&mut tx, &["b.example".to_owned()], false, now()).await.unwrap();
        follow_instance(&mut tx, &followed, false, now()).await.unwrap();
        follow_instance(&mut tx, &[], false, now()).await.unwrap();
        assert_eq!(hosts(&mut tx).await, ["a.example", "b.example"], "others want these, too");
    }
}
